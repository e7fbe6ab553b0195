"""Switches that whoever embeds the workspace shows on its page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bot.demo.workspace.records import Json

SWITCH_DEADLINE_S = 15.0


@dataclass(frozen=True, slots=True)
class Switch:
    """One choice of a panel, such as a fault of the backend."""

    name: str
    label: str
    description: str = ""
    danger: bool = False  # shown in a warning colour while it is the current one


@dataclass(slots=True)
class Panel:
    """A list of switches of which one is on.

    Args:
        title: the panel's heading, such as "Backend".
        switches: what can be chosen.
        choose: called with the chosen switch's name; what it raises is shown on the page.
        current: the name of the switch that is on.
        description: a line below the heading.
    """

    title: str
    switches: Sequence[Switch]
    choose: Callable[[str], Awaitable[None]]
    current: str
    description: str = ""
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def set(self, name: str) -> str | None:
        """Choose a switch; returns None, or why it did not work.

        Raises:
            LookupError: there is no such switch.
        """
        if all(switch.name != name for switch in self.switches):
            raise LookupError(name)
        async with self._busy:
            try:
                async with asyncio.timeout(SWITCH_DEADLINE_S):
                    await self.choose(name)
            except TimeoutError:
                return "timeout"
            except Exception as error:  # noqa: BLE001 - the embedder's fault, shown on the page
                return f"{type(error).__name__}: {error}"[:300]
            self.current = name
        return None

    def json(self) -> Json:
        """What the page shows."""
        return {
            "title": self.title,
            "description": self.description,
            "current": self.current,
            "switches": [
                {
                    "name": switch.name,
                    "label": switch.label,
                    "description": switch.description,
                    "danger": switch.danger,
                }
                for switch in self.switches
            ],
        }

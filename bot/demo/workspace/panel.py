"""Switches that whoever embeds the workspace shows on its page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bot.demo.workspace.records import Json
from bot.locales import translate
from bot.model import Message

SWITCH_DEADLINE_S = 15.0


@dataclass(frozen=True, slots=True)
class Switch:
    """One choice of a panel, such as a fault of the backend."""

    name: str
    label: str | Message
    description: str | Message = ""
    danger: bool = False  # shown in a warning colour while it is the current one


@dataclass(slots=True)
class Panel:
    """A list of switches of which one is on. A Message is shown in the reader's language.

    Args:
        title: the panel's heading, such as "Backend".
        switches: what can be chosen.
        choose: called with the chosen switch's name; what it raises is shown on the page.
        current: the name of the switch that is on.
        description: a line below the heading.
    """

    title: str | Message
    switches: Sequence[Switch]
    choose: Callable[[str], Awaitable[None]]
    current: str
    description: str | Message = ""
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

    def json(self, lang: str) -> Json:
        """What the page shows to a reader of this language."""
        return {
            "title": _words(self.title, lang),
            "description": _words(self.description, lang),
            "current": self.current,
            "switches": [
                {
                    "name": switch.name,
                    "label": _words(switch.label, lang),
                    "description": _words(switch.description, lang),
                    "danger": switch.danger,
                }
                for switch in self.switches
            ],
        }


def _words(text: str | Message, lang: str) -> str:
    return translate(text, lang) if isinstance(text, Message) else text

"""One timer for many: what is due at about the same moment is called in one turn of the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

TICK_S: Final = 0.1


class Ticket:
    """Something that is due. `cancel` may come at any time."""

    __slots__ = ("what",)

    def __init__(self, what: Callable[[], None]) -> None:
        self.what: Callable[[], None] | None = what

    def cancel(self) -> None:
        """It is not to be called any more."""
        self.what = None


class Ticks:
    """Heartbeats of many lines go out together, their answers come together, and the process wakes
    up a tenth as often: a timer of uvloop's costs as much as half a heartbeat."""

    def __init__(self) -> None:
        self._due: dict[int, list[Ticket]] = {}

    def later(self, after_s: float, what: Callable[[], None]) -> Ticket:
        """Call it at the tick that is nearest to that, in the running loop."""
        loop = asyncio.get_running_loop()
        number = round((loop.time() + after_s) / TICK_S)
        ticket = Ticket(what)
        tickets = self._due.get(number)
        if tickets is None:
            self._due[number] = [ticket]
            loop.call_at(number * TICK_S, self._run, number)
        else:
            tickets.append(ticket)
        return ticket

    def _run(self, number: int) -> None:
        for ticket in self._due.pop(number):
            what = ticket.what
            if what is None:
                continue
            try:
                what()
            except Exception as error:  # noqa: BLE001 - one line's bug must not stop the others
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "a heartbeat failed", "exception": error}
                )

"""Timers for many: what is due at about the same moment happens in one turn of the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

TICK_S: Final = 0.1


class Ticket:
    """Something that is due. `cancel` may come at any time."""

    __slots__ = ("what",)

    def __init__(self, what: Callable[[], None]) -> None:
        self.what: Callable[[], None] | None = what

    def cancel(self) -> None:
        """It is not to be called any more."""
        self.what = None


class Beating(Protocol):
    """Whoever asks for a sign of life again and again."""

    answered: bool
    """Whether one has come since the last beat."""

    def beat(self, now: float) -> None:
        """Ask for one. `now`: loop time, seconds."""
        ...

    def missed(self) -> None:
        """None has come in time."""
        ...


class Ticks:
    """Heartbeats of many lines go out together, their answers come together, and the process wakes
    up a tenth as often: a timer of uvloop's costs as much as half a heartbeat."""

    def __init__(self) -> None:
        self._due: dict[int, list[Ticket]] = {}
        self._rounds: dict[tuple[float, float], list[Round]] = {}

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

    def join(self, member: Beating, every_s: float, answer_s: float) -> Round:
        """Beat every so many seconds from within the first of them on; an answer is missed after
        `answer_s`, which is less. Leave the round that is returned in the end."""
        rounds = self._rounds.setdefault((every_s, answer_s), [])
        if len(rounds) < max(1, round(every_s / TICK_S)):
            rounds.append(Round(self, every_s, answer_s, first_s=len(rounds) * TICK_S))
        smallest = min(rounds, key=lambda r: len(r.members))
        smallest.join(member)
        return smallest

    def _run(self, number: int) -> None:
        for ticket in self._due.pop(number):
            if ticket.what is not None:
                _guarded(ticket.what)


class Round:
    """Those who beat at the same tick; a round that nobody is in rests."""

    __slots__ = ("_answer_s", "_every_s", "_first_s", "_ticket", "_ticks", "members")

    def __init__(self, ticks: Ticks, every_s: float, answer_s: float, *, first_s: float) -> None:
        self._ticks = ticks
        self._every_s, self._answer_s, self._first_s = every_s, answer_s, first_s
        self._ticket: Ticket | None = None
        self.members: dict[Beating, None] = {}

    def join(self, member: Beating) -> None:
        """From the next beat on."""
        self.members[member] = None
        if self._ticket is None:
            self._ticket = self._ticks.later(self._first_s, self._beat)

    def leave(self, member: Beating) -> None:
        """At any time; twice is harmless."""
        self.members.pop(member, None)

    def _beat(self) -> None:
        if not self.members:
            self._ticket = None
            return
        now = asyncio.get_running_loop().time()
        for member in tuple(self.members):
            try:
                member.beat(now)
            except Exception as error:  # noqa: BLE001 - one line's bug must not stop the others
                _report(error)
        self._ticket = self._ticks.later(self._answer_s, self._check)

    def _check(self) -> None:
        for member in tuple(self.members):
            if not member.answered:
                _guarded(member.missed)
        self._ticket = self._ticks.later(self._every_s - self._answer_s, self._beat)


def _guarded(what: Callable[[], None]) -> None:
    """Call it; one line's bug must not stop the others."""
    try:
        what()
    except Exception as error:  # noqa: BLE001
        _report(error)


def _report(error: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler(
        {"message": "a heartbeat failed", "exception": error}
    )

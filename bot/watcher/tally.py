"""Seconds that a target was up, degraded or down, to be taken as samples of its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.model import State


class Tally:
    """Counts the time in one state after another by a clock that nobody sets."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock`: seconds that only grow, such as a loop's. Nothing is known at first."""
        self._clock = clock
        self._seconds: dict[State, float] = {}
        self._before: dict[State, float] = {}  # what was taken
        self._state = State.UNKNOWN
        self._counted_to = clock()

    def turn(self, state: State, *, ago_s: float = 0.0) -> None:
        """From now on it is in this state, or has been for `ago_s`: trouble dates from when it was
        first noticed. What was taken already stays as it was."""
        now = self._clock()
        if state is self._state:
            return
        turned = max(self._counted_to, now - max(0.0, ago_s))
        self._count(turned)
        self._state = state

    def take(self) -> Mapping[State, float]:
        """Seconds in each state since they were taken the last time."""
        self._count(self._clock())
        taken, self._seconds = self._seconds, {}
        for state, seconds in taken.items():
            self._before[state] = self._before.get(state, 0.0) + seconds
        return taken

    def total(self) -> Mapping[State, float]:
        """Seconds in each state from the beginning until the last change or taking; they only
        grow."""
        states = {*self._before, *self._seconds}
        return {s: self._before.get(s, 0.0) + self._seconds.get(s, 0.0) for s in states}

    def _count(self, to: float) -> None:
        spent = to - self._counted_to
        if spent > 0:
            self._seconds[self._state] = self._seconds.get(self._state, 0.0) + spent
            self._counted_to = to

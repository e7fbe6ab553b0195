"""Seconds that a target was up, degraded or down, to be taken as samples of its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from statistics import median

from bot.model import State, Transport
from bot.patterns import Sample
from bot.watcher.looks import Times


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

    def sample(
        self,
        target: str,
        at: datetime,
        span_s: int,
        lag_ms: float,
        *,
        beats: Sequence[float],
        times: Times,
        transport: Transport | None,
    ) -> Sample:
        """What was counted since the last one, with what was measured meanwhile: `beats` are round
        trips of heartbeats in milliseconds, `times` those of a look."""
        spent = self.take()
        return Sample(
            target,
            at,
            span_s,
            n=len(beats) or int(times.rtt_ms is not None),
            rtt_ms=median(beats) if beats else times.rtt_ms,
            worst_ms=max(beats, default=times.rtt_ms),
            connect_ms=times.connect_ms,
            health_ms=times.health_ms,
            lag_ms=lag_ms,
            websocket_s=span_s if transport is Transport.WEBSOCKET else 0.0,
            polling_s=span_s if transport is Transport.POLLING else 0.0,
            up_s=spent.get(State.UP, 0.0),
            degraded_s=spent.get(State.DEGRADED, 0.0),
            down_s=spent.get(State.DOWN, 0.0),
        )

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

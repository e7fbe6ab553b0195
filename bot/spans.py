"""A time from one moment to another. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` until just before `end`, in UTC. One that ends before it starts is empty."""

    start: datetime
    end: datetime

    @classmethod
    def until(cls, end: datetime, length: timedelta) -> Span:
        """The span of that length which ends at a moment."""
        return cls(end - length, end)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return max(0.0, (self.end - self.start).total_seconds())

    def common(self, other: Span) -> Span:
        """What is in both; empty where nothing is."""
        return Span(max(self.start, other.start), min(self.end, other.end))

    def holds(self, at: datetime) -> bool:
        """Whether a moment is in it."""
        return self.start <= at < self.end


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same time in spans that do not overlap, the first one first; empty ones are left out."""
    result: list[Span] = []
    for span in sorted(span for span in spans if span.seconds > 0):
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return result

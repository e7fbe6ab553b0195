"""Many samples become one of a longer span, so that the history of a year stays small."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from statistics import fmean, median

from bot.patterns.records import Sample


def floor(at: datetime, span_s: int) -> datetime:
    """The beginning of the span that a moment falls into; spans begin at multiples since 1970."""
    return datetime.fromtimestamp(at.timestamp() // span_s * span_s, UTC)


def roll_up(samples: Iterable[Sample], span_s: int) -> list[Sample]:
    """One sample for each target and span. Times are medians of medians; seconds add up."""
    groups: dict[tuple[str, datetime], list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[sample.target, floor(sample.at, span_s)].append(sample)
    return [_one(target, at, span_s, group) for (target, at), group in sorted(groups.items())]


def _one(target: str, at: datetime, span_s: int, group: Sequence[Sample]) -> Sample:
    def middle(values: Iterable[float | None]) -> float | None:
        there = [value for value in values if value is not None]
        return median(there) if there else None

    return Sample(
        target,
        at,
        span_s,
        n=sum(s.n for s in group),
        rtt_ms=middle(s.rtt_ms for s in group),
        worst_ms=max((s.worst_ms for s in group if s.worst_ms is not None), default=None),
        connect_ms=middle(s.connect_ms for s in group),
        health_ms=middle(s.health_ms for s in group),
        lag_ms=fmean(s.lag_ms for s in group),
        websocket_s=sum(s.websocket_s for s in group),
        polling_s=sum(s.polling_s for s in group),
        up_s=sum(s.up_s for s in group),
        degraded_s=sum(s.degraded_s for s in group),
        down_s=sum(s.down_s for s in group),
    )

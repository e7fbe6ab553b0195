"""Samples → percentiles of the round trip over time. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.patterns import Sample
from bot.patterns.rollup import floor
from bot.spans import Span

_STEPS_S: Final = (60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600)
_MOST: Final = 170  # points that a chart can show apart


@dataclass(frozen=True, slots=True)
class Point:
    """How long round trips took around a moment, in milliseconds."""

    at: datetime
    p50_ms: float
    p95_ms: float
    worst_ms: float


def step_s(span: Span, finest_s: int) -> int:
    """Seconds that one point of a chart stands for."""
    wanted = max(finest_s, span.seconds / _MOST)
    return next((step for step in _STEPS_S if step >= wanted), _STEPS_S[-1])


def points(samples: Iterable[Sample], step: int) -> tuple[Point, ...]:
    """A point for every `step` seconds in which a round trip was measured, in its middle."""
    groups: dict[datetime, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.rtt_ms is not None:
            groups[floor(sample.at, step)].append(sample)
    return tuple(
        Point(at + timedelta(seconds=step / 2), *percentiles(group))
        for at, group in sorted(groups.items())
    )


def percentiles(samples: Sequence[Sample]) -> tuple[float, float, float]:
    """Median, 95th percentile and the longest of all round trips of samples.

    A sample keeps the median and the worst of its n round trips, and no more. All but the worst
    are taken to be as long as the median, which makes the 95th percentile as exact as samples of
    up to 20 round trips allow (one of 20 is 5 %): those of up to five minutes.

    Raises ValueError when no sample measured one.
    """
    weighed: list[tuple[float, int]] = []
    medians: list[tuple[float, int]] = []
    for sample in samples:
        if sample.rtt_ms is None:
            continue
        worst = sample.rtt_ms if sample.worst_ms is None else max(sample.rtt_ms, sample.worst_ms)
        n = max(1, sample.n)
        medians.append((sample.rtt_ms, n))
        weighed.append((worst, 1))
        if n > 1:
            weighed.append((sample.rtt_ms, n - 1))
    if not weighed:
        raise ValueError("no round trip was measured")
    middle = _quantile(medians, 0.5)
    return middle, max(middle, _quantile(weighed, 0.95)), max(value for value, _ in weighed)


def _quantile(weighed: list[tuple[float, int]], share: float) -> float:
    """The smallest value that at least `share` of the weight does not exceed."""
    weighed.sort()
    left = share * sum(weight for _, weight in weighed)
    for value, weight in weighed:
        left -= weight
        if left <= 1e-9:
            return value
    return weighed[-1][0]

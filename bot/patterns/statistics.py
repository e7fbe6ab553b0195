"""Robust statistics: a few wild values change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

_MAD_TO_SIGMA = 1.4826  # of a normal distribution


def spread(values: Sequence[float]) -> float:
    """The standard deviation as the median absolute deviation estimates it."""
    if not values:
        return 0.0
    centre = median(values)
    return _MAD_TO_SIGMA * median(abs(value - centre) for value in values)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed; nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * (len(ordered) - 1))))]


def densest(values: Sequence[float], width: float, floor: float) -> list[float]:
    """The most values that lie within `width` (a share of the value, at least `floor`) of each
    other; of two such groups the one of larger values."""
    ordered = sorted(values)
    best: list[float] = []
    first = 0
    for last, value in enumerate(ordered):
        while value - ordered[first] > max(floor, width * value):
            first += 1
        if last - first + 1 >= len(best):
            best = ordered[first : last + 1]
    return best


def rank_agreement(values: Sequence[float]) -> float:
    """Kendall's tau of values against their order: 1 for ever rising, -1 for ever falling."""
    pairs = [(i, j) for i in range(len(values)) for j in range(i + 1, len(values))]
    if not pairs:
        return 0.0
    score = sum((values[j] > values[i]) - (values[j] < values[i]) for i, j in pairs)
    return score / len(pairs)

"""What a measurement is compared with, and how it is printed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value against its limit, both in the same unit. A limit of 0 allows nothing."""

    name: str
    value: float
    limit: float
    limit_text: str
    samples: Sequence[float] = ()
    unit: str = "ms"

    @property
    def ratio(self) -> float:
        if self.limit:
            return self.value / self.limit
        return float("inf") if self.value else 0.0

    def line(self) -> str:
        """One line for people."""
        verdict = "ok" if self.ratio <= 1 else "OVER"
        spread = ""
        if len(self.samples) > 1:
            spread = f"  [{min(self.samples):.0f} … {max(self.samples):.0f}, n={len(self.samples)}]"
        return (
            f"{verdict:4}  {self.ratio:5.2f} of the limit  {self.name}: {self._said(self.value)}, "
            f"limit {self._said(self.limit)} ({self.limit_text}){spread}"
        )

    def _said(self, value: float) -> str:
        return f"{value:.1f} {self.unit}" if self.unit else f"{value:.0f}"


def median(samples: Sequence[float]) -> float:
    """Median of at least one sample."""
    return statistics.median(samples)

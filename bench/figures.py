"""What a measurement is compared with, and how it is printed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value against its limit, both in the same unit (ms unless the text says so)."""

    name: str
    value: float
    limit: float
    limit_text: str
    samples: Sequence[float] = ()

    @property
    def ratio(self) -> float:
        return self.value / self.limit if self.limit else float("inf")

    def line(self) -> str:
        """One line for people."""
        verdict = "ok" if self.ratio <= 1 else "OVER"
        spread = ""
        if len(self.samples) > 1:
            spread = f"  [{min(self.samples):.0f} … {max(self.samples):.0f}, n={len(self.samples)}]"
        return (
            f"{verdict:4}  {self.ratio:5.2f} of the limit  {self.name}: {self.value:.1f} ms, "
            f"limit {self.limit:.1f} ms ({self.limit_text}){spread}"
        )


def median(samples: Sequence[float]) -> float:
    """Median of at least one sample."""
    return statistics.median(samples)

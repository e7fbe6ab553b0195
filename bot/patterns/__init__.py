"""Time as evidence: what the history of a target shows that no single look can. Pure.

| module | subject |
|---|---|
| `records` | held connections and samples, as they are remembered |
| `drops` | connections that end at one age, or after one span of silence |
| `restarts` | crash loops, and clusters of drops |
| `speed` | slower than usual, and slower from day to day |
| `transport` | polling that appeared at a moment |
| `telling` | patterns in sentences |
| `limits` | well-known limits, as hints |
| `rollup` | many samples become one |
| `statistics` | medians and their kin |
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.evidence import HistoryEvidence
from bot.patterns.drops import constant_age, constant_idle
from bot.patterns.records import FIVE_MINUTES_S, HOUR_S, MINUTE_S, Sample, Session
from bot.patterns.restarts import cluster, crash_loop
from bot.patterns.rollup import roll_up
from bot.patterns.speed import rising, slower
from bot.patterns.telling import headline, telling
from bot.patterns.transport import polling_since


def find(
    sessions: Sequence[Session],
    samples: Sequence[Sample],
    now: datetime,
    *,
    others: Sequence[Session] = (),
) -> HistoryEvidence:
    """Everything that recurs in a target's history and holds at this moment.

    sessions: held connections, the open one included, in any order. samples: spans of five minutes
    and of hours. others: connections to the same backend for other targets: what ends them all at
    one moment is no property of one connection.
    """
    age = constant_age(sessions, others)
    loop = crash_loop(sessions, now)
    slow = slower(samples, now)
    found = (
        loop,
        age,
        constant_idle(sessions, others) if age is None else None,
        slow[0] if slow else None,
        polling_since(samples, now),
        cluster(sessions, now, others) if age is None and loop is None else None,
        rising(samples, now),
    )
    return HistoryEvidence(
        tuple(pattern for pattern in found if pattern is not None),
        still_slow_ms=slow[1] if slow else None,
    )


__all__ = [
    "FIVE_MINUTES_S",
    "HOUR_S",
    "MINUTE_S",
    "Sample",
    "Session",
    "find",
    "headline",
    "roll_up",
    "telling",
]

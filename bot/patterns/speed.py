"""Round trips against the target's own past: slower than usual, and slower from day to day.

The threshold is meant for a person on call: at least twice the usual and a tenth of a second more,
above what happens now and then anyway (a nightly backup), for a quarter of an hour. It is left at a
lower value than it was entered at. The usual is what was measured until a day ago, so that a slow
day does not become usual while it lasts. Measurements taken while our own process was late do not
count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from bot.evidence import Pattern, PatternKind
from bot.model import Confidence
from bot.patterns.records import FIVE_MINUTES_S, HOUR_S, Sample
from bot.patterns.statistics import quantile, rank_agreement

PAST = timedelta(days=8)
RECENT = timedelta(days=1)
MIN_PAST = 200  # of five minutes each: most of a day
ENTER_AFTER = 3
LEAVE_AFTER = 2

_TIMES = 2.0
_MORE_MS = 100.0
_RARE = 0.975  # what is exceeded half an hour a day is no news; an hour every night neither
_ABOVE_RARE = 1.25
_LEAVE_AT = 0.6  # of the way from the usual to the threshold
_LAG_MS = 25.0
_LAG_SHARE = 0.25
_FRESH = timedelta(minutes=30)

_DAYS = 5
_HOURS_A_DAY = 12
_AGREEMENT = 0.8
_RISE = 1.5
_RISE_MS = 20.0


@dataclass(frozen=True, slots=True)
class Usual:
    """What round trips of a target usually take, in milliseconds."""

    median_ms: float
    rare_ms: float  # seldom exceeded
    measured: int  # spans of five minutes

    @property
    def enter_ms(self) -> float:
        """From here on it is slower than usual."""
        return max(_TIMES * self.median_ms, self.median_ms + _MORE_MS, _ABOVE_RARE * self.rare_ms)

    @property
    def leave_ms(self) -> float:
        """Below this it is as usual again."""
        return self.median_ms + _LEAVE_AT * (self.enter_ms - self.median_ms)


def measured(samples: Sequence[Sample], span_s: int) -> list[tuple[datetime, float]]:
    """Round trips of one span each, the oldest first, without those that we were late for."""
    return sorted(
        (s.at, s.rtt_ms)
        for s in samples
        if s.span_s == span_s
        and s.rtt_ms is not None
        and s.lag_ms <= max(_LAG_MS, _LAG_SHARE * s.rtt_ms)
    )


def usual(samples: Sequence[Sample], now: datetime) -> Usual | None:
    """From the spans of five minutes until a day ago; None while there are too few."""
    past = [ms for at, ms in measured(samples, FIVE_MINUTES_S) if now - PAST <= at < now - RECENT]
    if len(past) < MIN_PAST:
        return None
    return Usual(median(past), quantile(past, _RARE), len(past))


def slower(samples: Sequence[Sample], now: datetime) -> tuple[Pattern, float] | None:
    """Slower than usual at this moment, and the round trip at which it would not be any more."""
    normal = usual(samples, now)
    if normal is None:
        return None
    recent = [(at, ms) for at, ms in measured(samples, FIVE_MINUTES_S) if now - RECENT <= at <= now]
    slow: list[tuple[datetime, float]] = []  # of the stretch that lasts
    above: list[tuple[datetime, float]] = []
    below = 0
    for at, ms in recent:
        if slow:
            below = below + 1 if ms < normal.leave_ms else 0
            slow = [] if below >= LEAVE_AFTER else [*slow, (at, ms)]
            above = []
            continue
        above = [*above, (at, ms)] if ms >= normal.enter_ms else []
        if len(above) >= ENTER_AFTER:
            slow, below = above, 0
    if not slow or now - slow[-1][0] > _FRESH:
        return None
    times = [ms for _, ms in slow if ms >= normal.leave_ms]
    found = Pattern(
        PatternKind.SLOWER,
        since=slow[0][0],
        last=slow[-1][0],
        count=len(times),
        of=len(slow),
        code="net_slower_than_usual",
        confidence=Confidence.CERTAIN,
        hurts=True,
        value=median(times),
        before=normal.median_ms,
    )
    return found, normal.leave_ms


def rising(samples: Sequence[Sample], now: datetime) -> Pattern | None:
    """The median of a day grows from day to day."""
    by_day: dict[date, list[float]] = defaultdict(list)
    first: dict[date, datetime] = {}
    for at, ms in measured(samples, HOUR_S):
        by_day[at.date()].append(ms)
        first.setdefault(at.date(), at)
    days = [day for day, found in sorted(by_day.items()) if len(found) >= _HOURS_A_DAY]
    days = [day for day in days if now.date() - day <= timedelta(days=14)]
    if len(days) < _DAYS or now.date() - days[-1] > timedelta(days=2):
        return None
    medians = [median(by_day[day]) for day in days]
    before, value = median(medians[:2]), median(medians[-2:])
    if rank_agreement(medians) < _AGREEMENT or value < max(_RISE * before, before + _RISE_MS):
        return None
    return Pattern(
        PatternKind.RISING,
        since=first[days[0]],
        last=first[days[-1]],
        count=len(days),
        of=len(days),
        value=value,
        before=before,
    )

"""Maintenance windows: when they are, in the time of a place. Pure.

A recurring window begins when cron says so and lasts its minutes whatever the clocks do meanwhile.
Where the clock jumps over the hour it would begin at, it begins right after the jump; an hour that
comes twice begins a daily window once (CronSim follows Debian's cron in both).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim

from bot.spans import Span

_MINUTE: Final = timedelta(minutes=1)
_TWICE: Final = timedelta(hours=2)  # no clock is set back by more


@dataclass(frozen=True, slots=True)
class Recurring:
    """cron: five fields, as `cronsim` takes them; zone: an IANA name such as Europe/Berlin."""

    cron: str
    lasts: timedelta
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Window:
    """When targets are worked on; a `Span` is a window of one time. No targets: all of them."""

    when: Recurring | Span
    targets: frozenset[str] = frozenset()
    note: str = ""

    def covers(self, target: str) -> bool:
        """Whether it is about this target."""
        return not self.targets or target in self.targets


def latest(window: Window, now: datetime) -> Span | None:
    """The last time of a window that has begun by `now`, whether it is over or not."""
    when = window.when
    if isinstance(when, Span):
        return when if when.start <= now else None
    return next((span for span in _back(when, now) if span.start <= now), None)


def times(window: Window, start: datetime, end: datetime) -> Iterator[Span]:
    """Every time of a window that reaches into the time from `start` to `end`, the last first.

    At most a thousand: a window that recurs every few minutes is none.
    """
    when = window.when
    if isinstance(when, Span):
        if when.start < end and when.end > start:
            yield when
        return
    for found in islice(_back(when, end), 1_000):
        if found.end <= start:
            return
        if found.start < end:
            yield found


def _back(when: Recurring, moment: datetime) -> Iterator[Span]:
    """The times of a window from about a moment back, the last first; the first ones may begin
    after it.

    CronSim goes by what the clock shows. In an hour that comes twice, what began in the first looks
    as if it were still to come: so go back from after that hour.
    """
    past = (moment + _TWICE + _MINUTE).astimezone(ZoneInfo(when.zone))
    for begun in CronSim(when.cron, past, reverse=True):
        start = begun.astimezone(UTC)
        yield Span(start, start + when.lasts)


def maintenance(
    windows: Iterable[Window], targets: Iterable[str], now: datetime
) -> Mapping[str, tuple[Window, Span]]:
    """The targets that are in a window now; of several windows, the one that ends last."""
    names = tuple(targets)
    found: dict[str, tuple[Window, Span]] = {}
    for window in windows:
        span = latest(window, now)
        if span is None or not span.holds(now):
            continue
        for name in names:
            if window.covers(name) and (name not in found or found[name][1].end < span.end):
                found[name] = window, span
    return found


def ended(windows: Iterable[Window], target: str, now: datetime) -> datetime | None:
    """When the last window of a target that is over by now ended; None: there was none."""
    spans = (latest(window, now) for window in windows if window.covers(target))
    return max((span.end for span in spans if span and span.end <= now), default=None)

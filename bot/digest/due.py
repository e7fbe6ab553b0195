"""When a weekly digest is due, in the time of a place. Pure.

An hour that the clocks jump over is taken as the one after it, one that comes twice as the first:
every week has exactly one moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Due:
    """weekday: 0 is Monday. hour: 0 to 23. zone: an IANA name."""

    weekday: int
    hour: int
    zone: str = "UTC"


def latest(due: Due, now: datetime) -> datetime:
    """The last moment at which a digest was due, `now` included; in UTC."""
    there = now.astimezone(ZoneInfo(due.zone)).date()
    day = there - timedelta(days=(there.weekday() - due.weekday) % 7)
    found = _at(due, day)
    return found if found <= now else _at(due, day - WEEK)


def upcoming(due: Due, now: datetime) -> datetime:
    """The next moment, after `now`; in UTC."""
    before = latest(due, now)
    return _at(due, before.astimezone(ZoneInfo(due.zone)).date() + WEEK)


def _at(due: Due, day: date) -> datetime:
    return datetime.combine(day, time(due.hour), ZoneInfo(due.zone)).astimezone(UTC)

"""Moments in the time zone of whoever looks. Pure.

Slack tells a person's zone by its name and as an offset
(docs.slack.dev/reference/objects/user-object); where neither is known it is UTC, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_datetime

from bot.locales import language


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone by its name (`Europe/Berlin`); `offset_s` east of Greenwich, for a system that
    has no such zone. Neither: UTC."""

    name: str | None = None
    offset_s: int | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """Reads moments aloud."""

    zone: tzinfo
    name: str  # as it is shown: `Europe/Berlin`, `UTC+02:00`, `UTC`
    lang: str

    @classmethod
    def of(cls, zone: Zone, lang: str) -> Clock:
        """The clock of a zone; never raises."""
        if zone.name:
            try:
                return cls(ZoneInfo(zone.name), zone.name, lang)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                pass  # no such zone here, or no zones at all
        if zone.offset_s is not None and abs(zone.offset_s) < 24 * 3_600:
            fixed = timezone(timedelta(seconds=zone.offset_s))
            return cls(fixed, fixed.tzname(None), lang)
        return cls(UTC, "UTC", lang)

    def local(self, at: datetime) -> datetime:
        """The moment as the clock on the wall shows it."""
        return at.astimezone(self.zone)

    def time(self, at: datetime) -> str:
        """`03:12`."""
        return self._read(at, "HH:mm")

    def day(self, at: datetime) -> str:
        """`26 Nov`."""
        return self._read(at, "d MMM")

    def moment(self, at: datetime) -> str:
        """`26 Nov, 03:12`."""
        return self._read(at, "d MMM, HH:mm")

    def _read(self, at: datetime, pattern: str) -> str:
        return format_datetime(self.local(at), pattern, locale=language(self.lang))

"""When a line of a log was written, in whichever way its program writes that down."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_HEAD: Final = 260  # characters of a line in which its time is looked for
_DAY_S: Final = 86_400.0

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_CLOCK = r"(?P<h>\d{2}):(?P<mi>\d{2}):(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?"
_ZONE = r"(?: ?(?P<z>z\b|utc\b|gmt\b|[+-]\d{2}:?\d{2}))?"


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time as far as a line tells it.

    at: seconds; only differences between moments of the same `kind` mean something.
    kind: `utc`, `local` (no time zone was written) or `clock` (no date either).
    """

    at: float
    kind: str

    def text(self) -> str:
        """As a person and a script read it; without a zone where none was written."""
        if self.kind == "clock":
            whole = int(self.at % _DAY_S)
            return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
        shown = (_EPOCH + timedelta(seconds=self.at)).isoformat(sep=" ", timespec="seconds")
        return shown.removesuffix("+00:00") + (" UTC" if self.kind == "utc" else "")


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _dated(match: re.Match[str]) -> Moment | None:
    groups = match.groupdict()
    try:
        month = _MONTHS.get(groups["mo"]) or int(groups["mo"])
        hour = int(groups["h"])
        if half := groups.get("ap"):
            hour = hour % 12 + (12 if half == "p" else 0)
        naive = datetime(  # noqa: DTZ001  the zone is added below, where one is written
            int(groups.get("y") or 1970), month, int(groups["d"]),
            hour, int(groups["mi"]), int(groups["s"]),
        )  # fmt: skip
        zone = groups.get("z")
        moment = naive.replace(tzinfo=_zone(zone) if zone else UTC)
    except ValueError:  # the thirtieth of February, 25 o'clock
        return None
    seconds = (moment - _EPOCH).total_seconds() + _fraction(groups.get("f"))
    return Moment(seconds, "utc" if zone else "local")


def _epoch(match: re.Match[str]) -> Moment | None:
    seconds = float(match["sec"]) + _fraction(match["f"] or match["ms"])
    return Moment(seconds, "utc")


def _clock(match: re.Match[str]) -> Moment | None:
    hour, minute, second = int(match["h"]), int(match["mi"]), int(match["s"])
    if hour > 23 or minute > 59 or second > 60:
        return None
    return Moment(hour * 3600 + minute * 60 + second + _fraction(match["f"]), "clock")


def _zone(text: str) -> timezone:
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(ahead if text[0] == "+" else -ahead)


def _fraction(digits: str | None) -> float:
    return float(f"0.{digits}") if digits else 0.0


_Reader = Callable[[re.Match[str]], Moment | None]

# One row per way to write it; lines are in lower case. The first that fits wins.
_FORMATS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        # ISO 8601, RFC 3339, Python's logging (comma), PostgreSQL, docker (nanoseconds), pm2
        (r"(?<!\d)(?P<y>20\d\d)-(?P<mo>\d{2})-(?P<d>\d{2})[t ,]{1,2}" + _CLOCK + _ZONE, _dated),
        # nginx's error log, Go's log
        (r"(?<!\d)(?P<y>20\d\d)/(?P<mo>\d{2})/(?P<d>\d{2}) " + _CLOCK + _ZONE, _dated),
        # access logs of nginx, Apache and haproxy
        (r"(?<!\d)(?P<d>\d{2})/(?P<mo>[a-z]{3})/(?P<y>20\d\d):" + _CLOCK + _ZONE, _dated),
        # toLocaleString() in German, Russian and most of Europe
        (r"(?<!\d)(?P<d>\d{2})\.(?P<mo>\d{2})\.(?P<y>20\d\d),? " + _CLOCK, _dated),
        # toLocaleString() in American English
        ((r"(?<!\d)(?P<mo>\d{1,2})/(?P<d>\d{1,2})/(?P<y>20\d\d),? (?P<h>\d{1,2}):(?P<mi>\d{2})"
          r":(?P<s>\d{2}) ?(?:(?P<ap>[ap])m)?"), _dated),
        # Apache's error log, C's asctime: mon nov 23 20:39:05.123456 2026
        (r"\b(?P<mo>[a-z]{3}) (?P<d>\d{1,2}) " + _CLOCK + r" (?P<y>20\d\d)", _dated),
        # JavaScript's Date: mon nov 23 2026 20:39:05 gmt+0300
        (r"\b(?P<mo>[a-z]{3}) (?P<d>\d{1,2}) (?P<y>20\d\d) " + _CLOCK
         + r"(?: gmt(?P<z>[+-]\d{4}))?", _dated),
        # HTTP's Date: mon, 23 nov 2026 20:39:05 gmt
        (r"(?<!\d)(?P<d>\d{1,2}) (?P<mo>[a-z]{3}) (?P<y>20\d\d) " + _CLOCK + _ZONE, _dated),
        # syslog, journalctl: nov 23 20:39:05 (no year)
        (r"\b(?P<mo>[a-z]{3}) {1,2}(?P<d>\d{1,2}) " + _CLOCK, _dated),
        # JSON lines of pino, bunyan, zap: "time":1763930345123, "ts":1763930345.123
        ((r'"(?:time|ts|timestamp|t|at)" ?: ?"?(?P<sec>1[5-9]\d{8}|[2-9]\d{9})'
          r"(?:(?P<ms>\d{3})\b|\.(?P<f>\d{1,9}))?"), _epoch),
        # consoles: 20:39:05.123
        (r"(?<![\d:.])" + _CLOCK + r"(?![\d:])", _clock),
    )
)  # fmt: skip


class Clock:
    """Reads the moments of a log from top to bottom, so that midnight is noticed."""

    def __init__(self) -> None:
        self._format = 0  # a log rarely changes its format, so the last one is tried first
        self._days = 0.0
        self._last: float | None = None

    def read(self, line: str) -> Moment | None:
        """When `line` (as `text.plain` gives it) was written; None if it does not say."""
        head = line[:_HEAD]
        if ":" not in head:
            return None
        order = (self._format, *(n for n in range(len(_FORMATS)) if n != self._format))
        for index in order if self._format < len(_FORMATS) - 1 else range(len(_FORMATS)):
            pattern, reader = _FORMATS[index]
            match = pattern.search(head)
            moment = reader(match) if match else None
            if moment is not None:
                self._format = index
                return self._of_day(moment) if moment.kind == "clock" else moment
        return None

    def _of_day(self, moment: Moment) -> Moment:
        """A time of day; when it jumps back by half a day and more, midnight has passed."""
        if self._last is not None and moment.at < self._last - _DAY_S / 2:
            self._days += _DAY_S
        self._last = moment.at
        return Moment(moment.at + self._days, "clock")

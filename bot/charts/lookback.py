"""How far back to look: `15m`, `6h`, `24h`, `7d`, as people type it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

SHORTEST: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(days=30)
"""Samples of five minutes are kept for so long; longer ones no longer tell a 95th percentile."""

_UNITS: Final = {"m": 60, "h": 3_600, "d": 86_400}
# What people write for them, in the languages that the bot speaks.
_WRITTEN: Final = {
    "m": "m min mins minute minutes м мин минут минута минуты",
    "h": "h hr hrs hour hours ч час часа часов",
    "d": "d day days д день дня дней сут сутки",
    "w": "w week weeks н нед неделя недели недель",
}
_UNIT_OF: Final = {word: unit for unit, words in _WRITTEN.items() for word in words.split()}
_TYPED: Final = re.compile(r"(\d{1,6})\s*([^\W\d_]{0,10})")


@dataclass(frozen=True, slots=True)
class Lookback:
    """A length of time, as it is typed (`24h`)."""

    number: int
    unit: str  # m, h or d

    @property
    def length(self) -> timedelta:
        """As a length of time."""
        return timedelta(seconds=self.number * _UNITS[self.unit])

    def __str__(self) -> str:
        return f"{self.number}{self.unit}"


DAY: Final = Lookback(24, "h")
MONTH: Final = Lookback(30, "d")
OFFERED: Final = (Lookback(1, "h"), Lookback(6, "h"), DAY, Lookback(7, "d"), MONTH)


def read(typed: str) -> tuple[Lookback | None, Lookback]:
    """What was typed → what it says, or None where it says nothing that can be shown; and the
    nearest to it that can. A bare number is no length: `24` may be hours or days."""
    found = _TYPED.fullmatch(typed.strip().casefold())
    if found is None:
        return None, DAY
    number, written = int(found[1]), found[2]
    unit = _UNIT_OF.get(written, "")
    if unit == "w":
        number, unit = number * 7, "d"
    if not unit:
        # A slip of the pen in the unit, or none: the likely one is offered and not assumed.
        initial = next((known for known in _UNITS if written.startswith(known)), "h")
        return None, _bounded(Lookback(number, initial))
    asked = Lookback(number, unit)
    return (asked, asked) if SHORTEST <= asked.length <= LONGEST else (None, _bounded(asked))


def _bounded(asked: Lookback) -> Lookback:
    if asked.length > LONGEST:
        return MONTH
    return asked if asked.length >= SHORTEST else Lookback(5, "m")

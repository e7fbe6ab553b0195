"""How long, as people type it: `30m`, `2h`, `1d 12h`, `90 minutes`, `until up`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import Final

SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=30)  # a mute that outlives everybody's memory of it is a hole

_UNITS: Final[Mapping[str, timedelta]] = {
    **dict.fromkeys(
        ("m", "min", "mins", "minute", "minutes", "м", "мин", "минут", "минуты", "минуту"),
        timedelta(minutes=1),
    ),
    **dict.fromkeys(
        ("h", "hr", "hrs", "hour", "hours", "ч", "час", "часа", "часов"), timedelta(hours=1)
    ),
    **dict.fromkeys(
        ("d", "day", "days", "д", "день", "дня", "дней"), timedelta(days=1)
    ),
    **dict.fromkeys(
        ("w", "week", "weeks", "нед", "неделя", "недели", "неделю", "недель"), timedelta(weeks=1)
    ),
}  # fmt: skip
_PART: Final = re.compile(r"(\d{1,5})\s*([^\W\d_]+)")
_UNTIL_UP: Final = frozenset({"until up", "until-up", "untilup", "until_up", "up"})
_FILLING: Final = frozenset({"for", "на"})


class Until(Enum):
    """An end that is no time."""

    UP = "up"


def span(words: Sequence[str]) -> timedelta | Until | None:
    """What these words say; None where they say no length of time at all."""
    text = " ".join(words).casefold().strip(" ,.")
    if text in _UNTIL_UP:
        return Until.UP
    first, _, rest = text.partition(" ")
    if first in _FILLING:
        text = rest
    if not text or _PART.sub("", text).strip(" ,"):
        return None
    total = timedelta()
    for number, unit in _PART.findall(text):
        if unit not in _UNITS:
            return None
        total += int(number) * _UNITS[unit]
    return total

"""Messages, numbers, durations and moments as a person reads them in a language."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.locales.catalogue import language, load
from bot.model import Message, say

# A place is `{name}` and nothing else: braces of quoted JSON need no escaping in a msgid.
PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")

_DECIMAL_SEPARATOR = {"en": ".", "ru": ","}


def translate(message: Message, lang: str) -> str:
    """The sentence in `lang` with its places filled.

    An unknown language and a missing translation both give English. A place without a value
    stays as it is written. Values are put in as they are (the surface escapes them), except that
    floats are rounded to what a reader can use, see `number`.
    """
    lang = language(lang)
    if not message.text:  # gettext's entry for "" is the header of the catalogue
        return ""
    catalogue = load(lang)
    if message.plural is None:
        text = catalogue.gettext(message.text)
    else:
        count = _count(message.values.get("n"))
        text = catalogue.ngettext(message.text, message.plural, count)
    return _fill(text, message.values, lang)


def number(value: float, lang: str) -> str:
    """A number for reading: integers in full, floats to about three digits, no grouping.

    No grouping, because most integers in our sentences are ports, statuses and codes.
    """
    if isinstance(value, int) or not math.isfinite(value):
        return str(value)
    size = abs(value)
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    text = f"{value:.{digits}f}"
    if digits:
        text = text.rstrip("0").rstrip(".")
    if text == "-0":
        text = "0"
    return text.replace(".", _DECIMAL_SEPARATOR[language(lang)])


def percent(share: float, lang: str) -> str:
    """A share (0 to 1) for reading: `99.97%`. Only a whole is 100 %, and only nothing is 0 %: what
    is almost so is rounded away from it."""
    hundredths = 10_000
    if share < 1:
        least = 1 if share > 0 else 0
        hundredths = min(9_999, max(least, math.floor(share * 10_000 + 1e-6)))
    text = f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")
    gap = "" if language(lang) == "en" else "\u00a0"
    return f"{text.replace('.', _DECIMAL_SEPARATOR[language(lang)])}{gap}%"


def duration(seconds: float, lang: str) -> str:
    """A length of time in its two largest units: `2 min 5 s`, `350 ms`, `3 d 4 h`.

    Negative lengths (a clock was set back) and those that are not finite count as zero.
    """
    seconds = seconds if math.isfinite(seconds) and seconds > 0 else 0.0
    if 0 < seconds < 0.9995:
        return translate(say("{n} ms", n=max(1, round(seconds * 1000))), lang)
    if seconds < 9.95:
        return translate(say("{n} s", n=round(seconds, 1)), lang)
    whole = round(seconds)
    minutes, s = divmod(whole, 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    if days:
        message = say("{d} d {h} h", d=days, h=h) if h else say("{d} d", d=days)
    elif hours:
        message = say("{h} h {m} min", h=h, m=m) if m else say("{h} h", h=h)
    elif minutes:
        message = say("{m} min {s} s", m=m, s=s) if s else say("{m} min", m=m)
    else:
        message = say("{n} s", n=s)
    return translate(message, lang)


def moment(at: datetime, lang: str) -> str:
    """A moment in UTC, to the second: `23 Nov 2026, 20:39:05 UTC`. A naive `at` counts as UTC."""
    # Babel's dates cost 50 ms to import, which `wsdiag check` need not pay.
    from babel.dates import format_datetime  # noqa: PLC0415

    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return format_datetime(at, "d MMM y, HH:mm:ss 'UTC'", tzinfo=UTC, locale=language(lang))


def _count(value: object) -> int:
    """The integer that chooses the plural form: a fraction reads like two in both languages."""
    if isinstance(value, int):
        return abs(value)
    if isinstance(value, float) and value.is_integer():
        return abs(int(value))
    return 2


def _fill(text: str, values: Mapping[str, str | int | float], lang: str) -> str:
    def place(match: re.Match[str]) -> str:
        value = values.get(match[1])
        if value is None:
            return match[0]
        if isinstance(value, int | float):
            return number(value, lang)
        return str(value)

    return PLACE.sub(place, text)

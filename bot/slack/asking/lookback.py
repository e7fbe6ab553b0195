"""How far back to look: `15m`, `6h`, `24h`, `7d`, as people type it. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from bot.slack.asking.spans import span

SHORTEST: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(days=30)
"""Samples of five minutes are kept for so long; longer ones no longer tell a 95th percentile."""
YEAR: Final = timedelta(days=365)
"""Samples of an hour are kept for so long: they tell of uptime, and draw no picture."""

DAY: Final = timedelta(hours=24)

_BEGINS: Final = re.compile(r"(\d{1,5})\s*([^\W\d_]?)")
_UNIT_OF: Final = {"m": "m", "м": "m", "h": "h", "ч": "h", "d": "d", "д": "d"}


def read(typed: str, longest: timedelta = LONGEST) -> tuple[timedelta | None, str]:
    """What was typed → the length of time, or None where it says none that can be shown; and what
    to type for the nearest that can. A bare number is no length: `24` may be hours or days.
    longest: whole days."""
    asked = span(typed.split())
    if isinstance(asked, timedelta):
        if SHORTEST <= asked <= longest:
            return asked, typed
        return None, _nearest(asked, typed, longest)
    found = _BEGINS.match(typed.strip().casefold())
    if found is None:
        return None, "24h"
    # A slip of the pen in the unit, or none: the likely one is offered and not assumed.
    likely = f"{int(found[1])}{_UNIT_OF.get(found[2], 'h')}"
    meant = span([likely])
    return None, _nearest(meant, likely, longest) if isinstance(meant, timedelta) else "24h"


def _nearest(asked: timedelta, typed: str, longest: timedelta) -> str:
    if asked > longest:
        return f"{longest.days}d"
    return typed if asked >= SHORTEST else "5m"

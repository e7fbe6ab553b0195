"""WebSocket until a moment, polling ever since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.evidence import Pattern, PatternKind
from bot.patterns.records import FIVE_MINUTES_S, Sample

_BEFORE = 12  # spans of five minutes over WebSocket: it was no accident
_SINCE = 3
_FRESH = timedelta(minutes=30)


def polling_since(samples: Sequence[Sample], now: datetime) -> Pattern | None:
    """The held connection runs over polling only, and used not to."""
    held = sorted(
        (s.at, s.websocket_s > s.polling_s)
        for s in samples
        if s.span_s == FIVE_MINUTES_S and s.websocket_s + s.polling_s > 0
    )
    on_websocket = [at for at, websocket in held if websocket]
    if len(on_websocket) < _BEFORE or now - held[-1][0] > _FRESH:
        return None
    polling = [at for at, _ in held if at > on_websocket[-1]]
    if len(polling) < _SINCE:
        return None
    return Pattern(
        PatternKind.POLLING_SINCE,
        since=polling[0],
        last=polling[-1],
        count=len(polling),
        of=len(polling),
    )

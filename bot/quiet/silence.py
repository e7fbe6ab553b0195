"""Which targets nobody is to be alerted of, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.model import Mute
from bot.quiet.windows import Window, maintenance
from bot.spans import Span


@dataclass(frozen=True, slots=True)
class Silence:
    """Why a target is quiet: a mute, a window with its present time, or both."""

    target: str
    mute: Mute | None = None
    window: Window | None = None
    span: Span | None = None  # of the window


def silences(
    targets: Iterable[str], mutes: Mapping[str, Mute], windows: Iterable[Window], now: datetime
) -> dict[str, Silence]:
    """Every target that is quiet now, muted ones also if they are no target any more."""
    under_work = maintenance(windows, targets, now)
    return {
        name: Silence(name, mutes.get(name), *under_work.get(name, (None, None)))
        for name in {**mutes, **under_work}
    }

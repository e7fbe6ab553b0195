"""Which targets are muted: this follows from what was recorded, and so survives a restart.

Nothing has to happen for a mute to end. One "until up" is bound to the incident in which it was
given and ends with it, also when the bot was away at that moment, and also when the target has
gone down again since: that is another incident, of which nobody said anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from bot.model import Act, ActKind, Mute


def in_force(acts: Iterable[Act], closed: Collection[str], now: datetime) -> dict[str, Mute]:
    """The mutes in force, by target.

    acts: in the order in which they were done; the last that mutes or unmutes a target decides, so
    a new mute also shortens an older one. closed: ids of the incidents that are over.
    """
    last = {a.target: a for a in acts if a.kind in (ActKind.MUTED, ActKind.UNMUTED)}
    return {
        target: Mute(target, act.until, act.user, act.at)
        for target, act in last.items()
        if act.kind is ActKind.MUTED and not _over(act, closed, now)
    }


def _over(mute: Act, closed: Collection[str], now: datetime) -> bool:
    if mute.until is not None:
        return mute.until <= now
    return mute.incident_id in closed


def ended(acts: Iterable[Act], target: str, now: datetime) -> datetime | None:
    """When a target's latest mute ended; None: it was not muted, or still is.

    A mute "until up" ends with its incident, before anything can be said of the next one.
    """
    last = [a for a in acts if a.target == target and a.kind in (ActKind.MUTED, ActKind.UNMUTED)][
        -1:
    ]
    if not last:
        return None
    over = last[0].at if last[0].kind is ActKind.UNMUTED else last[0].until
    return over if over is not None and over <= now else None

"""The server goes away: again and again (a crash loop), or several times within minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from bot.evidence import Ending, Pattern, PatternKind
from bot.patterns.drops import Drop, drops
from bot.patterns.records import Session

LOOP_DROPS = 4
LOOP_WITHIN = timedelta(minutes=15)
CLUSTER_DROPS = 3
CLUSTER_WITHIN = timedelta(minutes=10)

_LOOP_OVER = timedelta(minutes=5)  # an orchestrator's longest pause between two starts
_CALM = timedelta(hours=1)
_CLUSTER_TOLD_FOR = timedelta(hours=24)
_OUTLIVED = 3.0
_CRASHES = (Ending.CUT, Ending.CLOSED, Ending.FAILED)


def crash_loop(sessions: Sequence[Session], now: datetime) -> Pattern | None:
    """It went away at least four times within a quarter of an hour, and may do so again."""
    gone = [d.session for d in drops(sessions) if d.refused and d.session.ending in _CRASHES]
    near = [s for s in gone if gone and s.ended_at >= gone[-1].ended_at - LOOP_WITHIN]
    if len(near) < LOOP_DROPS:
        return None
    lived = [s.age_s for s in near[1:]]  # the first had lived before the loop began
    quiet = max(_LOOP_OVER.total_seconds(), _OUTLIVED * max(lived))
    if (now - near[-1].ended_at).total_seconds() > quiet:
        return None
    return Pattern(
        PatternKind.CRASH_LOOP,
        since=near[0].ended_at,
        last=near[-1].ended_at,
        count=len(near),
        of=len(near),
        code="srv_crash_loop",
        rivals=("srv_restarting",),
        hurts=True,
        value=median(lived),
    )


def cluster(
    sessions: Sequence[Session], now: datetime, others: Sequence[Session] = ()
) -> Pattern | None:
    """Several drops within minutes, with calm before and after: a deployment looks like this."""
    found = list(drops(sessions, others))
    groups: list[list[Drop]] = []
    for drop in found:
        before = groups[-1][-1].session.ended_at if groups else None
        if before is not None and drop.session.ended_at - before < _CALM:
            groups[-1].append(drop)
        else:
            groups.append([drop])
    watched_since = min((s.began_at for s in sessions), default=now)
    for group in reversed(groups):
        first, last = group[0].session.ended_at, group[-1].session.ended_at
        if now - last > _CLUSTER_TOLD_FOR:
            return None
        calm = first - watched_since >= _CALM and now - last >= _CALM
        if len(group) >= CLUSTER_DROPS and last - first <= CLUSTER_WITHIN and calm:
            away = sum(1 for d in group if d.away)
            return Pattern(
                PatternKind.CLUSTER,
                since=first,
                last=last,
                count=len(group),
                of=sum(1 for d in found if now - d.session.ended_at <= _CLUSTER_TOLD_FOR),
                code="srv_restarting" if away >= len(group) / 2 else None,
            )
    return None

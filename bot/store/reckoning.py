"""What `bot.uptime` reckons from, read in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, null, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.incidents import Incident
from bot.model import ActKind
from bot.patterns import FIVE_MINUTES_S, HOUR_S, MINUTE_S, Sample
from bot.spans import Span
from bot.store import rows
from bot.store.schema import acts, incidents, samples

_HOURS_FROM: Final = timedelta(days=3)  # a longer span is reckoned from hours


@dataclass(frozen=True, slots=True)
class Past:
    """Of one target, over one span. Incidents come without their reports."""

    samples: Sequence[Sample]
    incidents: Sequence[Incident]
    acknowledged: Mapping[str, datetime]  # incident → the first time that somebody saw to it


async def past(
    connection: AsyncConnection, target: str, span: Span, *, longest_s: int | None = None
) -> Past:
    """Read a span. `longest_s`: of a sample, where planned work is to be told from other trouble,
    or single minutes are to be seen; None: as the length of the span has it."""
    if longest_s is None:
        longest_s = HOUR_S if span.end - span.start > _HOURS_FROM else FIVE_MINUTES_S
    steps = [step for step in (HOUR_S, FIVE_MINUTES_S, MINUTE_S) if step <= longest_s]
    found: list[Sample] = []
    since = span.start
    for span_s in steps:  # the shorter ones only from where they are not rolled up yet
        query = (
            select(samples)
            .where(
                samples.c.target == target,
                samples.c.span_s == span_s,
                samples.c.at > since - timedelta(seconds=span_s),
                samples.c.at < span.end,
            )
            .order_by(samples.c.at)
        )
        read = [rows.sample(row) for row in await connection.execute(query)]
        if read:
            since = max(since, read[-1].at + timedelta(seconds=span_s))
        found += read
    kept = await connection.execute(
        select(incidents, null().label("body")).where(
            incidents.c.target == target,
            incidents.c.opened_at < span.end,
            or_(incidents.c.closed_at.is_(None), incidents.c.closed_at >= span.start),
        )
    )
    seen = await connection.execute(
        select(acts.c.incident_id, func.min(acts.c.at).label("at"))
        .where(
            acts.c.target == target,
            acts.c.kind == ActKind.ACKNOWLEDGED.value,
            acts.c.incident_id.is_not(None),
        )
        .group_by(acts.c.incident_id)
    )
    return Past(
        found,
        [rows.incident(row) for row in kept],
        {row.incident_id: row.at for row in seen},
    )

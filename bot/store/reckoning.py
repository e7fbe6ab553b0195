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
from bot.patterns.rollup import floor
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


async def _read(connection: AsyncConnection, target: str, span_s: int, span: Span) -> list[Sample]:
    """Samples of one length that reach into a span, the oldest first."""
    query = (
        select(samples)
        .where(
            samples.c.target == target,
            samples.c.span_s == span_s,
            samples.c.at > span.start - timedelta(seconds=span_s),
            samples.c.at < span.end,
        )
        .order_by(samples.c.at)
    )
    return [rows.sample(row) for row in await connection.execute(query)]


async def past(
    connection: AsyncConnection, target: str, span: Span, *, longest_s: int | None = None
) -> Past:
    """Read a span. `longest_s`: of a sample, where planned work is to be told from other trouble,
    or single minutes are to be seen; None: as the length of the span has it. What is older than the
    shorter ones are kept is read from longer ones all the same."""
    if longest_s is None:
        longest_s = HOUR_S if span.end - span.start > _HOURS_FROM else FIVE_MINUTES_S
    steps = [step for step in (HOUR_S, FIVE_MINUTES_S, MINUTE_S) if step <= longest_s]
    found: list[Sample] = []
    since = span.start
    for span_s in steps:  # the shorter ones only from where they are not rolled up yet
        read = await _read(connection, target, span_s, Span(since, span.end))
        if read:
            since = max(since, read[-1].at + timedelta(seconds=span_s))
        found += read
    if longest_s < HOUR_S:
        # Hours that the shorter ones tell nothing of, not even of a part: those would be lost.
        known = floor(found[0].at, HOUR_S) if found else span.end
        hours = await _read(connection, target, HOUR_S, Span(span.start, known))
        found = [*hours, *found]
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

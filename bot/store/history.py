"""The history of held connections and samples: written in groups, rolled up, bounded, reckoned.

It lives in the same database as incidents, yet nothing that matters for alerts depends on it: its
transactions are short, and whoever calls takes a StoreError for what it is, a gap in the history.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, Table, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.evidence import Ending
from bot.model import Reason, Transport
from bot.patterns import FIVE_MINUTES_S, HOUR_S, MINUTE_S, Sample, Session, roll_up
from bot.patterns.rollup import floor
from bot.spans import Span
from bot.store import reckoning, rows
from bot.store.reckoning import Past
from bot.store.run import Run
from bot.store.schema import samples, sessions
from bot.uptime import Availability, availability

_STEPS: Final = ((MINUTE_S, FIVE_MINUTES_S), (FIVE_MINUTES_S, HOUR_S))
_LATE_S: Final = 60.0  # what is written later than this is in the samples it was taken for alone
_BITE: Final = timedelta(hours=6)  # rolled up in one transaction
_GROUP: Final = 500  # rows in one statement


@dataclass(frozen=True, slots=True)
class KeepHistory:
    """For how long samples are kept, by the seconds of their span; how many connections."""

    samples: dict[int, timedelta] = field(
        default_factory=lambda: {
            MINUTE_S: timedelta(hours=48),
            FIVE_MINUTES_S: timedelta(days=30),
            HOUR_S: timedelta(days=366),
        }
    )
    sessions_for: timedelta = timedelta(days=90)
    sessions: int = 2_000  # of one target


class History:
    """What `bot.patterns` and `bot.uptime` read. Made by `Store`; each method is a transaction or
    a few."""

    def __init__(self, run: Run, keep: KeepHistory) -> None:
        self._run = run
        self._keep = keep

    async def add(self, ended: Sequence[Session], taken: Sequence[Sample]) -> None:
        """Keep a group of both. A sample that is there already stays as it is."""

        async def work(connection: AsyncConnection) -> None:
            if ended:
                await connection.execute(insert(sessions), [_session_row(s) for s in ended])
            await _add_samples(connection, taken)

        if ended or taken:
            await self._run(work)

    async def sessions(self, target: str, *, since: datetime, limit: int = 300) -> list[Session]:
        """The newest connections of a target, the oldest of them first."""
        query = (
            select(sessions)
            .where(sessions.c.target == target, sessions.c.ended_at >= since)
            .order_by(sessions.c.ended_at.desc(), sessions.c.id.desc())
            .limit(limit)
        )

        async def work(connection: AsyncConnection) -> list[Session]:
            return [_session(row) for row in await connection.execute(query)][::-1]

        return await self._run(work)

    async def sessions_of(
        self, targets: Collection[str], *, since: datetime, limit: int = 300
    ) -> list[Session]:
        """The newest connections of several targets together, in no order."""
        query = (
            select(sessions)
            .where(sessions.c.target.in_(list(targets)), sessions.c.ended_at >= since)
            .order_by(sessions.c.ended_at.desc())
            .limit(limit)
        )

        async def work(connection: AsyncConnection) -> list[Session]:
            return [_session(row) for row in await connection.execute(query)]

        return await self._run(work) if targets else []

    async def samples(self, target: str, span_s: int, *, since: datetime) -> list[Sample]:
        """Samples of one span of a target, the oldest first."""
        query = (
            select(samples)
            .where(samples.c.target == target, samples.c.span_s == span_s, samples.c.at >= since)
            .order_by(samples.c.at)
        )

        async def work(connection: AsyncConnection) -> list[Sample]:
            return [rows.sample(row) for row in await connection.execute(query)]

        return await self._run(work)

    async def past(self, target: str, span: Span, *, longest_s: int | None = None) -> Past:
        """What a span is reckoned from, with samples of at most `longest_s`."""
        return await self._run(lambda c: reckoning.past(c, target, span, longest_s=longest_s))

    async def availability(
        self,
        target: str,
        span: Span,
        *,
        maintenance: Sequence[Span] = (),
        objective: float | None = None,
    ) -> Availability:
        """What a span of a target comes to; see `bot.uptime`. One that ends now is up to date to
        the last minute, and one of several days is exact to the hour at its beginning."""
        planned = [window for window in maintenance if span.common(window).seconds]
        longest_s = FIVE_MINUTES_S if planned else None
        past = await self.past(target, span, longest_s=longest_s)
        return availability(
            span,
            past.samples,
            past.incidents,
            acknowledged=past.acknowledged,
            maintenance=planned,
            objective=objective,
        )

    async def tidy(self, now: datetime) -> None:
        """Roll up what is complete, and forget what is older than it is kept."""
        for fine, coarse in _STEPS:
            while await self._run(lambda c, f=fine, s=coarse: self._bite(c, f, s, now)):  # type: ignore[misc]
                pass
        await self._run(lambda connection: self._forget(connection, now))

    async def _bite(
        self, connection: AsyncConnection, fine: int, coarse: int, now: datetime
    ) -> bool:
        """Roll up a few hours. False: there is nothing more to do."""
        done = await connection.scalar(
            select(func.max(samples.c.at)).where(samples.c.span_s == coarse)
        )
        first = select(func.min(samples.c.at)).where(samples.c.span_s == fine)
        if done is not None:
            first = first.where(samples.c.at >= done + timedelta(seconds=coarse))
        start = await connection.scalar(first)
        complete = floor(now - timedelta(seconds=_LATE_S), coarse)
        if start is None or floor(start, coarse) >= complete:
            return False
        end = min(complete, floor(start, coarse) + _BITE)
        query = select(samples).where(
            samples.c.span_s == fine, samples.c.at >= start, samples.c.at < end
        )
        fine_ones = [rows.sample(row) for row in await connection.execute(query)]
        await _add_samples(connection, roll_up(fine_ones, coarse))
        return end < complete

    async def _forget(self, connection: AsyncConnection, now: datetime) -> None:
        for span_s, kept_for in self._keep.samples.items():
            await connection.execute(
                delete(samples).where(samples.c.span_s == span_s, samples.c.at < now - kept_for)
            )
        await connection.execute(
            delete(sessions).where(sessions.c.ended_at < now - self._keep.sessions_for)
        )
        rank = (
            func.row_number()
            .over(
                partition_by=sessions.c.target,
                order_by=(sessions.c.ended_at.desc(), sessions.c.id.desc()),
            )
            .label("rank")
        )
        ranked = select(sessions.c.id, rank).subquery()
        surplus = select(ranked.c.id).where(ranked.c.rank > self._keep.sessions)
        await connection.execute(delete(sessions).where(sessions.c.id.in_(surplus)))


async def _add_samples(connection: AsyncConnection, taken: Sequence[Sample]) -> None:
    values = [_sample_row(s) for s in taken]
    for start in range(0, len(values), _GROUP):
        await connection.execute(_unless_there(connection, samples), values[start : start + _GROUP])


def _unless_there(connection: AsyncConnection, table: Table) -> Any:
    """INSERT … ON CONFLICT DO NOTHING: two processes, or a clock that was set back."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table).on_conflict_do_nothing()


def _session_row(session: Session) -> dict[str, object]:
    return {
        "target": session.target,
        "ended_at": session.ended_at,
        "age_s": session.age_s,
        "transport": session.transport.value,
        "ending": session.ending.value,
        "reason": session.reason.value if session.reason else None,
        "code": session.code,
        "idle_s": session.idle_s,
        "keep_alives": session.keep_alives,
        "connect_ms": session.connect_ms,
        "failed_before": session.failed_before,
        "failure_before": session.failure_before.value if session.failure_before else None,
    }


def _session(row: Row[Any]) -> Session:
    return Session(
        target=row.target,
        ended_at=row.ended_at,
        age_s=row.age_s,
        transport=Transport(row.transport),
        ending=Ending(row.ending),
        reason=_reason(row.reason),
        code=row.code,
        idle_s=row.idle_s,
        keep_alives=row.keep_alives,
        connect_ms=row.connect_ms,
        failed_before=row.failed_before,
        failure_before=_reason(row.failure_before),
    )


def _reason(value: str | None) -> Reason | None:
    """A reason of another version counts as unrecognised."""
    if value is None:
        return None
    return Reason(value) if value in _REASONS else Reason.UNRECOGNISED


_REASONS: Final = frozenset(reason.value for reason in Reason)


def _sample_row(sample: Sample) -> dict[str, object]:
    return {name: getattr(sample, name) for name in rows.SAMPLE_FIELDS}

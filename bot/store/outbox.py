"""The outbox: what is to be told, in order per channel, until it is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Delivery, State, Transition, TransitionKind
from bot.store import rows
from bot.store.schema import deliveries, incidents, messages, reports, transitions

_ERROR_LENGTH: Final = 500


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """Tell `channel` of a transition. News of an incident go where its opening was told."""

    channel: str
    transition: Transition


@dataclass(frozen=True, slots=True)
class Outbox:
    """How much waits to be delivered."""

    depth: int
    oldest_at: datetime | None  # the transition that has waited longest


async def add(connection: AsyncConnection, delivery: NewDelivery, saved: Mapping[int, str]) -> None:
    """Queue a delivery; `saved` maps id(report) to the report's id in this transaction.

    A recovery shows the trouble's report, not its own: what was wrong is what people ask for.
    """
    transition = delivery.transition
    opening = transition.kind is TransitionKind.OPENED
    told = [] if opening else await _channels_told(connection, transition.incident_id)
    if not opening:
        await connection.execute(
            update(deliveries)
            .where(
                deliveries.c.incident_id == transition.incident_id,
                deliveries.c.kind == TransitionKind.CHANGED.value,
                deliveries.c.done_at.is_(None),
                ~_worse(),
            )
            .values(done_at=transition.at, outcome="superseded")
        )
    if transition.kind is TransitionKind.CLOSED:
        report_id = await connection.scalar(
            select(incidents.c.report_id).where(incidents.c.id == transition.incident_id)
        )
    else:
        report_id = saved.get(id(transition.report))
    for channel in told or [delivery.channel]:
        await connection.execute(
            insert(deliveries).values(
                incident_id=transition.incident_id,
                channel=channel,
                kind=transition.kind.value,
                state=transition.after.value,
                at=transition.at,
                report_id=report_id,
            )
        )


def _worse() -> ColumnElement[bool]:
    """Whether a row tells that a degraded or flapping target went down for good: its transition
    knows what was before.

    Such a row is more than an edit, so a later one does not replace it.
    """
    return exists().where(
        transitions.c.incident_id == deliveries.c.incident_id,
        transitions.c.kind == deliveries.c.kind,
        transitions.c.at == deliveries.c.at,
        transitions.c.after == deliveries.c.state,
        transitions.c.kind == TransitionKind.CHANGED.value,
        transitions.c.before.in_((State.DEGRADED.value, State.FLAPPING.value)),
        transitions.c.after == State.DOWN.value,
    )


async def _channels_told(connection: AsyncConnection, incident_id: str) -> list[str]:
    query = select(deliveries.c.channel).where(deliveries.c.incident_id == incident_id)
    return list(await connection.scalars(query.distinct().order_by(deliveries.c.channel)))


def _heads() -> Select[Any]:
    """The first undelivered row of each channel: it decides when the channel's turn comes."""
    return (
        select(deliveries.c.channel, func.min(deliveries.c.id).label("first"))
        .where(deliveries.c.done_at.is_(None))
        .group_by(deliveries.c.channel)
    )


def _turns(now: datetime | None) -> Select[Any]:
    heads = _heads().subquery()
    query = select(heads.c.channel).join(deliveries, deliveries.c.id == heads.c.first)
    if now is not None:
        query = query.where(deliveries.c.retry_at.is_(None) | (deliveries.c.retry_at <= now))
    return query


async def pending(
    connection: AsyncConnection, channel: str | None, now: datetime | None, limit: int
) -> list[Delivery]:
    """Undelivered rows, oldest first; of one channel, if given.

    With `now`, a channel whose first delivery is postponed to a later moment is left out as a
    whole: what comes after must not overtake it.
    """
    query = (
        select(
            deliveries,
            incidents.c.target,
            incidents.c.opened_at,
            messages.c.ts,
            reports.c.body,
            _worse().label("worse"),
        )
        .join(incidents, deliveries.c.incident_id == incidents.c.id)
        .outerjoin(
            messages,
            (messages.c.incident_id == deliveries.c.incident_id)
            & (messages.c.channel == deliveries.c.channel),
        )
        .outerjoin(reports, deliveries.c.report_id == reports.c.id)
        .where(deliveries.c.done_at.is_(None))
        .order_by(deliveries.c.id)
        .limit(limit)
    )
    if channel is not None:
        query = query.where(deliveries.c.channel == channel)
    if now is not None:
        query = query.where(deliveries.c.channel.in_(_turns(now)))
    return [rows.delivery(row) for row in await connection.execute(query)]


async def channels(connection: AsyncConnection, now: datetime | None) -> list[str]:
    """Channels with something undelivered whose turn has come."""
    return sorted(await connection.scalars(_turns(now)))


async def newest(connection: AsyncConnection) -> int:
    """The id of the last delivery that was queued; 0 if there was none."""
    return int(await connection.scalar(select(func.max(deliveries.c.id))) or 0)


async def next_retry(connection: AsyncConnection) -> datetime | None:
    """The earliest moment that a postponed channel waits for."""
    heads = _heads().subquery()
    moment: datetime | None = await connection.scalar(
        select(deliveries.c.retry_at)
        .join(heads, deliveries.c.id == heads.c.first)
        .where(deliveries.c.retry_at.is_not(None))
        .order_by(deliveries.c.retry_at)
        .limit(1)
    )
    return moment


async def mark_delivered(
    connection: AsyncConnection, delivery_id: int, message_ts: str | None, at: datetime
) -> None:
    """Done. The root message's name is kept even if the delivery was superseded meanwhile."""
    row = (
        await connection.execute(
            select(deliveries.c.incident_id, deliveries.c.channel).where(
                deliveries.c.id == delivery_id
            )
        )
    ).one_or_none()
    if row is None:
        return  # the incident is older than what is kept
    await connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.done_at.is_(None))
        .values(
            done_at=at,
            outcome="delivered",
            attempts=deliveries.c.attempts + 1,
            retry_at=None,
            error=None,
        )
    )
    if message_ts is None:
        return
    known = await connection.execute(
        update(messages)
        .where(messages.c.incident_id == row.incident_id, messages.c.channel == row.channel)
        .values(ts=message_ts)
    )
    if known.rowcount == 0:
        await connection.execute(
            insert(messages).values(
                incident_id=row.incident_id, channel=row.channel, ts=message_ts, posted_at=at
            )
        )


async def mark_failed(
    connection: AsyncConnection, delivery_id: int, error: str, retry_at: datetime
) -> None:
    """Postpone."""
    await connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.done_at.is_(None))
        .values(attempts=deliveries.c.attempts + 1, error=error[:_ERROR_LENGTH], retry_at=retry_at)
    )


async def measure(connection: AsyncConnection) -> Outbox:
    """Depth and age."""
    row = (
        await connection.execute(
            select(func.count().label("depth"), func.min(deliveries.c.at).label("oldest")).where(
                deliveries.c.done_at.is_(None)
            )
        )
    ).one()
    return Outbox(row.depth, row.oldest)


async def shown(connection: AsyncConnection, incident_id: str) -> dict[str, str]:
    """Where an incident is shown: channel → timestamp of its message there."""
    query = select(messages.c.channel, messages.c.ts).where(messages.c.incident_id == incident_id)
    return {row.channel: row.ts for row in await connection.execute(query)}

"""The outbox: what is to be told, in order per channel, until it is accepted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Delivery, State, Transition, TransitionKind
from bot.store import people, rows
from bot.store.schema import deliveries, incidents, members, transitions

_ERROR_LENGTH: Final = 500


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """Tell `channel` of a transition, and of an opening whoever follows the target. News of an
    incident go where its opening was told. None: only those who follow it."""

    channel: str | None
    transition: Transition


_LATEST: Final = 20  # deliveries that tell how fast they go at present


@dataclass(frozen=True, slots=True)
class Outbox:
    """How much waits to be delivered."""

    depth: int
    oldest_at: datetime | None  # the transition that has waited longest
    lag_s: float | None = None  # from what happened until Slack took it, the worst of the latest


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
    for channel in told or await _audience(connection, delivery, opening=opening):
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


async def _audience(
    connection: AsyncConnection, delivery: NewDelivery, *, opening: bool
) -> list[str]:
    """Where an incident is told that nobody knows of yet: each place once."""
    places = [] if delivery.channel is None else [delivery.channel]
    if opening:
        places += await people.followers(connection, delivery.transition.target)
    return list(dict.fromkeys(places))


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


async def pending(
    connection: AsyncConnection, channel: str | None, limit: int | None
) -> list[Delivery]:
    """Undelivered rows, oldest first; of one channel, if given."""
    query = (
        select(
            deliveries,
            incidents.c.target,
            incidents.c.closed_at,
            *(incidents.c[name] for name in rows.CAUSE),
            members.c.group_id,
            _worse().label("worse"),
        )
        .join(incidents, deliveries.c.incident_id == incidents.c.id)
        .outerjoin(
            members,
            (members.c.incident_id == deliveries.c.incident_id)
            & (members.c.channel == deliveries.c.channel),
        )
        .where(deliveries.c.done_at.is_(None))
        .order_by(deliveries.c.id)
        .limit(limit)
    )
    if channel is not None:
        query = query.where(deliveries.c.channel == channel)
    return [rows.delivery(row) for row in await connection.execute(query)]


async def channels(connection: AsyncConnection) -> list[str]:
    """Channels with something undelivered."""
    query = select(deliveries.c.channel).where(deliveries.c.done_at.is_(None)).distinct()
    return sorted(await connection.scalars(query))


async def begin(connection: AsyncConnection, ids: Collection[int], at: datetime) -> None:
    """Somebody is about to send these: from now on Slack may have them."""
    await connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids), deliveries.c.done_at.is_(None))
        .values(begun_at=at)
    )


async def mark_delivered(connection: AsyncConnection, ids: Collection[int], at: datetime) -> None:
    """Slack has them."""
    await connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids), deliveries.c.done_at.is_(None))
        .values(done_at=at, outcome="delivered", retry_at=None, error=None)
    )


async def mark_failed(
    connection: AsyncConnection, ids: Collection[int], error: str, retry_at: datetime
) -> None:
    """Postpone."""
    await connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids), deliveries.c.done_at.is_(None))
        .values(attempts=deliveries.c.attempts + 1, error=error[:_ERROR_LENGTH], retry_at=retry_at)
    )


async def refresh(connection: AsyncConnection, incident_id: str, at: datetime) -> None:
    """Have an incident's messages drawn anew, where it was told: something beside the incident
    itself has changed that they show. Nobody is notified."""
    row = (
        await connection.execute(
            select(incidents.c.state, incidents.c.report_id).where(incidents.c.id == incident_id)
        )
    ).one_or_none()
    if row is None:
        return
    told = await connection.scalars(
        select(members.c.channel).where(members.c.incident_id == incident_id)
    )
    for channel in list(told):
        await connection.execute(
            insert(deliveries).values(
                incident_id=incident_id,
                channel=channel,
                kind=TransitionKind.CHANGED.value,
                state=row.state,
                at=at,
                report_id=row.report_id,
            )
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
    latest = (
        select(deliveries.c.at, deliveries.c.done_at)
        .where(deliveries.c.outcome == "delivered")
        .order_by(deliveries.c.id.desc())
        .limit(_LATEST)
    )
    lags = [(told.done_at - told.at).total_seconds() for told in await connection.execute(latest)]
    return Outbox(row.depth, row.oldest, max(lags, default=None))

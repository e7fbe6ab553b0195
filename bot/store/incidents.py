"""Targets as they are, their incidents, and the transitions that made them so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.incidents import Incident, TargetState
from bot.model import State, Transition, TransitionKind
from bot.store import groups, rows
from bot.store.errors import StoreConflictError
from bot.store.schema import incidents, reports, targets, transitions
from bot.store.timeline import companions_of


async def load(connection: AsyncConnection, target: str) -> TargetState:
    """A target's state, with its open incident."""
    row = (
        await connection.execute(select(targets).where(targets.c.target == target))
    ).one_or_none()
    if row is None:
        return TargetState(target)
    found = await _select(connection, incidents.c.id == row.incident_id)
    incident = replace(found[0], flapping=rows.flapping(row)) if found else None
    return TargetState(
        target=target,
        state=State(row.state),
        since=row.since,
        seen_at=row.seen_at,
        incident=incident,
        incidents=row.incidents,
        outages=rows.outages(row),
        revision=row.revision,
    )


async def keep(connection: AsyncConnection, state: TargetState) -> None:
    """The next revision of a target's state; what stands there must be the one before."""
    values = {
        "state": state.state.value,
        "since": state.since,
        "seen_at": state.seen_at,
        "incident_id": state.incident.id if state.incident else None,
        "incidents": state.incidents,
        "revision": state.revision,
        **rows.flapping_columns(state),
    }
    if state.revision == 1:
        await connection.execute(insert(targets).values(target=state.target, **values))
        return
    result = await connection.execute(
        update(targets)
        .where(targets.c.target == state.target, targets.c.revision == state.revision - 1)
        .values(**values)
    )
    if result.rowcount != 1:
        raise conflict(state)


def conflict(state: TargetState) -> StoreConflictError:
    """Somebody else was faster."""
    return StoreConflictError(
        f"Another process recorded {state.target!r} meanwhile (revision {state.revision})."
    )


async def add(
    connection: AsyncConnection,
    state: TargetState,
    transition: Transition,
    saved: Mapping[int, str],
) -> None:
    """What a transition does to its incident, and the transition itself.

    saved: the id under which each transition's report is kept, by `id(report)`.
    """
    cause = rows.cause_columns(transition.cause)
    report_id = saved.get(id(transition.report))
    match transition.kind:
        case TransitionKind.OPENED:
            await connection.execute(
                insert(incidents).values(
                    id=transition.incident_id,
                    target=transition.target,
                    number=state.incidents,
                    opened_at=transition.at,
                    state=transition.after.value,
                    report_id=report_id,
                    places=rows.places(transition.report),
                    **cause,
                )
            )
        case TransitionKind.CHANGED:
            await connection.execute(
                update(incidents)
                .where(incidents.c.id == transition.incident_id)
                .values(state=transition.after.value, report_id=report_id, **cause)
            )
        case TransitionKind.CLOSED:
            left = {"state": State.UNKNOWN.value} if transition.after is State.UNKNOWN else {}
            await connection.execute(
                update(incidents)
                .where(incidents.c.id == transition.incident_id)
                .values(closed_at=transition.at, **left)
            )
    await connection.execute(
        insert(transitions).values(
            incident_id=transition.incident_id,
            kind=transition.kind.value,
            at=transition.at,
            before=transition.before.value,
            after=transition.after.value,
            report_id=report_id,
            **cause,
        )
    )


async def forget(connection: AsyncConnection, horizon: datetime) -> None:
    """Incidents closed before; their transitions, deliveries and groups go with them."""
    await connection.execute(delete(incidents).where(incidents.c.closed_at < horizon))
    await groups.forget(connection)


async def still_open(connection: AsyncConnection) -> list[Incident]:
    """The oldest first."""
    return await _select(connection, incidents.c.closed_at.is_(None))


async def recent(
    connection: AsyncConnection, limit: int, target: str | None, since: datetime | None
) -> list[Incident]:
    """The newest first; of one target, and opened since, if given."""
    wanted = []
    if target is not None:
        wanted.append(incidents.c.target == target)
    if since is not None:
        wanted.append(incidents.c.opened_at >= since)
    return await _select(connection, *wanted, newest=limit)


async def one(connection: AsyncConnection, incident_id: str) -> Incident | None:
    """By its id."""
    found = await _select(connection, incidents.c.id == incident_id)
    return found[0] if found else None


async def companions(connection: AsyncConnection, incident_id: str) -> list[Incident]:
    """Those that share a message with this one, itself among them, the oldest first."""
    ids = await companions_of(connection, incident_id)
    return await _select(connection, incidents.c.id.in_(ids))


async def _select(
    connection: AsyncConnection, *wanted: ColumnElement[bool], newest: int | None = None
) -> list[Incident]:
    query = (
        select(incidents, reports.c.body)
        .outerjoin(reports, incidents.c.report_id == reports.c.id)
        .where(*wanted)
    )
    when = incidents.c.opened_at
    if newest is None:
        query = query.order_by(when, incidents.c.id)
    else:
        query = query.order_by(when.desc(), incidents.c.id).limit(newest)
    return [rows.incident(row) for row in await connection.execute(query)]

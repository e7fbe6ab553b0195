"""What people (and the bot) did about incidents and targets: appended, never changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Act, ActKind, Mute, State, TransitionKind
from bot.quiet import Vigil, in_force
from bot.store import rows
from bot.store.errors import StoreError
from bot.store.run import Run
from bot.store.schema import acts, deliveries, incidents, transitions

_MUTING: Final = (ActKind.MUTED.value, ActKind.UNMUTED.value)


class Acts:
    """Made by `Store`; every method is one transaction and raises StoreError."""

    def __init__(self, run: Run, deliver: asyncio.Event, keep_for: timedelta) -> None:
        """`deliver`: set by every act, as one may let go what was held back."""
        self._run = run
        self._deliver = deliver
        self._keep_for = keep_for
        self.wake = asyncio.Event()
        """Set when an act may have changed what is due; see `Store.wake`."""
        self.wake.set()

    async def add(self, act: Act) -> None:
        """Keep an act. It goes with its incident; one without, when incidents of its age go."""

        async def work(connection: AsyncConnection) -> None:
            horizon = act.at - self._keep_for
            await connection.execute(
                delete(acts).where(acts.c.incident_id.is_(None), acts.c.at < horizon)
            )
            await append(connection, act)

        try:
            await self._run(work)
        except IntegrityError as error:
            raise StoreError(f"The incident {act.incident_id!r} is not kept any more.") from error
        self._deliver.set()
        self.wake.set()

    async def of_incident(self, incident_id: str) -> list[Act]:
        """Everything done about an incident, in order."""
        return await self._run(lambda c: _read(c, acts.c.incident_id == incident_id))

    async def of_target(self, name: str, limit: int = 20) -> list[Act]:
        """What was done about a target and its incidents, the newest first."""
        return await self._run(lambda c: _read(c, acts.c.target == name, newest=limit))

    async def muting(self) -> list[Act]:
        """The last mute or unmute of every target."""
        return await self._run(_muting)

    async def vigil(self, incident_id: str) -> Vigil | None:
        """An incident, open or not, as far as silence is concerned; None once it is gone."""
        found = await self._run(lambda c: _vigils(c, incidents.c.id == incident_id))
        return found[0] if found else None

    async def vigils(self) -> list[Vigil]:
        """Every open incident as far as silence is concerned, the oldest first."""
        return await self._run(lambda c: _vigils(c, incidents.c.closed_at.is_(None)))

    async def mutes(self, now: datetime) -> Mapping[str, Mute]:
        """The mutes in force, by target."""

        async def work(connection: AsyncConnection) -> Mapping[str, Mute]:
            found = await _muting(connection)
            closed = await connection.scalars(
                select(incidents.c.id).where(
                    incidents.c.closed_at.is_not(None),
                    incidents.c.id.in_([a.incident_id for a in found if a.incident_id]),
                )
            )
            return in_force(found, frozenset(closed), now)

        return await self._run(work)


async def append(connection: AsyncConnection, act: Act) -> None:
    """Keep an act within somebody's transaction."""
    await connection.execute(
        insert(acts).values(
            kind=act.kind.value,
            target=act.target,
            person=act.user,
            at=act.at,
            incident_id=act.incident_id,
            until=act.until,
            note=act.note,
        )
    )


async def _muting(connection: AsyncConnection) -> list[Act]:
    last = select(func.max(acts.c.id)).where(acts.c.kind.in_(_MUTING)).group_by(acts.c.target)
    return await _read(connection, acts.c.id.in_(last))


async def _vigils(connection: AsyncConnection, wanted: ColumnElement[bool]) -> list[Vigil]:
    told = (
        select(deliveries.c.incident_id, func.min(deliveries.c.done_at).label("at"))
        .where(deliveries.c.outcome == "delivered")
        .group_by(deliveries.c.incident_id)
        .subquery()
    )
    names = ("id", "target", "opened_at", "state", *rows.CAUSE)
    columns: list[ColumnElement[Any]] = [incidents.c[name] for name in names]
    columns.append(told.c.at.label("told_at"))
    query = (
        select(*columns)
        .outerjoin(told, told.c.incident_id == incidents.c.id)
        .where(wanted)
        .order_by(incidents.c.opened_at, incidents.c.id)
    )
    found = list(await connection.execute(query))
    meant = select(incidents.c.id).where(wanted)
    worsened: dict[str, list[datetime]] = {}
    for row in await connection.execute(
        select(transitions.c.incident_id, transitions.c.at)
        .where(
            transitions.c.incident_id.in_(meant),
            transitions.c.kind == TransitionKind.CHANGED.value,
            transitions.c.before.in_((State.DEGRADED.value, State.FLAPPING.value)),
            transitions.c.after == State.DOWN.value,
        )
        .order_by(transitions.c.id)
    ):
        worsened.setdefault(row.incident_id, []).append(row.at)
    done: dict[str, list[Act]] = {}
    for act in await _read(connection, acts.c.incident_id.in_(meant)):
        done.setdefault(str(act.incident_id), []).append(act)
    return [
        Vigil(
            incident_id=row.id,
            target=row.target,
            opened_at=row.opened_at,
            told_at=row.told_at,
            worsened=tuple(worsened.get(row.id, ())),
            acts=tuple(done.get(row.id, ())),
            state=State(row.state),
            cause=rows.cause(row),
        )
        for row in found
    ]


async def _read(
    connection: AsyncConnection, wanted: ColumnElement[bool], newest: int | None = None
) -> list[Act]:
    query = select(acts).where(wanted)
    if newest is None:
        query = query.order_by(acts.c.id)
    else:
        query = query.order_by(acts.c.id.desc()).limit(newest)
    return [_act(row) for row in await connection.execute(query)]


def _act(row: Row[Any]) -> Act:
    return Act(
        kind=ActKind(row.kind),
        target=row.target,
        user=row.person,
        at=row.at,
        incident_id=row.incident_id,
        until=row.until,
        note=row.note,
    )

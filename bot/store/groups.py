"""Groups: which incidents share a message in a channel, and which message that is.

The grouping is decided when an incident's turn comes to be told (`seat`), in one transaction and
before anything is sent, so that a crash cannot make it come out otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import storms
from bot.model import Group, Member, State
from bot.store import rows
from bot.store.schema import deliveries, groups, incidents, members, reports
from bot.storms import Case, Gathering

_BITE = 500  # bound values in one statement


async def seat(
    connection: AsyncConnection, channel: str, quiet: Collection[str], now: datetime
) -> None:
    """Give each incident that waits to be told in a channel its group, and fold the backlog.

    One of a target in `quiet` is left waiting; if it is over meanwhile, nobody needs to be told.
    """
    if quiet:
        await _unseat(connection, channel, quiet)
    waiting = list(await connection.execute(_unseated(channel)))
    over = [row.id for row in waiting if row.target in quiet and row.closed_at is not None]
    for at in range(0, len(over), _BITE):
        await connection.execute(
            update(deliveries)
            .where(
                deliveries.c.incident_id.in_(over[at : at + _BITE]),
                deliveries.c.channel == channel,
                deliveries.c.done_at.is_(None),
            )
            .values(done_at=now, outcome="quiet")
        )
    new = [_case(row) for row in waiting if row.target not in quiet]
    before = await _standing(connection, channel)
    after = storms.fold(storms.gather(before, new))
    if after != before:
        await _keep(connection, channel, before, after)


async def load(connection: AsyncConnection, group_id: str, channel: str) -> Group:
    """A group as its message is to show it now; empty for one that is not kept any more."""
    ts = await connection.scalar(
        select(groups.c.ts).where(groups.c.id == group_id, groups.c.channel == channel)
    )
    query = (
        select(incidents)
        .join(members, members.c.incident_id == incidents.c.id)
        .where(members.c.group_id == group_id, members.c.channel == channel)
        .order_by(members.c.number)
    )
    found = tuple(_member(row) for row in await connection.execute(query))
    group = Group(group_id, channel, ts, found)
    if not found:
        return group
    body = await connection.scalar(
        select(reports.c.body).where(reports.c.id == group.lead.report_id)
    )
    return Group(group_id, channel, ts, found, rows.report(body))


async def place(connection: AsyncConnection, group_id: str, channel: str, ts: str) -> None:
    """The group's message has this name."""
    await connection.execute(
        update(groups).where(groups.c.id == group_id, groups.c.channel == channel).values(ts=ts)
    )


async def settle(connection: AsyncConnection, group_id: str, channel: str) -> None:
    """It was looked for and is not there: nothing of the group has been sent."""
    seated = select(members.c.incident_id).where(
        members.c.group_id == group_id, members.c.channel == channel
    )
    await connection.execute(
        update(deliveries)
        .where(
            deliveries.c.incident_id.in_(seated),
            deliveries.c.channel == channel,
            deliveries.c.done_at.is_(None),
        )
        .values(begun_at=None)
    )


async def messages(connection: AsyncConnection, incident_id: str) -> dict[str, str]:
    """Where an incident is shown: channel → timestamp of the message."""
    same = (members.c.group_id == groups.c.id) & (members.c.channel == groups.c.channel)
    query = (
        select(groups.c.channel, groups.c.ts)
        .join(members, same)
        .where(members.c.incident_id == incident_id, groups.c.ts.is_not(None))
    )
    return {row.channel: row.ts for row in await connection.execute(query)}


async def forget(connection: AsyncConnection) -> None:
    """Groups whose incidents are all gone."""
    seated = exists().where(
        members.c.group_id == groups.c.id, members.c.channel == groups.c.channel
    )
    await connection.execute(delete(groups).where(~seated))


async def _unseat(connection: AsyncConnection, channel: str, quiet: Collection[str]) -> None:
    """What was about to be told, and may not be any more."""
    untold = (
        select(members.c.incident_id)
        .join(incidents, incidents.c.id == members.c.incident_id)
        .join(groups, (groups.c.id == members.c.group_id) & (groups.c.channel == members.c.channel))
        .where(
            members.c.channel == channel,
            groups.c.ts.is_(None),
            incidents.c.target.in_(list(quiet)),
            ~_begun(),
        )
    )
    await connection.execute(
        delete(members).where(members.c.channel == channel, members.c.incident_id.in_(untold))
    )
    await forget(connection)
    # A group has its name from one of its own, who may be gone: nobody outside knows it yet.
    nameless = await connection.execute(
        select(groups.c.id, func.min(members.c.number).label("number"))
        .join(
            members, (members.c.group_id == groups.c.id) & (members.c.channel == groups.c.channel)
        )
        .where(
            groups.c.channel == channel,
            groups.c.ts.is_(None),
            groups.c.id.not_in(select(members.c.incident_id).where(members.c.channel == channel)),
            ~_begun(),
        )
        .group_by(groups.c.id)
    )
    for row in list(nameless):
        seated = (members.c.group_id == row.id) & (members.c.channel == channel)
        name = await connection.scalar(
            select(members.c.incident_id).where(seated, members.c.number == row.number)
        )
        await connection.execute(
            update(groups).where(groups.c.id == row.id, groups.c.channel == channel).values(id=name)
        )
        await connection.execute(update(members).where(seated).values(group_id=name))


def _begun() -> ColumnElement[bool]:
    """Whether somebody has begun to send news of a member."""
    return exists().where(
        deliveries.c.incident_id == members.c.incident_id,
        deliveries.c.channel == members.c.channel,
        deliveries.c.done_at.is_(None),
        deliveries.c.begun_at.is_not(None),
    )


def _unseated(channel: str) -> Select[Any]:
    seated = exists().where(
        members.c.incident_id == deliveries.c.incident_id,
        members.c.channel == deliveries.c.channel,
    )
    first = (
        select(deliveries.c.incident_id, func.min(deliveries.c.id).label("first"))
        .where(deliveries.c.done_at.is_(None), deliveries.c.channel == channel, ~seated)
        .group_by(deliveries.c.incident_id)
        .subquery()
    )
    return (
        select(incidents).join(first, first.c.incident_id == incidents.c.id).order_by(first.c.first)
    )


async def _standing(connection: AsyncConnection, channel: str) -> list[Gathering]:
    """Groups that may still take somebody in: those with an open incident, and the untold."""
    lasting = (
        select(members.c.group_id)
        .join(incidents, incidents.c.id == members.c.incident_id)
        .where(members.c.channel == channel, incidents.c.closed_at.is_(None))
    )
    untold = select(groups.c.id).where(groups.c.channel == channel, groups.c.ts.is_(None))
    query = (
        select(incidents, members.c.group_id, groups.c.ts, _begun().label("begun"))
        .join(members, members.c.incident_id == incidents.c.id)
        .join(groups, (groups.c.id == members.c.group_id) & (groups.c.channel == members.c.channel))
        .where(
            members.c.channel == channel,
            members.c.group_id.in_(lasting) | members.c.group_id.in_(untold),
        )
        .order_by(members.c.number)
    )
    cases: dict[str, list[Case]] = {}
    told: set[str] = set()
    for row in await connection.execute(query):
        cases.setdefault(row.group_id, []).append(_case(row))
        if row.ts is not None or row.begun:
            told.add(row.group_id)
    found = [Gathering(name, tuple(them), name in told) for name, them in cases.items()]
    return sorted(found, key=lambda group: group.cases[0].opened_at)


async def _keep(
    connection: AsyncConnection, channel: str, before: list[Gathering], after: list[Gathering]
) -> None:
    was = {group.id: group for group in before}
    seated = {case.id for group in before for case in group.cases}
    now = {group.id: group for group in after}
    for group in after:
        if was.get(group.id) == group:
            continue
        if group.id not in was:
            await connection.execute(insert(groups).values(id=group.id, channel=channel, ts=None))
        known = {case.id for case in was[group.id].cases} if group.id in was else set()
        for number, case in enumerate(group.cases, 1):
            if case.id in known:
                continue
            if case.id in seated:
                await connection.execute(
                    update(members)
                    .where(members.c.incident_id == case.id, members.c.channel == channel)
                    .values(group_id=group.id, number=number)
                )
            else:
                await connection.execute(
                    insert(members).values(
                        incident_id=case.id, channel=channel, group_id=group.id, number=number
                    )
                )
    for name in was.keys() - now.keys():
        await connection.execute(
            delete(groups).where(groups.c.id == name, groups.c.channel == channel)
        )


def _case(row: Row[Any]) -> Case:
    return Case(
        id=row.id,
        target=row.target,
        opened_at=row.opened_at,
        open=row.closed_at is None,
        code=row.cause_code,
        places=frozenset(json.loads(row.places)),
    )


def _member(row: Row[Any]) -> Member:
    return Member(
        incident_id=row.id,
        target=row.target,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        state=State(row.state),
        cause=rows.cause(row),
        report_id=row.report_id,
    )

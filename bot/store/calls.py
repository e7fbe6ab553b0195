"""Webhooks' outbox: what happened, written together with it, in order per webhook until taken."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Act, Call, Feed, State, Transition
from bot.store import rows
from bot.store.acts import append
from bot.store.run import Run
from bot.store.schema import calls, incidents

_ERROR_LENGTH: Final = 200
ESCALATED: Final = "escalated"


class Calls:
    """Made by `Store`; every method is one transaction and raises StoreError."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.wanted = False
        """Whether transitions are written for a webhook: set as soon as the settings name one."""
        self.wake: Mapping[Feed, asyncio.Event] = {feed: asyncio.Event() for feed in Feed}
        """Set when a webhook may have something to be told, also on opening; see `Store.wake`."""
        for event in self.wake.values():
            event.set()

    async def escalate(self, act: Act) -> None:
        """Keep the bot's act and the call that it means, in one transaction."""

        async def work(connection: AsyncConnection) -> None:
            found = (
                await connection.execute(select(incidents).where(incidents.c.id == act.incident_id))
            ).one_or_none()
            if found is None:
                return  # gone, with everything that was to be said of it
            await append(connection, act)
            cause = rows.cause_columns(rows.cause(found))
            values = {"kind": ESCALATED, "at": act.at, "state": found.state, "before": None}
            await _add(connection, Feed.ESCALATION, found.id, {**values, **cause})

        await self._run(work)
        self.wake[Feed.ESCALATION].set()

    async def next(self, feed: Feed) -> Call | None:
        """What a webhook is to be told next: the oldest, so that order is kept."""
        query = (
            select(calls, incidents.c.target, incidents.c.opened_at)
            .join(incidents, calls.c.incident_id == incidents.c.id)
            .where(calls.c.feed == feed.value, calls.c.done_at.is_(None))
            .order_by(calls.c.id)
            .limit(1)
        )

        async def work(connection: AsyncConnection) -> Call | None:
            row = (await connection.execute(query)).one_or_none()
            return _call(row) if row is not None else None

        return await self._run(work)

    async def done(self, call_id: int, outcome: str, at: datetime) -> None:
        """Over: `delivered`, `refused`, `expired` or `unwanted`."""
        await self._change(call_id, done_at=at, outcome=outcome, retry_at=None)

    async def failed(self, call_id: int, error: str, retry_at: datetime) -> None:
        """Not taken; to be tried again from `retry_at` on, and nothing overtakes it."""
        await self._change(
            call_id,
            attempts=calls.c.attempts + 1,
            error=error[:_ERROR_LENGTH],
            retry_at=retry_at,
        )

    async def waiting(self) -> Mapping[Feed, int]:
        """How much each webhook has not taken yet."""
        query = (
            select(calls.c.feed, func.count().label("n"))
            .where(calls.c.done_at.is_(None))
            .group_by(calls.c.feed)
        )

        async def work(connection: AsyncConnection) -> Mapping[Feed, int]:
            found = {row.feed: int(row.n) for row in await connection.execute(query)}
            return {feed: found.get(feed.value, 0) for feed in Feed}

        return await self._run(work)

    async def _change(self, call_id: int, **values: object) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(
                update(calls)
                .where(calls.c.id == call_id, calls.c.done_at.is_(None))
                .values(**values)
            )

        await self._run(work)


async def add(connection: AsyncConnection, transition: Transition) -> None:
    """Write a transition for the webhook, in the transaction that records it."""
    values = {
        "kind": transition.kind.value,
        "at": transition.at,
        "state": transition.after.value,
        "before": transition.before.value,
        **rows.cause_columns(transition.cause),
    }
    await _add(connection, Feed.TRANSITIONS, transition.incident_id, values)


async def _add(
    connection: AsyncConnection, feed: Feed, incident_id: str, values: Mapping[str, object]
) -> None:
    await connection.execute(
        insert(calls).values(
            event_id=secrets.token_hex(16), feed=feed.value, incident_id=incident_id, **values
        )
    )


def _call(row: Row[Any]) -> Call:
    return Call(
        id=row.id,
        event_id=row.event_id,
        feed=Feed(row.feed),
        kind=row.kind,
        target=row.target,
        incident_id=row.incident_id,
        opened_at=row.opened_at,
        at=row.at,
        state=State(row.state),
        before=State(row.before) if row.before else None,
        cause=rows.cause(row),
        attempts=row.attempts,
        retry_at=row.retry_at,
    )

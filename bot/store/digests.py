"""Which weekly digests were told: each exactly once, whenever the process ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.run import Run
from bot.store.schema import digests


@dataclass(frozen=True, slots=True)
class DigestRecord:
    """Of one channel and one week. begun: Slack may have it. done: it is told, or not to be."""

    due_at: datetime
    begun: bool
    done: bool


class Digests:
    """Made by `Store`; every method is one transaction and raises StoreError."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def last(self, channel: str) -> DigestRecord | None:
        """The latest week that is known of a channel; None: it never had a digest."""

        async def work(connection: AsyncConnection) -> DigestRecord | None:
            query = select(digests).where(digests.c.channel == channel)
            newest = query.order_by(digests.c.due_at.desc()).limit(1)
            row = (await connection.execute(newest)).one_or_none()
            if row is None:
                return None
            return DigestRecord(row.due_at, row.begun_at is not None, row.done_at is not None)

        return await self._run(work)

    async def begin(self, channel: str, due_at: datetime, at: datetime) -> None:
        """It is about to be sent: from now on Slack may have it."""

        async def work(connection: AsyncConnection) -> None:
            there = await connection.scalar(
                select(func.count()).where(digests.c.channel == channel, digests.c.due_at == due_at)
            )
            if not there:
                values = {"channel": channel, "due_at": due_at, "begun_at": at}
                await connection.execute(insert(digests).values(values))

        await self._run(work)

    async def done(self, channel: str, due_at: datetime, at: datetime) -> None:
        """It is told, or too late for it; the weeks before are forgotten."""

        async def work(connection: AsyncConnection) -> None:
            same = (digests.c.channel == channel, digests.c.due_at == due_at)
            known = await connection.execute(update(digests).where(*same).values(done_at=at))
            if known.rowcount == 0:
                values = {"channel": channel, "due_at": due_at, "done_at": at}
                await connection.execute(insert(digests).values(values))
            await connection.execute(
                delete(digests).where(digests.c.channel == channel, digests.c.due_at < due_at)
            )

        await self._run(work)

"""News of the bot itself: an outbox of its own, and the moment it was last seen alive."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Notice, NoticeKind
from bot.store.run import Run
from bot.store.schema import life, notices

_KEPT: Final = 500  # told ones, for the record
_ONLY: Final = 1  # the id of the one row of `life`
_NOBODY: Final = 0  # of one that is written and taken away again

# What a later notice makes pointless as long as nobody has been told.
_REPLACES: Final = {
    NoticeKind.OUR_NETWORK_BACK: NoticeKind.OUR_NETWORK,
    NoticeKind.SETTINGS_USED: NoticeKind.SETTINGS_REFUSED,
    NoticeKind.SETTINGS_REFUSED: NoticeKind.SETTINGS_REFUSED,
}


class Notices:
    """Made by `Store`; every method is one transaction and raises StoreError."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.wake = asyncio.Event()
        """Set when there may be something to tell, also on opening; see `Store.wake`."""
        self.wake.set()

    async def add(self, notice: Notice) -> None:
        """Keep a notice until it is told. Settings that are right again are no news unless it was
        told that they were wrong."""

        async def work(connection: AsyncConnection) -> None:
            obsolete = _REPLACES.get(notice.kind)
            dropped = 0
            if obsolete is not None:
                found = await connection.execute(
                    delete(notices).where(
                        notices.c.kind == obsolete.value, notices.c.done_at.is_(None)
                    )
                )
                dropped = found.rowcount
            if notice.kind is NoticeKind.SETTINGS_USED and dropped:
                return
            await _add(connection, notice)

        await self._run(work)
        self.wake.set()

    async def pending(self) -> list[Notice]:
        """What is still to be told, the oldest first."""

        async def work(connection: AsyncConnection) -> list[Notice]:
            rows = await connection.execute(
                select(notices).where(notices.c.done_at.is_(None)).order_by(notices.c.id)
            )
            return [Notice(NoticeKind(r.kind), r.at, r.since, r.detail, r.id) for r in rows]

        return await self._run(work)

    async def told(self, notice_id: int, at: datetime) -> None:
        """Slack accepted it."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(
                update(notices).where(notices.c.id == notice_id).values(done_at=at)
            )
            await connection.execute(
                delete(notices).where(
                    notices.c.id <= notice_id - _KEPT, notices.c.done_at.is_not(None)
                )
            )

        await self._run(work)

    async def alive(
        self, at: datetime, *, gap: timedelta, kind: NoticeKind = NoticeKind.BLIND
    ) -> datetime | None:
        """Note that the bot is alive; returns when it was last, None if it never was.

        If that is `gap` ago or longer, a notice of this kind is kept with it: all or nothing, since
        whoever comes after finds no gap any more.
        """

        async def work(connection: AsyncConnection) -> datetime | None:
            before: datetime | None = await connection.scalar(
                select(life.c.seen_at).where(life.c.id == _ONLY)
            )
            if before is None:
                await connection.execute(insert(life).values(id=_ONLY, seen_at=at))
            else:
                await connection.execute(update(life).where(life.c.id == _ONLY).values(seen_at=at))
                if at - before >= gap:
                    await _add(connection, Notice(kind, at, before))
            return before

        before = await self._run(work)
        if before is not None and at - before >= gap:
            self.wake.set()
        return before


async def write(connection: AsyncConnection) -> None:
    """Write something and leave nothing.

    On a full disk SQLite's lock can be had, and an update that changes nothing is not written.
    """
    await connection.execute(insert(life).values(id=_NOBODY, seen_at=datetime.now(UTC)))
    await connection.execute(delete(life).where(life.c.id == _NOBODY))


async def _add(connection: AsyncConnection, notice: Notice) -> None:
    await connection.execute(
        insert(notices).values(
            kind=notice.kind.value, at=notice.at, since=notice.since, detail=notice.detail
        )
    )

"""Messages that show progress: kept while they do, so that none says so for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.run import Run
from bot.store.schema import unfinished


@dataclass(frozen=True, slots=True)
class UnfinishedMessage:
    """A message of ours that is to become a result. `ts` is Slack's name for it."""

    channel: str
    ts: str
    target: str
    lang: str
    at: datetime


class Unfinished:
    """Made by `Store`; every method is one transaction and raises StoreError."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def add(self, message: UnfinishedMessage) -> None:
        """Note that this message shows progress."""
        values = {
            "channel": message.channel,
            "ts": message.ts,
            "target": message.target,
            "lang": message.lang,
            "at": message.at,
        }
        await self._run(lambda connection: connection.execute(insert(unfinished).values(values)))

    async def remove(self, channel: str, ts: str) -> None:
        """It shows its result, or is gone. Nothing happens where it is not noted."""
        where = (unfinished.c.channel == channel, unfinished.c.ts == ts)
        await self._run(lambda connection: connection.execute(delete(unfinished).where(*where)))

    async def all(self) -> list[UnfinishedMessage]:
        """What is noted, the oldest first."""

        async def work(connection: AsyncConnection) -> list[UnfinishedMessage]:
            found = await connection.execute(select(unfinished).order_by(unfinished.c.at))
            return [UnfinishedMessage(r.channel, r.ts, r.target, r.lang, r.at) for r in found]

        return await self._run(work)

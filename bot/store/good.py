"""The last good report of each target: what a later one is held against."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Report, State
from bot.store import rows
from bot.store.run import Run
from bot.store.schema import good_reports

_FRESH: Final = timedelta(hours=1)  # a look a minute need not be a write a minute


class GoodReports:
    """Made by `Store`; every method is one transaction and raises StoreError."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._kept: dict[str, datetime] = {}  # target → when the kept one began, as far as we know

    async def keep(self, report: Report) -> None:
        """Keep a report of a target that is up, once an hour; any other is left alone."""
        kept = self._kept.get(report.target_name)
        if report.verdict.state is not State.UP:
            # The one that is kept shows how it was before; the next good one is news.
            self._kept.pop(report.target_name, None)
            return
        if kept is not None and report.started_at - kept < _FRESH:
            return

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(
                delete(good_reports).where(good_reports.c.target == report.target_name)
            )
            await connection.execute(
                insert(good_reports).values(
                    target=report.target_name,
                    at=report.started_at,
                    body=rows.report_body(report),
                )
            )

        await self._run(work)
        self._kept[report.target_name] = report.started_at

    async def of(self, target: str) -> Report | None:
        """The last good report of a target, if there ever was one that this version can read."""
        query = select(good_reports.c.body).where(good_reports.c.target == target)
        return rows.report(await self._run(lambda connection: connection.scalar(query)))

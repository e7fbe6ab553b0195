"""Saved reports: what a button finds again, as long as it is kept."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Report
from bot.store import rows
from bot.store.keep import Keep
from bot.store.schema import deliveries, incidents, reports


async def save(connection: AsyncConnection, report: Report, keep: Keep) -> str:
    """Keep a report under a new opaque id, and forget what is beyond what is kept."""
    report_id = secrets.token_urlsafe(12)
    await connection.execute(
        insert(reports).values(
            id=report_id,
            target=report.target_name,
            saved_at=report.started_at,
            body=rows.report_body(report),
        )
    )
    await _forget(connection, keep, report.started_at, but=report_id)
    return report_id


async def load(connection: AsyncConnection, report_id: str) -> Report | None:
    """A report that is still kept."""
    body = await connection.scalar(select(reports.c.body).where(reports.c.id == report_id))
    return rows.report(body)


async def _forget(connection: AsyncConnection, keep: Keep, now: datetime, *, but: str) -> None:
    newest_last = reports.c.saved_at.desc(), reports.c.id
    surplus = select(reports.c.id).order_by(*newest_last).offset(keep.reports)
    needed = (
        select(incidents.c.report_id)
        .where(incidents.c.closed_at.is_(None), incidents.c.report_id.is_not(None))
        .union_all(
            select(deliveries.c.report_id).where(
                deliveries.c.done_at.is_(None), deliveries.c.report_id.is_not(None)
            )
        )
    )
    old = reports.c.saved_at < now - keep.reports_for
    await connection.execute(
        delete(reports).where(
            old | reports.c.id.in_(surplus),
            reports.c.id != but,
            reports.c.id.not_in(needed),
        )
    )

"""The last good report of each target."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.model import State
from bot.store import Store
from tests.slack.reports import AT, report


async def test_only_a_good_report_is_kept(store: Store) -> None:
    assert await store.good_reports.of("prod") is None
    await store.good_reports.keep(report(State.DEGRADED))
    assert await store.good_reports.of("prod") is None
    await store.good_reports.keep(report(State.UP))
    await store.good_reports.keep(report(State.DOWN))
    kept = await store.good_reports.of("prod")
    assert kept == report(State.UP)


async def test_it_is_written_once_an_hour_and_anew_after_trouble(store: Store) -> None:
    def after(minutes: int) -> object:
        return AT + timedelta(minutes=minutes)

    async def kept_after(minutes: int, state: State = State.UP) -> object:
        given = replace(report(state), started_at=after(minutes))
        await store.good_reports.keep(given)
        kept = await store.good_reports.of("prod")
        return kept.started_at if kept else None

    assert await kept_after(0) == after(0)
    assert await kept_after(59) == after(0)
    assert await kept_after(60) == after(60)
    assert await kept_after(61, State.DOWN) == after(60)
    assert await kept_after(62) == after(62)

"""What the bot notices about itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.composition.self_report import SelfReport
from bot.evidence import NoEvidence
from bot.model import Finding, NoticeKind, Reason, Report, State, Status, Verdict
from bot.store import Store

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(f"sqlite:///{tmp_path / 'wsdiag.db'}") as opened:
        yield opened


class Clock:
    def __init__(self) -> None:
        self.now = START
        self.asked = 0

    def __call__(self) -> datetime:
        self.asked += 1
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


def a_look(state: State, *, control: bool) -> Report:
    failed = (Status.WARN, Reason.CONTROL_FAILED) if not control else (Status.OK, None)
    finding = Finding("control", *failed, NoEvidence(), 1.0)
    return Report("prod", "https://x.example", "local", (finding,), Verdict(state, None), START, 1)


ALONE = a_look(State.UNKNOWN, control=False)
CUT = a_look(State.UNKNOWN, control=True)
WELL = a_look(State.UP, control=True)


def execute(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "wsdiag.db", timeout=20)) as database:
        database.execute(statement)


async def kinds(store: Store) -> list[NoticeKind]:
    return [n.kind for n in await store.notices.pending()]


async def test_one_look_without_controls_is_no_news_and_a_second_is(store: Store) -> None:
    report = SelfReport(store, now=Clock())
    await report.saw(ALONE)
    assert await kinds(store) == []
    await report.saw(ALONE)
    await report.saw(ALONE)
    assert await kinds(store) == [NoticeKind.OUR_NETWORK]


async def test_the_end_of_it_says_how_long_it_was(store: Store) -> None:
    clock = Clock()
    report = SelfReport(store, now=clock)
    await report.saw(ALONE)
    await report.saw(ALONE)
    clock.later(minutes=7)
    await report.saw(CUT)  # cut short: nobody knows
    assert await kinds(store) == [NoticeKind.OUR_NETWORK]
    await report.saw(WELL)
    (notice,) = await store.notices.pending()
    assert (notice.kind, notice.since) == (NoticeKind.OUR_NETWORK_BACK, START)


async def test_targets_in_reach_and_out_of_it_by_turns_are_no_stream_of_notices(
    store: Store,
) -> None:
    clock = Clock()
    report = SelfReport(store, now=clock)
    near = replace(WELL, target_name="near")
    for _ in range(30):
        for look in (ALONE, ALONE, near):
            clock.later(seconds=10)
            await report.saw(look)
    assert await kinds(store) == [NoticeKind.OUR_NETWORK]
    await report.saw(WELL)
    assert await kinds(store) == [NoticeKind.OUR_NETWORK_BACK]


async def test_a_target_that_is_watched_no_more_keeps_no_notice_open(store: Store) -> None:
    clock = Clock()
    report = SelfReport(store, now=clock)
    await report.saw(ALONE)
    await report.saw(ALONE)
    clock.later(minutes=5)
    await report.saw(replace(WELL, target_name="near"))
    assert await kinds(store) == [NoticeKind.OUR_NETWORK_BACK]


async def test_a_blip_of_our_own_network_is_not_told(store: Store) -> None:
    report = SelfReport(store, now=Clock())
    for look in (ALONE, WELL, ALONE, WELL):
        await report.saw(look)
    assert await kinds(store) == []


@pytest.mark.parametrize(("away", "told"), [(100.0, []), (900.0, [NoticeKind.BLIND])])
async def test_a_gap_without_a_sign_of_life_is_told(
    store: Store, away: float, told: list[NoticeKind]
) -> None:
    clock = Clock()
    await store.notices.alive(clock(), gap=timedelta(minutes=3))
    clock.later(seconds=away)
    task = asyncio.create_task(SelfReport(store, now=clock, tick_s=0.01).run())
    async with asyncio.timeout(20):
        while clock.asked < 4:  # noqa: ASYNC110  the first tick has long been carried out
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})
    assert await kinds(store) == told


async def test_a_database_that_was_away_is_not_called_a_time_without_a_watch(
    store: Store, tmp_path: Path
) -> None:
    clock = Clock()
    task = asyncio.create_task(SelfReport(store, now=clock, tick_s=0.01).run())

    async def ticks() -> None:
        asked = clock.asked
        async with asyncio.timeout(20):
            while clock.asked < asked + 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    await ticks()
    await asyncio.to_thread(execute, tmp_path, "ALTER TABLE life RENAME TO away")
    for _ in range(4):
        clock.later(minutes=2)
        await ticks()
    assert await kinds(store) == []
    await asyncio.to_thread(execute, tmp_path, "ALTER TABLE away RENAME TO life")
    await ticks()
    task.cancel()
    await asyncio.wait({task})
    (notice,) = await store.notices.pending()
    assert (notice.kind, notice.since) == (NoticeKind.UNRECORDED, START)

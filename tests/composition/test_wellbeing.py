"""What makes the bot not ready, and by what it is told."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from bot.composition.wellbeing import NotWellError, Wellbeing
from bot.incidents import observe
from bot.model import Observation, State, Target
from bot.store import NewDelivery, Store, StoreError
from bot.watcher import Snapshot
from tests.web.test_metrics import UP

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TARGET = Target(UP.target, "https://backend.example")  # a check of 20 s a minute


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(f"sqlite:///{tmp_path / 'wsdiag.db'}") as opened:
        yield opened


def wellbeing(
    store: Store, snapshots: Mapping[str, Snapshot] | None = None, *, slack: bool = True
) -> Wellbeing:
    alive = {UP.target: replace(UP, ticked_at=NOON)}
    return Wellbeing(
        store,
        {TARGET.name: TARGET},
        snapshots=lambda: alive if snapshots is None else snapshots,
        slack=lambda: slack,
        now=lambda: NOON,
    )


async def test_all_is_well_when_slack_store_and_watchers_work(store: Store) -> None:
    bot = wellbeing(store)
    assert await bot.well()
    assert [await check() for check in bot.checks().values()] == [True, True, True]


async def test_without_slack_nobody_can_be_told(store: Store) -> None:
    bot = wellbeing(store, slack=False)
    with pytest.raises(NotWellError, match="Slack"):
        await bot.checks()["slack"]()
    with pytest.raises(NotWellError, match="Slack"):
        await bot.well()


@pytest.mark.parametrize("ticked_ago_s", [None, 200.0])
async def test_a_watcher_that_does_not_turn_is_named(
    ticked_ago_s: float | None, store: Store
) -> None:
    at = None if ticked_ago_s is None else NOON - timedelta(seconds=ticked_ago_s)
    bot = wellbeing(store, {UP.target: replace(UP, ticked_at=at)})
    with pytest.raises(NotWellError, match=f"watchers of {UP.target}"):
        await bot.checks()["watchers"]()
    with pytest.raises(NotWellError, match="watchers"):
        await bot.well()


async def test_a_watcher_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(NotWellError, match=UP.target):
        await wellbeing(store, {}).checks()["watchers"]()


async def test_a_store_that_does_not_work_is_told(store: Store) -> None:
    bot = wellbeing(store)
    await store.close()
    with pytest.raises(StoreError):
        await bot.checks()["store"]()


async def test_a_store_that_can_be_read_only_is_told(store: Store, tmp_path: Path) -> None:
    """As on a full disk, where whoever only takes the lock finds nothing wrong."""
    bot = wellbeing(store)
    assert await bot.well()
    with closing(sqlite3.connect(tmp_path / "wsdiag.db")) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON life BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises((StoreError, IntegrityError)):
        await bot.checks()["store"]()
    with pytest.raises((StoreError, IntegrityError)):
        await bot.well()


async def test_news_that_reach_nobody_for_long_end_the_heartbeat(store: Store) -> None:
    for minutes, told in ((5, True), (11, False)):
        at = NOON - timedelta(minutes=minutes)
        seen = Observation(f"after-{minutes}", at, State.DOWN)
        after, news = observe(await store.load(seen.target), seen, at)
        await store.record(after, news, [NewDelivery("C1", one) for one in news])
        if told:
            assert await wellbeing(store).well()
        else:
            with pytest.raises(NotWellError, match="news wait since"):
                await wellbeing(store).well()

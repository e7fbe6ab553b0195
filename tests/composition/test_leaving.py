"""What is open of targets that were taken out of the settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.composition.leaving import Leaving
from bot.incidents import observe
from bot.model import Observation, State
from bot.store import NewDelivery, Store

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(f"sqlite:///{tmp_path / 'wsdiag.db'}") as opened:
        for name in ("kept", "gone"):
            down = Observation(name, NOON, State.DOWN)
            after, told = observe(await opened.load(name), down, NOON)
            await opened.record(after, told, [NewDelivery("C1", t) for t in told])
        yield opened


async def until_open(store: Store, names: list[str]) -> None:
    async with asyncio.timeout(20):
        while [one.target for one in await store.open_incidents()] != names:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_it_is_closed_where_it_was_told_and_what_is_watched_stays_open(store: Store) -> None:
    targets = {"kept", "gone"}
    leaving = Leaving(store, targets, now=lambda: NOON + timedelta(minutes=5))
    task = asyncio.create_task(leaving.run())
    await until_open(store, ["gone", "kept"])
    targets.remove("gone")
    leaving.wake.set()
    await until_open(store, ["kept"])
    task.cancel()
    await asyncio.wait({task})
    (closed,) = await store.recent_incidents(target="gone")
    assert closed.closed_at == NOON + timedelta(minutes=5)
    assert not closed.resolved
    assert {d.channel for d in await store.pending() if d.target == "gone"} == {"C1"}
    assert await store.acts.vigil(closed.id) is not None
    assert [vigil.target for vigil in await store.acts.vigils()] == ["kept"]


async def test_what_was_taken_out_while_the_bot_was_not_running_is_found(store: Store) -> None:
    task = asyncio.create_task(Leaving(store, {"kept"}, now=lambda: NOON).run())
    await until_open(store, ["kept"])
    task.cancel()
    await asyncio.wait({task})

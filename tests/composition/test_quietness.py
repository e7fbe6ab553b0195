"""Mutes of the database and windows of the settings, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.composition.quietness import Quietness
from bot.model import Act, ActKind
from bot.quiet import Recurring, Window
from bot.spans import Span
from bot.store import Store

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(f"sqlite:///{tmp_path / 'wsdiag.db'}") as opened:
        yield opened


async def test_settings_that_change_are_in_force_with_the_next_question(store: Store) -> None:
    targets = {"prod": 1}
    windows: list[Window] = []
    quietness = Quietness(store, targets, lambda: windows)
    assert await quietness(at(0)) == {}
    windows.append(Window(Span(at(0), at(30))))
    targets["dev"] = 2
    assert set(await quietness(at(0))) == {"prod", "dev"}
    windows.clear()
    assert await quietness(at(0)) == {}


async def test_the_latest_end_of_mutes_and_windows_counts(store: Store) -> None:
    windows = [Window(Recurring("0 * * * *", timedelta(minutes=10)), frozenset({"prod"}))]
    quietness = Quietness(store, ["prod", "dev"], lambda: windows)
    assert await quietness.ended(at(5)) == {}, "prod is quiet, and dev never was"
    assert await quietness.ended(at(15)) == {"prod": at(10)}
    await store.acts.add(Act(ActKind.MUTED, "prod", "U1", at(5), until=at(25)))
    await store.acts.add(Act(ActKind.MUTED, "dev", "U1", at(5), until=at(45)))
    assert await quietness.ended(at(30)) == {"prod": at(25)}
    assert set(await quietness(at(30))) == {"dev"}
    await store.acts.add(Act(ActKind.UNMUTED, "dev", "U1", at(31)))
    assert await quietness.ended(at(32)) == {"prod": at(25), "dev": at(31)}
    assert (await quietness.ended(at(75)))["prod"] == at(70)

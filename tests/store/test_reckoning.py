"""Uptime from the database: rolled up or not yet, with incidents and acknowledgements."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.incidents import TargetState
from bot.model import Act, ActKind, State
from bot.patterns import FIVE_MINUTES_S, HOUR_S, MINUTE_S, Sample
from bot.spans import Span
from bot.store import Store
from tests.store.conftest import START, at, seen
from tests.store.test_store import record


def minutes(first: int, last: int, *, down: bool = False, target: str = "prod") -> list[Sample]:
    up_s, down_s = (0.0, 60.0) if down else (60.0, 0.0)
    return [
        Sample(target, at(60 * n), MINUTE_S, up_s=up_s, down_s=down_s) for n in range(first, last)
    ]


@pytest.mark.parametrize("tidied", [False, True])
async def test_every_minute_counts_once_rolled_up_or_not(store: Store, tidied: bool) -> None:
    history = store.history
    await history.add([], [*minutes(0, 100), *minutes(100, 110, down=True), *minutes(110, 133)])
    await history.add([], minutes(0, 133, down=True, target="other"))
    if tidied:
        await history.tidy(at(60 * 131))
    day = Span.until(at(60 * 133), timedelta(days=1))
    found = await history.availability("prod", day, objective=99.0)
    assert (found.up_s, found.down_s) == (123 * 60, 600)
    assert found.unknown_s == day.seconds - 133 * 60
    assert found.budget is not None
    assert found.budget.left_s == pytest.approx(864 - 600)


async def test_a_month_is_reckoned_from_hours_and_what_is_newer(store: Store) -> None:
    await store.history.add([], [*minutes(0, 5000), *minutes(5000, 5010, down=True)])
    await store.history.tidy(at(60 * 5001))
    month = Span.until(at(60 * 5010), timedelta(days=30))
    found = await store.history.availability("prod", month)
    assert (found.up_s, found.down_s) == (5000 * 60, 600)


async def test_planned_work_is_told_from_trouble_five_minutes_from_it(store: Store) -> None:
    await store.history.add([], [*minutes(0, 10, down=True), *minutes(10, 180)])
    await store.history.tidy(at(60 * 180))
    month = Span.until(at(60 * 180), timedelta(days=30))
    planned = [Span(START, at(300)), Span(at(-900_000), at(-800_000))]
    found = await store.history.availability("prod", month, maintenance=planned)
    assert (found.maintenance_s, found.down_s) == (300 + 100_000, 300)


async def test_a_season_with_planned_work_is_known_where_only_hours_are_left(store: Store) -> None:
    end = at(0) + timedelta(days=90)
    hours = [
        Sample("prod", end - timedelta(hours=n), HOUR_S, up_s=3_600) for n in range(1, 24 * 90 + 1)
    ]
    await store.history.add([], hours)
    fives = [
        Sample("prod", end - timedelta(minutes=5 * n), FIVE_MINUTES_S, up_s=300)
        for n in range(1, 12 * 24 * 29 + 8)  # from the middle of an hour on
    ]
    await store.history.add([], fives)
    planned = [Span.until(end - timedelta(days=1), timedelta(hours=2))]
    found = await store.history.availability(
        "prod", Span.until(end, timedelta(days=90)), maintenance=planned
    )
    assert found.maintenance_s == 2 * 3_600
    assert found.unknown_s <= 3_600  # of the hour that is told in part
    assert found.uptime == 1.0


async def test_incidents_come_with_how_soon_somebody_saw_to_them(store: Store) -> None:
    state = await record(store, TargetState("prod"), seen(State.DOWN, 0), seen(State.UP, 600))
    state = await record(store, state, seen(State.DOWN, 7200))
    assert state.incident is not None
    for after_s, kind in ((60, ActKind.NOTED), (120, ActKind.ACKNOWLEDGED),
                          (500, ActKind.ACKNOWLEDGED)):  # fmt: skip
        act = Act(kind, "prod", "U1", at(7200 + after_s), state.incident.id)
        await store.acts.add(act)
    found = await store.history.availability("prod", Span(START, at(9000)))
    assert (found.incidents, found.open, found.acknowledged) == (2, 1, 1)
    assert (found.mtta_s, found.mttr_s) == (120, 600)
    later = await store.history.availability("prod", Span(at(601), at(7200)))
    assert later.incidents == 0

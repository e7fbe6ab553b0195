"""What people did: kept in order, gone with its incident, and the mutes that follow from it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.incidents import TargetState, observe
from bot.model import Act, ActKind, Mute, State
from bot.store import Keep, Store, StoreError
from tests.store.conftest import at, seen

ACKNOWLEDGED = Act(ActKind.ACKNOWLEDGED, "prod", "U1", at(10))
MUTED = Act(ActKind.MUTED, "prod", "U1", at(10), until=at(70))


async def look(
    store: Store, state: State, when_s: float, before: TargetState | None = None
) -> TargetState:
    after, transitions = observe(before or TargetState("prod"), seen(state, when_s), at(when_s))
    await store.record(after, transitions)
    return after


def incident(state: TargetState) -> str:
    assert state.incident is not None
    return state.incident.id


async def test_acts_are_given_back_as_they_were_in_their_order(store: Store) -> None:
    down = await look(store, State.DOWN, 0)
    acknowledged = replace(ACKNOWLEDGED, incident_id=incident(down))
    noted = Act(ActKind.NOTED, "prod", None, at(12), incident(down), note="a <b> & c")
    for act in (acknowledged, MUTED, noted):
        await store.acts.add(act)
    assert await store.acts.of_incident(incident(down)) == [acknowledged, noted]
    assert await store.acts.of_target("prod") == [noted, MUTED, acknowledged]
    assert await store.acts.of_target("prod", 1) == [noted]
    assert await store.acts.of_target("other") == []


async def test_an_act_wakes_whoever_delivers_and_whoever_reminds(store: Store) -> None:
    store.wake.clear()
    store.acts.wake.clear()
    await store.acts.add(MUTED)
    assert store.wake.is_set()
    assert store.acts.wake.is_set()


async def test_a_mute_ends_at_its_time_or_when_it_is_taken_back(store: Store) -> None:
    await store.acts.add(MUTED)
    await store.acts.add(replace(MUTED, target="other", until=at(50)))
    muted = await store.acts.mutes(at(20))
    assert muted == {
        "prod": Mute("prod", at(70), "U1", at(10)),
        "other": Mute("other", at(50), "U1", at(10)),
    }
    assert set(await store.acts.mutes(at(50))) == {"prod"}
    await store.acts.add(Act(ActKind.UNMUTED, "prod", "U2", at(55)))
    assert await store.acts.mutes(at(56)) == {}


async def test_a_mute_until_up_ends_with_its_incident_even_if_the_bot_was_away(
    stack: AsyncExitStack, url: str
) -> None:
    first = await stack.enter_async_context(await Store.open(url))
    down = await look(first, State.DOWN, 0)
    await first.acts.add(Act(ActKind.MUTED, "prod", "U1", at(5), incident(down)))
    assert (await first.acts.mutes(at(90_000)))["prod"].until is None
    await first.close()
    second = await stack.enter_async_context(await Store.open(url))
    assert set(await second.acts.mutes(at(90_000))) == {"prod"}
    up = await look(second, State.UP, 90_010, await second.load("prod"))
    assert await second.acts.mutes(at(90_011)) == {}
    await look(second, State.DOWN, 90_020, up)
    assert await second.acts.mutes(at(90_021)) == {}, "the next incident was muted by nobody"


async def test_acts_go_with_their_incident_and_old_ones_without_one_go_too(
    stack: AsyncExitStack, url: str
) -> None:
    keep = Keep(incidents_for=timedelta(days=1))
    store = await stack.enter_async_context(await Store.open(url, keep=keep))
    down = await look(store, State.DOWN, 0)
    await store.acts.add(replace(ACKNOWLEDGED, incident_id=incident(down)))
    await store.acts.add(MUTED)
    up = await look(store, State.UP, 60, down)
    later = timedelta(days=2).total_seconds()
    await look(store, State.DOWN, later, up)
    assert await store.acts.of_target("prod") == [MUTED]
    unmuted = Act(ActKind.UNMUTED, "prod", "U1", at(later))
    await store.acts.add(unmuted)
    assert await store.acts.of_target("prod") == [unmuted]


async def test_an_act_of_an_incident_that_is_gone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="incident"):
        await store.acts.add(replace(ACKNOWLEDGED, incident_id="gone"))

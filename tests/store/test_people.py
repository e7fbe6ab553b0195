"""What people set for themselves."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.incidents import TargetState, observe
from bot.model import Observation, State
from bot.store import NewDelivery, PersonSettings, Store

NOW = datetime(2026, 11, 26, 21, 0, tzinfo=UTC)


async def test_a_language_is_kept_and_taken_back(store: Store) -> None:
    people = store.people
    assert await people.of("U1") == PersonSettings("U1")
    await people.speak("U1", "ru", "en-US", NOW)
    assert await people.of("U1") == PersonSettings("U1", "ru", "en-US")
    await people.speak("U1", None, "en-GB", NOW)
    assert await people.all() == {"U1": PersonSettings("U1", None, "en-GB")}


async def test_who_follows_again_follows_those_alone(store: Store) -> None:
    people = store.people
    await people.speak("U1", "ru", None, NOW)
    await people.follow("U1", ["prod", "staging", "prod"], "ru-RU", NOW)
    await people.follow("U1", ["staging"], "ru-RU", NOW)
    assert await people.of("U1") == PersonSettings("U1", "ru", "ru-RU", frozenset({"staging"}))
    await people.follow("U1", [], None, NOW)
    assert await people.followed("U1") == frozenset()


async def _opened(store: Store, target: str, channel: str | None) -> None:
    seen = Observation(target, NOW, State.DOWN)
    after, transitions = observe(TargetState(target), seen, NOW)
    await store.record(after, transitions, [NewDelivery(channel, t) for t in transitions])
    up, transitions = observe(after, Observation(target, NOW, State.UP), NOW)
    await store.record(up, transitions, [NewDelivery(channel, t) for t in transitions])


async def test_followers_are_told_of_a_whole_incident_beside_the_channel(store: Store) -> None:
    await store.people.follow("U2", ["prod"], None, NOW)
    await store.people.follow("U1", ["prod", "staging"], None, NOW)
    await _opened(store, "prod", "C1")
    told = [(d.channel, d.kind.value) for d in await store.pending()]
    assert sorted(told) == [
        (channel, kind) for channel in ("C1", "U1", "U2") for kind in ("closed", "opened")
    ]


async def test_the_same_place_is_told_once(store: Store) -> None:
    await store.people.follow("U1", ["prod"], None, NOW)
    await _opened(store, "prod", "U1")
    assert [d.kind.value for d in await store.pending()] == ["opened", "closed"]


async def test_without_a_channel_followers_alone_are_told(store: Store) -> None:
    await _opened(store, "staging", None)
    assert await store.pending() == []
    await store.people.follow("U1", ["prod"], None, NOW)
    await _opened(store, "prod", None)
    assert {d.channel for d in await store.pending()} == {"U1"}


async def test_who_follows_later_is_told_of_the_next_incident(store: Store) -> None:
    seen = Observation("prod", NOW, State.DOWN)
    after, transitions = observe(TargetState("prod"), seen, NOW)
    await store.record(after, transitions, [NewDelivery("C1", t) for t in transitions])
    await store.people.follow("U1", ["prod"], None, NOW)
    up, transitions = observe(after, Observation("prod", NOW, State.UP), NOW)
    await store.record(up, transitions, [NewDelivery("C1", t) for t in transitions])
    assert {d.channel for d in await store.pending()} == {"C1"}

"""What webhooks are told: written with the transition or not at all, given back in order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.incidents import TargetState, observe
from bot.model import Act, ActKind, Feed, State
from bot.store import Store, StoreConflictError
from tests.store.conftest import at, seen


async def live(store: Store, states: Sequence[State]) -> list[tuple[str, str, str]]:
    """A target goes through states; returns the transitions that came of it."""
    state, told = await store.load("prod"), []
    start = state.revision * 1_000
    for number, after in enumerate(states):
        when = start + number * 10
        state, transitions = observe(state, seen(after, when, f"code_{number % 3}"), at(when))
        told += [(t.kind.value, t.before.value, t.after.value) for t in transitions]
        if transitions or state.revision != (await store.load("prod")).revision:
            await store.record(state, transitions)
    return told


async def drain(store: Store) -> list[tuple[str, str, str]]:
    """Take every call."""
    found = []
    while call := await store.calls.next(Feed.TRANSITIONS):
        assert call.before is not None
        found.append((call.kind, call.before.value, call.state.value))
        await store.calls.done(call.id, "delivered", at(0))
    return found


@settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.sampled_from((State.UP, State.DEGRADED, State.DOWN, State.UNKNOWN)), max_size=12),
    st.booleans(),
)
async def test_every_transition_is_told_whoever_is_muted(
    store: Store, states: list[State], muted: bool
) -> None:
    store.calls.wanted = True
    if muted:
        await store.acts.add(Act(ActKind.MUTED, "prod", "U1", at(0), until=at(10**6)))
    assert await live(store, states) == await drain(store)


async def test_a_transition_that_is_not_recorded_is_not_told(store: Store) -> None:
    store.calls.wanted = True
    fresh = TargetState("prod")
    after, transitions = observe(fresh, seen(State.DOWN, 0), at(0))
    await store.record(after, transitions)
    with pytest.raises(StoreConflictError):
        await store.record(after, transitions)
    assert await drain(store) == [("opened", "unknown", "down")]


async def test_a_failed_call_keeps_its_place_and_its_id(store: Store) -> None:
    store.calls.wanted = True
    await live(store, [State.DOWN, State.UP])
    first = await store.calls.next(Feed.TRANSITIONS)
    assert first is not None
    await store.calls.failed(first.id, "HTTP 503", at(90))
    again = await store.calls.next(Feed.TRANSITIONS)
    assert again is not None
    assert (again.id, again.event_id) == (first.id, first.event_id)
    assert (again.attempts, again.retry_at) == (1, at(90))
    assert (await store.calls.waiting())[Feed.TRANSITIONS] == 2


async def test_without_a_webhook_nothing_is_kept_for_one(store: Store) -> None:
    await live(store, [State.DOWN, State.UP])
    assert (await store.calls.waiting())[Feed.TRANSITIONS] == 0

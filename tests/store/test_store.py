"""What the store keeps, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.incidents import TargetState, observe
from bot.model import Observation, State, TransitionKind
from bot.store import Keep, NewDelivery, Store, StoreConflictError
from tests.store.conftest import a_report, at, seen


async def record(
    store: Store, state: TargetState, *observations: Observation, channel: str | None = "C1"
) -> TargetState:
    for observation in observations:
        after, told = observe(state, observation, observation.at)
        if after.revision != state.revision:
            news: Sequence[NewDelivery] = [NewDelivery(channel, t) for t in told] if channel else ()
            await store.record(after, told, news)
        state = after
    return state


async def test_a_target_never_seen_starts_from_nothing(store: Store) -> None:
    assert await store.load("prod") == TargetState("prod")
    assert await store.open_incidents() == []
    assert await store.pending() == []


async def test_everything_is_still_there_after_reopening(url: str) -> None:
    async with await Store.open(url) as store:
        before = await record(store, TargetState("prod"), seen(State.UP, 0), seen(State.DOWN, 5))
        told = await store.pending()
    async with await Store.open(url) as store:
        after = await store.load("prod")
        assert after == before
        assert after.incident is not None
        assert after.incident.report == a_report(when_s=5)
        assert await store.open_incidents() == [after.incident]
        assert await store.pending() == told
        assert store.wake.is_set()  # what an earlier process left behind is to be delivered


async def test_an_incident_continued_after_a_restart_opens_no_second_one(url: str) -> None:
    async with await Store.open(url) as store:
        await record(store, TargetState("prod"), seen(State.DOWN, 5))
    async with await Store.open(url) as store:
        state = await record(
            store, await store.load("prod"), seen(State.DOWN, 50), seen(State.UP, 60)
        )
        assert [d.kind for d in await store.pending()] == [
            TransitionKind.OPENED,
            TransitionKind.CLOSED,
        ]
        assert state.incident is None
        (incident,) = await store.recent_incidents()
        assert (incident.opened_at, incident.closed_at) == (at(5), at(60))
        assert await store.incident(incident.id) == incident


async def test_a_recovery_shows_the_report_of_the_trouble(store: Store) -> None:
    await record(
        store,
        TargetState("prod"),
        seen(State.DOWN, 5),
        seen(State.DOWN, 7, "http_502_upstream_down"),
        seen(State.UP, 65),
    )
    await store.seat("C1", (), at(66))
    (opened, _) = await store.pending()
    group, _ = await store.group(opened.incident_id, "C1")
    assert group.report == a_report(code="http_502_upstream_down", when_s=7)
    assert group.lead.report_id is not None
    assert await store.report(group.lead.report_id) == group.report


async def test_of_several_edits_only_the_newest_waits(store: Store) -> None:
    state = await record(
        store,
        TargetState("prod"),
        seen(State.DOWN, 1),
        seen(State.DOWN, 2, "a"),
        seen(State.DOWN, 3, "b"),
    )
    assert [(d.kind, d.at) for d in await store.pending()] == [
        (TransitionKind.OPENED, at(1)),
        (TransitionKind.CHANGED, at(3)),
    ]
    await record(store, state, seen(State.UP, 4))
    assert [d.kind for d in await store.pending()] == [TransitionKind.OPENED, TransitionKind.CLOSED]


async def test_without_a_channel_the_incident_is_kept_and_nothing_is_to_be_told(
    store: Store,
) -> None:
    await record(store, TargetState("prod"), seen(State.DOWN, 1), channel=None)
    assert len(await store.open_incidents()) == 1
    assert await store.pending() == []


async def test_later_news_go_where_the_opening_was_told(store: Store) -> None:
    state = await record(store, TargetState("prod"), seen(State.DOWN, 1), channel="C-old")
    await record(store, state, seen(State.UP, 2), channel="C-new")
    assert [d.channel for d in await store.pending()] == ["C-old", "C-old"]


async def test_a_revision_out_of_turn_is_refused_and_leaves_nothing(store: Store) -> None:
    mine = await record(store, TargetState("prod"), seen(State.UP, 0))
    theirs = mine
    await record(store, theirs, seen(State.DOWN, 1))
    late, told = observe(mine, seen(State.DOWN, 2), at(2))
    with pytest.raises(StoreConflictError):
        await store.record(late, told, [NewDelivery("C1", t) for t in told])
    assert [incident.opened_at for incident in await store.open_incidents()] == [at(1)]
    assert [d.at for d in await store.pending()] == [at(1)]


async def test_two_processes_that_see_the_same_outage_open_one_incident(url: str) -> None:
    async with await Store.open(url) as one, await Store.open(url) as other:
        results = await asyncio.gather(
            *(record(store, TargetState("prod"), seen(State.DOWN, 1)) for store in (one, other)),
            return_exceptions=True,
        )
        assert sorted(type(r).__name__ for r in results) == ["StoreConflictError", "TargetState"]
        assert len(await other.pending()) == 1
        again = await other.load("prod")
        assert observe(again, seen(State.DOWN, 3), at(3))[1] == ()


async def test_a_conflict_rolls_back_the_reports_too(url: str) -> None:
    async with await Store.open(url, keep=Keep(reports=1)) as store:
        await record(store, TargetState("prod"), seen(State.UP, 0))
        saved = await store.save_report(a_report(when_s=1))
        late, told = observe(TargetState("prod"), seen(State.DOWN, 2), at(2))
        with pytest.raises(StoreConflictError):
            await store.record(late, told)
        assert await store.report(saved) == a_report(when_s=1)  # would have been the surplus


async def test_deliveries_come_in_the_order_of_what_happened(store: Store) -> None:
    first = await record(store, TargetState("prod"), seen(State.DOWN, 1))
    second = await record(store, TargetState("blue"), seen(State.DOWN, 2, target="blue"))
    await record(store, first, seen(State.UP, 3))
    await record(store, second, seen(State.UP, 4, target="blue"), channel="C1")
    assert [(d.target, d.kind) for d in await store.pending("C1")] == [
        ("prod", TransitionKind.OPENED),
        ("blue", TransitionKind.OPENED),
        ("prod", TransitionKind.CLOSED),
        ("blue", TransitionKind.CLOSED),
    ]
    assert len(await store.pending("C1", limit=3)) == 3
    assert await store.pending("C2") == []


async def test_an_accepted_delivery_is_gone_and_its_message_is_known_to_the_next(
    store: Store,
) -> None:
    state = await record(store, TargetState("prod"), seen(State.DOWN, 1))
    await store.seat("C1", (), at(1))
    (opened,) = await store.pending()
    assert opened.group_id == opened.incident_id
    await store.posted(opened.incident_id, "C1", "1700.0001", [opened.id], at(2))
    assert await store.pending() == []
    await record(store, state, seen(State.UP, 3))
    (closed,) = await store.pending()
    group, waiting = await store.group(opened.incident_id, "C1")
    assert (group.ts, waiting) == ("1700.0001", [closed])
    await store.mark_delivered([closed.id], at(4))
    assert (await store.outbox()).depth == 0


async def test_a_root_message_posted_again_replaces_the_deleted_one(store: Store) -> None:
    await record(store, TargetState("prod"), seen(State.DOWN, 1), seen(State.DEGRADED, 2))
    await store.seat("C1", (), at(2))
    opened, _ = await store.pending()
    assert await store.messages(opened.incident_id) == {}
    for ts in ("1.0", "2.0"):
        await store.posted(opened.incident_id, "C1", ts, [], at(3))
    assert await store.messages(opened.incident_id) == {"C1": "2.0"}


async def test_an_edit_in_flight_when_a_newer_one_comes_does_no_harm(store: Store) -> None:
    state = await record(store, TargetState("prod"), seen(State.DOWN, 1), seen(State.DEGRADED, 2))
    opened, in_flight = await store.pending()
    await store.mark_delivered([opened.id], at(3))
    await record(store, state, seen(State.DOWN, 4))
    await store.mark_delivered([in_flight.id], at(5))
    assert [(d.kind, d.at) for d in await store.pending()] == [(TransitionKind.CHANGED, at(4))]


async def test_what_is_postponed_says_until_when_and_how_often(store: Store) -> None:
    await record(store, TargetState("prod"), seen(State.DOWN, 1))
    await record(store, TargetState("blue"), seen(State.DOWN, 1, target="blue"), channel="C2")
    (opened,) = await store.pending("C1")
    assert await store.channels_pending() == ["C1", "C2"]
    await store.mark_failed([opened.id], "ratelimited " * 100, at(30))
    (opened,) = await store.pending("C1")
    assert (opened.attempts, opened.retry_at) == (1, at(30))
    assert [d.attempts for d in await store.pending("C2")] == [0]


async def test_what_was_begun_is_in_doubt_until_it_is_settled(store: Store) -> None:
    await record(store, TargetState("prod"), seen(State.DOWN, 1))
    await store.seat("C1", (), at(1))
    (opened,) = await store.pending()
    assert opened.begun_at is None
    await store.begin([opened.id], at(2))
    assert [d.begun_at for d in await store.pending()] == [at(2)]
    await store.settle(opened.incident_id, "C1")
    assert [d.begun_at for d in await store.pending()] == [None]


async def test_the_outbox_tells_its_depth_and_age(store: Store) -> None:
    assert (await store.outbox()).oldest_at is None
    await record(store, TargetState("prod"), seen(State.DOWN, 1), seen(State.UP, 2))
    outbox = await store.outbox()
    assert (outbox.depth, outbox.oldest_at) == (2, at(1))


async def test_new_work_wakes_who_delivers_and_nothing_else_does(store: Store) -> None:
    store.wake.clear()
    state = await record(store, TargetState("prod"), seen(State.UP, 0))
    await store.save_report(a_report())
    assert not store.wake.is_set()
    waiting = asyncio.create_task(store.wake.wait())
    await record(store, state, seen(State.DOWN, 1))
    async with asyncio.timeout(10):
        await waiting


async def test_a_saved_report_is_found_by_its_opaque_id(store: Store) -> None:
    report = a_report()
    one, other = await store.save_report(report), await store.save_report(report)
    assert one != other
    assert await store.report(one) == await store.report(other) == report
    assert await store.report("never given out") is None


async def test_reports_are_bounded_by_number_and_by_age(url: str) -> None:
    keep = Keep(reports=3, reports_for=timedelta(seconds=100))
    async with await Store.open(url, keep=keep) as store:
        ids = [await store.save_report(a_report(when_s=n)) for n in range(5)]
        assert [await store.report(i) is not None for i in ids] == [False, False, True, True, True]
        newest = await store.save_report(a_report(when_s=103))
        assert [await store.report(i) is not None for i in (*ids[2:], newest)] == [
            False,
            True,
            True,
            True,
        ]


async def test_reports_still_needed_are_kept_beyond_the_bound(url: str) -> None:
    async with await Store.open(url, keep=Keep(reports=1)) as store:
        state = await record(store, TargetState("prod"), seen(State.DOWN, 1))
        for n in range(10, 15):
            await store.save_report(a_report(when_s=n))
        for n, then in enumerate((seen(State.UP, 30), None)):
            await store.seat("C1", (), at(20 + n))
            (waiting,) = await store.pending()
            group, _ = await store.group(waiting.incident_id, "C1")
            assert group.report is not None
            await store.mark_delivered([waiting.id], at(20))
            if then is not None:
                await record(store, state, then)
        await store.save_report(a_report(when_s=40))
        (incident,) = await store.recent_incidents()
        assert incident.report is None  # nobody needs it any more, the incident itself stays


async def test_old_closed_incidents_go_and_open_ones_never(url: str) -> None:
    keep = Keep(incidents_for=timedelta(seconds=100))
    async with await Store.open(url, keep=keep) as store:
        await record(store, TargetState("old"), seen(State.DOWN, 0, target="old"))
        await record(store, TargetState("prod"), seen(State.DOWN, 1), seen(State.UP, 2))
        state = await store.load("prod")
        await record(store, state, seen(State.DOWN, 500))
        assert [(i.target, i.opened_at) for i in await store.recent_incidents()] == [
            ("prod", at(500)),
            ("old", at(0)),
        ]


async def test_recent_incidents_can_be_narrowed(store: Store) -> None:
    for target in ("prod", "blue"):
        state = TargetState(target)
        for n in range(0, 6, 2):
            state = await record(
                store,
                state,
                seen(State.DOWN, n, target=target),
                seen(State.UP, n + 1, target=target),
            )
    assert [i.number for i in await store.recent_incidents(target="prod", limit=2)] == [3, 2]
    assert len(await store.recent_incidents(since=at(4))) == 2


async def test_a_cancelled_caller_still_gets_its_transaction_finished(url: str) -> None:
    async with await Store.open(url) as store:
        state, told = observe(TargetState("prod"), seen(State.DOWN, 1), at(1))
        recording = asyncio.create_task(store.record(state, told, [NewDelivery("C1", told[0])]))
        await asyncio.sleep(0)  # let it begin
        recording.cancel()
        with pytest.raises(asyncio.CancelledError):
            await recording
    async with await Store.open(url) as store:
        assert len(await store.pending()) == 1


async def test_a_writable_database_passes_the_check(store: Store) -> None:
    await store.check()


async def test_getting_worse_is_known_and_not_replaced_by_what_comes_after(store: Store) -> None:
    state = await record(store, TargetState("prod"), seen(State.DEGRADED, 5))
    state = await record(store, state, seen(State.DEGRADED, 6, "net_latency"))
    state = await record(store, state, seen(State.DOWN, 7, "tcp_refused"))
    await record(store, state, seen(State.DOWN, 8, "http_502_upstream_down"))
    told = [(d.kind, d.state, d.worse) for d in await store.pending()]
    assert told == [
        (TransitionKind.OPENED, State.DEGRADED, False),
        (TransitionKind.CHANGED, State.DOWN, True),
        (TransitionKind.CHANGED, State.DOWN, False),
    ]


async def test_the_outbox_tells_how_late_the_latest_deliveries_were(store: Store) -> None:
    await record(store, TargetState("prod"), seen(State.DOWN, 5))
    (told,) = await store.pending()
    assert (await store.outbox()).lag_s is None
    await store.mark_delivered([told.id], at(9))
    assert (await store.outbox()).lag_s == 4

"""The history in the database: what is put in comes out, rolled up and bounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.evidence import Ending
from bot.model import Reason, Transport
from bot.patterns import FIVE_MINUTES_S, HOUR_S, MINUTE_S, Sample, Session
from bot.store import Keep, KeepHistory, Store
from tests.store.conftest import START, at

LONG_AGO = START - timedelta(days=400)
A_SESSION = Session(
    "prod",
    START,
    300.25,
    Transport.WEBSOCKET,
    Ending.CUT,
    Reason.EOF,
    idle_s=2.5,
    keep_alives=11,
    connect_ms=40.5,
    failed_before=2,
    failure_before=Reason.REFUSED,
)


def a_sample(minute: float, rtt_ms: float | None = 40.0, target: str = "prod") -> Sample:
    return Sample(
        target,
        at(60 * minute),
        MINUTE_S,
        n=30,
        rtt_ms=rtt_ms,
        worst_ms=90.0,
        websocket_s=60,
        up_s=60,
    )


async def test_what_is_remembered_comes_back_as_it_was(store: Store) -> None:
    later = replace(
        A_SESSION, ended_at=at(300), ending=Ending.OURS, reason=None, idle_s=None, code=1001
    )
    other = replace(A_SESSION, target="other")
    await store.history.add([A_SESSION, later, other], [a_sample(0), a_sample(1, None)])
    assert await store.history.sessions("prod", since=LONG_AGO) == [A_SESSION, later]
    assert await store.history.sessions("prod", since=LONG_AGO, limit=1) == [later]
    assert await store.history.sessions_of(["other"], since=LONG_AGO) == [other]
    assert await store.history.sessions_of([], since=LONG_AGO) == []
    found = await store.history.samples("prod", MINUTE_S, since=LONG_AGO)
    assert found == [a_sample(0), a_sample(1, None)]


async def test_a_sample_written_twice_stays_as_it_was_first(store: Store) -> None:
    await store.history.add([], [a_sample(0)])
    await store.history.add([], [a_sample(0, 99.0), a_sample(1)])
    found = await store.history.samples("prod", MINUTE_S, since=LONG_AGO)
    assert [s.rtt_ms for s in found] == [40.0, 40.0]


async def test_minutes_become_fives_and_hours_and_only_once_complete(store: Store) -> None:
    rtts = [40.0, 42.0, 44.0, 46.0, 90.0]
    await store.history.add([], [a_sample(m, rtts[m % 5]) for m in range(127)])
    await store.history.tidy(at(60 * 127))
    fives = await store.history.samples("prod", FIVE_MINUTES_S, since=LONG_AGO)
    assert [s.at for s in fives] == [at(300 * n) for n in range(25)]
    assert fives[0] == Sample(
        "prod",
        START,
        FIVE_MINUTES_S,
        n=150,
        rtt_ms=44.0,
        worst_ms=90.0,
        websocket_s=300,
        up_s=300,
    )
    hours = await store.history.samples("prod", HOUR_S, since=LONG_AGO)
    assert [(s.at, s.n, s.up_s) for s in hours] == [
        (START, 1800, 3600.0),
        (at(3600), 1800, 3600.0),
    ]
    await store.history.add([], [a_sample(m) for m in range(127, 131)])
    await store.history.tidy(at(60 * 132))
    fives = await store.history.samples("prod", FIVE_MINUTES_S, since=LONG_AGO)
    assert len(fives) == 26


async def test_days_without_a_tidy_are_made_up_for(store: Store) -> None:
    await store.history.add([], [a_sample(10 * n) for n in range(200)])
    now = at(60 * 10 * 200)
    await store.history.tidy(now)
    assert len(await store.history.samples("prod", FIVE_MINUTES_S, since=LONG_AGO)) == 200
    assert len(await store.history.samples("prod", HOUR_S, since=LONG_AGO)) == 33


async def test_the_history_stays_bounded(url: str) -> None:
    keep = KeepHistory(sessions=3)

    def ended(when: datetime) -> Session:
        return replace(A_SESSION, ended_at=when)

    async with await Store.open(url, keep=Keep(history=keep)) as store:
        await store.history.add([ended(at(n)) for n in range(9)], [a_sample(n) for n in range(9)])
        other = replace(A_SESSION, target="other", ended_at=at(-9_999))
        await store.history.add([other], [])
        await store.history.tidy(at(3600))
        kept = await store.history.sessions("prod", since=LONG_AGO)
        assert [s.ended_at for s in kept] == [at(6), at(7), at(8)]
        assert await store.history.sessions_of(["other"], since=LONG_AGO) == [other]
        await store.history.tidy(at(86_400 * 3))
        assert await store.history.samples("prod", MINUTE_S, since=LONG_AGO) == []
        assert await store.history.samples("prod", FIVE_MINUTES_S, since=LONG_AGO) != []
        await store.history.tidy(at(86_400 * 100))
        assert await store.history.sessions_of(["prod", "other"], since=LONG_AGO) == []
        assert await store.history.samples("prod", HOUR_S, since=LONG_AGO) != []
        await store.history.tidy(at(86_400 * 400))
        assert await store.history.samples("prod", HOUR_S, since=LONG_AGO) == []

"""Connections that end at one age, and those that only seem to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.evidence import Ending, HistoryEvidence, PatternKind
from bot.model import Confidence, Reason, Transport
from bot.patterns import Session, find, headline, telling
from tests.patterns.building import NOW, a_session, chain, constantly, still_open

AGE, IDLE = PatternKind.CONSTANT_AGE, PatternKind.CONSTANT_IDLE


def look(sessions: list[Session], others: list[Session] | None = None) -> HistoryEvidence:
    return find(sessions, (), NOW, others=others or ())


def test_fourteen_of_fifteen_drops_at_300_seconds_are_a_lifetime_cap() -> None:
    ages = [300, 301, 298, 300.5, 299, 302, 41, 300, 299.5, 301, 300, 298.5, 300, 301.5, 299]
    found = look(constantly(ages)).pattern(AGE)
    assert found is not None
    assert (found.code, found.count, found.of) == ("ws_lifetime_cap", 14, 15)
    assert (found.confidence, found.rivals, found.hurts) == (Confidence.CERTAIN, (), True)
    said = headline(found)
    assert said.text.startswith("{count} of {of} drops at {age} ± {spread} s")
    assert (said.values["age"], said.values["spread"]) == ("300", "1")
    assert found.examples == ("Cloud Run's request timeout (default)",)


def test_two_drops_are_no_pattern() -> None:
    assert look(constantly([300, 300])).patterns == ()
    assert look(constantly([300] * 4)).patterns == ()


def test_an_hourly_end_is_told_but_hurts_nobody() -> None:
    found = look(constantly([3600, 3598, 3601, 3600, 3599])).pattern(AGE)
    assert found is not None
    assert not found.hurts


def test_our_own_goodbyes_and_restarts_do_not_count() -> None:
    ours = [a_session(300, Ending.OURS) for _ in range(20)]
    assert look(chain([*ours, still_open()])).patterns == ()


def test_a_restart_between_them_does_not_hide_the_age() -> None:
    sessions = [a_session(300), a_session(300), a_session(120, Ending.OURS)]
    sessions += [a_session(75), replace(a_session(300), failed_before=3)]
    sessions += [a_session(300), a_session(300), a_session(300), still_open()]
    found = look(chain(sessions)).pattern(AGE)
    assert found is not None
    assert (found.count, found.of) == (6, 6)


def test_it_is_over_when_a_connection_outlives_the_age() -> None:
    drops = [a_session(300) for _ in range(10)]
    assert look(chain([*drops, still_open(400)])).pattern(AGE) is not None
    assert look(chain([*drops, still_open(500)])).pattern(AGE) is None
    assert look(chain([*drops, a_session(700), a_session(300), still_open()])).pattern(AGE) is None


def test_a_new_limit_is_found_after_an_old_one() -> None:
    ages = [300.0] * 10 + [3600.0] * 6
    found = look(constantly(ages)).pattern(AGE)
    assert found is not None
    assert (found.value, found.count, found.of) == (3600.0, 6, 6)


def test_connections_that_end_at_one_moment_are_a_restart() -> None:
    mine = constantly([300] * 6)
    theirs = [replace(s, target="other", age_s=77.0 + 9 * n) for n, s in enumerate(mine)]
    assert look(mine, theirs).pattern(AGE) is None
    in_step = [replace(s, target="other") for s in mine]  # began together, so they end together
    assert look(mine, in_step).pattern(AGE) is not None


def test_a_server_that_was_away_afterwards_has_no_lifetime_cap() -> None:
    sessions = [replace(a_session(600), failed_before=4, failure_before=Reason.REFUSED)] * 10
    assert look(chain([*sessions, still_open(failed_before=4)], gap_s=5)).pattern(AGE) is None


@pytest.mark.parametrize(
    ("ending", "keep_alives", "code", "rivals"),
    [
        (Ending.KICKED, 2, "sio_kicked_later", ()),
        (Ending.KICKED, 0, "sio_kicked_no_keepalive", ("sio_kicked_later",)),
        (Ending.CLOSED, 0, "sio_kicked_later", ("ws_lifetime_cap",)),
        (Ending.CUT, 2, "ws_lifetime_cap", ()),
        (Ending.SILENT, 2, "ws_lifetime_cap", ("ws_flow_dropped",)),
    ],
)
def test_the_way_of_ending_names_the_cause(
    ending: Ending, keep_alives: int, code: str, rivals: tuple[str, ...]
) -> None:
    found = look(constantly([60.0] * 6, ending, keep_alives=keep_alives)).pattern(AGE)
    assert found is not None
    assert (found.code, found.rivals, found.ending) == (code, rivals, ending)


def test_sessions_that_stay_with_keep_alive_settle_why_others_are_kicked() -> None:
    stayed = a_session(4000, Ending.OURS, keep_alives=160)
    kicked = [a_session(60, Ending.KICKED) for _ in range(6)]
    found = look(chain([stayed, *kicked, still_open()])).pattern(AGE)
    assert found is not None
    assert (found.code, found.rivals) == ("sio_kicked_no_keepalive", ())


def test_without_a_single_message_silence_may_be_the_reason() -> None:
    found = look(constantly([10.0] * 12, idle_s=9.9)).pattern(AGE)
    assert found is not None
    assert (found.code, found.rivals) == ("ws_lifetime_cap", ("ws_proxy_idle",))
    assert found.confidence is Confidence.LIKELY


def test_one_span_of_silence_at_different_ages_is_an_idle_timeout() -> None:
    ages = [130, 61, 400, 250, 95, 700, 310, 180]
    sessions = chain([*(a_session(age, idle_s=60.0) for age in ages), still_open()])
    found = look(sessions)
    pattern = found.pattern(IDLE)
    assert found.pattern(AGE) is None
    assert pattern is not None
    assert (pattern.code, pattern.value, pattern.count) == ("ws_proxy_idle", 60.0, 8)
    assert "nginx proxy_read_timeout" in telling(pattern)[-1].values["examples"]  # type: ignore[operator]


def test_a_polling_session_cut_at_one_age_is_the_proxys_read_timeout() -> None:
    sessions = constantly([60.0] * 6, Ending.FAILED, transport=Transport.POLLING, code=504)
    found = look(sessions).pattern(AGE)
    assert found is not None
    assert found.code == "http_poll_read_timeout"


@settings(deadline=None)
@given(
    age=st.floats(2, 86_400),
    jitter=st.floats(0, 0.008),
    drops=st.integers(5, 80),
    seed=st.integers(0, 2**32),
)
def test_any_age_is_found_whatever_the_jitter_of_the_timer(
    age: float, jitter: float, drops: int, seed: int
) -> None:
    random = Random(seed)
    off = min(10.0, age * jitter)
    ages = [age + random.uniform(-off, off) for _ in range(drops)]
    found = look(constantly(ages)).pattern(AGE)
    assert found is not None
    assert found.value == pytest.approx(age, rel=0.02)
    assert found.count <= found.of
    assert found.hurts is (found.value < 900)


@settings(deadline=None)
@given(mean=st.floats(30, 20_000), drops=st.integers(0, 200), seed=st.integers(0, 2**32))
def test_drops_by_chance_have_no_age(mean: float, drops: int, seed: int) -> None:
    random = Random(seed)
    ages = [random.expovariate(1 / mean) for _ in range(drops)]
    assert look(constantly(ages)).pattern(AGE) is None


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            a_session,
            st.floats(0, 1e6),
            st.sampled_from(Ending),
            idle_s=st.none() | st.floats(0, 1e6),
            keep_alives=st.integers(0, 3),
            failed_before=st.integers(0, 3),
            failure_before=st.none() | st.sampled_from(Reason),
            transport=st.sampled_from(Transport),
        ),
        max_size=40,
    ),
    st.floats(-5, 500),
)
def test_no_history_breaks_it_and_every_pattern_can_be_told(
    sessions: list[Session], gap_s: float
) -> None:
    found = look(chain(sessions, gap_s=gap_s, until=NOW + timedelta(seconds=3)))
    for pattern in found.patterns:
        assert 3 <= pattern.count <= pattern.of
        assert pattern.since <= pattern.last
        assert telling(pattern)

"""A server that goes away again and again, and one that was deployed once."""

from __future__ import annotations

from datetime import timedelta

from bot.evidence import PatternKind
from bot.model import Reason
from bot.patterns import Session, find
from tests.patterns.building import NOW, a_session, chain, still_open

LOOP, CLUSTER = PatternKind.CRASH_LOOP, PatternKind.CLUSTER


def gone(age_s: float) -> Session:
    """A connection that was opened only after attempts that were refused."""
    return a_session(age_s, failed_before=3, failure_before=Reason.REFUSED)


def test_four_ends_within_a_quarter_of_an_hour_are_a_crash_loop() -> None:
    crashes = [a_session(7_000), gone(40), gone(35), gone(50), gone(42)]
    still = still_open(10, failed_before=2, failure_before=Reason.REFUSED)
    found = find(chain([*crashes, still], gap_s=4), (), NOW).pattern(LOOP)
    assert found is not None
    assert (found.code, found.count, found.hurts) == ("srv_crash_loop", 5, True)


def test_a_crash_loop_is_over_when_the_server_stays() -> None:
    crashes = [a_session(7_000), gone(40), gone(35), gone(50), gone(42)]
    still = still_open(400, failed_before=2, failure_before=Reason.REFUSED)
    assert find(chain([*crashes, still], gap_s=4), (), NOW).pattern(LOOP) is None


def test_three_restarts_are_no_crash_loop() -> None:
    restarts = [a_session(7_000), gone(40), gone(35), gone(10)]
    assert find(chain(restarts, gap_s=4), (), NOW).pattern(LOOP) is None


def test_our_own_network_going_away_is_no_crash_of_theirs() -> None:
    lost = [
        a_session(60, failed_before=3, failure_before=reason)
        for reason in (Reason.NO_ROUTE, Reason.TIMEOUT) * 5
    ]
    assert find(chain(lost, gap_s=4), (), NOW).pattern(LOOP) is None


def test_drops_within_minutes_and_calm_around_them_are_a_deployment() -> None:
    deployed = [a_session(20_000), gone(60), gone(90)]
    calm = still_open(7_200, failed_before=1, failure_before=Reason.REFUSED)
    found = find(chain([*deployed, calm], gap_s=4), (), NOW).pattern(CLUSTER)
    assert found is not None
    assert (found.count, found.of, found.code, found.hurts) == (3, 3, "srv_restarting", False)
    later = NOW + timedelta(days=2)
    assert find(chain([*deployed, calm], gap_s=4), (), later).pattern(CLUSTER) is None

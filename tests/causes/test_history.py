"""What the watcher remembers names a cause beside what a look sees, and never against it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot import causes
from bot.evidence import HistoryEvidence, Outcome, Pattern, PatternKind, RttEvidence
from bot.model import Confidence, Finding, Reason, State, Status, Transport, Verdict
from bot.probes import history
from bot.verdict import judge
from tests import building as b

CAP = Pattern(
    PatternKind.CONSTANT_AGE,
    since=b.NOW - timedelta(hours=2),
    last=b.NOW,
    count=14,
    of=15,
    code="ws_lifetime_cap",
    confidence=Confidence.CERTAIN,
    hurts=True,
    value=300.0,
    spread=2.0,
)
LOOP = replace(CAP, kind=PatternKind.CRASH_LOOP, code="srv_crash_loop", rivals=("srv_restarting",))
SLOW = replace(CAP, kind=PatternKind.SLOWER, code="net_slower_than_usual", value=190.0, before=40.0)


def verdict(base: list[Finding], *patterns: Pattern, still_slow_ms: float | None = None) -> Verdict:
    memory = HistoryEvidence(patterns, still_slow_ms)
    return judge([*base, history.finding(memory, tuple(base))], b.HTTP)


def taking(ms: float) -> Finding:
    evidence = RttEvidence(Transport.WEBSOCKET, (ms,), ms, ms, (1.0, 1.0, 1.0, 1.0))
    return b.finding("rtt", evidence)


def test_connections_that_end_every_five_minutes_degrade_a_target_that_connects() -> None:
    found = verdict(b.healthy(), CAP)
    assert found.state is State.DEGRADED
    assert found.cause is not None
    assert (found.cause.code, found.cause.confidence) == ("ws_lifetime_cap", Confidence.CERTAIN)
    assert found.why[0].values["count"] == 14


def test_a_pattern_that_hurts_nobody_changes_nothing() -> None:
    assert verdict(b.healthy(), replace(CAP, hurts=False)).state is State.UP
    assert verdict(b.healthy()).state is State.UP


def test_who_gets_in_nowhere_is_not_explained_by_connections_that_end() -> None:
    rejected = b.namespace(
        b.attempt(Transport.WEBSOCKET, Outcome.REFUSED, message="Authentication error"),
        b.attempt(Transport.POLLING, Outcome.REFUSED, message="Authentication error"),
    )
    found = verdict(b.healthy(rejected), CAP, LOOP)
    assert found.state is State.DOWN
    assert found.cause is not None
    assert found.cause.code == "sio_auth_rejected"


def test_refused_once_more_in_a_crash_loop_is_the_crash_loop() -> None:
    refused = b.unreachable(b.tcp(errno="ECONNREFUSED"))
    for found in (verdict(refused, LOOP), verdict(b.healthy(), LOOP)):
        assert found.cause is not None
        assert (found.cause.code, found.alternatives) == ("srv_crash_loop", ("srv_restarting",))


def test_slower_than_usual_needs_this_look_to_find_it_too() -> None:
    slow = verdict(b.healthy(taking(180.0)), SLOW, still_slow_ms=100.0)
    assert slow.state is State.DEGRADED
    assert slow.cause is not None
    assert slow.cause.code == "net_slower_than_usual"
    assert verdict(b.healthy(taking(60.0)), SLOW, still_slow_ms=100.0).state is State.UP


def test_the_finding_warns_of_what_hurts_alone() -> None:
    told = replace(CAP, hurts=False)
    found = history.finding(HistoryEvidence((told,)), ())
    assert (found.status, found.reason) == (Status.OK, None)
    found = history.finding(HistoryEvidence((told, LOOP)), ())
    assert (found.status, found.reason) == (Status.WARN, Reason.RECURRING_DROPS)


def test_no_code_stands_in_the_catalogue_twice() -> None:
    codes = [row.code for file in causes._FILES for row in file.ROWS]
    assert sorted(set(codes)) == sorted(codes)

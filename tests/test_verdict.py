"""The binding sentences of "What a verdict means", each held by a test."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evidence import (
    ConfigEvidence,
    ControlEvidence,
    DnsEvidence,
    EioError,
    Failure,
    NoEvidence,
    Outcome,
    Phase,
    TcpInfo,
)
from bot.model import (
    ClientSettings,
    Confidence,
    Finding,
    FollowUp,
    Reason,
    State,
    Status,
    Target,
    Transport,
)
from bot.verdict import judge, wanted
from tests import building as b

WS_ONLY = Target("prod", "ws://backend.example.com:8123")


def named(findings: list[Finding], target: Target = b.HTTP) -> str | None:
    cause = judge(findings, target).cause
    return cause.code if cause else None


def control(outcome: str) -> Finding:
    evidence = ControlEvidence((("https://control.example", outcome),))
    bad = outcome != "ok"
    return b.finding(
        "control",
        evidence,
        Status.FAIL if bad else Status.OK,
        Reason.CONTROL_FAILED if bad else None,
    )


def test_a_namespace_connect_and_no_problem_is_up() -> None:
    verdict = judge(b.healthy(), b.HTTP)
    assert (verdict.state, verdict.cause) == (State.UP, None)


def test_any_failing_bystander_makes_it_degraded() -> None:
    verdict = judge(b.healthy(b.health(b.answer(500, path="/health"))), b.HTTP)
    assert verdict.state is State.DEGRADED
    assert verdict.cause
    assert verdict.cause.code == "http_health_500"


def test_lint_changes_neither_state_nor_cause() -> None:
    lint = b.finding("config", ConfigEvidence(b.HTTP.url), Status.WARN, Reason.SETTING_INVALID)
    assert judge(b.healthy(lint), b.HTTP).state is State.UP


def test_no_transport_completing_the_namespace_is_down() -> None:
    refused = b.unreachable(b.tcp(errno="ECONNREFUSED"))
    assert judge(refused, b.HTTP).state is State.DOWN


def test_a_websocket_only_url_is_down_when_only_polling_connects() -> None:
    polled = b.namespace(
        b.attempt(Transport.WEBSOCKET, Outcome.NOT_TRIED), b.attempt(Transport.POLLING)
    )
    blocked = b.healthy(b.websocket(b.failed(Reason.TIMEOUT)), b.upgrade(b.answer(400)), polled)
    assert judge(blocked, b.HTTP).state is State.DEGRADED
    assert judge(blocked, WS_ONLY).state is State.DOWN
    assert named(blocked, WS_ONLY) == "ws_blocked_drop"


def test_a_run_cut_short_is_unknown() -> None:
    assert judge([b.dns("192.0.2.1")], b.HTTP, cut_short=True).state is State.UNKNOWN


@pytest.mark.parametrize("errno", ["ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH"])
def test_a_failing_control_makes_a_dead_network_unknown(errno: str) -> None:
    verdict = judge([control("timeout"), *b.unreachable(b.tcp(errno=errno))], b.HTTP)
    assert (verdict.state, verdict.cause) == (State.UNKNOWN, None)


def test_a_failing_control_never_excuses_a_refusal() -> None:
    verdict = judge([control("timeout"), *b.unreachable(b.tcp(errno="ECONNREFUSED"))], b.HTTP)
    assert verdict.state is State.DOWN


def test_a_failing_control_never_excuses_an_http_answer() -> None:
    bad = b.replaced(
        b.healthy(),
        control("timeout"),
        b.polling(b.answer(502)),
        b.websocket(b.answer(502)),
        b.health(b.answer(502, path="/health")),
        b.namespace(b.attempt(Transport.POLLING, Outcome.NOT_TRIED)),
    )
    assert judge(bad, b.HTTP).state is State.DOWN


def test_blocked_is_at_most_likely_without_a_control() -> None:
    blocked = b.healthy(
        b.websocket(b.failed(Reason.TIMEOUT)),
        b.upgrade(b.failed(Reason.TIMEOUT)),
        b.namespace(
            b.attempt(Transport.WEBSOCKET, Outcome.NOT_TRIED), b.attempt(Transport.POLLING)
        ),
    )
    alone = judge(blocked, b.HTTP).cause
    controlled = judge([control("ok"), *blocked], b.HTTP).cause
    assert alone
    assert controlled
    assert alone.code == controlled.code == "ws_blocked_drop"
    assert (alone.confidence, controlled.confidence) == (Confidence.LIKELY, Confidence.CERTAIN)


def test_a_private_address_behind_a_typed_url_is_not_judged() -> None:
    target = replace(b.HTTP, allow_private=False)
    evidence = DnsEvidence("backend.example.com", False, ("10.0.0.1",), special=("10.0.0.1",))
    refused = b.finding("dns", evidence, Status.FAIL, Reason.BOGUS_ADDRESS)
    verdict = judge([refused], target)
    assert (verdict.state, verdict.cause) == (State.UNKNOWN, None)


def test_a_secret_of_ours_that_cannot_be_read_blames_nobody() -> None:
    evidence = ConfigEvidence(b.HTTP.url, problem="PROD_TOKEN is not set.")
    ours = b.finding("config", evidence, Status.FAIL, Reason.NOT_POSSIBLE)
    theirs = b.finding("config", evidence, Status.FAIL, Reason.SETTING_INVALID)
    assert judge([ours], b.HTTP).state is State.UNKNOWN
    assert named([ours]) is None
    assert named([theirs]) == "cli_url_missing"


def test_what_fits_no_row_names_its_layer_and_guesses_nothing() -> None:
    odd = b.healthy(b.websocket(b.answer(418)), b.upgrade(b.answer(418)))
    verdict = judge(odd, b.HTTP)
    assert verdict.cause
    assert (verdict.cause.code, verdict.cause.layer) == ("unrecognised", "websocket")
    assert verdict.cause.confidence is Confidence.POSSIBLE


def test_the_lowest_layer_is_named_when_several_causes_fit() -> None:
    findings = b.healthy(b.tcp("192.0.2.1"), b.tcp("192.0.2.2", "ECONNREFUSED"))
    findings = b.replaced(findings, b.websocket(b.answer(400), error=EioError(3, "Bad")))
    findings = b.replaced(findings, b.upgrade(b.answer(400)))
    verdict = judge(findings, b.HTTP)
    assert verdict.cause
    assert verdict.cause.code == "one_backend_dead"
    assert "ws_no_upgrade_header" in verdict.also


# ------------------------------------------------ the differential


HELD = frozenset({FollowUp.LINGER})


def test_a_healthy_run_asks_whether_it_holds_and_then_for_session_affinity() -> None:
    run = [f for f in b.healthy() if f.probe != "affinity"]
    assert wanted(run, b.HTTP, asked=frozenset()) == (FollowUp.LINGER,)
    assert wanted(run, b.HTTP, asked=HELD) == (FollowUp.AFFINITY,)
    assert wanted(run, b.HTTP, asked=HELD | {FollowUp.AFFINITY}) == ()


def test_affinity_is_not_asked_where_the_client_does_not_poll() -> None:
    run = [f for f in b.healthy() if f.probe != "affinity"]
    assert wanted(run, WS_ONLY, asked=HELD) == ()
    only = replace(b.HTTP, client=ClientSettings(transports=(Transport.WEBSOCKET,)))
    assert wanted(run, only, asked=HELD) == ()


def test_a_refusal_is_looked_at_again_before_it_is_named() -> None:
    refused = b.unreachable(b.tcp(errno="ECONNREFUSED"))
    asked = wanted(refused, b.HTTP, asked=frozenset())
    assert set(asked) == {FollowUp.RECHECK, FollowUp.OTHER_PORTS, FollowUp.VIA_PROXY}
    assert wanted(refused, b.HTTP, asked=frozenset(asked)) == ()


def test_a_follow_up_that_could_not_run_is_not_asked_twice() -> None:
    failing = b.dns(error="EAI_AGAIN")
    asked = frozenset(wanted([failing], b.HTTP, asked=frozenset()))
    assert asked == {FollowUp.DNS_DIRECT, FollowUp.VIA_PROXY}
    unable = b.finding(FollowUp.DNS_DIRECT, NoEvidence(), Status.SKIPPED, Reason.NOT_POSSIBLE)
    assert wanted([failing, unable], b.HTTP, asked=asked) == ()


_REASONS = st.sampled_from(list(Reason))
_PHASES = st.sampled_from(list(Phase))


@st.composite
def _failures(draw: st.DrawFn) -> Failure:
    return Failure(
        draw(_PHASES),
        draw(_REASONS),
        elapsed_ms=draw(st.floats(0, 30_000)),
        bytes_received=draw(st.integers(0, 100)),
        first_bytes=draw(st.sampled_from(["", "SSH-2.0-x", "\\x15\\x03\\x01"])),
        tcp=draw(
            st.none() | st.builds(TcpInfo, st.integers(0, 3), st.integers(0, 5), st.just(1.0))
        ),
    )


@st.composite
def _answers(draw: st.DrawFn) -> b.HttpAnswer:
    if draw(st.booleans()):
        return b.answer(None, failure=draw(_failures()), ttfb_ms=None)
    status = draw(
        st.sampled_from([101, 200, 204, 301, 400, 401, 403, 404, 413, 429, 502, 503, 504])
    )
    body = draw(st.sampled_from(["", "<!doctype html><form>", "Forbidden", "Cannot GET /", "ok"]))
    return b.answer(status, body, ttfb_ms=draw(st.floats(0, 5_000)))


@st.composite
def _runs(draw: st.DrawFn) -> list[Finding]:
    errors = st.none() | st.builds(EioError, st.none() | st.integers(0, 5), st.text(max_size=20))
    outcomes = st.sampled_from(list(Outcome))
    addresses = draw(
        st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"]), max_size=3)
    )
    errnos = st.sampled_from([None, "ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"])
    run = [b.dns(*addresses), *(b.tcp(a, draw(errnos)) for a in addresses)]
    run += [b.health(draw(_answers())), b.polling(draw(_answers()), error=draw(errors))]
    run += [b.websocket(draw(_answers()), error=draw(errors)), b.upgrade(draw(_answers()))]
    run.append(
        b.namespace(
            b.attempt(
                Transport.WEBSOCKET, draw(outcomes), close_code=draw(st.none() | st.just(1008))
            ),
            b.attempt(Transport.POLLING, draw(outcomes), answer=draw(_answers())),
        )
    )
    return draw(st.permutations(run))


@given(_runs())
def test_every_run_gets_a_verdict_that_keeps_the_rules(run: list[Finding]) -> None:
    verdict = judge(run, b.HTTP)
    completed = any(
        a.outcome is Outcome.CONNECTED
        for f in run
        if isinstance(f.evidence, b.NamespaceEvidence)
        for a in f.evidence.attempts
    )
    assert (verdict.state in (State.UP, State.DEGRADED)) == completed
    assert (verdict.cause is None) == (verdict.state in (State.UP, State.UNKNOWN))
    if verdict.cause:
        assert verdict.cause.code not in verdict.alternatives
        assert not set(verdict.alternatives) & set(verdict.also)
        if verdict.alternatives:
            assert verdict.cause.confidence is not Confidence.CERTAIN


@given(_runs())
def test_the_differential_ends(run: list[Finding]) -> None:
    asked: frozenset[FollowUp] = frozenset()
    for _ in FollowUp:
        more = wanted(run, b.HTTP, asked=asked)
        assert not set(more) & asked
        asked |= set(more)
        if not more:
            break
    assert wanted(run, b.HTTP, asked=asked) == ()

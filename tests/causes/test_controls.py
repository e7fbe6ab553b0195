"""Controls tell "our network is broken" from "the backend is", at the layer where they work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.causes import controls
from bot.evidence import (
    ControlEvidence,
    ControlLook,
    DnsReply,
    Failure,
    FallbackEvidence,
    Phase,
)
from bot.model import Confidence, Finding, Layer, Reason, State, Status, Transport, Verdict
from bot.verdict import judge
from tests import building as b

ONE, TWO = "https://one.example", "http://two.example"
RESOLVER = "192.0.2.53"


def control(*results: tuple[str, str], **changes: object) -> Finding:
    evidence = ControlEvidence(results, **changes)  # type: ignore[arg-type]
    if "ok" in [r for _, r in results]:
        return b.finding("control", evidence)
    return b.finding("control", evidence, Status.FAIL, Reason.CONTROL_FAILED)


def silent() -> list[Finding]:
    return b.unreachable(b.tcp(errno="ETIMEDOUT"))


def nameless() -> list[Finding]:
    return [b.dns(error="EAI_AGAIN", lookup_ms=4.0)]


def judged(*findings: Finding) -> Verdict:
    return judge(findings, b.HTTP)


def names(verdict: Verdict) -> tuple[State, str | None]:
    return verdict.state, verdict.cause.code if verdict.cause else None


def says(verdict: Verdict) -> str:
    return " ".join(m.text for m in verdict.why)


def test_one_of_several_controls_that_works_is_enough() -> None:
    verdict = judged(control((ONE, "timeout"), (TWO, "ok")), *silent())
    assert names(verdict) == (State.DOWN, "tcp_blackhole")


def test_controls_that_all_fail_make_silence_our_own() -> None:
    assert judged(control((ONE, "timeout"), (TWO, "no_route")), *silent()).state is State.UNKNOWN


@pytest.mark.parametrize("useless", [Reason.SAME_HOST, Reason.SETTING_INVALID, Reason.DEADLINE])
def test_a_control_that_says_nothing_is_none(useless: Reason) -> None:
    assert judged(control((ONE, useless)), *silent()).state is State.DOWN
    assert judged(control((ONE, useless), (TWO, "timeout")), *silent()).state is State.UNKNOWN


def test_a_hijacked_control_is_no_working_control() -> None:
    verdict = judged(control((TWO, Reason.HIJACKED)), *silent())
    assert verdict.state is State.UNKNOWN


def test_a_control_that_fails_never_degrades_a_target_that_works() -> None:
    assert judged(control((ONE, "timeout")), *b.healthy()).state is State.UP


def test_a_resolver_that_answers_blames_the_backend_where_it_is_all_there_is() -> None:
    verdict = judged(control((RESOLVER, "ok")), *silent())
    assert names(verdict) == (State.DOWN, "tcp_blackhole")


def test_a_web_control_outweighs_the_resolver_above_dns() -> None:
    both = control((ONE, "timeout"), (RESOLVER, "ok"))
    assert judged(both, *silent()).state is State.UNKNOWN


def test_the_resolver_decides_for_names() -> None:
    replies = b.dns_direct(DnsReply(RESOLVER, "A", failure=Reason.TIMEOUT))
    both = control((ONE, "resolver_failed"), (RESOLVER, "ok"))
    verdict = judged(both, *nameless(), replies)
    assert names(verdict) == (State.DOWN, "dns_timeout")
    assert verdict.cause
    assert verdict.cause.confidence is Confidence.CERTAIN


def test_a_dead_control_resolver_beside_a_working_control_leaves_the_backend_to_blame() -> None:
    both = control((ONE, "ok"), (RESOLVER, "timeout"))
    assert names(judged(both, *silent())) == (State.DOWN, "tcp_blackhole")


def test_a_resolver_alone_never_makes_a_block_above_dns_certain() -> None:
    blocked = b.healthy(
        b.websocket(b.failed(Reason.TIMEOUT)),
        b.upgrade(b.failed(Reason.TIMEOUT)),
        b.namespace(b.attempt(Transport.POLLING)),
    )
    likely = judged(control((RESOLVER, "ok")), *blocked).cause
    sure = judged(control((ONE, "ok")), *blocked).cause
    assert likely
    assert sure
    assert (likely.confidence, sure.confidence) == (Confidence.LIKELY, Confidence.CERTAIN)


def test_a_backend_that_connects_and_hangs_is_not_our_network_s_fault() -> None:
    hung = [b.dns("192.0.2.1"), b.tcp(), b.polling(b.failed(Reason.TIMEOUT))]
    assert judged(control((ONE, "timeout")), *hung).state is State.DOWN


def test_unless_the_control_connects_and_hangs_just_so() -> None:
    hung = [b.dns("192.0.2.1"), b.tcp(), b.polling(b.failed(Reason.TIMEOUT))]
    same = control((ONE, "timeout"), looks=(ControlLook(ONE, connected=True),))
    assert judged(same, *hung).state is State.UNKNOWN


def test_a_fallback_that_is_out_of_reach_too_does_not_hide_a_dead_network() -> None:
    failure = Failure(Phase.CONNECT, Reason.TIMEOUT)
    dead = b.finding(
        "fallback",
        FallbackEvidence("https://f.example", same_host=False, failure=failure),
        Status.WARN,
        Reason.FALLBACK_DEAD,
    )
    assert judged(control((ONE, "timeout")), *silent(), dead).state is State.UNKNOWN


# ------------------------------------------------ Slack, a hint and no more


def test_slack_alone_decides_nothing() -> None:
    lost = b.finding(
        "control",
        ControlEvidence(slack_connected=False),
        Status.SKIPPED,
        Reason.NOT_CONFIGURED,
    )
    verdict = judged(lost, *silent())
    assert names(verdict) == (State.DOWN, "tcp_blackhole")
    assert "Slack is lost" in says(verdict)


@pytest.mark.parametrize(("connected", "words"), [(True, "still connected"), (False, "lost")])
def test_slack_is_told_beside_controls_that_fail(connected: bool, words: str) -> None:
    verdict = judged(control((ONE, "timeout"), slack_connected=connected), *silent())
    assert verdict.state is State.UNKNOWN
    assert words in says(verdict)


# ------------------------------------------------ portals


def test_a_redirect_to_where_the_controls_are_sent_is_the_network_s_portal() -> None:
    moved = b.answer(302, headers=(("location", "https://login.example.net/start"),))
    sent = ControlLook(TWO, connected=True, status=302, elsewhere="login.example.net")
    run = [b.dns("192.0.2.1"), b.tcp(), b.polling(moved), b.websocket(moved)]
    portal = judged(control((TWO, Reason.HIJACKED), looks=(sent,)), *run)
    assert names(portal) == (State.DOWN, "http_captive_portal")
    assert portal.cause
    assert portal.cause.confidence is Confidence.CERTAIN
    assert names(judged(control((TWO, "ok")), *run)) == (State.DOWN, "http_redirect_login")


def test_one_page_for_the_target_and_for_a_control_in_the_clear_is_somebody_in_between() -> None:
    page = b.answer(
        200, "<html><title>Welcome aboard</title></html>", headers=(("content-type", "text/html"),)
    )
    run = [b.dns("192.0.2.1"), b.tcp(), b.polling(page), b.websocket(page)]
    same = ControlLook(TWO, connected=True, status=200, title="Welcome aboard")
    verdict = judged(control((TWO, "ok"), looks=(same,)), *run)
    assert names(verdict) == (State.DOWN, "http_captive_portal")
    found = b.found(control((TWO, "ok"), looks=(replace(same, title="Example"),)), *run)
    assert controls.work(found, Layer.HTTP)


# ------------------------------------------------ the clock


@pytest.mark.parametrize(
    ("code", "days_left", "offset_days"),
    [(10, -20.0, -30), (9, 100.0, 20)],
)
def test_a_certificate_that_only_our_clock_refuses_blames_nobody(
    code: int, days_left: float, offset_days: int
) -> None:
    leaf = b.certificate(days_left=days_left, lifetime_days=90.0)
    run = [b.dns("192.0.2.1"), b.tcp(), b.tls(verify_code=code, certificate=leaf)]
    off = control((TWO, "ok"), clock_offset_s=offset_days * 86_400.0)
    assert judge([off, *run], b.HTTPS).state is State.UNKNOWN
    right = control((TWO, "ok"), clock_offset_s=2.0)
    verdict = judge([right, *run], b.HTTPS)
    assert verdict.state is State.DOWN
    assert verdict.cause
    assert verdict.cause.code == ("tls_expired" if code == 10 else "tls_not_yet_valid")

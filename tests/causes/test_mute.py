"""A server that falls silent once we have joined: for a while, or for good."""

from __future__ import annotations

from dataclasses import replace

from bot.diagnose import calmed
from bot.evidence import Frame, Phase, Sample, SteadinessEvidence, WebSocketEvidence
from bot.measured import stands_still
from bot.model import Finding, FollowUp, Reason, State, Status, Transport, Verdict
from bot.verdict import judge, wanted
from tests import building as b

MUTE = replace(
    b.affinity(statuses=(), errors=(), ages_ms=(), failures=(Reason.TIMEOUT,)),
    status=Status.WARN,
    reason=Reason.NO_ANSWER,
)


def after(*outcomes: str, lag_ms: float = 0.0, late_ms: float = 3.0) -> Finding:
    times = tuple(late_ms if o == "answered" else None for o in outcomes)
    return b.finding("steadiness", SteadinessEvidence(outcomes, times, times, lag_ms))


def judged(*changes: Finding) -> Verdict:
    return judge(calmed(b.healthy(*changes), b.HTTP), b.HTTP)


def test_silence_after_the_suite_is_asked_about() -> None:
    run = b.healthy(MUTE)
    asked = frozenset({FollowUp.AFFINITY, FollowUp.LINGER})
    assert wanted(run, b.HTTP, asked=asked) == (FollowUp.STEADINESS,)


def test_silence_that_lasts_is_a_frozen_server_and_down() -> None:
    verdict = judged(MUTE, after("timeout", "timeout"))
    assert verdict.cause
    assert (verdict.state, verdict.cause.code) == (State.DOWN, "srv_frozen_after_connect")


def test_silence_that_ends_is_what_our_joining_brought() -> None:
    verdict = judged(MUTE, after("timeout", "answered", "answered"))
    assert verdict.cause
    assert (verdict.state, verdict.cause.code) == (State.DEGRADED, "srv_blocks_on_connect")


def test_an_upgrade_that_waits_beside_our_joining_is_a_handler_that_blocks() -> None:
    attempts = (
        b.attempt(Transport.WEBSOCKET, elapsed_ms=12.0),
        b.attempt(Transport.POLLING, elapsed_ms=6_000.0),
    )
    namespace = b.finding(
        "namespace",
        b.NamespaceEvidence("/", False, attempts),
        Status.WARN,
        Reason.SLOW_ANSWER,
    )
    late = WebSocketEvidence(b.answer(101, ttfb_ms=3_000.0), accept_ok=True, probe_ms=3_000.0)
    opened = WebSocketEvidence(
        b.answer(101), accept_ok=True, open=b.EIO_OPEN, frames=(Frame(1, "0{", 4.0),)
    )
    looks = (namespace, b.finding("upgrade", late), b.finding("websocket", opened))
    verdict = judged(*looks)
    assert verdict.cause
    assert verdict.cause.code == "srv_blocks_on_connect"


def test_late_answers_are_not_the_server_s_while_our_own_loop_is_late() -> None:
    slow = b.finding(
        "polling",
        b.PollingEvidence(b.answer(ttfb_ms=600.0), b.EIO_OPEN),
        Status.WARN,
        Reason.SLOW_ANSWER,
    )
    again = ("answered",) * 8
    assert judged(slow, after(*again, late_ms=500.0)).state is State.DEGRADED
    assert judged(slow, after(*again, late_ms=500.0, lag_ms=120.0)).state is State.UP


def sample(at_ms: float, ttfb_ms: float | None) -> Sample:
    silent = ttfb_ms is None
    return Sample(
        at_ms,
        0.1,
        ttfb_ms,
        None if silent else 200,
        Phase.REQUEST if silent else None,
        Reason.TIMEOUT if silent else None,
    )


def test_one_long_standstill_counts_and_one_late_answer_does_not() -> None:
    prompt = [sample(250.0 * n, 2.0) for n in range(8)]
    later = [sample(6_000.0 + 250.0 * n, 2.0) for n in range(8)]
    stall = [sample(2_000.0 + 250.0 * n, None) for n in range(5)]
    assert stands_still([*prompt, *stall, *later])
    assert not stands_still([*prompt, sample(2_000.0, 800.0), *later])
    assert not stands_still([*prompt, *stall])  # it has not come back: another cause

"""What held sessions and their twins come to: an idle timeout, a cap on age, a kick, a silence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.evidence import (
    EioOpen,
    HeldSession,
    HoldEvidence,
    Keep,
    Parted,
    Phase,
    Sample,
    TcpInfo,
    TwinEvidence,
)
from bot.model import Confidence, Finding, FollowUp, Reason, State, Status, Transport, Verdict
from bot.verdict import judge, wanted
from tests.building import HTTP, finding, healthy

OPEN = EioOpen("b2", 4, 25_000, 20_000, ("websocket",), 1_000_000)
STEADY = tuple(Sample(250.0 * n, 1.0, 4.0, 200) for n in range(40))
DEAF = (
    *STEADY[:20],
    *(Sample(5_000.0 + 250 * n, 1.0, None, None, Phase.REQUEST, Reason.TIMEOUT) for n in range(20)),
)
GONE = (
    *STEADY[:20],
    *(
        Sample(5_000.0 + 250 * n, None, None, None, Phase.CONNECT, Reason.TIMEOUT)
        for n in range(20)
    ),
)
AGE = 7_000.0
HELD = HeldSession(
    Transport.WEBSOCKET, parted=Parted.HELD, open=OPEN, joined_ms=5.0, age_ms=1.5 * AGE,
    first_echo_ms=5.0,
)  # fmt: skip
CUT = replace(HELD, parted=Parted.CUT, age_ms=AGE, talked_ms=10.0)
SILENT = replace(
    HELD, parted=Parted.SILENT, age_ms=AGE, talked_ms=2_000.0, echo_asked=True, tcp=TcpInfo(0, 0, 1)
)


def held(
    session: HeldSession, *twins: HeldSession, samples: tuple[Sample, ...] = STEADY
) -> Verdict:
    """The verdict on a backend that is healthy but for this."""
    return judge(_findings(session, *twins, samples=samples), HTTP)


def _findings(
    session: HeldSession, *twins: HeldSession, samples: tuple[Sample, ...] = STEADY
) -> list[Finding]:
    hold = HoldEvidence(90_000.0, (session,), samples)
    changed = [finding(FollowUp.HOLD, hold, Status.FAIL, Reason.EOF)]
    if twins:
        changed.append(finding(FollowUp.TWIN, TwinEvidence(session.age_ms, twins), Status.FAIL))
    return healthy(*changed)


def keeping(session: HeldSession, keep: Keep) -> HeldSession:
    return replace(session, keep=keep, every_ms=session.age_ms / 3)


def named(verdict: Verdict) -> tuple[str, Confidence]:
    assert verdict.cause is not None
    return verdict.cause.code, verdict.cause.confidence


def test_before_the_twin_a_cut_is_only_likely_and_the_twin_is_asked_for() -> None:
    verdict = held(CUT)
    assert named(verdict) == ("ws_proxy_idle", Confidence.LIKELY)
    assert verdict.alternatives == ("ws_lifetime_cap",)
    done = frozenset({FollowUp.LINGER, FollowUp.AFFINITY})
    asked = wanted(_findings(CUT), HTTP, asked=done, deep=True)
    assert asked == (FollowUp.TWIN,)
    assert not set(wanted(_findings(CUT), HTTP, asked=done)) & {FollowUp.TWIN, FollowUp.SAMPLER}


def test_quiet_sessions_cut_and_talking_ones_not_are_an_idle_timeout() -> None:
    verdict = held(CUT, CUT, keeping(HELD, Keep.PING), keeping(HELD, Keep.EVENT))
    assert named(verdict) == ("ws_proxy_idle", Confidence.CERTAIN)
    assert "cli_keepalive_too_slow" in verdict.also  # 25 s against a cut after 7


def test_all_sessions_cut_at_one_age_are_a_cap_on_age() -> None:
    verdict = held(CUT, CUT, keeping(CUT, Keep.PING), keeping(CUT, Keep.EVENT))
    assert named(verdict) == ("ws_lifetime_cap", Confidence.CERTAIN)


def test_a_session_that_has_survived_a_longer_silence_was_not_cut_for_its_quiet() -> None:
    assert named(held(replace(CUT, survived_ms=9_000.0)))[0] == "ws_lifetime_cap"


def test_a_twin_that_ends_otherwise_leaves_no_timer_certain() -> None:
    verdict = held(CUT, HELD, keeping(HELD, Keep.PING))
    assert verdict.cause is None or verdict.cause.confidence is not Confidence.CERTAIN


@pytest.mark.parametrize("goodbye", ["41", "1"])
def test_who_is_kicked_without_the_event_and_kept_with_it_lacks_the_keep_alive(
    goodbye: str,
) -> None:
    kicked = replace(CUT, parted=Parted.KICKED, goodbye=goodbye)
    alive = keeping(HELD, Keep.EVENT)
    verdict = held(kicked, kicked, keeping(kicked, Keep.PING), alive)
    assert named(verdict) == ("sio_kicked_no_keepalive", Confidence.CERTAIN)
    kept_out = held(kicked, kicked, keeping(kicked, Keep.PING), keeping(kicked, Keep.EVENT))
    assert named(kept_out) == ("sio_kicked_later", Confidence.CERTAIN)


def test_a_close_when_the_pong_was_due_is_no_kick() -> None:
    closed = replace(
        CUT, parted=Parted.CLOSED, close_code=1005, age_ms=45_000.0, pings_ms=(25_000.0,)
    )
    assert named(held(closed)) == ("cli_no_pong", Confidence.LIKELY)
    assert named(held(replace(closed, age_ms=44_940.0)))[0] != "cli_no_pong"  # nobody is early


def test_silence_is_told_apart_by_the_late_echo_and_the_others() -> None:
    frozen = held(SILENT, samples=DEAF)
    assert named(frozen) == ("srv_frozen_after_connect", Confidence.CERTAIN)
    assert frozen.state is State.DOWN
    lost = replace(SILENT, tcp=TcpInfo(2, 4, 1.0))
    assert named(held(lost))[0] == "ws_flow_dropped"
    assert named(held(lost, samples=GONE))[0] == "net_cut_midway"
    assert named(held(replace(SILENT, echo_ms=3.0)))[0] == "srv_no_pings"

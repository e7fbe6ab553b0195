"""A whole diagnosis: suite, follow-ups, verdict, deadlines, cancelling."""

from __future__ import annotations

import asyncio
import gc
import time
from dataclasses import replace

import pytest

from bot import diagnose as diagnose_module
from bot.diagnose import Progress, diagnose, unexplained
from bot.evidence import ConfigEvidence, Failure, HttpAnswer, HttpEvidence, NoEvidence, Phase
from bot.model import (
    Finding,
    FollowUp,
    Layer,
    Reason,
    Report,
    SecretRef,
    State,
    Status,
    Target,
)
from bot.net.connection import Connection
from bot.probes import SUITE, ProbeRow
from bot.probes.look import Look
from tests.net.scripted import Peer, Scripted
from tests.servers.fixtures import StartNode, StartPython

NAMES = [row.name for row in SUITE]


def slowed(report: Report) -> bool:
    """Whether this machine is so loaded that a healthy answer came late."""
    problems = [f for f in report.findings if f.status in (Status.WARN, Status.FAIL)]
    return bool(problems) and {f.reason for f in problems} <= {Reason.SLOW_ANSWER, Reason.UNSTABLE}


async def silent(peer: Peer) -> None:
    await peer.silence()


@pytest.mark.node
async def test_a_healthy_backend_is_up_and_affinity_was_asked(node_server: StartNode) -> None:
    server = await node_server()
    seen: list[Progress] = []
    report = await diagnose(
        Target("prod", f"{server.url}/?token=hidden"), on_progress=seen.append, strict=True
    )
    assert report.verdict.state is State.UP or slowed(report)
    assert report.target_url == f"{server.url}/"
    assert [f.probe for f in report.findings] == [*NAMES, FollowUp.LINGER, FollowUp.AFFINITY]
    assert {p.probe for p in seen if p.finding is None} == {
        *NAMES,
        FollowUp.LINGER,
        FollowUp.AFFINITY,
    }
    assert {p.probe for p in seen if p.finding is not None} == {
        *NAMES,
        FollowUp.LINGER,
        FollowUp.AFFINITY,
    }
    assert "hidden" not in repr(report)


@pytest.mark.node
async def test_a_websocket_only_client_is_asked_nothing_about_affinity(
    node_server: StartNode,
) -> None:
    server = await node_server()
    report = await diagnose(Target("prod", server.url.replace("http", "ws")), strict=True)
    assert report.verdict.state is State.UP or slowed(report)
    assert [f.probe for f in report.findings] == [*NAMES, FollowUp.LINGER]


async def test_a_dead_port_is_down_and_names_tcp() -> None:
    async with Scripted(silent) as server:
        url = server.url
    report = await diagnose(Target("prod", url), strict=True)
    assert report.verdict.state is State.DOWN
    assert report.verdict.cause is not None
    assert report.verdict.cause.layer is Layer.TCP


async def test_a_url_that_cannot_be_used_is_a_finding_and_nothing_is_dialled() -> None:
    report = await diagnose(Target("prod", "undefined"), strict=True)
    assert [f.probe for f in report.findings] == NAMES
    first, *rest = report.findings
    assert (first.status, first.reason) == (Status.FAIL, Reason.SETTING_INVALID)
    assert isinstance(first.evidence, ConfigEvidence)
    assert first.evidence.problem
    assert {f.status for f in rest} == {Status.SKIPPED}


async def test_a_secret_that_cannot_be_had_is_a_problem_of_the_settings() -> None:
    target = Target("prod", "http://127.0.0.1:9", auth=SecretRef("env:WSDIAG_TEST_ABSENT"))
    report = await diagnose(target, strict=True)
    evidence = report.findings[0].evidence
    assert isinstance(evidence, ConfigEvidence)
    assert "WSDIAG_TEST_ABSENT" in (evidence.problem or "")


async def test_the_deadline_of_the_run_cuts_and_the_verdict_is_unknown() -> None:
    async with Scripted(silent) as server:
        report = await diagnose(Target("prod", server.url), deadline_s=0.5, strict=True)
    cut = [f for f in report.findings if f.reason is Reason.DEADLINE]
    assert {"http", "polling", "websocket"} <= {f.probe for f in cut}
    assert all(f.status is Status.SKIPPED for f in cut)
    assert report.verdict.state is State.UNKNOWN


async def test_cancelling_ends_at_once_and_lets_go_of_the_server() -> None:
    arrived = asyncio.Event()

    async def script(peer: Peer) -> None:
        arrived.set()
        await peer.silence()

    async with Scripted(script) as server:
        task = asyncio.create_task(diagnose(Target("prod", server.url)))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.left()


def with_probe(monkeypatch: pytest.MonkeyPatch, row: ProbeRow) -> None:
    rows = tuple(row if r.name == row.name else r for r in SUITE)
    monkeypatch.setattr(diagnose_module, "SUITE", rows)


async def broken(look: Look) -> Finding:
    raise LookupError("our own mistake")


async def test_a_mistake_of_ours_is_logged_and_says_nothing_about_the_target(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with_probe(monkeypatch, ProbeRow("fallback", broken, (), 1.0))
    report = await diagnose(Target("prod", "http://127.0.0.1:9"))
    (finding,) = [f for f in report.findings if f.probe == "fallback"]
    assert (finding.status, finding.reason) == (Status.SKIPPED, Reason.UNRECOGNISED)
    assert "our own mistake" in caplog.text
    with pytest.raises(LookupError):
        await diagnose(Target("prod", "http://127.0.0.1:9"), strict=True)


async def test_a_probe_over_its_own_deadline_does_not_cut_the_run_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def endless(look: Look) -> Finding:
        await asyncio.sleep(3_600)
        raise AssertionError

    with_probe(monkeypatch, ProbeRow("fallback", endless, (), 0.05))
    report = await diagnose(Target("prod", "http://127.0.0.1:9"), strict=True)
    (finding,) = [f for f in report.findings if f.probe == "fallback"]
    assert finding.reason is Reason.DEADLINE
    assert report.verdict.state is State.DOWN


def unreached(phase: Phase) -> Finding:
    failure = Failure(phase, Reason.RESET)
    answer = HttpAnswer("GET", "/health", failure=failure)
    evidence = HttpEvidence(answer, configured=False)
    return Finding("http", Status.SKIPPED, Reason.NOT_REACHED, evidence, 1.0)


def test_a_failure_that_no_lower_layer_explains_counts_where_it_was_seen() -> None:
    healthy = Finding("tcp", Status.OK, None, NoEvidence(), 1.0)
    broken_tcp = replace(healthy, status=Status.FAIL, reason=Reason.REFUSED)
    lost = unexplained([healthy, unreached(Phase.CONNECT)])[1]
    told = unexplained([broken_tcp, unreached(Phase.CONNECT)])[1]
    assert (lost.status, lost.reason) == (Status.FAIL, Reason.RESET)
    assert (told.status, told.reason) == (Status.SKIPPED, Reason.NOT_REACHED)


def test_the_clock_of_a_report_is_aware() -> None:
    started = time.monotonic()
    report = asyncio.run(diagnose(Target("prod", ""), strict=True))
    assert report.started_at.tzinfo is not None
    assert report.duration_ms <= (time.monotonic() - started) * 1_000 + 1


@pytest.mark.parametrize("deadline_s", [7.0])
async def test_a_follow_up_that_no_time_is_left_for_leaves_the_state_sure(
    deadline_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        diagnose_module.verdict,
        "wanted",
        lambda _findings, _target, *, asked, deep: () if asked or deep else (FollowUp.RECHECK,),
    )
    async with Scripted(silent) as server:
        report = await diagnose(Target("prod", server.url), deadline_s=deadline_s, strict=True)
    (recheck,) = [f for f in report.findings if f.probe == FollowUp.RECHECK]
    assert recheck.reason is Reason.DEADLINE
    assert report.verdict.state is State.DOWN


async def test_a_run_cancelled_at_any_moment_leaves_no_socket_open(
    socketio_server: StartPython,
) -> None:
    server = await socketio_server()
    for moment_ms in range(0, 60, 5):
        run = asyncio.create_task(diagnose(Target("t", server.url)))
        await asyncio.sleep(moment_ms / 1_000)
        run.cancel()
        await asyncio.wait({run})
        del run
        gc.collect()  # a lost socket speaks up as a ResourceWarning, which fails the test


@pytest.mark.parametrize("listening", [True, False])
async def test_a_run_leaves_nothing_to_the_collector_of_cycles(
    listening: bool, socketio_server: StartPython
) -> None:
    server = await socketio_server()
    if not listening:
        await server.stop()
    gc.collect()
    gc.disable()
    try:
        await diagnose(Target("t", server.url))
        await asyncio.sleep(0)  # callbacks of what has ended
        left = [thing for thing in gc.get_objects() if isinstance(thing, Look | Connection)]
    finally:
        gc.enable()
    assert not left

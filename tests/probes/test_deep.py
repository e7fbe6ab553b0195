"""The deep check against real servers: what it holds, sends, shows and lets go of."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.diagnose import Progress, diagnose
from bot.evidence import HoldEvidence, LadderEvidence, Parted
from bot.model import Finding, FollowUp, Reason, Report, State, Status, Target
from tests.servers.fixtures import StartNode, StartPython
from tests.servers.python_socketio import PythonServer

SECONDS = {"ping_interval": 1, "ping_timeout": 1}


def of(report: Report, follow_up: FollowUp) -> Finding:
    (finding,) = [f for f in report.findings if f.probe == follow_up]
    return finding


def established(port: int) -> int:
    """Connections of this machine to a port that are still open on our side."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    return sum(1 for row in rows if row[2].endswith(f":{port:04X}") and row[3] == "01")


async def test_nothing_of_the_ladder_reaches_an_application_that_listens_to_everything(
    socketio_server: StartPython,
) -> None:
    heard: list[str] = []

    def listen(server: PythonServer) -> None:
        async def anything(event: str, _sid: str, *_data: object) -> None:
            heard.append(event)

        server.sio.on("*", anything)

    server = await socketio_server(prepare=listen, **SECONDS)
    seen: list[Progress] = []
    report = await diagnose(Target("prod", server.url), deep=True, on_progress=seen.append)
    ladder = of(report, FollowUp.LADDER).evidence
    assert isinstance(ladder, LadderEvidence)
    assert {r.size for r in ladder.rungs if r.upload} == {1_000, 20_000, 200_000}
    assert any(not r.upload and r.size == 20_000 and r.elapsed_ms for r in ladder.rungs)
    assert heard == []
    assert server.keep_alives == 0
    held = of(report, FollowUp.HOLD).evidence
    assert isinstance(held, HoldEvidence)
    assert [s.parted for s in held.sessions] == [Parted.HELD, Parted.HELD]
    assert all(s.pings_ms for s in held.sessions)
    assert any(p.note for p in seen if p.probe == FollowUp.HOLD)


@pytest.mark.node
async def test_what_the_deadline_cuts_is_said_with_what_was_seen(node_server: StartNode) -> None:
    server = await node_server()
    report = await diagnose(Target("prod", server.url), deep=True, deadline_s=8.0, strict=True)
    hold = of(report, FollowUp.HOLD)
    assert (hold.status, hold.reason) == (Status.SKIPPED, Reason.DEADLINE)
    assert isinstance(hold.evidence, HoldEvidence)
    assert hold.evidence.cut_short
    assert hold.evidence.samples
    assert report.verdict.state is not State.DOWN


@pytest.mark.node
async def test_cancelling_a_hold_lets_go_of_the_server(node_server: StartNode) -> None:
    server = await node_server()
    holding = asyncio.Event()

    def watch(progress: Progress) -> None:
        done = progress.note.values["done"] if progress.note else 0
        if progress.probe == FollowUp.HOLD and isinstance(done, int) and done >= 2:
            holding.set()

    checking = asyncio.create_task(
        diagnose(Target("prod", server.url), deep=True, on_progress=watch)
    )
    async with asyncio.timeout(30):
        await holding.wait()
    assert established(server.port)
    checking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await checking
    assert established(server.port) == 0

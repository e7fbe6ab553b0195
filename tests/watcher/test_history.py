"""What the watcher remembers, over real connections that something in front keeps ending."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.diagnose import diagnose
from bot.evidence import Ending
from bot.model import Reason, State, Target, TransitionKind, Transport, WatchSettings
from bot.patterns import Sample, Session
from bot.store import Store, StoreError
from bot.watcher import Link
from tests.servers.cutting import CuttingProxy
from tests.servers.fixtures import StartPython
from tests.watcher.conftest import WATCH, running

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def a_target(port: int, **changes: object) -> Target:
    target = Target("prod", f"ws://127.0.0.1:{port}", watch=WATCH, deadline_s=10)
    return replace(target, **changes)  # type: ignore[arg-type]


async def test_connections_that_ended_at_one_age_are_one_incident_until_one_lives_on(
    tmp_path: Path, socketio_server: StartPython
) -> None:
    server = await socketio_server()
    age_s, now = 2.0, datetime.now(UTC)
    remembered = [
        Session(
            "prod",
            now - timedelta(seconds=2.1 * n),
            age_s,
            Transport.WEBSOCKET,
            Ending.CUT,
            Reason.EOF,
            idle_s=0.5,
        )
        for n in range(12)
    ]
    async with await Store.open(f"sqlite:///{tmp_path / 'wsdiag.db'}") as store:
        await store.history.add(remembered, [])
    target = a_target(server.port, watch=WatchSettings(interval_s=1.0, confirm_s=0.1))
    async with running(tmp_path, target, diagnose=diagnose) as bot:
        opened, closed = await bot.told(TransitionKind.OPENED, TransitionKind.CLOSED)
        (incident,) = await bot.incidents()
    assert opened.state is State.DEGRADED
    assert incident.report is not None
    verdict = incident.report.verdict
    assert verdict.cause is not None
    assert verdict.cause.code == "ws_lifetime_cap"
    assert verdict.why[0].values["count"] >= 10
    assert closed.state is State.UP


async def test_how_connections_ended_is_kept_our_own_goodbye_too_and_each_once(
    tmp_path: Path, socketio_server: StartPython
) -> None:
    server = await socketio_server()
    after_s = 0.5
    async with CuttingProxy(server.port, after_s=after_s) as proxy:
        target = a_target(proxy.port)
        async with running(tmp_path, target) as bot:
            cut: list[Session] = []
            async with asyncio.timeout(60):
                while len(cut) < 2:
                    await asyncio.sleep(0.2)
                    kept = await bot.store.history.sessions("prod", since=LONG_AGO)
                    cut = [s for s in kept if s.ending is Ending.CUT]
            proxy.after_s = None
            before = bot.snapshot().reconnects
            await bot.see(lambda now: now.reconnects > before and now.link is Link.CONNECTED)
        async with await Store.open(f"sqlite:///{tmp_path / 'wsdiag.db'}") as store:
            sessions = await store.history.sessions("prod", since=LONG_AGO)
    assert len({(s.ended_at, s.age_s) for s in sessions}) == len(sessions)
    assert sessions[-1].ending is Ending.OURS
    assert all(s.age_s >= after_s for s in sessions if s.ending is Ending.CUT)
    assert all(s.transport is Transport.WEBSOCKET and s.idle_s for s in cut)


async def test_a_healthy_connection_leaves_samples_and_no_pattern(
    tmp_path: Path, socketio_server: StartPython
) -> None:
    server = await socketio_server()
    async with running(tmp_path, a_target(server.port)) as bot:
        await bot.see(lambda now: now.link is Link.CONNECTED and now.state is State.UP)
        samples: list[Sample] = []
        async with asyncio.timeout(20):
            while not any(s.rtt_ms and s.websocket_s and s.up_s for s in samples):
                await asyncio.sleep(0.2)
                samples = await bot.store.history.samples("prod", 1, since=LONG_AGO)
        memory = bot.snapshot().memory
    assert memory is not None
    assert memory.patterns == ()


class Broken:
    """A history whose database does not work, whatever is asked of it."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        async def fail(*_arguments: object, **_options: object) -> object:
            raise StoreError(f"The disk is full ({name}).")

        return fail


async def test_a_history_that_cannot_be_kept_harms_neither_watching_nor_alerts(
    tmp_path: Path, socketio_server: StartPython, caplog: pytest.LogCaptureFixture
) -> None:
    server = await socketio_server()
    async with running(tmp_path, a_target(server.port), history=Broken()) as bot:
        await bot.see(lambda now: now.link is Link.CONNECTED and now.state is State.UP)
        await server.stop()
        await bot.told(TransitionKind.OPENED)
    complaints = [r for r in caplog.records if "history cannot be" in r.message]
    assert len(complaints) == 1

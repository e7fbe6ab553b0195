"""Outages of real servers, seen by real watchers: what is told, and what is not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from bot.model import (
    ClientSettings,
    Controls,
    Report,
    State,
    Target,
    TransitionKind,
    Transport,
    Trouble,
    Verdict,
)
from bot.watcher import Link
from tests.servers.fixtures import StartPython
from tests.servers.process import ChildProcess, free_port
from tests.watcher.conftest import QUICK, WATCH, running, until
from tests.watcher.prober import probe

OPENED, CHANGED, CLOSED = TransitionKind


class ServerProcess(ChildProcess):
    """tests/watcher/server_script.py on a port that stays the same over restarts."""

    def __init__(self, port: int) -> None:
        super().__init__([sys.executable, "-m", "tests.watcher.server_script", str(port)])
        self.port = port

    async def start(self) -> None:
        self.lines.clear()
        await super().start()
        await self.line(lambda line: line.startswith("listening"))


StartServer = Callable[[], Awaitable[ServerProcess]]


@pytest.fixture
async def server_process() -> AsyncIterator[StartServer]:
    async with AsyncExitStack() as stack:

        async def start() -> ServerProcess:
            return await stack.enter_async_context(ServerProcess(free_port()))

        yield start


def a_target(port: int, **changes: object) -> Target:
    target = Target("prod", f"http://127.0.0.1:{port}", watch=WATCH, deadline_s=10)
    return replace(target, **changes)  # type: ignore[arg-type]


async def test_a_killed_backend_is_told_once_and_its_recovery_too(
    tmp_path: Path, server_process: StartServer
) -> None:
    server = await server_process()
    async with running(tmp_path, a_target(server.port)) as bot:
        await bot.see(lambda now: now.link is Link.CONNECTED and now.state is State.UP)
        await server.kill()
        (opened,) = await bot.told(OPENED)
        assert opened.state is State.DOWN
        assert opened.cause is not None
        assert opened.cause.code == "tcp_refused"
        now = bot.snapshot()
        assert now.incident is not None
        assert now.incident.opened_at == opened.at
        assert now.link in (Link.CONNECTING, Link.DISCONNECTED)
        await server.start()
        _, closed = await bot.told(OPENED, CLOSED)
        assert closed.incident_id == opened.incident_id
        assert closed.at > opened.at
        now = await bot.see(lambda now: now.link is Link.CONNECTED)
        assert (now.state, now.incident, now.trouble, now.reconnects) == (State.UP, None, None, 1)


async def test_a_frozen_backend_is_noticed_by_its_heartbeat_and_recovers_by_itself(
    tmp_path: Path, server_process: StartServer
) -> None:
    server = await server_process()
    async with running(tmp_path, a_target(server.port)) as bot:
        await bot.see(lambda now: now.link is Link.CONNECTED and now.rtt_ms is not None)
        server.freeze()
        now = await bot.see(lambda now: now.trouble is not None)
        assert now.trouble is not None
        assert now.trouble.trouble is Trouble.HEARTBEAT_MISSED
        (opened,) = await bot.told(OPENED)
        assert opened.state is State.DOWN
        await bot.see(lambda now: now.link not in (Link.CONNECTED, Link.SUSPECT))  # dropped
        server.resume()
        await bot.told(OPENED, CLOSED)
        await bot.see(lambda now: now.link is Link.CONNECTED)


async def test_a_stall_that_ends_within_the_window_is_told_to_nobody(
    tmp_path: Path, server_process: StartServer
) -> None:
    server = await server_process()
    patient = replace(WATCH, confirm_s=3.0)
    async with running(
        tmp_path, a_target(server.port, watch=patient), pace=replace(QUICK, drop_s=30)
    ) as bot:
        await bot.see(lambda now: now.link is Link.CONNECTED and now.last_check_at is not None)
        first = bot.snapshot().last_check_at
        server.freeze()
        await bot.see(lambda now: now.link is Link.SUSPECT)
        server.resume()
        now = await bot.see(lambda now: now.link is Link.CONNECTED)
        assert now.reconnects == 0  # held on to: a late answer is an answer
        await bot.see(lambda now: now.last_check_at != first)
        await bot.see(lambda now: now.trouble is None)
        assert await bot.incidents() == []


async def test_a_restart_within_the_window_is_told_to_nobody(
    tmp_path: Path, socketio_server: StartPython
) -> None:
    server = await socketio_server()
    patient = replace(WATCH, confirm_s=3.0)
    async with running(tmp_path, a_target(server.port, watch=patient)) as bot:
        await bot.see(lambda now: now.link is Link.CONNECTED and now.last_check_at is not None)
        checked = bot.snapshot().last_check_at
        await server.stop()
        await bot.see(lambda now: now.trouble is not None)
        await bot.see(lambda now: now.last_check_at != checked)  # the probes saw it down
        await socketio_server(port=server.port)
        seen_down = bot.snapshot().last_check_at
        await bot.see(lambda now: now.link is Link.CONNECTED and now.reconnects == 1)
        await bot.see(lambda now: now.last_check_at != seen_down)  # and up again, at the end
        assert bot.snapshot().state is State.UP
        assert await bot.incidents() == []


async def test_a_restart_that_is_over_when_a_long_look_ends_is_told_to_nobody(
    tmp_path: Path, socketio_server: StartPython
) -> None:
    server = await socketio_server()
    looks: list[State] = []

    async def slowly(target: Target, *, controls: Controls, memory: object) -> Report:
        """The look sees it down, and takes until long after the window and the restart."""
        report = await probe(target, controls=controls)
        looks.append(report.verdict.state)
        if report.verdict.state is State.DOWN:
            await asyncio.sleep(2 * WATCH.confirm_s)
            await socketio_server(port=server.port)
        return report

    lazy = replace(QUICK, retry_first_s=20.0, retry_max_s=20.0)
    async with running(tmp_path, a_target(server.port), pace=lazy, diagnose=slowly) as bot:
        await bot.see(lambda now: now.link is Link.CONNECTED and now.last_check_at is not None)
        await server.stop()
        await until(lambda: looks[1:] == [State.DOWN, State.UP])
        assert bot.snapshot().link is Link.CONNECTED
        assert await bot.incidents() == []


async def test_an_incident_open_at_a_restart_is_continued(
    tmp_path: Path, server_process: StartServer
) -> None:
    server = await server_process()
    target = a_target(server.port)
    async with running(tmp_path, target) as bot:
        await bot.see(lambda now: now.link is Link.CONNECTED)
        await server.kill()
        (opened,) = await bot.told(OPENED)
    async with running(tmp_path, target) as bot:
        now = await bot.see(lambda now: now.last_check_at is not None)
        assert now.incident is not None
        assert now.incident.id == opened.incident_id
        await server.start()
        _, closed = await bot.told(OPENED, CLOSED)
        assert closed.incident_id == opened.incident_id
        assert len(await bot.incidents()) == 1


async def test_a_recovery_while_the_bot_was_away_is_told_when_it_is_back(
    tmp_path: Path, server_process: StartServer
) -> None:
    server = await server_process()
    target = a_target(server.port)
    async with running(tmp_path, target) as bot:
        await server.kill()
        await bot.told(OPENED)
    await server.start()
    async with running(tmp_path, target) as bot:
        await bot.told(OPENED, CLOSED)


async def test_a_target_that_is_down_from_the_start_is_told_once(tmp_path: Path) -> None:
    async with running(tmp_path, a_target(free_port())) as bot:
        (opened,) = await bot.told(OPENED)
        assert opened.state is State.DOWN
        checked = bot.snapshot().last_check_at
        await bot.see(lambda now: now.last_check_at != checked)
        await bot.told(OPENED)


async def test_a_backend_on_polling_only_is_degraded_until_websocket_is_back(
    tmp_path: Path, socketio_server: StartPython
) -> None:
    crippled = await socketio_server(transports=["polling"])
    async with running(tmp_path, a_target(crippled.port)) as bot:
        (opened,) = await bot.told(OPENED)
        assert opened.state is State.DEGRADED
        now = await bot.see(lambda now: now.transport is Transport.POLLING)
        assert now.trouble is not None
        assert now.trouble.trouble is Trouble.POLLING_ONLY
        await crippled.stop()
        await socketio_server(port=crippled.port)
        await until(lambda: bot.snapshot().state is State.UP)
        # Between the two servers it may have been seen down: the same incident, that got worse.
        now = await bot.see(lambda now: now.transport is Transport.WEBSOCKET)
        assert now.incident is None
        told = await bot.store.pending()
        assert [d.kind for d in told] in ([OPENED, CLOSED], [OPENED, CHANGED, CLOSED])
        assert len({delivery.incident_id for delivery in told}) == 1


async def test_a_websocket_that_is_back_when_the_window_ends_is_told_to_nobody_over_polling(
    tmp_path: Path, socketio_server: StartPython
) -> None:
    crippled = await socketio_server(transports=["polling"])
    holding: list[bool] = []

    async def mended(target: Target, *, controls: Controls, memory: object) -> Report:
        """Only the first look at the connection over polling finds WebSocket refused."""
        report = await probe(target, controls=controls)
        over_polling = bot.snapshot().transport is Transport.POLLING
        holding.append(over_polling)
        if over_polling and sum(holding) == 1:
            return report
        return replace(report, verdict=Verdict(State.UP, None))

    async with running(tmp_path, a_target(crippled.port), diagnose=mended) as bot:
        await until(lambda: sum(holding) >= 3)
        assert await bot.incidents() == []


async def test_a_client_told_polling_only_finds_nothing_wrong_with_polling(
    tmp_path: Path, socketio_server: StartPython
) -> None:
    # Quick pings: python-engineio's server leaves a poll waiting for one after a goodbye.
    server = await socketio_server(ping_interval=0.3, ping_timeout=0.3)
    polling = ClientSettings(transports=(Transport.POLLING,))
    async with running(tmp_path, a_target(server.port, client=polling)) as bot:
        now = await bot.see(lambda now: now.link is Link.CONNECTED and now.state is State.UP)
        assert now.transport is Transport.POLLING
        assert now.trouble is None


async def test_what_a_held_connection_does_not_show_is_found_by_the_routine_check(
    tmp_path: Path, socketio_server: StartPython
) -> None:
    server = await socketio_server()
    often = replace(WATCH, interval_s=0.3, confirm_s=0.2)
    async with running(tmp_path, a_target(server.port, watch=often)) as bot:
        await bot.see(lambda now: now.link is Link.CONNECTED and now.state is State.UP)
        server.sio.eio.transports = ["polling"]  # new sessions only: the held one lives on
        (opened,) = await bot.told(OPENED)
        assert opened.state is State.DEGRADED
        assert bot.snapshot().link is Link.CONNECTED
        server.sio.eio.transports = ["polling", "websocket"]
        await bot.told(OPENED, CLOSED)
        assert bot.snapshot().reconnects == 0


async def test_periodic_watching_holds_no_connection(
    tmp_path: Path, server_process: StartServer
) -> None:
    server = await server_process()
    periodic = replace(WATCH, mode="periodic", interval_s=0.3)
    async with running(tmp_path, a_target(server.port, watch=periodic)) as bot:
        now = await bot.see(lambda now: now.state is State.UP)
        assert (now.link, now.transport, now.trouble) == (Link.OFF, None, None)
        await server.kill()
        await bot.told(OPENED)
        await server.start()
        await bot.told(OPENED, CLOSED)


async def test_without_a_channel_an_incident_is_recorded_and_nobody_told(tmp_path: Path) -> None:
    async with running(tmp_path, a_target(free_port()), channel=None) as bot:
        await bot.see(lambda now: now.incident is not None)
        assert len(await bot.incidents()) == 1
        assert await bot.store.pending() == []


async def test_a_targets_own_channel_goes_before_the_default_one(tmp_path: Path) -> None:
    async with running(tmp_path, a_target(free_port(), channel="C-own")) as bot:
        assert [d.channel for d in await bot.told(OPENED)] == ["C-own"]

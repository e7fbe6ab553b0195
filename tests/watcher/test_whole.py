"""The watcher with the real diagnosis, on real servers: nothing here is made up."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.diagnose import diagnose
from bot.model import Controls, Delivery, State, Target, TransitionKind
from bot.store import Store
from bot.watcher import Link
from tests.servers.black_hole import black_hole
from tests.servers.fixtures import StartNode
from tests.servers.process import ChildProcess, free_port
from tests.watcher.conftest import WATCH, running

OPENED, CHANGED, CLOSED = TransitionKind
EVER = datetime(2000, 1, 1, tzinfo=UTC)


def a_target(url: str, **changes: object) -> Target:
    return replace(Target("prod", url, watch=WATCH), **changes)  # type: ignore[arg-type]


def code(delivery: Delivery) -> str | None:
    return delivery.cause.code if delivery.cause else None


async def test_a_killed_backend_is_named_and_its_recovery_told(
    tmp_path: Path, node_server: StartNode
) -> None:
    server = await node_server()
    async with running(tmp_path, a_target(server.url), diagnose=diagnose) as bot:
        await bot.see(lambda now: now.link is Link.CONNECTED and now.state is State.UP)
        await server.kill()
        (opened,) = await bot.told(OPENED)
        assert (opened.state, code(opened)) == (State.DOWN, "tcp_refused")
        await server.start()
        _, closed = await bot.told(OPENED, CLOSED)
        assert (closed.state, code(closed)) == (State.UP, "tcp_refused")


async def test_a_frozen_backend_is_named_and_its_recovery_told(
    tmp_path: Path, node_server: StartNode
) -> None:
    server = await node_server()
    async with running(tmp_path, a_target(server.url), diagnose=diagnose) as bot:
        await bot.see(lambda now: now.link is Link.CONNECTED and now.state is State.UP)
        server.freeze()
        (opened,) = await bot.told(OPENED)
        assert (opened.state, code(opened)) == (State.DOWN, "srv_frozen")
        server.resume()
        await bot.told(OPENED, CLOSED)


async def test_a_backend_without_websocket_is_degraded(
    tmp_path: Path, node_server: StartNode
) -> None:
    server = await node_server()
    async with running(tmp_path, a_target(server.url), diagnose=diagnose) as bot:
        await bot.see(lambda now: now.link is Link.CONNECTED and now.state is State.UP)
        await server.restart(transports=["polling"])
        now = await bot.see(lambda now: now.incident is not None and now.state is State.DEGRADED)
        assert now.incident is not None
        assert now.incident.cause is not None
        assert now.incident.cause.code == "ws_transport_disabled"
        await server.restart(transports=["polling", "websocket"])
        await bot.see(lambda now: now.incident is None and now.state is State.UP)
        told = await bot.store.pending()
        assert [d.kind for d in told if d.kind is not CHANGED] == [OPENED, CLOSED]


async def test_trouble_that_may_be_ours_opens_nothing(tmp_path: Path) -> None:
    """Neither the target nor the control can be reached: that may well be us."""
    dead = Controls(urls=(f"http://127.0.0.1:{free_port()}/",))
    with black_hole() as port:
        target = a_target(f"http://127.0.0.1:{port}")
        await _blames_nobody(tmp_path, target, dead)


async def _blames_nobody(tmp_path: Path, target: Target, dead: Controls) -> None:
    async with running(tmp_path, target, diagnose=diagnose, controls=dead) as bot:
        first = (await bot.see(lambda now: now.last_check_at is not None)).last_check_at
        now = await bot.see(lambda now: now.last_check_at != first)
        assert now.trouble is not None
        assert now.last_report is not None
        assert now.last_report.verdict.state is State.UNKNOWN
        assert (now.state, await bot.incidents()) == (State.UNKNOWN, [])
        samples = await bot.store.history.samples("prod", 1, since=EVER)
        assert {(s.up_s, s.degraded_s, s.down_s) for s in samples} == {(0.0, 0.0, 0.0)}


async def test_a_bot_killed_outright_continues_its_incident(
    tmp_path: Path, node_server: StartNode
) -> None:
    server = await node_server()
    url = f"sqlite:///{tmp_path / 'wsdiag.db'}"
    command = [sys.executable, "-m", "tests.watcher.bot_script", url, server.url]
    async with await Store.open(url) as store:

        async def told(*kinds: TransitionKind) -> list[Delivery]:
            async with asyncio.timeout(40):
                while tuple(d.kind for d in await store.pending()) != kinds:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)  # another process records: nothing wakes us
            return await store.pending()

        async with ChildProcess(command):  # the first bot, killed at the end of the block
            async with asyncio.timeout(40):
                while (await store.load("prod")).state is not State.UP:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            await server.kill()
            (opened,) = await told(OPENED)
        async with ChildProcess(command):
            await server.start()
            _, closed = await told(OPENED, CLOSED)
        assert closed.incident_id == opened.incident_id


async def test_a_target_nobody_listens_on_is_named_from_the_start(tmp_path: Path) -> None:
    target = a_target(f"http://127.0.0.1:{free_port()}")
    async with running(tmp_path, target, diagnose=diagnose) as bot:
        (opened,) = await bot.told(OPENED)
        assert code(opened) == "tcp_refused"

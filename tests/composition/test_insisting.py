"""A forgotten incident, as the real process has it: reminders, a kill, and a webhook."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.demo.workspace import Workspace
from tests.composition.test_service import Bot, target, until
from tests.hooks.receiver import receiving
from tests.servers.fixtures import StartPython
from tests.servers.python_socketio import PythonServer

_PATIENCE_S = 60.0


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with Workspace() as workspace:
        mira = workspace.add_user("mira")
        workspace.add_channel("ops", members=[mira])
        yield workspace


async def test_what_nobody_acknowledges_is_said_again_and_the_webhook_hears_all_over_a_kill(
    workspace: Workspace, socketio_server: StartPython, tmp_path: Path
) -> None:
    server = await socketio_server()
    async with receiving() as receiver:
        settings = {
            **target(workspace, server),
            "WSDIAG_WEBHOOK_URL": receiver.url,
            "WSDIAG_WEBHOOK_SECRET": "s3cret-s3cret-s3cret",
            "WSDIAG_ESCALATION_REMIND_EVERY_MIN": "0.05",
        }
        receiver.answers = [web.Response(status=503) for _ in range(1_000)]
        async with Bot(tmp_path, workspace, **settings) as bot:
            await bot.connected()
            await server.stop()
            await until(workspace, "nobody has acknowledged it")
            await bot.line(lambda line: "webhook" in line and "503" in line, _PATIENCE_S)
            bot.signal(signal.SIGKILL)
            await bot.ended()
        assert receiver.events == []
        receiver.answers = []
        async with Bot(tmp_path, workspace, **settings) as bot:
            (opened,) = await receiver.until(1)
            assert (opened["type"], opened["after"]) == ("incident.opened", "down")
            assert opened["cause"]["code"] == "tcp_refused"
            async with PythonServer(port=server.port):
                _, closed = await receiver.until(2)
        assert (closed["type"], closed["after"]) == ("incident.closed", "up")
        assert closed["incident"]["id"] == opened["incident"]["id"]
        assert not any("s3cret" in line for line in bot.lines)

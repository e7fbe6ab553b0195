"""`wsdiag run` as a process between the strict workspace and a real backend that is killed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest

from bot.__main__ import run
from bot.demo.workspace import AppConfig, Channel, Message, Workspace
from tests.servers.fixtures import StartPython
from tests.servers.process import ChildProcess, free_port
from tests.servers.python_socketio import PythonServer

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 60.0


class Bot(ChildProcess):
    """The real process, with its settings in the environment."""

    def __init__(self, folder: Path, workspace: Workspace, **settings: str) -> None:
        environment: Mapping[str, str] = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PWD": str(folder),
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "WSDIAG_SLACK_API_URL": workspace.api_url,
            "WSDIAG_DATABASE_URL": f"sqlite:///{folder / 'wsdiag.db'}",
            "WSDIAG_HTTP_PORT": "0",
            "WSDIAG_WATCH_CONFIRM_S": "1",
            **settings,
        }
        start = (
            "import os, sys; os.chdir(sys.argv[1]); "
            "from bot.__main__ import run; sys.exit(run(['run']))"
        )
        command = [sys.executable, "-c", start, str(folder)]
        super().__init__(command, env=environment)

    async def connected(self) -> None:
        await self.line(lambda line: "✅" in line, _PATIENCE_S)

    async def ended(self) -> int:
        assert self._process is not None
        async with asyncio.timeout(_PATIENCE_S):
            return await self._process.wait()

    async def address(self) -> str:
        line = await self.line(lambda line: "/healthz" in line, _PATIENCE_S)
        return line.rsplit(" ", maxsplit=1)[-1].removesuffix("/healthz")


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with Workspace() as workspace:
        mira = workspace.add_user("mira")
        workspace.add_channel("ops", members=[mira])
        yield workspace


def ops(workspace: Workspace) -> Channel:
    return workspace.channel("ops")


def roots(workspace: Workspace) -> list[Message]:
    return [m for m in workspace.messages("ops") if m.thread_ts in (None, m.ts)]


async def until(workspace: Workspace, words: str, *, thread: bool = False) -> Message:
    """The first message of #ops (or reply in the thread of its first one) with these words."""

    def find() -> Message | None:
        seen = workspace.messages("ops")
        if thread and seen:
            seen = workspace.thread(seen[0])
        return next((m for m in seen if words in m.text), None)

    found = await workspace.wait_for(find, _PATIENCE_S)
    assert found is not None
    return found


def target(workspace: Workspace, server: PythonServer) -> dict[str, str]:
    return {"WSDIAG_URL": server.url, "WSDIAG_CHANNEL": ops(workspace).id}


async def test_an_outage_is_one_message_that_is_edited_and_answered(
    workspace: Workspace, socketio_server: StartPython, tmp_path: Path
) -> None:
    server = await socketio_server()
    async with Bot(tmp_path, workspace, **target(workspace, server)) as bot:
        await bot.connected()
        await server.stop()
        alert = await until(workspace, "is down")
        assert "Nothing listens on the backend's port" in alert.text
        async with PythonServer(port=server.port):
            await until(workspace, "is up", thread=True)
        assert len(roots(workspace)) == 1
        assert "is down" not in roots(workspace)[0].text


async def test_an_incident_goes_on_over_a_kill_of_the_bot(
    workspace: Workspace, socketio_server: StartPython, tmp_path: Path
) -> None:
    server = await socketio_server()
    settings = target(workspace, server)
    async with Bot(tmp_path, workspace, **settings) as bot:
        await bot.connected()
        await server.stop()
        await until(workspace, "is down")
        bot.signal(signal.SIGKILL)
        await bot.ended()
    async with Bot(tmp_path, workspace, **settings) as bot:
        await bot.line(lambda line: "cannot connect" in line, _PATIENCE_S)
        async with PythonServer(port=server.port):
            await until(workspace, "is up", thread=True)
        assert len(roots(workspace)) == 1


async def test_slack_out_of_reach_delays_the_alert_and_loses_nothing(
    workspace: Workspace, socketio_server: StartPython, tmp_path: Path
) -> None:
    server = await socketio_server()
    settings = target(workspace, server)
    await workspace.go_away()
    async with Bot(tmp_path, workspace, **settings) as bot:
        await bot.connected()
        await server.stop()
        await bot.line(lambda line: "incident" in line and "opened" in line, _PATIENCE_S)
        await workspace.come_back()
        await until(workspace, "is down")
        assert len(roots(workspace)) == 1


async def test_a_command_is_answered_with_the_summary(
    workspace: Workspace, socketio_server: StartPython, tmp_path: Path
) -> None:
    server = await socketio_server()
    async with Bot(tmp_path, workspace, **target(workspace, server)) as bot:
        await bot.line(lambda line: "connected to Slack" in line, _PATIENCE_S)
        await workspace.command("mira", "ops", "/wsdiag", "")
        await until(workspace, "default is ")  # up, or slow on a loaded machine


async def test_in_http_mode_slack_calls_the_bot_s_own_server(
    workspace: Workspace, socketio_server: StartPython, tmp_path: Path
) -> None:
    server = await socketio_server()
    port = free_port()
    workspace.app = AppConfig(
        socket_mode=False, request_url=f"http://127.0.0.1:{port}/slack/events"
    )
    settings = {
        **target(workspace, server),
        "WSDIAG_SLACK_MODE": "http",
        "WSDIAG_HTTP_PORT": str(port),
        "SLACK_SIGNING_SECRET": workspace.signing_secret,
        "SLACK_APP_TOKEN": "",
    }
    async with Bot(tmp_path, workspace, **settings) as bot:
        await bot.connected()
        outcome = await workspace.command("mira", "ops", "/wsdiag", "")
        assert outcome.error is None
        await until(workspace, "default is ")  # up, or slow on a loaded machine
        async with aiohttp.ClientSession() as session:
            forged = {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "soon"}
            url = f"http://127.0.0.1:{port}/slack/events"
            async with session.post(url, data="command=/wsdiag", headers=forged) as answer:
                assert answer.status == 401


async def test_it_serves_health_metrics_and_guide_until_sigterm_ends_it_in_order(
    workspace: Workspace, socketio_server: StartPython, tmp_path: Path
) -> None:
    server = await socketio_server()
    async with (
        Bot(tmp_path, workspace, **target(workspace, server)) as bot,
        aiohttp.ClientSession() as session,
    ):
        address = await bot.address()
        await bot.connected()
        await bot.line(lambda line: "connected to Slack" in line, _PATIENCE_S)
        for path, words in (
            ("/healthz", '"ok": true'),
            ("/readyz", '"slack": true'),
            ("/metrics", "wsdiag_"),
            ("/guide/ru", "WebSocket"),
        ):
            async with session.get(address + path) as answer:
                assert answer.status == 200, (path, await answer.text())
                assert words in await answer.text()
        bot.signal(signal.SIGTERM)
        assert await bot.ended() == 0
        assert not any("Traceback" in line for line in bot.lines), bot.lines


@pytest.mark.parametrize("variable", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
async def test_a_token_that_slack_refuses_ends_it_with_the_fix(
    variable: str, workspace: Workspace, tmp_path: Path
) -> None:
    token = {"SLACK_BOT_TOKEN": "xoxb-wrong", "SLACK_APP_TOKEN": "xapp-wrong"}[variable]
    given = {"WSDIAG_URL": "http://127.0.0.1:1", variable: token}
    async with Bot(tmp_path, workspace, **given) as bot:
        code = await bot.ended()
        await bot.said_everything()
        assert code == 64, "\n".join(bot.lines)
        said = [line for line in bot.lines if line.startswith("wsdiag:")]
        assert any(variable in line for line in said), bot.lines
        assert not any("Traceback" in line for line in bot.lines), bot.lines


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN"),
        ({"WSDIAG_SLACK_MODE": "http"}, "SLACK_SIGNING_SECRET"),
        ({"WSDIAG_DATABASE_URL": "sqlite:////proc/nowhere/w.db"}, "/proc/nowhere"),
    ],
    ids=["no-bot-token", "no-signing-secret", "no-database"],
)
def test_what_is_missing_is_said_before_slack_is_asked(
    settings: dict[str, str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    for name, value in {"WSDIAG_URL": "http://127.0.0.1:1", **tokens, **settings}.items():
        monkeypatch.setenv(name, value)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        assert run(["run"]) == 64
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    assert words in capsys.readouterr().err


async def test_a_blip_within_the_confirmation_posts_nothing(
    workspace: Workspace, socketio_server: StartPython, tmp_path: Path
) -> None:
    server = await socketio_server()
    settings = {**target(workspace, server), "WSDIAG_WATCH_CONFIRM_S": "5"}
    async with Bot(tmp_path, workspace, **settings) as bot:
        await bot.connected()
        await server.stop()
        await bot.line(lambda line: "⚠" in line, _PATIENCE_S)
        async with PythonServer(port=server.port):
            before = set(bot.lines)
            await bot.line(lambda line: "✅" in line and line not in before, _PATIENCE_S)
            with contextlib.suppress(TimeoutError):
                await workspace.wait_for(lambda: workspace.messages("ops"), 6.0)
        assert workspace.messages("ops") == []


async def test_a_target_that_is_taken_out_ends_its_incident_and_leaves_the_others_alone(
    workspace: Workspace, socketio_server: StartPython, tmp_path: Path
) -> None:
    kept, gone = await socketio_server(), await socketio_server()
    config = tmp_path / "wsdiag.toml"
    one = f'channel = "{ops(workspace).id}"\n[targets.kept]\nurl = "{kept.url}"\n'
    config.write_text(f'{one}[targets.gone]\nurl = "{gone.url}"\n', encoding="utf-8")
    async with Bot(tmp_path, workspace) as bot:
        for name in ("kept", "gone"):
            await bot.line(lambda line, name=name: f"✅ {name}" in line, _PATIENCE_S)  # type: ignore[misc]
        await gone.stop()
        await until(workspace, "gone is down")
        config.write_text(one, encoding="utf-8")
        bot.signal(signal.SIGHUP)
        await until(workspace, "gone is no longer watched", thread=True)
        assert roots(workspace)[0].text.startswith("gone is no longer watched")
        assert sum("✅ kept" in line for line in bot.lines) == 1

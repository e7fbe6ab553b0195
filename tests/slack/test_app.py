"""Start, stop, tokens, both ways in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from bot.slack import Mode, SlackBot, TokenRefused
from bot.slack.way.sockets import SocketMode
from tests.slack.conftest import Scene, Stage

Start = Callable[[], Awaitable[Scene]]


@asynccontextmanager
async def running_bot(bot: SlackBot) -> Any:
    """Run until the block ends."""
    task = asyncio.create_task(bot.run())
    try:
        yield task
    finally:
        await bot.stop()
        await asyncio.wait({task})
        await bot.close()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bot_token": None}, "SLACK_BOT_TOKEN is not set"),
        ({"bot_token": SecretStr("xapp-1")}, "must start with xoxb-"),
        ({"app_token": None}, "SLACK_APP_TOKEN is not set"),
        ({"app_token": SecretStr("xoxb-1")}, "must start with xapp-"),
        ({"mode": Mode.HTTP, "signing_secret": None}, "SLACK_SIGNING_SECRET is not set"),
    ],
)
async def test_a_missing_or_mixed_up_token_is_told_in_one_sentence(
    stage: Stage, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(TokenRefused, match=said) as refused:
        stage.bot(**changes)
    assert str(refused.value).count("\n") == 0


@pytest.mark.parametrize("code", ["invalid_auth", "account_inactive", "token_revoked"])
async def test_a_bot_token_that_slack_refuses_ends_the_start_with_the_fix(
    stage: Stage, code: str
) -> None:
    stage.workspace.revoke(code=code)
    bot = stage.bot()
    with pytest.raises(TokenRefused, match=f"SLACK_BOT_TOKEN \\({code}\\)") as refused:
        await bot.start()
    assert stage.workspace.bot_token not in str(refused.value)
    await bot.close()


async def test_an_app_token_that_slack_refuses_ends_the_run_with_the_fix(stage: Stage) -> None:
    stage.workspace.revoke(stage.workspace.app_token, "invalid_auth")
    bot = stage.bot()
    await bot.start()
    with pytest.raises(TokenRefused, match=r"SLACK_APP_TOKEN \(invalid_auth\)"):
        await bot.run()
    await bot.close()


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_bot_token_refused_once_slack_is_back_ends_the_run_too(
    stage: Stage, mode: Mode
) -> None:
    stage.mode = mode
    await stage.workspace.go_away()
    bot = stage.bot()
    await bot.start()
    stage.workspace.revoke(code="account_inactive")
    await stage.workspace.come_back()
    with pytest.raises(TokenRefused, match="SLACK_BOT_TOKEN"):
        await bot.run()
    await bot.close()


async def test_slack_out_of_reach_at_start_is_waited_for(stage: Stage) -> None:
    await stage.workspace.go_away()
    bot = stage.bot()
    await bot.start()
    assert not bot.connected
    async with running_bot(bot) as task:
        await stage.workspace.come_back()
        async with asyncio.timeout(20):
            await bot.wait_connected()
        assert bot.connected
        assert not task.done()


async def test_over_http_slack_that_cannot_be_reached_any_more_is_noticed(stage: Stage) -> None:
    stage.mode, stage.greet_every_s = Mode.HTTP, 0.05

    async def until(connected: bool) -> None:
        async with asyncio.timeout(20):
            while bot.connected is not connected:  # noqa: ASYNC110  it is no event
                await asyncio.sleep(0.01)

    bot = stage.bot()
    await bot.start()
    async with running_bot(bot):
        await until(connected=True)
        await stage.workspace.go_away()
        await until(connected=False)
        await stage.workspace.come_back()
        await until(connected=True)


async def test_oauth_settings_in_the_environment_change_nothing(
    stage: Stage, running: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_BOT_TOKEN"):
        monkeypatch.setenv(name, "set-by-someone")
    stage.script.gate.set()
    scene = await running()
    assert scene.bot.app.oauth_flow is None
    assert (await scene.command("help")).error is None
    assert os.environ["SLACK_CLIENT_ID"] == "set-by-someone"


async def test_stopping_rewrites_what_says_running(stage: Stage, running: Start) -> None:
    scene = await running()
    await scene.command("prod")
    await scene.workspace.wait_for(lambda: scene.workspace.messages("ops"))
    await scene.script.started.wait()
    await scene.bot.stop()
    (message,) = scene.workspace.messages("ops")
    assert message.text == "The check of prod was stopped, because the bot is restarting."
    assert "⏳" not in str(message.blocks)


async def test_stopping_lets_a_check_that_is_about_to_end_finish(
    stage: Stage, running: Start
) -> None:
    stage.drain_s = 10.0
    scene = await running()
    await scene.command("prod")
    await scene.script.started.wait()
    stopping = asyncio.create_task(scene.bot.stop())
    await asyncio.sleep(0)
    scene.script.gate.set()
    await stopping
    (message,) = scene.workspace.messages("ops")
    assert message.text.startswith("prod is down")


async def test_after_stop_a_command_is_told_that_the_bot_restarts(
    stage: Stage, running: Start
) -> None:
    scene = await running()
    await scene.bot.desk.jobs.drain(0)
    await scene.command("prod")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "about to restart" in told


async def test_a_socket_that_is_cut_is_replaced(scene: Scene) -> None:
    workspace = scene.workspace
    workspace.sockets.drop()
    await workspace.wait_for(lambda: workspace.sockets.count == 0)
    await workspace.wait_for(lambda: workspace.sockets.count == 1, timeout=20)
    assert (await scene.command("help")).error is None


async def test_a_planned_refresh_of_the_socket_loses_nothing(scene: Scene) -> None:
    workspace = scene.workspace
    assert (await scene.command("help")).error is None
    assert workspace.sockets.delivered == [1]
    await workspace.sockets.disconnect(grace_s=0.2)
    await workspace.wait_for(lambda: workspace.sockets.delivered == [0], timeout=10)
    assert (await scene.command("help")).error is None


async def test_a_socket_that_died_silently_is_replaced_by_the_watchdog(stage: Stage) -> None:
    bot = stage.bot()
    await bot.start()
    socket = SocketMode(bot.app, bot._client, look_every_s=0.05, dead_after_s=0.1)
    task = asyncio.create_task(socket.run())
    await stage.workspace.wait_for(lambda: stage.workspace.sockets.count == 1)
    await socket.connected.wait()
    client = socket._client
    assert client is not None
    client.message_receiver.cancel()  # bolt-python #417: nothing is received, and nobody notices
    await stage.workspace.wait_for(
        lambda: socket._client is not client and stage.workspace.sockets.count == 1, timeout=15
    )
    task.cancel()
    await asyncio.wait({task})
    await bot.close()


async def test_socket_mode_offers_no_http_handler(stage: Stage) -> None:
    bot = stage.bot()
    assert bot.handler is None
    stage.mode = Mode.HTTP
    assert stage.bot().handler is not None

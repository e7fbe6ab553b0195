"""Socket Mode, from both ends: frames seen raw, and the SDK's own client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import (
    AppConfig,
    Channel,
    ManualClock,
    Shortcut,
    SlackError,
    SlashCommand,
    User,
    Workspace,
)
from tests.demo.conftest import Refusal

Json = dict[str, Any]


class RawSocket:
    """A WebSocket of the app that acknowledges only what a test tells it to."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def frame(self) -> Json:
        async with asyncio.timeout(5):
            return json.loads((await self.ws.receive()).data)

    async def ack(self, frame: Json, payload: Json | None = None) -> None:
        answer: Json = {"envelope_id": frame["envelope_id"]}
        if payload is not None:
            answer["payload"] = payload
        await self.ws.send_str(json.dumps(answer))


@asynccontextmanager
async def connected(workspace: Workspace) -> AsyncIterator[RawSocket]:
    client = AsyncWebClient(base_url=workspace.api_url)
    url = (await client.apps_connections_open(app_token=workspace.app_token))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
        socket = RawSocket(ws)
        assert (await socket.frame())["type"] == "hello"
        yield socket


async def test_hello_tells_the_app_and_how_many_sockets_it_has(workspace: Workspace) -> None:
    """https://docs.slack.dev/apis/events-api/using-socket-mode#connect"""
    client = AsyncWebClient(base_url=workspace.api_url)
    url = (await client.apps_connections_open(app_token=workspace.app_token))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
        hello = await RawSocket(ws).frame()
    assert hello["num_connections"] == 1
    assert hello["connection_info"]["app_id"] == workspace.core.state.app_id
    assert hello["debug_info"]["approximate_connection_time"] > 0


async def test_a_ticket_lets_one_socket_in(workspace: Workspace) -> None:
    """https://docs.slack.dev/reference/methods/apps.connections.open ("temporary URL")"""
    client = AsyncWebClient(base_url=workspace.api_url)
    url = (await client.apps_connections_open(app_token=workspace.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url):
            pass
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(url)
    assert caught.value.status == 403


async def test_a_wrong_app_token_opens_nothing(
    workspace: Workspace, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/apps.connections.open#errors"""
    async with refused("invalid_auth"):
        await AsyncWebClient(base_url=workspace.api_url).apps_connections_open(app_token="xapp-no")


async def test_the_eleventh_socket_is_one_too_many(workspace: Workspace) -> None:
    """https://docs.slack.dev/apis/events-api/using-socket-mode#connections (at most 10)"""
    client = AsyncWebClient(base_url=workspace.api_url)
    async with aiohttp.ClientSession() as session, AsyncExitStack() as held:
        for number in range(10):
            url = (await client.apps_connections_open(app_token=workspace.app_token))["url"]
            ws = await held.enter_async_context(session.ws_connect(url))
            assert (await RawSocket(ws).frame())["num_connections"] == number + 1
        url = (await client.apps_connections_open(app_token=workspace.app_token))["url"]
        ws = await held.enter_async_context(session.ws_connect(url))
        frame = await RawSocket(ws).frame()
    assert (frame["type"], frame["reason"]) == ("disconnect", "too_many_websockets")


async def test_an_envelope_goes_to_exactly_one_socket(
    workspace: Workspace, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/apis/events-api/using-socket-mode#connections"""
    async with connected(workspace) as one, connected(workspace) as two:
        command = asyncio.create_task(workspace.command(mira, ops, "/wsdiag", "prod"))
        first = asyncio.create_task(one.frame())
        second = asyncio.create_task(two.frame())
        done, waiting = await asyncio.wait({first, second}, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        frame = done.pop().result()
        await (one if first.done() else two).ack(frame)
        assert (await command).error is None
        assert sorted(workspace.sockets.delivered) == [0, 1]
        for task in waiting:
            task.cancel()


async def test_a_command_carries_what_slack_sends(
    workspace: Workspace, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling"""
    async with connected(workspace) as socket:
        command = asyncio.create_task(workspace.command(mira, ops, "/wsdiag", "prod now"))
        frame = await socket.frame()
        await socket.ack(frame)
        await command
    assert frame["type"] == "slash_commands"
    assert frame["accepts_response_payload"] is True
    payload = frame["payload"]
    assert (payload["command"], payload["text"]) == ("/wsdiag", "prod now")
    assert (payload["user_id"], payload["channel_name"]) == (mira.id, "ops")
    assert payload["response_url"].startswith(workspace.base_url)


async def test_an_ack_with_text_answers_the_command_to_the_one_who_asked(
    workspace: Workspace, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/apis/events-api/using-socket-mode#acknowledge"""
    async with connected(workspace) as socket:
        command = asyncio.create_task(workspace.command(mira, ops, "/wsdiag"))
        await socket.ack(await socket.frame(), {"text": "On it"})
        await command
    assert [m.text for m in workspace.ephemerals(mira, ops)] == ["On it"]
    assert workspace.messages(ops) == []


async def test_a_command_not_acknowledged_in_three_seconds_failed(
    workspace: Workspace, mira: User, ops: Channel, clock: ManualClock
) -> None:
    """https://docs.slack.dev/interactivity/implementing-slash-commands (operation_timeout)"""
    async with connected(workspace) as socket:
        command = asyncio.create_task(workspace.command(mira, ops, "/wsdiag"))
        await socket.frame()
        clock.advance(3)
        assert (await command).error == "operation_timeout"
    (slackbot,) = workspace.ephemerals(mira)
    assert slackbot.text == '/wsdiag failed with the error "operation_timeout"'


async def test_a_command_without_any_socket_is_not_dispatched(
    workspace: Workspace, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/interactivity/implementing-slash-commands (dispatch_failed)"""
    assert (await workspace.command(mira, ops, "/wsdiag")).error == "dispatch_failed"


async def test_a_command_outside_the_manifest_is_no_command(
    workspace: Workspace, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/app-manifest#slash_commands"""
    async with connected(workspace):
        assert (await workspace.command(mira, ops, "/deploy")).error == "invalid_command"
    assert "is not a valid command" in workspace.ephemerals(mira)[0].text


async def test_a_warning_leaves_the_socket_open(workspace: Workspace) -> None:
    """https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect"""
    async with connected(workspace) as socket:
        await workspace.sockets.disconnect("warning")
        frame = await socket.frame()
        assert (frame["type"], frame["reason"]) == ("disconnect", "warning")
        assert workspace.sockets.count == 1


async def test_a_refresh_ends_the_socket_and_sends_nothing_more_on_it(
    workspace: Workspace, mira: User, ops: Channel, clock: ManualClock
) -> None:
    """https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect"""
    async with connected(workspace) as socket:
        await workspace.sockets.disconnect("refresh_requested")
        assert (await socket.frame())["reason"] == "refresh_requested"
        assert (await workspace.command(mira, ops, "/wsdiag")).error == "dispatch_failed"
        clock.advance(10)
        async with asyncio.timeout(5):
            assert (await socket.ws.receive()).type is aiohttp.WSMsgType.CLOSE
        await workspace.wait_for(lambda: workspace.sockets.count == 0)


async def test_the_sdk_reconnects_after_a_refresh(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    """https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect"""
    socket = SocketModeClient(workspace.app_token, web_client=client)
    await socket.connect()
    await workspace.sockets.disconnect("refresh_requested")
    await workspace.wait_for(lambda: len(workspace.called("apps.connections.open")) == 2)
    await workspace.wait_for(lambda: workspace.sockets.count == 1)
    await socket.close()


async def test_pings_are_answered_until_the_socket_freezes(workspace: Workspace) -> None:
    """https://datatracker.ietf.org/doc/html/rfc6455#section-5.5.2"""
    client = AsyncWebClient(base_url=workspace.api_url)
    url = (await client.apps_connections_open(app_token=workspace.app_token))["url"]
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, autoping=False) as ws,
    ):
        assert (await ws.receive()).type is aiohttp.WSMsgType.TEXT
        await ws.ping(b"are you there")
        answer = await ws.receive()
        assert (answer.type, bytes(answer.data)) == (aiohttp.WSMsgType.PONG, b"are you there")
        workspace.sockets.freeze()
        await ws.ping(b"and now")
        with pytest.raises(TimeoutError):
            await ws.receive(timeout=0.2)


async def test_dropped_sockets_end_without_a_word(workspace: Workspace) -> None:
    async with connected(workspace) as socket:
        workspace.sockets.drop()
        async with asyncio.timeout(5):
            ended = await socket.ws.receive()
        assert ended.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}


async def test_a_mention_is_an_event_with_an_id_and_not_acknowledged_with_a_payload(
    workspace: Workspace, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/events/app_mention"""
    workspace.app = AppConfig(bot_events=("app_mention",))
    async with connected(workspace) as socket:
        message = await workspace.mention(mira, ops, "check prod")
        frame = await socket.frame()
        await socket.ack(frame, {"text": "not here"})
        await workspace.wait_for(lambda: workspace.events[0].done)
    assert frame["type"] == "events_api"
    assert frame["accepts_response_payload"] is False
    assert (frame["retry_attempt"], frame["retry_reason"]) == (0, "")
    event = frame["payload"]["event"]
    assert (event["type"], event["ts"], event["user"]) == ("app_mention", message.ts, mira.id)
    assert frame["payload"]["event_id"].startswith("Ev")
    assert list(workspace.sockets.violations) == ["a payload in the acknowledgement of events_api"]


async def test_an_event_is_sent_again_at_once_after_a_minute_and_after_five(
    workspace: Workspace, mira: User, ops: Channel, clock: ManualClock
) -> None:
    """https://docs.slack.dev/apis/events-api#retries"""
    workspace.app = AppConfig(bot_events=("app_mention",))
    async with connected(workspace) as socket:
        await workspace.mention(mira, ops, "check prod")
        seen = []
        for wait in (3, 60, 300):
            seen.append(await socket.frame())
            clock.advance(3)  # no acknowledgement in time
            if wait > 3:
                await workspace.wait_for(lambda: len(workspace.events[0].attempts) == len(seen))
                clock.advance(wait)
        seen.append(await socket.frame())
        await socket.ack(seen[-1])
        await workspace.wait_for(lambda: workspace.events[0].done)
    assert [frame["retry_attempt"] for frame in seen] == [0, 1, 2, 3]
    assert [frame["retry_reason"] for frame in seen] == ["", "timeout", "timeout", "timeout"]
    assert len({frame["payload"]["event_id"] for frame in seen}) == 1
    assert len({frame["envelope_id"] for frame in seen}) == 4
    assert workspace.events[0].attempts == ["timeout", "timeout", "timeout", None]


async def test_no_event_comes_from_where_the_bot_is_not(workspace: Workspace, mira: User) -> None:
    """https://docs.slack.dev/reference/events/message.channels"""
    other = workspace.add_channel("other", members=[mira], installed=False)
    async with connected(workspace):
        await workspace.mention(mira, other, "anyone?")
        assert workspace.events == []


async def test_no_event_comes_without_its_scope_or_subscription(
    workspace: Workspace, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/events/app_mention#scopes"""
    workspace.app = AppConfig(bot_events=("app_mention",))
    workspace.remove_scope("app_mentions:read")
    await workspace.mention(mira, ops, "hello")
    workspace.add_scope("app_mentions:read")
    workspace.app = AppConfig(bot_events=())
    await workspace.mention(mira, ops, "hello")
    assert workspace.events == []


async def test_opening_the_home_is_an_event(workspace: Workspace, mira: User) -> None:
    """https://docs.slack.dev/reference/events/app_home_opened"""
    async with connected(workspace) as socket:
        await workspace.open_home(mira)
        frame = await socket.frame()
        await socket.ack(frame)
        await workspace.wait_for(lambda: workspace.events[0].done)
    event = frame["payload"]["event"]
    assert (event["type"], event["tab"], event["user"]) == ("app_home_opened", "home", mira.id)


async def test_a_click_names_the_button_its_message_and_a_response_url(
    workspace: Workspace, client: AsyncWebClient, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
    await client.chat_postMessage(
        channel=ops.id,
        text="x",
        blocks=[
            {
                "type": "actions",
                "block_id": "b",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "again",
                        "value": "r1",
                        "text": {"type": "plain_text", "text": "Again"},
                    }
                ],
            }
        ],
    )
    (message,) = workspace.messages(ops)
    async with connected(workspace) as socket:
        click = asyncio.create_task(workspace.click(mira, message, "Again"))
        frame = await socket.frame()
        await socket.ack(frame)
        await click
    payload = frame["payload"]
    assert (frame["type"], payload["type"]) == ("interactive", "block_actions")
    (action,) = payload["actions"]
    assert (action["action_id"], action["block_id"], action["value"]) == ("again", "b", "r1")
    assert payload["container"]["message_ts"] == message.ts
    assert payload["message"]["ts"] == message.ts
    assert payload["response_url"].startswith(workspace.base_url)


async def test_a_click_on_an_ephemeral_comes_without_its_content(
    workspace: Workspace, client: AsyncWebClient, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
    button = {
        "type": "button",
        "action_id": "again",
        "text": {"type": "plain_text", "text": "Again"},
    }
    await client.chat_postEphemeral(
        channel=ops.id,
        user=mira.id,
        text="x",
        blocks=[{"type": "actions", "elements": [button]}],
    )
    async with connected(workspace) as socket:
        click = asyncio.create_task(workspace.click(mira, workspace.ephemerals(mira)[0], "again"))
        frame = await socket.frame()
        await socket.ack(frame)
        await click
    assert frame["payload"]["container"]["is_ephemeral"] is True
    assert "message" not in frame["payload"]


async def test_clicks_are_not_sent_again(
    workspace: Workspace, client: AsyncWebClient, mira: User, ops: Channel, clock: ManualClock
) -> None:
    """https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response"""
    await client.chat_postMessage(
        channel=ops.id,
        text="x",
        blocks=[
            {
                "type": "section",
                "text": {"type": "plain_text", "text": "x"},
                "accessory": {
                    "type": "overflow",
                    "action_id": "more",
                    "options": [{"text": {"type": "plain_text", "text": "Mute"}, "value": "mute"}],
                },
            }
        ],
    )
    async with connected(workspace) as socket:
        click = asyncio.create_task(
            workspace.click(mira, workspace.messages(ops)[0], "more", "mute")
        )
        frame = await socket.frame()
        assert frame["payload"]["actions"][0]["selected_option"]["value"] == "mute"
        clock.advance(3)
        assert (await click).error == "operation_timeout"
        clock.advance(600)
        with pytest.raises(TimeoutError):
            await socket.ws.receive(timeout=0.2)


async def test_shortcuts_come_with_a_trigger_and_message_shortcuts_with_the_message(
    workspace: Workspace, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload"""
    workspace.app = AppConfig(
        bot_events=(),
        shortcuts=(Shortcut("Check", "check"), Shortcut("Explain", "explain", "message")),
    )
    message = await workspace.say(mira, ops, "websocket error")
    async with connected(workspace) as socket:
        use = asyncio.create_task(workspace.shortcut(mira, "check"))
        frame = await socket.frame()
        await socket.ack(frame)
        await use
        assert frame["payload"]["type"] == "shortcut"
        assert "channel" not in frame["payload"]
        use = asyncio.create_task(workspace.shortcut(mira, "explain", message))
        frame = await socket.frame()
        await socket.ack(frame)
        await use
    assert frame["payload"]["type"] == "message_action"
    assert frame["payload"]["message"]["text"] == "websocket error"
    with pytest.raises(LookupError):
        await workspace.shortcut(mira, "nonsense")


@pytest.mark.parametrize(
    ("escape", "text"),
    [
        (False, "@mira in #ops: https://x.example?a=1&amp;b=2"),
        (True, "<@{mira}|mira> in <#{ops}|ops>: <https://x.example?a=1&amp;b=2>"),
    ],
)
async def test_people_and_links_in_a_command_are_marked_up_only_when_asked(
    workspace: Workspace, mira: User, ops: Channel, escape: bool, text: str
) -> None:
    """https://docs.slack.dev/reference/app-manifest#slash_commands (should_escape)"""
    workspace.app = AppConfig(commands=(SlashCommand("/wsdiag", should_escape=escape),))
    typed = f"<@{mira.id}> in <#{ops.id}>: https://x.example?a=1&b=2"
    async with connected(workspace) as socket:
        command = asyncio.create_task(workspace.command(mira, ops, "/wsdiag", typed))
        frame = await socket.frame()
        await socket.ack(frame)
        await command
    assert frame["payload"]["text"] == text.format(mira=mira.id, ops=ops.id)


async def test_a_read_only_messages_tab_takes_nothing_from_people(
    workspace: Workspace, client: AsyncWebClient, mira: User
) -> None:
    """https://docs.slack.dev/reference/app-manifest#app_home"""
    workspace.app = AppConfig(messages_tab_read_only=True)
    with pytest.raises(SlackError, match="messages_tab_disabled"):
        await workspace.say(mira, workspace.direct(mira), "hello?")
    await client.chat_postMessage(channel=mira.id, text="the app may still write")


async def test_without_a_messages_tab_the_app_cannot_write_to_people(
    workspace: Workspace, client: AsyncWebClient, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postMessage#errors (messages_tab_disabled)"""
    workspace.app = AppConfig(messages_tab=False)
    async with refused("messages_tab_disabled"):
        await client.chat_postMessage(channel=mira.id, text="hello")


def test_a_manifest_says_what_reaches_the_app() -> None:
    """https://docs.slack.dev/reference/app-manifest"""
    app = AppConfig.from_manifest(
        {
            "display_information": {"name": "wsdiag", "description": "watches"},
            "features": {
                "bot_user": {"display_name": "wsdiag"},
                "app_home": {"home_tab_enabled": True, "messages_tab_read_only_enabled": True},
                "slash_commands": [{"command": "/wsdiag", "description": "check"}],
                "shortcuts": [{"name": "Explain", "type": "message", "callback_id": "explain"}],
            },
            "oauth_config": {"scopes": {"bot": ["commands"]}},
            "settings": {
                "socket_mode_enabled": True,
                "interactivity": {"is_enabled": True},
                "event_subscriptions": {"bot_events": ["app_mention"]},
            },
        },
        description="overridden",
    )
    assert app == AppConfig(
        name="wsdiag",
        description="overridden",
        commands=(SlashCommand("/wsdiag", "check"),),
        shortcuts=(Shortcut("Explain", "explain", "message"),),
        scopes=("commands",),
        bot_events=("app_mention",),
        messages_tab_read_only=True,
    )

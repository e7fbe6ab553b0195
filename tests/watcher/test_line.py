"""A held WebSocket against servers and middleboxes that behave oddly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from aiohttp import WSMsgType, web

from bot.model import ClientSettings, Reason, Target
from bot.watcher.held import ConnectError
from bot.watcher.line import ECHO, Line
from tests.net.scripted import Peer, Scripted, by_kind, open_packet, poll_open
from tests.servers.fixtures import StartNode
from tests.watcher.conftest import QUICK, Lines, Open, Serve, until

OPEN = '0{"sid":"a","upgrades":[],"pingInterval":%d,"pingTimeout":%d,"maxPayload":1000000}'
Talk = Callable[[web.WebSocketResponse, str], Awaitable[None]]


def a_target(url: str, **client: object) -> Target:
    settings = ClientSettings(keep_alive_s=None)
    return Target("prod", url, client=replace(settings, **client))  # type: ignore[arg-type]


async def served(
    serve: Serve,
    talk: Talk,
    *,
    answers_pings: bool = True,
    interval_ms: int = 25_000,
    timeout_ms: int = 20_000,
) -> str:
    """A server that says OPEN, lets the main namespace in, and leaves the rest to `talk`."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=False, max_msg_size=0)
        await socket.prepare(request)
        await socket.send_str(OPEN % (interval_ms, timeout_ms))
        async for message in socket:
            if message.type is WSMsgType.PING and answers_pings:
                await socket.pong(message.data)
            elif message.type is WSMsgType.TEXT and message.data == "40":
                await socket.send_str('40{"sid":"b"}')
                await talk(socket, "")
            elif message.type is WSMsgType.TEXT:
                await talk(socket, message.data)
        return socket

    return await serve(handle)


async def refuse_echo(socket: web.WebSocketResponse, text: str) -> None:
    if text.startswith(f"40{ECHO}"):
        await socket.send_str(f'44{ECHO},{{"message":"Invalid namespace"}}')


async def test_where_pings_are_swallowed_an_echo_is_the_sign_of_life(
    hold: Open, http_server: Serve, connection_log: Lines
) -> None:
    url = await served(http_server, refuse_echo, answers_pings=False)
    held = await hold(a_target(url))
    rtts: list[float] = []
    held.on_rtt = rtts.append
    await until(lambda: len(rtts) >= 2, "two echoes")
    assert not held.lost.done()
    assert not held.suspect
    events = connection_log.events()
    assert events.count("heartbeat-missed") == events.count("heartbeat-late") == 2


async def test_who_answers_neither_pings_nor_echoes_is_lost(hold: Open, http_server: Serve) -> None:
    async def silence(_socket: web.WebSocketResponse, _text: str) -> None:
        return

    url = await served(http_server, silence, answers_pings=False)
    held = await hold(a_target(url), pace=replace(QUICK, drop_s=0.4))
    async with asyncio.timeout(20):
        assert (await held.lost).reason is Reason.TIMEOUT


async def test_a_server_that_lets_everybody_in_everywhere_is_left_again(
    hold: Open, http_server: Serve
) -> None:
    left = asyncio.Event()

    async def welcome(socket: web.WebSocketResponse, text: str) -> None:
        if text.startswith(f"40{ECHO}"):
            await socket.send_str(f'40{ECHO},{{"sid":"c"}}')
        elif text.startswith(f"41{ECHO}"):
            left.set()

    held = await hold(a_target(await served(http_server, welcome, answers_pings=False)))
    async with asyncio.timeout(20):
        await left.wait()
    assert not held.lost.done()


async def test_a_server_that_stops_pinging_is_lost_as_a_browser_loses_it(
    hold: Open, http_server: Serve
) -> None:
    url = await served(http_server, refuse_echo, interval_ms=300, timeout_ms=300)
    held = await hold(a_target(url))
    async with asyncio.timeout(20):
        ended = await held.lost
    assert (ended.reason, "ping" in ended.detail) == (Reason.TIMEOUT, True)


async def test_an_answer_that_waits_in_the_socket_while_we_are_late_is_an_answer(
    hold: Open, node_server: StartNode, connection_log: Lines
) -> None:
    server = await node_server()  # a process of its own: it answers while we sleep
    held = await hold(a_target(server.url), pace=replace(QUICK, heartbeat_s=60.0))
    assert isinstance(held, Line)
    held.beat(asyncio.get_running_loop().time())
    time.sleep(QUICK.pong_s)  # noqa: ASYNC251 - the loop is busy, whatever with
    held.missed()  # as uvloop has it: timers before sockets
    assert not held.suspect
    assert held.rtt_ms is not None
    assert "heartbeat-missed" not in connection_log.events()


async def test_big_and_many_messages_of_the_app_do_no_harm(hold: Open, http_server: Serve) -> None:
    sent = asyncio.Event()

    async def flood(socket: web.WebSocketResponse, text: str) -> None:
        if not text:
            await socket.send_str('42["big","' + "x" * 3_000_000 + '"]')
            await socket.send_bytes(b"\x00" * 2_000_000)
            for n in range(500):
                await socket.send_str(f'42["tick",{n}]')
            sent.set()

    held = await hold(a_target(await served(http_server, flood)))
    async with asyncio.timeout(30):
        await sent.wait()
    await until(lambda: held.rtt_ms is not None)
    assert not held.lost.done()


@pytest.mark.parametrize(
    ("text", "reason"),
    [("42[not json", Reason.UNRECOGNISED), ("41", Reason.DISCONNECTED), ("1", Reason.CLOSED)],
)
async def test_what_ends_a_browsers_connection_ends_this_one(
    hold: Open, http_server: Serve, text: str, reason: Reason
) -> None:
    async def end(socket: web.WebSocketResponse, said: str) -> None:
        if not said:
            await asyncio.sleep(0.1)
            await socket.send_str(text)

    held = await hold(a_target(await served(http_server, end)))
    async with asyncio.timeout(20):
        assert (await held.lost).reason is reason


async def test_a_frame_that_no_browser_takes_ends_it(hold: Open, http_server: Serve) -> None:
    async def corrupt(socket: web.WebSocketResponse, said: str) -> None:
        if not said:
            await asyncio.sleep(0.1)
            transport = socket._req.transport  # type: ignore[union-attr]
            assert transport is not None
            transport.write(b"\xf1\x01x")

    held = await hold(a_target(await served(http_server, corrupt)))
    async with asyncio.timeout(20):
        assert (await held.lost).reason is Reason.BAD_FRAME


async def test_a_101_that_browsers_refuse_holds_nothing(hold: Open) -> None:
    async def script(peer: Peer) -> None:
        await peer.switch(switching=["Connection: Upgrade"])
        await peer.frame(open_packet())
        await peer.frame('40{"sid":"b"}')
        await peer.silence()

    async with Scripted(by_kind(websocket=script, polling=poll_open)) as server:
        with pytest.raises(ConnectError) as caught:
            await hold(a_target(server.url))
    assert caught.value.ended.reason is Reason.BAD_HANDSHAKE

"""One held connection against real servers: how it opens, what it sends, how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import WSMsgType, web
from pydantic import SecretStr

from bot.model import ClientSettings, Reason, SecretRef, Target, Transport, WatchSettings
from bot.watcher.held import ConnectError, Held
from bot.watcher.wire import MAX_BODY
from tests.servers.certificates import CertificateAuthority
from tests.servers.fixtures import StartNode, StartPython
from tests.servers.process import free_port
from tests.servers.python_socketio import PythonServer
from tests.watcher.conftest import QUICK, Lines, Open, Serve, until

WEBSOCKET, POLLING = Transport.WEBSOCKET, Transport.POLLING


def a_target(url: str, **changes: object) -> Target:
    return replace(Target("prod", url), **changes)  # type: ignore[arg-type]


async def refused(hold: Open, target: Target, *transports: Transport) -> ConnectError:
    with pytest.raises(ConnectError) as caught:
        await hold(target, *transports)
    return caught.value


async def lost(held: Held) -> Reason:
    async with asyncio.timeout(20):
        return (await asyncio.shield(held.lost)).reason


async def test_it_connects_over_websocket_only_when_told_so(
    hold: Open, socketio_server: StartPython
) -> None:
    server = await socketio_server()
    held = await hold(a_target(server.url))
    assert held.transport is WEBSOCKET
    assert ["polling" in path for _, path, _ in server.requests] == [False]


async def test_it_upgrades_from_polling(hold: Open, socketio_server: StartPython) -> None:
    server = await socketio_server()
    held = await hold(a_target(server.url), POLLING, WEBSOCKET)
    assert held.transport is WEBSOCKET


async def test_it_stays_on_polling_where_the_upgrade_is_refused_and_says_so(
    hold: Open, socketio_server: StartPython
) -> None:
    server = await socketio_server(transports=["polling"])
    held = await hold(a_target(server.url), POLLING, WEBSOCKET)
    assert held.transport is POLLING


async def test_it_speaks_to_the_node_server_over_tls(
    hold: Open, node_server: StartNode, ca: CertificateAuthority
) -> None:
    server = await node_server(tls=ca.issue().for_node())
    held = await hold(a_target(server.url, ca_file=str(ca.ca_file)))
    assert held.transport is WEBSOCKET
    error = await refused(hold, a_target(server.url))
    assert error.ended.reason is Reason.CERTIFICATE_INVALID


async def test_it_says_who_it_is_and_sends_what_is_configured(
    hold: Open, socketio_server: StartPython, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(server: PythonServer) -> None:
        server.sio.on("connect", server._connected, namespace="/chat")

    server = await socketio_server(path="/live/", prepare=prepare)
    monkeypatch.setenv("PROD_AUTH", '{"token": "s3cret-token"}')
    monkeypatch.setenv("PROD_KEY", "s3cret-key")
    await hold(
        a_target(
            server.url,
            path="/live/",
            namespace="/chat",
            origin="https://app.example",
            auth=SecretRef("env:PROD_AUTH"),
            headers={"X-Api-Key": SecretRef("env:PROD_KEY")},
            query={"client": "wsdiag & co"},
        )
    )
    ((_, path, headers),) = server.requests
    assert path.startswith("/live/?")
    assert parse_qs(urlsplit(path).query)["client"] == ["wsdiag & co"]
    assert headers["User-Agent"].startswith("wsdiag/")
    assert headers["Origin"] == "https://app.example"
    assert headers["X-Api-Key"] == "s3cret-key"
    assert server.connections == [{"token": "s3cret-token"}]


async def test_headers_go_with_every_polling_request(
    hold: Open, socketio_server: StartPython
) -> None:
    server = await socketio_server(ping_interval=0.2, ping_timeout=0.2)
    key = SecretRef("literal", SecretStr("s3cret-key"))
    await hold(a_target(server.url, headers={"X-Api-Key": key}), POLLING)
    await until(lambda: len(server.requests) > 4)
    assert {method for method, _, _ in server.requests} == {"GET", "POST"}
    assert all(headers["X-Api-Key"] == "s3cret-key" for _, _, headers in server.requests)


@pytest.mark.parametrize("swallow_at", ["handshake", "probe"])
async def test_where_websocket_is_swallowed_the_polling_session_is_held(
    hold: Open, socketio_server: StartPython, swallow_at: str
) -> None:
    released = asyncio.Event()

    @web.middleware
    async def swallow(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            answer: web.StreamResponse = await handler(request)
            return answer
        socket = web.WebSocketResponse()
        if swallow_at == "probe":
            await socket.prepare(request)
        await released.wait()
        return socket

    server = await socketio_server(
        prepare=lambda server: server.app.middlewares.append(swallow),
        ping_interval=0.9,
        ping_timeout=5,
    )
    held = await hold(a_target(server.url), POLLING, WEBSOCKET, pace=replace(QUICK, connect_s=1.5))
    assert held.transport is POLLING
    released.set()


async def test_no_secret_of_the_url_gets_into_what_is_told(hold: Open, http_server: Serve) -> None:
    async def no_websocket(_: web.Request) -> web.StreamResponse:
        return web.Response(text="hello")

    url = await http_server(no_websocket)
    target = a_target(url, query={"token": "s3cret"})
    for transports in ((WEBSOCKET,), (POLLING,)):
        error = await refused(hold, target, *transports)
        assert "s3cret" not in f"{error} {error.ended}"


async def test_a_rotated_secret_is_read_for_the_next_attempt(
    hold: Open, node_server: StartNode, tmp_path: Path
) -> None:
    server = await node_server(auth={"mode": "token", "token": "new"})
    file = tmp_path / "auth.json"
    file.write_text('{"token": "old"}')
    target = a_target(server.url, auth=SecretRef(f"@{file}"))
    error = await refused(hold, target)
    assert error.ended.reason is Reason.CONNECT_REFUSED
    file.write_text('{"token": "new"}')
    assert (await hold(target)).transport is WEBSOCKET


async def test_a_missing_secret_is_a_setting_to_correct(hold: Open) -> None:
    target = a_target("http://127.0.0.1:9", auth=SecretRef("env:NOT_THERE"))
    error = await refused(hold, target)
    assert error.ended.reason is Reason.SETTING_INVALID
    assert "NOT_THERE" in error.ended.detail


async def test_a_bad_url_is_a_setting_to_correct(hold: Open) -> None:
    assert (await refused(hold, a_target("ftp://x"))).ended.reason is Reason.SETTING_INVALID


async def test_keep_alive_is_sent_as_the_browser_client_does(
    hold: Open, socketio_server: StartPython
) -> None:
    server = await socketio_server()
    await hold(a_target(server.url, client=ClientSettings(keep_alive_s=0.05)))
    await until(lambda: server.keep_alives >= 2)


async def test_keep_alive_can_be_switched_off(hold: Open, socketio_server: StartPython) -> None:
    server = await socketio_server()
    off = a_target(
        server.url,
        client=ClientSettings(keep_alive_s=0.05),
        watch=WatchSettings(keep_alive=False),
    )
    held = await hold(off)
    await until(lambda: held.rtt_ms is not None)  # a heartbeat period later
    assert server.keep_alives == 0


async def test_heartbeats_measure_the_round_trip(
    hold: Open, socketio_server: StartPython, connection_log: Lines
) -> None:
    server = await socketio_server()
    held = await hold(a_target(server.url))
    await until(lambda: connection_log.events().count("heartbeat") >= 2)
    assert held.rtt_ms is not None
    assert not held.suspect


@pytest.mark.parametrize(
    ("transports", "reason"),
    [((WEBSOCKET,), Reason.REFUSED), ((POLLING, WEBSOCKET), Reason.REFUSED)],
)
async def test_a_refused_port_is_told_from_a_timeout(
    hold: Open, transports: tuple[Transport, ...], reason: Reason
) -> None:
    error = await refused(hold, a_target(f"http://127.0.0.1:{free_port()}"), *transports)
    assert error.ended.reason is reason


@pytest.mark.parametrize("transports", [(WEBSOCKET,), (POLLING, WEBSOCKET)])
async def test_a_server_that_accepts_and_says_nothing_is_given_up_in_time(
    hold: Open, transports: tuple[Transport, ...]
) -> None:
    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.wait({asyncio.create_task(released.wait())})
        writer.close()

    released = asyncio.Event()
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        error = await refused(hold, a_target(f"http://127.0.0.1:{port}"), *transports)
        released.set()
    assert error.ended.reason is Reason.TIMEOUT


async def test_a_namespace_that_is_never_answered_is_given_up_in_time(
    hold: Open, node_server: StartNode
) -> None:
    server = await node_server(auth={"mode": "hang"})
    assert (await refused(hold, a_target(server.url))).ended.reason is Reason.TIMEOUT


async def test_a_refusal_of_the_namespace_carries_the_servers_words(
    hold: Open, node_server: StartNode
) -> None:
    server = await node_server(auth={"mode": "reject", "message": "no entry\x1b[31m"})
    ended = (await refused(hold, a_target(server.url))).ended
    assert ended.reason is Reason.CONNECT_REFUSED
    assert "no entry" in ended.detail
    assert "\x1b" not in ended.detail


async def test_a_server_that_disconnects_at_once_is_no_connection(
    hold: Open, node_server: StartNode
) -> None:
    server = await node_server(on_connect="disconnect")
    try:
        ended = await lost(await hold(a_target(server.url)))
    except ConnectError as error:  # both packets came at once
        ended = error.ended.reason
    assert ended is Reason.DISCONNECTED


@pytest.mark.parametrize("transports", [(WEBSOCKET,), (POLLING,)])
async def test_a_redirect_is_not_followed(
    hold: Open,
    http_server: Serve,
    socketio_server: StartPython,
    transports: tuple[Transport, ...],
) -> None:
    server = await socketio_server()

    async def away(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{server.url}{request.path_qs}")

    url = await http_server(away)
    ended = (await refused(hold, a_target(url), *transports)).ended
    assert ended.reason in (Reason.REDIRECT, Reason.HTTP_STATUS)
    assert server.requests == []


async def test_a_refused_handshake_keeps_its_status(hold: Open, http_server: Serve) -> None:
    async def bad_gateway(_: web.Request) -> web.StreamResponse:
        return web.Response(status=502, text="<html>Bad Gateway</html>")

    url = await http_server(bad_gateway)
    for transports in ((WEBSOCKET,), (POLLING,)):
        ended = (await refused(hold, a_target(url), *transports)).ended
        assert (ended.reason, ended.detail) == (Reason.HTTP_STATUS, "HTTP 502")


async def test_an_endless_polling_answer_is_cut_off(hold: Open, http_server: Serve) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"0" * 65_536)
                sent += 65_536
        except ConnectionError:
            return response

    url = await http_server(endless)
    ended = (await refused(hold, a_target(url), POLLING)).ended
    assert ended.reason is Reason.UNEXPECTED_BODY
    assert sent < MAX_BODY * 64  # bounded by what the sockets buffer, not by the sender


@pytest.mark.parametrize(
    "text", ["0{broken", '0{"sid":1}', "96:0{}", "", "4", "0null", "\x00" * 100, "9" * 500]
)
async def test_nonsense_instead_of_engine_io_is_an_error_and_no_crash(
    hold: Open, http_server: Serve, text: str
) -> None:
    async def nonsense(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(text=text)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(text)
        await socket.receive()
        return socket

    url = await http_server(nonsense)
    for transports in ((WEBSOCKET,), (POLLING,)):
        ended = (await refused(hold, a_target(url), *transports)).ended
        assert ended.reason in (Reason.NOT_EIO, Reason.UNRECOGNISED)


async def test_a_packet_that_breaks_the_library_ends_the_connection(
    hold: Open, http_server: Serve
) -> None:
    async def then_nonsense(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str('0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000}')
        assert (await socket.receive()).data.startswith("40")
        await socket.send_str('40{"sid":"b"}')
        assert (await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.PING)
        await socket.send_str("42[not json")
        await socket.receive()
        return socket

    url = await http_server(then_nonsense)
    held = await hold(a_target(url, client=ClientSettings(keep_alive_s=0.05)))
    assert await lost(held) is not Reason.CLOSED


async def test_a_close_frame_keeps_its_code(hold: Open, node_server: StartNode) -> None:
    server = await node_server(kick_after_ms=200)
    held = await hold(a_target(server.url))
    assert await lost(held) in (Reason.DISCONNECTED, Reason.CLOSED)


async def test_a_killed_server_is_noticed_by_its_end_of_stream(
    hold: Open, node_server: StartNode
) -> None:
    server = await node_server()
    held = await hold(a_target(server.url))
    await server.kill()
    assert await lost(held) in (Reason.EOF, Reason.RESET)


async def test_a_killed_server_is_noticed_on_polling_too(
    hold: Open, node_server: StartNode
) -> None:
    server = await node_server(transports=["polling"])
    held = await hold(a_target(server.url), POLLING)
    await server.kill()
    assert await lost(held) in (Reason.EOF, Reason.RESET, Reason.REFUSED)


async def test_a_frozen_server_is_suspected_first_and_lost_later(
    hold: Open, node_server: StartNode, connection_log: Lines
) -> None:
    server = await node_server()
    held = await hold(a_target(server.url), pace=replace(QUICK, drop_s=0.5))
    suspicions: list[bool] = []
    held.on_suspicion = lambda: suspicions.append(held.suspect)
    server.freeze()
    assert await lost(held) is Reason.TIMEOUT
    assert suspicions == [True]
    assert "heartbeat-missed" in connection_log.events()
    await held.close()  # and closing does not wait for a peer that cannot answer
    server.resume()


async def test_a_frozen_server_is_suspected_on_polling_too(
    hold: Open, node_server: StartNode, connection_log: Lines
) -> None:
    server = await node_server(transports=["polling"])
    held = await hold(a_target(server.url), POLLING, pace=replace(QUICK, drop_s=0.5))
    server.freeze()
    assert await lost(held) is Reason.TIMEOUT
    assert "heartbeat-missed" in connection_log.events()
    server.resume()


async def test_on_polling_an_echo_that_nobody_serves_is_the_sign_of_life(
    hold: Open, node_server: StartNode, socketio_server: StartPython
) -> None:
    for server in (await node_server(), await socketio_server()):
        target = a_target(server.url, client=ClientSettings(keep_alive_s=None))
        rtts: list[float] = []
        held = await hold(target, POLLING)
        held.on_rtt = rtts.append
        await until(lambda: len(rtts) >= 4, "four echoes")  # noqa: B023
        assert not held.lost.done()
        assert not held.suspect
        assert len(held._client.failed_namespaces) <= 1
        await held.close()


async def test_the_server_sees_the_goodbye(hold: Open, node_server: StartNode) -> None:
    server = await node_server()
    for transports in ((WEBSOCKET,), (POLLING,)):
        held = await hold(a_target(server.url), *transports)
        assert (await server.stats())["open"] == 1
        await held.close()
        await until_async(server.stats, lambda stats: stats["open"] == 0)


async def until_async(
    ask: Callable[[], Awaitable[dict[str, object]]], true: Callable[[dict[str, object]], bool]
) -> None:
    async with asyncio.timeout(20):
        while not true(await ask()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_goodbye_that_is_cut_short_leaves_no_task(
    hold: Open, socketio_server: StartPython
) -> None:
    server = await socketio_server(transports=["polling"])
    before = asyncio.all_tasks()
    held = await hold(a_target(server.url), POLLING)
    closing = asyncio.create_task(held.close())
    await asyncio.sleep(0)  # it has begun
    closing.cancel()
    await asyncio.wait({closing})
    assert closing.cancelled()
    own = {t for t in asyncio.all_tasks() - before if t.get_name().startswith("held ")}
    assert own == set()

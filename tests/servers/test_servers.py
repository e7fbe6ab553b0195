"""The fixtures do what they promise: other tests rely on it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import ssl

import aiohttp
import pytest

from tests.servers.certificates import CertificateAuthority
from tests.servers.fixtures import StartHaproxy, StartNginx, StartNode, StartPython
from tests.servers.guard import LoopbackGuard
from tests.servers.node import NodeServer
from tests.servers.process import ChildProcess, StartError
from tests.servers.proxies import Nginx

OPEN = "/socket.io/?EIO=4&transport=polling"


async def get(
    url: str, *, headers: dict[str, str] | None = None, context: ssl.SSLContext | None = None
) -> tuple[int, str]:
    """Status and body of one GET on a fresh connection."""
    timeout = aiohttp.ClientTimeout(total=10)
    connector = aiohttp.TCPConnector(ssl=context or True, force_close=True)
    async with (
        aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
        session.get(url, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status, await answer.text()


@pytest.mark.node
async def test_a_node_server_opens_engine_io_sessions_with_the_given_settings(
    node_server: StartNode,
) -> None:
    server = await node_server(ping_interval=700, path="/rt/", transports=["polling"])
    status, body = await get(server.url + "/rt/?EIO=4&transport=polling")
    opened = json.loads(body[1:])
    assert (status, opened["pingInterval"], opened["upgrades"]) == (200, 700, [])
    assert (await server.stats())["requests"][0]["method"] == "GET"


@pytest.mark.node
async def test_the_old_socket_io_speaks_its_old_protocol(node_server: StartNode) -> None:
    server = await node_server(kind="socket.io-v2")
    status, body = await get(server.url + OPEN)
    assert status == 200
    assert re.match(r'9\d:0\{"sid"', body)  # length-prefixed, and a bare `40` follows unasked
    assert body.endswith("2:40")


@pytest.mark.node
@pytest.mark.parametrize("kind", ["http", "ws"])
async def test_a_server_without_socket_io_answers_404(node_server: StartNode, kind: str) -> None:
    server = await node_server(kind=kind)
    if kind == "http":
        status, body = await get(server.url + "/socket.io/")
        assert (status, "Cannot GET /socket.io/" in body) == (404, True)
        return
    async with aiohttp.ClientSession() as session, session.ws_connect(server.url) as ws:
        await ws.send_str("echo")
        assert await ws.receive_str(timeout=5) == "echo"


@pytest.mark.node
async def test_a_node_server_keeps_its_port_over_a_restart(node_server: StartNode) -> None:
    server = await node_server()
    port = server.port
    await server.kill()
    with pytest.raises(aiohttp.ClientConnectorError):
        await get(server.url + "/health")
    await server.restart(health={"status": 500})
    assert server.port == port
    assert (await get(server.url + "/health"))[0] == 500
    await server.set_health(status=200, body="fine")
    assert await get(server.url + "/health") == (200, "fine")


@pytest.mark.node
async def test_a_frozen_node_server_accepts_and_says_nothing_until_resumed(
    node_server: StartNode,
) -> None:
    server = await node_server()
    server.freeze()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    read = asyncio.create_task(reader.readline())
    done, _ = await asyncio.wait({read}, timeout=0.3)
    assert not done
    server.resume()
    assert (await asyncio.wait_for(read, 10)).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()


@pytest.mark.node
@pytest.mark.parametrize(
    ("rule", "origin", "status"),
    [
        ({"origins": ["https://good.example"]}, "https://good.example", 200),
        ({"origins": ["https://good.example"]}, "https://bad.example", 403),
        ({"deny": True, "message": "go away"}, "https://good.example", 403),
    ],
)
async def test_allow_request_is_engine_ios_own_refusal(
    node_server: StartNode, rule: dict[str, object], origin: str, status: int
) -> None:
    server = await node_server(allow_request=rule)
    got, body = await get(server.url + OPEN, headers={"Origin": origin})
    assert got == status
    if status == 403:
        assert json.loads(body)["code"] == 4


@pytest.mark.node
async def test_a_server_that_cannot_start_says_why(node_server: StartNode) -> None:
    server = await node_server(kind="http")
    with pytest.raises(StartError, match="EADDRINUSE"):
        await NodeServer(kind="http", port=server.port).start()


@pytest.mark.node
@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("issue", None),
        ("complete_chain", None),
        ("expired", "expired"),
        ("wrong_name", "mismatch"),
        ("self_signed", "self-signed"),
        ("missing_intermediate", "unable to get local issuer"),
        ("unknown_ca", "unable to get local issuer"),
        ("not_yet_valid", "not yet valid"),
        ("expiring", None),
    ],
)
async def test_each_certificate_fails_as_its_name_says(
    node_server: StartNode, ca: CertificateAuthority, kind: str, fault: str | None
) -> None:
    server = await node_server(tls=getattr(ca, kind)().for_node())
    url = f"https://localhost:{server.port}/health"
    if fault is None:
        assert (await get(url, context=ca.client_context()))[0] == 200
        return
    with pytest.raises(aiohttp.ClientConnectorCertificateError, match=fault):
        await get(url, context=ca.client_context())


@pytest.mark.node
async def test_a_certificate_without_names_is_refused_where_the_common_name_counts_for_nothing(
    node_server: StartNode, ca: CertificateAuthority
) -> None:
    server = await node_server(tls=ca.nameless().for_node())
    context = ca.client_context()
    context.hostname_checks_common_name = False
    with pytest.raises(aiohttp.ClientConnectorCertificateError, match="mismatch"):
        await get(f"https://localhost:{server.port}/health", context=context)


@pytest.mark.node
@pytest.mark.nginx
async def test_nginx_without_the_upgrade_headers_strips_websocket(
    node_server: StartNode, nginx: StartNginx
) -> None:
    server = await node_server()
    front = await nginx(Nginx.pass_to(server.url, websocket=False))
    assert (await get(front.url + OPEN))[0] == 200
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    status, body = await get(front.url + "/socket.io/?EIO=4&transport=websocket", headers=headers)
    assert (status, json.loads(body)["code"]) == (400, 3)


@pytest.mark.nginx
async def test_nginx_serves_tls_with_the_given_certificate(
    nginx: StartNginx, ca: CertificateAuthority
) -> None:
    front = await nginx("return 503 busy;", certificate=ca.issue())
    url = f"https://localhost:{front.port}/"
    assert await get(url, context=ca.client_context()) == (503, "busy")


@pytest.mark.nginx
async def test_a_faulty_nginx_configuration_is_told_with_its_error(nginx: StartNginx) -> None:
    with pytest.raises(StartError, match="unknown directive"):
        await nginx("no_such_directive on;")


@pytest.mark.haproxy
async def test_haproxy_answers_503_when_its_backend_is_gone(
    haproxy: StartHaproxy, ca: CertificateAuthority
) -> None:
    front = await haproxy(
        "default_backend gone",
        "backend gone\n    server s1 127.0.0.1:1",
        defaults="retries 0",
        certificate=ca.issue(),
    )
    url = f"https://localhost:{front.port}/"
    assert (await get(url, context=ca.client_context()))[0] == 503


async def test_the_python_server_counts_what_it_is_sent(socketio_server: StartPython) -> None:
    import socketio  # type: ignore[import-untyped]

    server = await socketio_server()
    client = socketio.AsyncClient(reconnection=False, handle_sigint=False)
    try:
        await client.connect(server.url, auth={"token": "t"}, wait_timeout=5)
        assert await client.call("echo", "hello", timeout=5) == "hello"
    finally:
        await client.disconnect()
        await client.shutdown()
    assert server.connections == [{"token": "t"}]


async def test_a_killed_child_is_gone() -> None:
    async with ChildProcess(["sleep", "60"]) as child:
        pid = child.pid
        await child.kill()
        assert not child.running
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_a_silent_child_is_reported_with_its_last_words() -> None:
    async with ChildProcess(["sh", "-c", "echo almost; sleep 60"]) as child:
        with pytest.raises(StartError, match="almost"):
            await child.line(lambda line: line == "ready", deadline_s=0.3)


def test_a_connection_that_leaves_the_machine_is_refused_and_noticed(
    loopback_only: LoopbackGuard,
) -> None:
    with socket.socket() as outside, pytest.raises(OSError, match="loopback"):
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("example.com", 80)
    assert len(loopback_only.violations) == 2
    loopback_only.clear()


def test_a_name_under_invalid_does_not_exist(loopback_only: LoopbackGuard) -> None:
    with pytest.raises(socket.gaierror) as error:
        socket.getaddrinfo("nowhere.invalid", 80)
    assert error.value.errno == socket.EAI_NONAME
    assert loopback_only.violations == []


def test_no_setting_of_the_machine_reaches_a_test() -> None:
    names = [name.upper() for name in os.environ]
    assert not [n for n in names if n.endswith("_PROXY") or n.startswith(("SLACK_", "NEXT_"))]
    assert "XDG_STATE_HOME" in names

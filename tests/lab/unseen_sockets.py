"""WebSocket, Engine.IO, CORS and Socket.IO faults made in other ways than in http_and_above."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import socketio  # type: ignore[import-untyped]

from bot.model import ClientSettings, State, Target, Transport
from bot.net.websocket import accept_of
from tests.lab import wire
from tests.lab.http_and_above import (
    ORIGIN,
    as_page,
    behind_nginx,
    node,
    on_upgrade,
    through,
    with_target,
)
from tests.lab.scenario import Bench, Scenario, Start, target
from tests.servers.proxies import Nginx
from tests.servers.python_socketio import PythonServer

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP
JSON, TEXT = "application/json", "text/plain"


def untouched() -> wire.Tamper:
    return lambda data: data


def tampered(
    down: Callable[[], wire.Tamper] = untouched,
    up: Callable[[], wire.Tamper] = untouched,
    **options: Any,
) -> Start:
    async def start(bench: Bench) -> Target:
        server = await bench.node(**options)

        async def serve(connection: Any) -> None:
            await wire.tampering(server.port, down=down(), up=up())(connection)

        return target(f"http://127.0.0.1:{await bench.talk(serve)}")

    return start


def nothing() -> wire.Tamper:
    return lambda _: b""


def reserved() -> wire.Tamper:
    return lambda data: bytes([data[0] | 0x40]) + data[1:]


def late_refusal() -> wire.Tamper:
    """The server writes HTTP after its 101."""
    return lambda _: wire.http("500 Internal Server Error", "no worker")


def first_only(keep: int = 1) -> wire.Tamper:
    seen = 0

    def tamper(data: bytes) -> bytes | None:
        nonlocal seen
        seen += 1
        return data if seen <= keep else None

    return tamper


def at_once() -> wire.Tamper:
    return lambda _: None


def switching(more: bytes = b"") -> bytes:
    """A 101 by somebody who did not read the key."""
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return head + more + b"\r\n"


def switched_without(name: str) -> Start:
    """nginx passes the upgrade on, and hides this header of its 101."""
    return behind_nginx(f"proxy_hide_header {name}; " + Nginx.pass_to("{node}"))


def refusing(message: Any) -> Start:
    """python-socketio's connect handler refuses with these words."""

    def prepare(server: PythonServer) -> None:
        async def refuse(_sid: str, _environ: dict[str, Any], _auth: Any = None) -> Any:
            if message is False:
                return False
            raise socketio.exceptions.ConnectionRefusedError(*message)

        server.sio.on("connect", refuse)

    async def start(bench: Bench) -> Target:
        return target((await bench.python(prepare=prepare)).url)

    return start


def pool(count: int, method: str = "", **options: Any) -> Start:
    async def start(bench: Bench) -> Target:
        ports = [(await bench.node(**options)).port for _ in range(count)]
        servers = " ".join(f"server 127.0.0.1:{p};" for p in ports)
        http = f"upstream pool {{ {method} {servers} }}"
        return target((await bench.nginx(Nginx.pass_to("http://pool"), http=http)).url)

    return start


def haproxy_pool(count: int, more: str) -> Start:
    async def start(bench: Bench) -> Target:
        ports = [(await bench.node()).port for _ in range(count)]
        rest = f"backend b\n{more}\n" + "\n".join(
            f"    server s{i} 127.0.0.1:{p} cookie s{i}" for i, p in enumerate(ports)
        )
        return target((await bench.haproxy("    default_backend b", rest)).url)

    return start


def closed_late(seconds: float, *, switched: bool) -> Start:
    """A box that lets polling pass, and ends upgrades after a while without a packet."""

    async def start(bench: Bench) -> Target:
        server = await bench.node()

        async def serve(connection: socket.socket) -> None:
            head = await wire.receive(connection)
            if not wire.is_upgrade(head):
                await wire.splice(connection, server.port, head)
                return
            if switched:
                lines = head.decode("latin-1").split("\r\n")
                (key,) = (li[19:] for li in lines if li.lower().startswith("sec-websocket-key: "))
                accept = f"Sec-WebSocket-Accept: {accept_of(key)}\r\n"
                await wire.send(connection, switching(accept.encode()))
            await asyncio.sleep(seconds)

        return target(f"http://127.0.0.1:{await bench.talk(serve)}")

    return start


def one_of_two(status: str, *, first: bool = False) -> Start:
    """Of two servers behind nginx one answers everything with this status."""

    async def start(bench: Bench) -> Target:
        failing = await bench.talk(wire.replies(lambda _: wire.http(status, "<h1>sorry</h1>")))
        ports = [(await bench.node()).port, failing]
        servers = " ".join(f"server 127.0.0.1:{p};" for p in (ports[::-1] if first else ports))
        http = f"upstream pool {{ {servers} }}"
        return target((await bench.nginx(Nginx.pass_to("http://pool"), http=http)).url)

    return start


def limited_upgrades(rate: str) -> Start:
    """nginx limits how many upgrades a client may ask for, and answers 503 to more."""
    return behind_nginx(
        "limit_req zone=z; " + Nginx.pass_to("{node}"),
        http=(
            "map $http_upgrade $who { default ''; websocket $binary_remote_addr; } "
            f"limit_req_zone $who zone=z:1m rate={rate};"
        ),
    )


def mixed() -> Start:
    async def start(bench: Bench) -> Target:
        four, two = await bench.node(), await bench.node(kind="socket.io-v2")
        http = f"upstream pool {{ server 127.0.0.1:{four.port}; server 127.0.0.1:{two.port}; }}"
        return target((await bench.nginx(Nginx.pass_to("http://pool"), http=http)).url)

    return start


def python_kicks() -> Start:
    def prepare(server: PythonServer) -> None:
        async def kick(sid: str, _environ: dict[str, Any], _auth: Any = None) -> None:
            server.sio.eio.start_background_task(server.sio.disconnect, sid)

        server.sio.on("connect", kick)

    async def start(bench: Bench) -> Target:
        return target((await bench.python(prepare=prepare)).url)

    return start


WS_ANY = frozenset({"ws_webfilter_403", "ws_200_instead_101", "ws_426", "ws_no_upgrade_header"})
SCENARIOS = (
    # ---- middleboxes
    Scenario("server frames swallowed", "ws_frames_blocked_down", DEGRADED, tampered(down=nothing)),
    Scenario("client frames swallowed", "ws_frames_blocked_up", DEGRADED, tampered(up=nothing)),
    Scenario("reserved bits", "ws_frames_corrupted", DEGRADED, tampered(down=reserved)),
    Scenario(
        "cut before the first frame", "ws_rst_after_first_frame", DEGRADED, tampered(down=at_once)
    ),
    Scenario(
        "cut after the first frame", "ws_rst_after_first_frame", DEGRADED, tampered(down=first_only)
    ),
    Scenario(
        "cut upon our first frame", "ws_rst_after_first_frame", DEGRADED, tampered(up=at_once)
    ),
    Scenario(
        "wrong accept",
        "ws_bad_accept",
        DEGRADED,
        through(on_upgrade(switching(b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"))),
    ),
    Scenario(
        "no accept",
        "ws_bad_accept",
        DEGRADED,
        through(on_upgrade(switching())),
    ),
    Scenario("101 without Upgrade", "ws_bad_accept", DEGRADED, switched_without("Upgrade")),
    Scenario("upgrades closed late", "ws_blocked_rst", DEGRADED, closed_late(2.0, switched=False)),
    Scenario(
        "cut late without a packet",
        "ws_rst_after_first_frame",
        DEGRADED,
        closed_late(2.0, switched=True),
    ),
    Scenario("upgrades limited", "http_429_rate_limited", DEGRADED, limited_upgrades("6r/m")),
    Scenario("one of two 500", "http_500_app_error", DEGRADED, one_of_two("500 Oops")),
    Scenario("one of two 502", "http_502_upstream_down", DEGRADED, one_of_two("502 Bad Gateway")),
    Scenario("one of two 503", "http_503_no_server", DEGRADED, one_of_two("503 Busy", first=True)),
    Scenario(
        "one of two 404", "http_sio_absent", DEGRADED, one_of_two("404 Not Found", first=True)
    ),
    Scenario(
        "upgrade 501",
        "ws_426",
        DEGRADED,
        through(on_upgrade(wire.http("501 Not Implemented", "", "Server: squid/5.7"))),
    ),
    Scenario(
        "upgrade 403 empty",
        "ws_webfilter_403",
        DEGRADED,
        through(on_upgrade(wire.http("403 Forbidden", "", "Server: awselb/2.0"))),
    ),
    Scenario(
        "upgrade 407",
        "ws_webfilter_403",
        DEGRADED,
        through(
            on_upgrade(
                wire.http("407 Proxy Authentication Required", "", "Proxy-Authenticate: Basic")
            )
        ),
    ),
    Scenario(
        "upgrade 302 to block page",
        "ws_webfilter_403",
        DEGRADED,
        through(
            on_upgrade(wire.http("302 Found", "", "Location: http://block.corp.example/?cat=ws"))
        ),
        WS_ANY,
    ),
    Scenario(
        "upgrade 404 by the front",
        "ws_200_instead_101",
        DEGRADED,
        through(on_upgrade(wire.http("404 Not Found", "<h1>404</h1>", "Server: nginx"))),
        WS_ANY,
    ),
    Scenario(
        "upgrade 400 by the front",
        "ws_no_upgrade_header",
        DEGRADED,
        through(
            on_upgrade(
                wire.http(
                    "400 Bad Request",
                    "<html><head><title>400 Bad Request</title></head></html>",
                    "Server: nginx",
                )
            )
        ),
        WS_ANY,
    ),
    Scenario(
        "upgrade 503",
        "ws_conn_limit",
        DEGRADED,
        through(on_upgrade(wire.http("503 Service Unavailable", "<h1>503</h1>", "Server: nginx"))),
    ),
    Scenario(
        "upgrade 429",
        "http_429_rate_limited",
        DEGRADED,
        through(on_upgrade(wire.http("429 Too Many Requests", ""))),
        frozenset({"ws_conn_limit"}),
    ),
    Scenario(
        "upgrade 502",
        "cloudrun_h2_end_to_end",
        DEGRADED,
        through(on_upgrade(wire.http("502 Bad Gateway", "", "Server: haproxy"))),
    ),
    Scenario(
        "upgrade 504",
        "ws_426",
        DEGRADED,
        through(on_upgrade(wire.http("504 Gateway Timeout", "", "Server: awselb/2.0"))),
        WS_ANY | {"ws_blocked_drop", "cloudrun_h2_end_to_end"},
    ),
    Scenario("upgrade closed", "ws_blocked_rst", DEGRADED, through(on_upgrade(b""))),
    Scenario(
        "upgrade 500 by the application server",
        "ws_426",
        DEGRADED,
        through(on_upgrade(wire.http("500 Internal Server Error", "<h1>500</h1>"))),
    ),
    Scenario("http inside the stream", "unrecognised", DEGRADED, tampered(down=late_refusal)),
    # ---- Engine.IO
    Scenario("three workers", "eio_no_sticky", DEGRADED, pool(3)),
    Scenario("random worker", "eio_no_sticky", DEGRADED, pool(3, "random;")),
    Scenario(
        "haproxy by cookie nobody keeps",
        "eio_no_sticky",
        DEGRADED,
        with_target(
            as_page(
                haproxy_pool(2, "    balance roundrobin\n    cookie SRV insert indirect nocache")
            ),
            origin=ORIGIN,
        ),
        frozenset({"cors_missing"}),
    ),
    Scenario(
        "haproxy leastconn", "eio_no_sticky", DEGRADED, haproxy_pool(3, "    balance leastconn")
    ),
    Scenario("versions mixed", "eio_mixed_versions", None, mixed(), frozenset({"eio_no_sticky"})),
    Scenario(
        "denied, forbidden",
        "eio_forbidden_origin",
        DOWN,
        as_page(node(allow_request={"deny": True})),
        frozenset({"eio_forbidden_all"}),
    ),
    Scenario(
        "denied without an origin",
        "eio_forbidden_all",
        DOWN,
        node(allow_request={"deny": True, "message": "not in allow-list"}),
    ),
    Scenario(
        "denied, plain, without an origin",
        "eio_forbidden_all",
        DOWN,
        node(allow_request={"deny": True}),
        frozenset({"eio_forbidden_origin"}),
    ),
    Scenario(
        "denied in words of a token",
        "eio_forbidden_all",
        DOWN,
        as_page(node(allow_request={"deny": True, "message": "missing api key"})),
    ),
    Scenario(
        "original words, not the origin",
        "eio_forbidden_all",
        DOWN,
        as_page(
            node(
                allow_request={
                    "deny": True,
                    "message": "unregistered device, please use the original app",
                }
            )
        ),
    ),
    Scenario(
        "plain ws, silent",
        "eio_plain_ws_server",
        DOWN,
        node(kind="ws", path="/socket.io/"),
        frozenset({"ws_open_never_sent"}),
    ),
    Scenario(
        "plain ws, json hello",
        "eio_plain_ws_server",
        DOWN,
        node(kind="ws", greeting='{"type":"connection_init"}'),
    ),
    Scenario("plain ws, number hello", "eio_plain_ws_server", DOWN, node(kind="ws", greeting="0")),
    Scenario("plain ws closes 1000", "eio_plain_ws_server", DOWN, node(kind="ws", close_code=1000)),
    Scenario(
        "plain ws closes 4401",
        "eio_plain_ws_server",
        DOWN,
        node(kind="ws", close_code=4401, close_reason="Unauthorized"),
        frozenset({"ws_close_policy"}),
    ),
    Scenario(
        "close 1013",
        "ws_close_overload",
        DOWN,
        node(kind="ws", close_code=1013, close_reason="try again later"),
    ),
    Scenario(
        "v2 behind nginx",
        "eio_server_v2",
        DOWN,
        behind_nginx(Nginx.pass_to("{node}"), kind="socket.io-v2"),
    ),
    # ---- CORS
    Scenario(
        "cors for the port",
        "cors_origin_mismatch",
        DEGRADED,
        as_page(node(cors={"origin": ORIGIN + ":8443"})),
    ),
    Scenario(
        "cors with a slash",
        "cors_origin_mismatch",
        DEGRADED,
        as_page(node(cors={"origin": ORIGIN + "/"})),
    ),
    Scenario(
        "cors null",
        "cors_origin_mismatch",
        DEGRADED,
        as_page(
            behind_nginx(
                Nginx.pass_to("{node}", more="add_header Access-Control-Allow-Origin null;")
            )
        ),
    ),
    Scenario(
        "cors star twice",
        "cors_duplicate_header",
        DEGRADED,
        as_page(
            behind_nginx(
                Nginx.pass_to("{node}", more="add_header Access-Control-Allow-Origin *;"),
                cors={"origin": "*"},
            )
        ),
    ),
    Scenario(
        "cors list in one line",
        "cors_duplicate_header",
        DEGRADED,
        as_page(
            behind_nginx(
                Nginx.pass_to(
                    "{node}",
                    more='add_header Access-Control-Allow-Origin "https://a.example, https://app.example.com";',
                )
            )
        ),
    ),
    Scenario(
        "cors of others in a list",
        "cors_missing",
        DEGRADED,
        as_page(node(cors={"origin": ["https://a.example", "https://b.example"]})),
        frozenset({"cors_origin_mismatch", "cors_stripped_by_proxy"}),
    ),
    # ---- Socket.IO
    Scenario("refused by python: False", "sio_auth_rejected", DOWN, refusing(False)),
    Scenario(
        "refused by python: words", "sio_auth_rejected", DOWN, refusing(("authentication failed",))
    ),
    Scenario(
        "refused by python: data",
        "sio_auth_expired",
        DOWN,
        refusing(("token expired", {"code": 4011})),
    ),
    Scenario("refused by python: nothing", "sio_auth_rejected", DOWN, refusing(())),
    Scenario(
        "refused by python: redis",
        "sio_dependency_down",
        DOWN,
        refusing(("Unable to connect to database",)),
    ),
    Scenario("kicked by python", "sio_server_disconnects", DOWN, python_kicks()),
    Scenario("kicked after 200 ms", "sio_server_disconnects", DOWN, node(kick_after_ms=200)),
    Scenario(
        "kicked after 200 ms, polling",
        "sio_server_disconnects",
        DOWN,
        with_target(
            node(kick_after_ms=200), client=ClientSettings(transports=(Transport.POLLING,))
        ),
    ),
    Scenario(
        "crashes on connect",
        "srv_crashes_on_connect",
        DOWN,
        node(on_connect="crash"),
        frozenset({"sio_server_disconnects"}),
        slow=True,
    ),
    Scenario("health 401", "http_health_500", DEGRADED, node(health={"status": 401})),
    Scenario("health 418", "http_health_500", DEGRADED, node(health={"status": 418})),
    Scenario("health slow", "srv_slow_health", DEGRADED, node(health={"delayMs": 900})),
)

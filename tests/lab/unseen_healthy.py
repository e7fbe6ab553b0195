"""Backends that look odd and are well: nothing may be named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.credentials import reference
from bot.model import ClientSettings, State, Target, Transport
from tests.lab import wire
from tests.lab.http_and_above import ORIGIN, as_page, behind_nginx, node, python, with_target
from tests.lab.scenario import Bench, Scenario, Start, target
from tests.lab.unseen_sockets import haproxy_pool, pool
from tests.servers.proxies import Nginx
from tests.servers.python_socketio import PythonServer

UP, DEGRADED = State.UP, State.DEGRADED
POLLING_ONLY = ClientSettings(transports=(Transport.POLLING,))
WEBSOCKET_ONLY = ClientSettings(transports=(Transport.WEBSOCKET,))


def as_ws(start: Start) -> Start:
    async def started(bench: Bench) -> Target:
        found = await start(bench)
        return replace(found, url=found.url.replace("http", "ws", 1))

    return started


def haproxy(more: str = "", bind: str = "", tls: bool = False, **options: Any) -> Start:
    async def start(bench: Bench) -> Target:
        server = await bench.node(**options)
        files = bench.ca.issue() if tls else None
        rest = f"backend b\n{more}\n    server s 127.0.0.1:{server.port}"
        front = await bench.haproxy("    default_backend b", rest, bind=bind, certificate=files)
        return target(front.url, ca_file=str(bench.ca.ca_file) if tls else None)

    return start


def tls_node(pick: Any, host: str = "127.0.0.1", **options: Any) -> Start:
    async def start(bench: Bench) -> Target:
        server = await bench.node(tls=pick(bench.ca).for_node(), **options)
        return target(f"https://{host}:{server.port}", ca_file=str(bench.ca.ca_file))

    return start


def tls_nginx(pick: Any, host: str = "127.0.0.1") -> Start:
    async def start(bench: Bench) -> Target:
        server = await bench.node()
        front = await bench.nginx(Nginx.pass_to(server.url), certificate=pick(bench.ca))
        return target(f"https://{host}:{front.port}", ca_file=str(bench.ca.ca_file))

    return start


def named(host: str, start: Start) -> Start:
    async def started(bench: Bench) -> Target:
        found = await start(bench)
        return replace(found, url=found.url.replace("127.0.0.1", host))

    return started


def chatty(events: list[tuple[str, Any]]) -> Start:
    def prepare(server: PythonServer) -> None:
        async def greet(sid: str, _environ: dict[str, Any], _auth: Any = None) -> None:
            for name, value in events:
                await server.sio.emit(name, value, to=sid)

        server.sio.on("connect", greet)

    async def start(bench: Bench) -> Target:
        return target((await bench.python(prepare=prepare)).url)

    return start


def late(seconds: float) -> Start:
    """Behind a box that delays whatever passes."""

    async def start(bench: Bench) -> Target:
        server = await bench.node()
        box = wire.middlebox(server.port, lambda _: "pass", delay_s=seconds)
        return target(f"http://127.0.0.1:{await bench.talk(box)}")

    return start


def health_by_nginx(answer: str, **options: Any) -> Start:
    return behind_nginx(f"location /health {{ {answer} }}" + Nginx.pass_to("{node}"), **options)


SCENARIOS = (
    Scenario("haproxy", None, UP, haproxy()),
    Scenario("haproxy tls", None, UP, haproxy(tls=True)),
    Scenario("haproxy tls h2 too", None, UP, haproxy(tls=True, bind="alpn h2,http/1.1")),
    Scenario(
        "haproxy sticky cookie",
        None,
        UP,
        haproxy_pool(2, "    balance roundrobin\n    cookie SRV insert indirect nocache"),
    ),
    Scenario("haproxy source hash", None, UP, haproxy_pool(3, "    balance source")),
    Scenario("nginx consistent hash", None, UP, pool(3, "hash $remote_addr consistent;")),
    Scenario(
        "round robin, websocket only client", None, UP, with_target(pool(2), client=WEBSOCKET_ONLY)
    ),
    Scenario("round robin, ws url", None, UP, as_ws(pool(3))),
    Scenario(
        "nginx gzips",
        None,
        UP,
        behind_nginx(
            "gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;" + Nginx.pass_to("{node}")
        ),
    ),
    Scenario(
        "nginx many headers",
        None,
        UP,
        behind_nginx(
            "".join(f"add_header X-H{i} {'v' * 50};" for i in range(60)) + Nginx.pass_to("{node}")
        ),
    ),
    Scenario(
        "nginx server closes",
        None,
        UP,
        behind_nginx("keepalive_timeout 0;" + Nginx.pass_to("{node}")),
    ),
    Scenario(
        "nginx limits gently",
        None,
        UP,
        behind_nginx(
            "limit_req zone=z burst=50 nodelay;" + Nginx.pass_to("{node}"),
            http="limit_req_zone $binary_remote_addr zone=z:1m rate=20r/s;",
        ),
    ),
    Scenario(
        "nginx small bodies only",
        None,
        UP,
        behind_nginx("client_max_body_size 1k;" + Nginx.pass_to("{node}")),
    ),
    Scenario(
        "nginx options 405",
        None,
        UP,
        as_page(
            behind_nginx(
                "if ($request_method = OPTIONS) { return 405; }" + Nginx.pass_to("{node}"),
                cors={"origin": ORIGIN},
            )
        ),
    ),
    Scenario(
        "waf blocks unknown paths",
        None,
        UP,
        behind_nginx(
            "location / { return 403; } location /health { proxy_pass {node}; }"
            + Nginx.pass_to("{node}").replace("location / ", "location /socket.io/ ")
        ),
    ),
    Scenario("tls chain", None, UP, tls_node(lambda ca: ca.complete_chain())),
    Scenario("tls by ip", None, UP, tls_nginx(lambda ca: ca.issue("127.0.0.1"))),
    Scenario(
        "tls localhost name", None, UP, tls_node(lambda ca: ca.issue("localhost"), host="localhost")
    ),
    Scenario(
        "tls short lived 4 of 7 days",
        None,
        UP,
        tls_node(lambda ca: ca.expiring(days_left=4, lifetime_days=7)),
    ),
    Scenario("wss url", None, UP, as_ws(tls_node(lambda ca: ca.issue()))),
    Scenario(
        "websocket only client and server",
        None,
        UP,
        with_target(node(transports=["websocket"]), client=WEBSOCKET_ONLY),
    ),
    Scenario(
        "polling only client, websocket blocked",
        None,
        UP,
        with_target(behind_nginx(Nginx.pass_to("{node}", websocket=False)), client=POLLING_ONLY),
    ),
    Scenario("ws url, no cors, page", None, UP, as_page(as_ws(node()))),
    Scenario("allowUpgrades false", None, UP, node(allow_upgrades=False)),
    Scenario("allowUpgrades false, python", None, UP, python(allow_upgrades=False)),
    Scenario("ping 300 ms", None, UP, node(ping_interval=300, ping_timeout=300)),
    Scenario("cookie", None, UP, node(cookie={"name": "io", "httpOnly": True})),
    Scenario("tiny maxPayload", None, UP, node(max_http_buffer_size=400)),
    Scenario("deflate", None, UP, node(per_message_deflate={"threshold": 1})),
    Scenario("python deflates", None, UP, python(http_compression=True, compression_threshold=1)),
    Scenario(
        "no health (404 json)",
        None,
        UP,
        health_by_nginx("default_type application/json; return 404 '{}';"),
    ),
    Scenario("health 204", None, UP, health_by_nginx("return 204;")),
    Scenario("health 250 ms", None, UP, node(health={"delayMs": 250})),
    Scenario("all 250 ms late", None, UP, late(0.25)),
    Scenario("middleware 250 ms", None, UP, node(auth={"mode": "ok", "slowMs": 250})),
    Scenario("app with spa fallback and socket.io", None, UP, node(spa=True)),
    Scenario("ipv6 only", None, UP, node(host="::1")),
    Scenario("localhost, v4 only", None, UP, named("localhost", node())),
    Scenario(
        "path under a prefix",
        None,
        UP,
        with_target(
            behind_nginx(Nginx.pass_to("{node}/").replace("location /", "location /api/")),
            path="/api/socket.io/",
        ),
    ),
    Scenario(
        "namespace in the url",
        None,
        UP,
        with_target(node(namespaces=["/", "/a/b"]), namespace="/a/b"),
    ),
    Scenario(
        "namespace only", None, UP, with_target(node(namespaces=["/only"]), namespace="/only")
    ),
    Scenario(
        "cors list, credentials",
        None,
        UP,
        with_target(
            as_page(node(cors={"origin": [ORIGIN, "https://b.example"], "credentials": True})),
            client=ClientSettings(with_credentials=True),
        ),
    ),
    Scenario("cors reflected", None, UP, as_page(node(cors={"origin": True}))),
    Scenario("python cors star", None, UP, as_page(python(cors_allowed_origins="*"))),
    Scenario("python cors list", None, UP, as_page(python(cors_allowed_origins=[ORIGIN]))),
    Scenario(
        "origin rule, ours allowed",
        None,
        UP,
        as_page(node(allow_request={"origins": [ORIGIN]}, cors={"origin": ORIGIN})),
    ),
    Scenario("one event at once", None, UP, chatty([("hello", {"a": 1})])),
    Scenario("ten events at once", None, UP, chatty([("tick", i) for i in range(10)])),
    Scenario(
        "binary event at once",
        None,
        UP,
        chatty([("blob", b"\x00\x01\x02"), ("more", {"x": b"abc"})]),
    ),
    Scenario("a large event at once", None, UP, chatty([("state", "x" * 200_000)])),
    Scenario(
        "token",
        None,
        UP,
        with_target(
            node(auth={"mode": "token", "token": "s"}),
            auth=reference('{"token":"s"}', literal_ok=True),
        ),
    ),
    Scenario(
        "a header is sent",
        None,
        UP,
        with_target(node(), headers={"X-Api-Key": reference("k3y", literal_ok=True)}),
    ),
    Scenario("a query is sent", None, UP, with_target(node(), query={"marker": "abc", "v": "2"})),
    # not quite well, and rightly said so
    Scenario(
        "health 401, guessed path", "http_health_500", DEGRADED, health_by_nginx("return 401;")
    ),
    Scenario(
        "health redirects", "http_health_500", DEGRADED, health_by_nginx("return 302 /login;")
    ),
)

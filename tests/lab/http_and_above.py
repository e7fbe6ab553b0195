"""Scenarios of HTTP fronts, paths, WebSocket, Engine.IO, CORS, Socket.IO and server health."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from bot.credentials import reference
from bot.model import State, Target
from tests.lab import wire
from tests.lab.scenario import Bench, Scenario, Start, target
from tests.servers.proxies import Nginx

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP
ORIGIN = "https://app.example.com"

PORTAL = (
    "<html><head><title>Guest Wi-Fi</title></head><body><h1>Welcome to Hotel Wi-Fi</h1>"
    "<form method=post action=/auth><input name=room><input type=password name=code>"
    "<button>Sign in</button></form></body></html>"
)
SHELL = (
    "<!doctype html><html><head><script type=module src=/assets/index-4fd1.js></script></head>"
    "<body><div id=root></div></body></html>"
)
BLOCK_PAGE = "<html><body><h1>Access denied</h1><p>Category: Web sockets</p></body></html>"


def node(**options: Any) -> Start:
    """A Node server with these options, reached directly."""

    async def start(bench: Bench) -> Target:
        return target((await bench.node(**options)).url)

    return start


def as_page(start: Start, **changes: Any) -> Start:
    """The same, with a page's Origin configured (and further changes of the target)."""

    async def started(bench: Bench) -> Target:
        return replace(await start(bench), origin=ORIGIN, **changes)

    return started


def with_target(start: Start, **changes: Any) -> Start:
    async def started(bench: Bench) -> Target:
        return replace(await start(bench), **changes)

    return started


def behind_nginx(server: str, http: str = "", **options: Any) -> Start:
    """nginx with this server block; {node} is the URL of a Node server with these options."""

    async def start(bench: Bench) -> Target:
        upstream = (await bench.node(**options)).url
        front = await bench.nginx(
            server.replace("{node}", upstream),
            http=http.replace("{node}", upstream.removeprefix("http://")),
        )
        return target(front.url)

    return start


def nginx_only(server: str) -> Start:
    async def start(bench: Bench) -> Target:
        return target((await bench.nginx(server)).url)

    return start


def through(rule: Any, **options: Any) -> Start:
    """A middlebox before a Node server."""

    async def start(bench: Bench) -> Target:
        server = await bench.node(**options)
        return target(f"http://127.0.0.1:{await bench.talk(wire.middlebox(server.port, rule))}")

    return start


async def dead_upstream(bench: Bench) -> Target:
    front = await bench.nginx(Nginx.pass_to(f"http://127.0.0.1:{bench.free_port()}"))
    return target(front.url)


async def dead_upstream_of_haproxy(bench: Bench) -> Target:
    rest = f"backend b\n    server s 127.0.0.1:{bench.free_port()}\n    retries 0"
    return target((await bench.haproxy("    default_backend b", rest)).url)


async def no_server(bench: Bench) -> Target:
    rest = (
        "backend b\n    option httpchk GET /health\n"
        f"    server s 127.0.0.1:{bench.free_port()} check inter 100ms fall 1"
    )
    front = await bench.haproxy("    default_backend b", rest)
    await front.line(lambda line: "no server available" in line)
    return target(front.url)


async def hanging_upstream(bench: Bench) -> Target:
    server = await bench.node()
    server.freeze()
    slow = "proxy_read_timeout 1s; proxy_connect_timeout 1s;"
    return target((await bench.nginx(Nginx.pass_to(server.url, more=slow))).url)


async def round_robin(bench: Bench) -> Target:
    one, other = await bench.node(), await bench.node()
    http = f"upstream pool {{ server 127.0.0.1:{one.port}; server 127.0.0.1:{other.port}; }}"
    return target((await bench.nginx(Nginx.pass_to("http://pool"), http=http)).url)


async def round_robin_of_haproxy(bench: Bench) -> Target:
    one, other = await bench.node(), await bench.node()
    rest = (
        "backend b\n    balance roundrobin\n"
        f"    server a 127.0.0.1:{one.port}\n    server b 127.0.0.1:{other.port}"
    )
    return target((await bench.haproxy("    default_backend b", rest)).url)


async def sticky(bench: Bench) -> Target:
    one, other = await bench.node(), await bench.node()
    http = (
        f"upstream pool {{ ip_hash; server 127.0.0.1:{one.port}; server 127.0.0.1:{other.port}; }}"
    )
    return target((await bench.nginx(Nginx.pass_to("http://pool"), http=http)).url)


async def cold(bench: Bench) -> Target:
    """haproxy tries again until the server is up."""
    port = bench.free_port()
    rest = (
        "backend b\n    timeout connect 500ms\n    retries 20\n    option redispatch 0\n"
        f"    server s 127.0.0.1:{port}"
    )
    front = await bench.haproxy("    default_backend b", rest)

    async def later() -> None:
        await asyncio.sleep(2.5)
        await bench.node(port=port)

    task = asyncio.create_task(later())

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    bench.push_async_callback(end)
    return target(front.url)


async def python_wrong_origin(bench: Bench) -> Target:
    server = await bench.python(cors_allowed_origins=["https://other.example"])
    return target(server.url, origin=ORIGIN)


def python(**options: Any) -> Start:
    async def start(bench: Bench) -> Target:
        return target((await bench.python(**options)).url)

    return start


def python_behind_nginx() -> Start:
    async def start(bench: Bench) -> Target:
        server = await bench.python()
        front = await bench.nginx(Nginx.pass_to(server.url, websocket=False))
        return target(front.url)

    return start


def fixed(reply: bytes) -> Start:
    """Something that gives the same HTTP answer to everything."""

    async def start(bench: Bench) -> Target:
        return target(f"http://127.0.0.1:{await bench.talk(wire.answers(reply))}")

    return start


def no_upgrade(head: bytes) -> wire.Verdict:
    return (
        wire.http("403 Forbidden", BLOCK_PAGE, "Server: FilterBox")
        if wire.is_upgrade(head)
        else "pass"
    )


def on_upgrade(verdict: wire.Verdict) -> Any:
    return lambda head: verdict if wire.is_upgrade(head) else "pass"


def origin_rule(message: str | None = None) -> dict[str, Any]:
    rule: dict[str, Any] = {"origins": ["https://other.example"]}
    return rule | ({"message": message} if message else {})


FRONT = (
    Scenario("nginx, dead upstream", "http_502_upstream_down", DOWN, dead_upstream),
    Scenario(
        "haproxy, dead upstream",
        "http_503_no_server",
        DOWN,
        dead_upstream_of_haproxy,
        or_else=frozenset({"http_502_upstream_down"}),
    ),
    Scenario("haproxy, no server", "http_503_no_server", DOWN, no_server),
    Scenario(
        "maintenance page",
        "http_503_maintenance",
        DOWN,
        nginx_only(
            "location / { add_header Retry-After 600 always; default_type text/html; "
            'return 503 "<h1>Scheduled maintenance</h1>"; }'
        ),
    ),
    Scenario("nginx, hanging upstream", "http_504_upstream_hang", DOWN, hanging_upstream),
    Scenario(
        "rate limit",
        "http_429_rate_limited",
        None,
        behind_nginx(
            "limit_req zone=z burst=1 nodelay; limit_req_status 429;" + Nginx.pass_to("{node}"),
            http="limit_req_zone $binary_remote_addr zone=z:1m rate=6r/m;",
        ),
    ),
    Scenario(
        "429 for everything",
        "http_429_rate_limited",
        DOWN,
        nginx_only("location / { return 429; }"),
    ),
    Scenario(
        "google says rate exceeded",
        "cloudrun_429_no_instance",
        DOWN,
        nginx_only('location / { default_type text/plain; return 429 "Rate exceeded."; }'),
    ),
    Scenario(
        "basic auth",
        "http_401_auth",
        DOWN,
        behind_nginx(
            'auth_basic "staff"; auth_basic_user_file /dev/null;' + Nginx.pass_to("{node}")
        ),
    ),
    Scenario(
        "redirect to https",
        "http_redirect_https",
        DOWN,
        nginx_only("location / { return 301 https://$host$request_uri; }"),
    ),
    Scenario(
        "redirect to the login",
        "http_redirect_login",
        DOWN,
        nginx_only("location / { return 302 https://sso.example.org/login?next=$uri; }"),
    ),
    Scenario(
        "portal page for everything",
        "http_captive_portal",
        DOWN,
        fixed(wire.http("200 OK", PORTAL)),
    ),
    Scenario("frontend hosting", "http_spa_fallback", DOWN, fixed(wire.http("200 OK", SHELL))),
    Scenario("app with a catch-all", "http_spa_fallback", DOWN, node(kind="http", spa=True)),
    Scenario("server without socket.io", "http_sio_absent", DOWN, node(kind="http")),
    Scenario("another path", "http_sio_wrong_path", DOWN, node(path="/realtime/")),
    Scenario("an unguessable path", "http_sio_wrong_path", DOWN, node(path="/x7/live/")),
    Scenario(
        "health fails", "http_health_500", DEGRADED, node(health={"status": 500, "body": "no db"})
    ),
    Scenario(
        "the front keeps the query",
        "http_query_stripped",
        DOWN,
        behind_nginx(
            "location / { proxy_pass {node}$uri; proxy_http_version 1.1; "
            "proxy_set_header Upgrade $http_upgrade; "
            "proxy_set_header Connection $connection_upgrade; }"
        ),
    ),
    Scenario(
        "the front cuts the prefix",
        "http_prefix_stripped",
        DOWN,
        behind_nginx(
            "location /socket.io/ { proxy_pass {node}/; proxy_http_version 1.1; "
            "proxy_set_header Upgrade $http_upgrade; "
            "proxy_set_header Connection $connection_upgrade; } "
            "location / { proxy_pass {node}; }",
            not_found="express",  # the page must say which path arrived
        ),
    ),
    Scenario(
        "POST is not allowed",
        "http_post_blocked",
        DEGRADED,
        behind_nginx("if ($request_method = POST) { return 405; }" + Nginx.pass_to("{node}")),
    ),
    Scenario("the handler hangs", "http_app_hangs", DOWN, node(allow_request={"hang": True})),
)

SOCKETS = (
    Scenario(
        "nginx without upgrade headers",
        "ws_no_upgrade_header",
        DEGRADED,
        behind_nginx(Nginx.pass_to("{node}", websocket=False)),
    ),
    Scenario(
        "nginx without upgrade headers, python",
        "ws_no_upgrade_header",
        DEGRADED,
        python_behind_nginx(),
    ),
    Scenario("upgrade dropped", "ws_blocked_drop", DEGRADED, through(on_upgrade("drop"))),
    Scenario("upgrade reset", "ws_blocked_rst", DEGRADED, through(on_upgrade("reset"))),
    Scenario("upgrade forbidden", "ws_webfilter_403", DEGRADED, through(no_upgrade)),
    Scenario(
        "upgrade answered 200",
        "ws_200_instead_101",
        DEGRADED,
        through(on_upgrade(wire.http("200 OK", "<html>ok</html>"))),
    ),
    Scenario(
        "upgrade answered 426",
        "ws_426",
        DEGRADED,
        through(on_upgrade(wire.http("426 Upgrade Required", "", "Upgrade: h2c"))),
    ),
    Scenario(
        "polling only server", "ws_transport_disabled", DEGRADED, node(transports=["polling"])
    ),
    Scenario(
        "polling only server, python",
        "ws_transport_disabled",
        DEGRADED,
        python(transports=["polling"]),
    ),
    Scenario(
        "websocket only server",
        "poll_transport_disabled",
        DEGRADED,
        node(transports=["websocket"]),
    ),
    Scenario(
        "websocket only server, python",
        "poll_transport_disabled",
        DEGRADED,
        python(transports=["websocket"]),
    ),
    Scenario("plain ws echo", "eio_plain_ws_server", DOWN, node(kind="ws")),
    Scenario(
        "plain ws greets", "eio_plain_ws_server", DOWN, node(kind="ws", greeting="hello, world")
    ),
    Scenario(
        "closed with 1008",
        "ws_close_policy",
        DOWN,
        node(kind="ws", close_code=1008, close_reason="origin not allowed"),
    ),
    Scenario("socket.io 2", "eio_server_v2", DOWN, node(kind="socket.io-v2")),
    Scenario("nginx round robin", "eio_no_sticky", DEGRADED, round_robin),
    Scenario("haproxy round robin", "eio_no_sticky", DEGRADED, round_robin_of_haproxy),
    Scenario(
        "origin refused",
        "eio_forbidden_origin",
        DOWN,
        as_page(node(allow_request=origin_rule())),
    ),
    Scenario(
        "origin refused with words",
        "eio_forbidden_origin",
        DOWN,
        as_page(node(allow_request=origin_rule("you shall not pass"))),
    ),
    Scenario("origin refused by python", "eio_forbidden_origin", DOWN, python_wrong_origin),
    Scenario(
        "denied for its address",
        "eio_forbidden_all",
        DOWN,
        as_page(node(allow_request={"deny": True, "message": "IP blocked"})),
    ),
    Scenario(
        "cors for another origin",
        "cors_origin_mismatch",
        DEGRADED,
        as_page(node(cors={"origin": "https://other.example"})),
    ),
    Scenario("no cors", "cors_missing", DEGRADED, as_page(node())),
    Scenario(
        "cors removed",
        "cors_stripped_by_proxy",
        DEGRADED,
        as_page(
            behind_nginx(
                Nginx.pass_to("{node}", more="proxy_hide_header Access-Control-Allow-Origin;"),
                cors={"origin": ORIGIN, "credentials": True},
            )
        ),
    ),
    Scenario(
        "cors twice",
        "cors_duplicate_header",
        DEGRADED,
        as_page(
            behind_nginx(
                Nginx.pass_to("{node}", more=f"add_header Access-Control-Allow-Origin {ORIGIN};"),
                cors={"origin": ORIGIN},
            )
        ),
    ),
    Scenario("auth refused", "sio_auth_rejected", DOWN, node(auth={"mode": "reject"})),
    Scenario("auth expired", "sio_auth_expired", DOWN, node(auth={"mode": "expired"})),
    Scenario("redis is down", "sio_dependency_down", DOWN, node(auth={"mode": "dependency"})),
    Scenario(
        "no such namespace",
        "sio_invalid_namespace",
        DOWN,
        with_target(node(), namespace="/chat"),
    ),
    Scenario(
        "no such namespace, python",
        "sio_invalid_namespace",
        DOWN,
        with_target(python(namespaces=["/"]), namespace="/chat"),
    ),
    Scenario("middleware hangs", "sio_middleware_hang", DOWN, node(auth={"mode": "hang"})),
    Scenario(
        "middleware takes 2.5 s",
        "sio_middleware_slow",
        DEGRADED,
        node(auth={"mode": "ok", "slowMs": 2500}),
    ),
    Scenario("kicked on connect", "sio_server_disconnects", DOWN, node(on_connect="disconnect")),
    Scenario("closed on connect", "sio_server_disconnects", DOWN, node(on_connect="close")),
    Scenario("cold start", "srv_cold_start", DEGRADED, cold),
    Scenario("overloaded", "srv_overloaded", DEGRADED, node(stall_per_request_ms=500)),
)

HEALTHY = (
    Scenario("node", None, UP, node()),
    Scenario("python", None, UP, python()),
    Scenario("behind nginx", None, UP, behind_nginx(Nginx.pass_to("{node}"))),
    Scenario("sticky balancer", None, UP, sticky),
    Scenario("no health page", None, UP, node(health={"absent": True})),
    Scenario("another path, configured", None, UP, with_target(node(path="/rt/"), path="/rt/")),
    Scenario("long heartbeat", None, UP, node(ping_interval=60_000, ping_timeout=40_000)),
    Scenario("short heartbeat", None, UP, node(ping_interval=300, ping_timeout=200)),
    Scenario("compressed", None, UP, node(per_message_deflate=True)),
    Scenario(
        "cors as it should be",
        None,
        UP,
        as_page(node(cors={"origin": [ORIGIN], "credentials": True})),
    ),
    Scenario("cors for everybody", None, UP, as_page(node(cors={"origin": "*"}))),
    Scenario(
        "a token is wanted and given",
        None,
        UP,
        with_target(
            node(auth={"mode": "token", "token": "t0p"}),
            auth=reference('{"token": "t0p"}', literal_ok=True),
        ),
    ),
    Scenario(
        "a namespace of its own",
        None,
        UP,
        with_target(node(namespaces=["/", "/x"]), namespace="/x"),
    ),
    Scenario("allows the old protocol too", None, UP, node(allow_eio3=True)),
    Scenario("a cookie for affinity", None, UP, node(cookie=True)),
)

SCENARIOS = (*FRONT, *SOCKETS, *HEALTHY)

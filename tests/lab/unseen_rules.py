# ruff: noqa: E501  the wordings are copied as they are
"""Rules of servers and fronts that treat transports, paths and sessions differently."""

from __future__ import annotations

import json
from typing import Any

from socketio.packet import Packet

from bot.model import State, Target
from tests.lab import wire
from tests.lab.http_and_above import as_page, behind_nginx, node, through
from tests.lab.pages import page, redirect
from tests.lab.scenario import Bench, Scenario, Start, target
from tests.servers.proxies import Nginx

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP
SHELL = '<!doctype html><html><body><div id="root"></div></body></html>'
LOGIN = "Location: https://sso.example.net/oauth2/authorize?client_id=1"


def polling_meets(status: str, body: str = "", *headers: str) -> Start:
    """A front that passes upgrades and the health page on, and answers polling itself."""
    reply = wire.http(status, body, *headers)
    return through(lambda head: reply if b"transport=polling" in head else "pass")


async def half_dead(bench: Bench) -> Target:
    """Round robin over a living server and a dead one, and nobody takes the dead one out."""
    alive = await bench.node()
    servers = f"server 127.0.0.1:{alive.port} max_fails=0; server 127.0.0.1:{bench.free_port()} max_fails=0;"
    body = Nginx.pass_to("http://pool", more="proxy_next_upstream off;")
    front = await bench.nginx(body, http=f"upstream pool {{ {servers} }}")
    return target(front.url)


async def cut_by_haproxy(bench: Bench) -> Target:
    """The application's 404 does not say which path it was asked for."""
    server = await bench.node(not_found="bare")
    cut = f"    http-request replace-path /socket.io(.*) \\1\n    server s 127.0.0.1:{server.port}"
    return target((await bench.haproxy("    default_backend b", f"backend b\n{cut}")).url)


async def upgrades_elsewhere(bench: Bench) -> Target:
    """Polling sticks to one server, upgrades go to another."""
    one, other = await bench.node(), await bench.node()
    choice = (
        f"map $http_upgrade $place {{ default 127.0.0.1:{other.port}; '' 127.0.0.1:{one.port}; }}"
    )
    front = await bench.nginx(Nginx.pass_to("http://$place"), http=choice)
    return target(front.url)


async def delayed_frames(bench: Bench) -> Target:
    """A proxy that holds what the WebSocket carries for a while, and nothing else."""
    server = await bench.node()
    late = bench.between(1.3, 2.4)
    port = await bench.talk(wire.tampering(server.port, late_down_s=late))
    return target(f"http://127.0.0.1:{port}")


async def limited_by_503(bench: Bench) -> Target:
    """nginx's limit_req as it comes: the status of its refusals is 503."""
    start = behind_nginx(
        "limit_req zone=z;" + Nginx.pass_to("{node}"),
        http="limit_req_zone $binary_remote_addr zone=z:1m rate=1r/s;",
    )
    return await start(bench)


async def falls(bench: Bench) -> Target:
    """The connection handler ends the process, and nobody starts it again."""
    return target((await bench.node(on_connect="crash")).url)


class OneJson(Packet):
    """Packets as socket.io-json-parser writes them."""

    def encode(self) -> str:
        fields = {"type": self.packet_type, "nsp": self.namespace or "/", "data": self.data}
        return json.dumps(fields)

    def decode(self, encoded_packet: Any) -> int:
        # python-engineio has read what looks like JSON already
        read = isinstance(encoded_packet, dict)
        fields = encoded_packet if read else json.loads(encoded_packet)
        self.packet_type, self.namespace = fields["type"], fields["nsp"]
        self.data, self.id = fields.get("data"), fields.get("id")
        return 0


async def mute_for_our_parser(bench: Bench) -> Target:
    """python-socketio logs what it cannot read, and says nothing."""
    return target((await bench.python(serializer=OneJson)).url)


ONLY_OTHERS = {"origin": ["https://a.example", "https://b.example"]}

SCENARIOS = (
    # ---- polling is answered by the front, the WebSocket gets through
    Scenario(
        "polling to a login", "http_redirect_login", DEGRADED, polling_meets("302 Found", "", LOGIN)
    ),
    Scenario(
        "polling wants a password",
        "http_401_auth",
        DEGRADED,
        polling_meets("401 Unauthorized", "", "WWW-Authenticate: Basic realm=x"),
    ),
    Scenario(
        "polling is forbidden",
        "http_waf_403",
        DEGRADED,
        polling_meets("403 Forbidden", "<h1>Forbidden</h1>"),
    ),
    Scenario(
        "polling to the frontend", "http_spa_fallback", DEGRADED, polling_meets("200 OK", SHELL)
    ),
    Scenario(
        "polling has no route",
        "poll_transport_disabled",
        DEGRADED,
        polling_meets("404 Not Found", "not found"),
        frozenset({"http_sio_absent"}),
    ),
    Scenario(
        "polling to a dead service",
        "http_502_upstream_down",
        DEGRADED,
        polling_meets("502 Bad Gateway", "<h1>Bad Gateway</h1>"),
    ),
    Scenario(
        "polling fails with 500",
        "http_500_app_error",
        DEGRADED,
        polling_meets("500 Internal Server Error", "boom"),
    ),
    Scenario(
        "polling hangs",
        "http_app_hangs",
        DEGRADED,
        through(lambda head: "drop" if b"transport=polling" in head else "pass"),
        slow=True,
    ),
    Scenario(
        "posts are swallowed",
        "http_post_blocked",
        DEGRADED,
        through(lambda head: "drop" if head.startswith(b"POST") else "pass"),
        slow=True,
    ),
    Scenario(
        "posts are reset",
        "http_post_blocked",
        DEGRADED,
        through(lambda head: "reset" if head.startswith(b"POST") else "pass"),
    ),
    # ---- several servers behind one front
    Scenario("one of two upstreams is dead", "http_502_upstream_down", None, half_dead),
    Scenario("upgrades go to another server", "eio_no_sticky", DEGRADED, upgrades_elsewhere),
    Scenario(
        "nginx limits with 503",
        "http_429_rate_limited",
        None,
        limited_by_503,
        frozenset({"ws_conn_limit"}),
    ),
    Scenario(
        "cut by haproxy, and nobody echoes it",
        "http_prefix_stripped",
        DOWN,
        cut_by_haproxy,
    ),
    # ---- rules of the server
    Scenario(
        "upgrades denied by the server",
        "eio_forbidden_all",
        DEGRADED,
        node(allow_request={"upgrades": True}),
    ),
    Scenario(
        "middleware hangs for WebSockets",
        "sio_middleware_hang",
        DEGRADED,
        node(auth={"mode": "hang", "only": "websocket"}),
        slow=True,
    ),
    Scenario(
        "middleware refuses polling",
        "sio_auth_rejected",
        DEGRADED,
        node(auth={"mode": "reject", "only": "polling"}),
    ),
    Scenario(
        "v2 refuses at once",
        "eio_server_v2",
        DOWN,
        node(kind="socket.io-v2", auth={"message": "no token"}),
    ),
    Scenario(
        "crashes and stays down",
        "srv_crashes_on_connect",
        DOWN,
        falls,
        frozenset({"srv_crash_loop"}),
    ),
    Scenario(
        "not on the list of origins",
        "cors_origin_mismatch",
        DEGRADED,
        as_page(node(cors=ONLY_OTHERS)),
    ),
    Scenario(
        "a list with credentials",
        "cors_origin_mismatch",
        DEGRADED,
        as_page(node(cors=ONLY_OTHERS | {"credentials": True})),
    ),
    Scenario("frames come late", "ws_proxy_buffers", DEGRADED, delayed_frames, slow=True),
    Scenario(
        "the connection handler computes",
        "srv_blocks_on_connect",
        DEGRADED,
        node(block_on_connect_ms=3_000),
        frozenset({"sio_middleware_slow", "srv_loop_stalls"}),
        slow=True,
    ),
    Scenario(
        "python with another parser", "sio_parser_mismatch", DOWN, mute_for_our_parser, slow=True
    ),
    # ---- notices in place of a 503
    Scenario(
        "maintenance by redirect",
        "http_503_maintenance",
        DOWN,
        redirect("302 Found", "/maintenance.html"),
    ),
    Scenario(
        "maintenance with 200",
        "http_503_maintenance",
        DOWN,
        page(
            "200 OK",
            "<html><head><title>Scheduled maintenance</title></head><body><h1>Back at noon</h1></body></html>",
        ),
        frozenset({"http_spa_fallback"}),
    ),
    # ---- guards and platforms
    Scenario(
        "f5 rejects with 200",
        "http_waf_403",
        DOWN,
        page(
            "200 OK",
            "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please consult with your administrator.<br>Your support ID is: 1234</body></html>",
        ),
    ),
    Scenario(
        "a gate offers a sign-in",
        "http_401_auth",
        DOWN,
        page(
            "403 Forbidden",
            '<!DOCTYPE html><html><head><title>Sign In</title></head><body><form method="GET" action="/oauth2/start"><button>Sign in with GitHub</button></form></body></html>',
        ),
        frozenset({"http_redirect_login"}),
    ),
    Scenario(
        "the app limits behind google",
        "http_429_rate_limited",
        DOWN,
        page(
            "429 Too Many Requests",
            '{"error":"slow down"}',
            "Server: Google Frontend",
            "X-RateLimit-Remaining: 0",
            kind="application/json",
        ),
    ),
    Scenario(
        "s3 website",
        "http_spa_fallback",
        DOWN,
        page(
            "404 Not Found",
            "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1><ul><li>Code: NoSuchKey</li><li>Message: The specified key does not exist.</li></ul></body></html>",
            "Server: AmazonS3",
        ),
        frozenset({"http_sio_absent"}),
    ),
    Scenario(
        "apache says https",
        "tls_https_on_http_url",
        DOWN,
        page(
            "400 Bad Request",
            "<html><head><title>400 Bad Request</title></head><body><h1>Bad Request</h1><p>Your browser sent a request that this server could not understand.<br />\nReason: You're speaking plain HTTP to an SSL-enabled server port.<br /></p></body></html>",
            "Server: Apache",
        ),
    ),
    # ---- well, and odd
    Scenario(
        "nothing but socket.io answers",
        "http_health_500",
        DEGRADED,
        node(mute_elsewhere=True),
        slow=True,
    ),
    Scenario(
        "everything else to a login",
        "http_health_500",
        DEGRADED,
        behind_nginx(
            "location / { return 302 /login?from=$request_uri; }"
            + Nginx.pass_to("{node}").replace("location /", "location /socket.io/")
        ),
    ),
    Scenario("only the newest session of a user", None, UP, node(on_connect="newest")),
    Scenario("only the first session of a user", None, UP, node(on_connect="first")),
)

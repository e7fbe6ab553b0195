# ruff: noqa: E501  the wordings are copied as they are
"""Who asks, and for whom: guards that dislike tools, fronts that do not know the name, versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.credentials import reference
from bot.model import State, Target
from tests.lab import wire
from tests.lab.http_and_above import ORIGIN, as_page, behind_nginx, node, through
from tests.lab.pages import JSON, TEXT, app, by_path, missing, page
from tests.lab.scenario import Bench, Scenario, Start, target
from tests.servers.proxies import Nginx

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP


def tools_get(answer: str) -> Start:
    """nginx lets browsers in and gives everybody else this answer."""
    rule = f"if ($http_user_agent !~* ^mozilla) {{ {answer} }}"
    return behind_nginx(rule + Nginx.pass_to("{node}"))


def only_for(name: str, default: str, **options: Any) -> Start:
    """nginx serves the backend under `name`, and has `default` for every other host."""

    async def start(bench: Bench) -> Target:
        server, port = await bench.node(**options), bench.free_port()
        other = (
            f"server {{ listen 127.0.0.1:{port}; server_name {name}; {Nginx.pass_to(server.url)} }}"
        )
        front = await bench.nginx(default, http=other, port=port, listen="default_server")
        return target(front.url)

    return start


VERSION_REFUSED = '{"code":5,"message":"Unsupported protocol version"}'
PYTHON_REFUSED = (
    '"The client is using an unsupported version of the Socket.IO or Engine.IO protocols"'
)


def speaks_older(refusal: str) -> Start:
    """Opens for EIO=3 in its framing, and refuses EIO=4."""
    opened = '0{"sid":"Zk3","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":60000}'

    def reply(asked: str) -> bytes:
        if "EIO=3" in asked and "transport=polling" in asked:
            return wire.http("200 OK", f"{len(opened)}:{opened}2:40", kind=TEXT)
        return wire.http("400 Bad Request", refusal, kind=JSON)

    return by_path(reply)


def refused_for_origin(status: str) -> Start:
    """A box that refuses WebSocket handshakes which carry the page's Origin."""

    def rule(head: bytes) -> wire.Verdict:
        if wire.is_upgrade(head) and b"app.example.com" in head:
            return wire.http(status, "origin not allowed", kind=TEXT)
        return "pass"

    return as_page(through(rule, cors={"origin": ORIGIN}))


def with_header(start: Start) -> Start:
    async def started(bench: Bench) -> Target:
        found = await start(bench)
        key = reference("k3y", literal_ok=True)
        return replace(found, origin=ORIGIN, headers={"X-Api-Key": key})

    return started


OPTIONS_405 = "if ($request_method = OPTIONS) { return 405; }"
SCENARIOS = (
    # ---- who asks
    Scenario("tools are forbidden", "http_waf_403", DOWN, tools_get("return 403;")),
    Scenario("tools get 406", "http_waf_403", DOWN, tools_get("return 406;")),
    Scenario("tools get 404", "http_waf_403", DOWN, tools_get("return 404;")),
    Scenario("tools get 503", "http_waf_403", DOWN, tools_get("return 503;")),
    Scenario(
        "just a moment, 503",
        "http_waf_403",
        DOWN,
        page(
            "503 Service Temporarily Unavailable",
            "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><div class=cf-browser-verification></div></body></html>",
            "Server: cloudflare",
            "Retry-After: 3",
        ),
    ),
    Scenario(
        "incapsula, 200",
        "http_waf_403",
        DOWN,
        page(
            "200 OK",
            '<html><head><META NAME="robots" CONTENT="noindex,nofollow"></head><body><iframe src="/_Incapsula_Resource?SWUDNSAI=31&xinfo=1-2"></iframe></body></html>',
        ),
    ),
    Scenario(
        "aws waf challenge",
        "http_waf_403",
        DOWN,
        by_path(
            lambda _: wire.http(
                "202 Accepted", "", "x-amzn-waf-action: challenge", "Server: awselb/2.0"
            )
        ),
    ),
    Scenario(
        "forbidden on this path only",
        "http_waf_403",
        DOWN,
        behind_nginx("location /socket.io/ { return 403; } location / { proxy_pass {node}; }"),
        frozenset({"eio_forbidden_all"}),
    ),
    # ---- for whom
    Scenario(
        "another name is served", "http_wrong_vhost", DOWN, only_for("localhost", "return 404;")
    ),
    Scenario(
        "another name is served, bare path known",
        "http_wrong_vhost",
        DOWN,
        only_for("localhost", 'default_type text/plain; return 404 "nothing here";'),
        frozenset({"http_sio_absent"}),
    ),
    Scenario(
        "invalid host header of a framework",
        "http_wrong_vhost",
        DOWN,
        page(
            "400 Bad Request",
            "<h1>Bad Request (400)</h1><pre>Invalid HTTP_HOST header: '127.0.0.1'.</pre>",
        ),
    ),
    Scenario(
        "http.sys hostname",
        "http_wrong_vhost",
        DOWN,
        page(
            "400 Bad Request",
            "<HTML><HEAD><TITLE>Bad Request</TITLE></HEAD><BODY><h2>Bad Request - Invalid Hostname</h2><hr><p>HTTP Error 400. The request hostname is invalid.</p></BODY></HTML>",
            "Server: Microsoft-HTTPAPI/2.0",
        ),
    ),
    Scenario(
        "heroku no such app",
        "http_wrong_vhost",
        DOWN,
        page(
            "404 Not Found",
            "<html><head><title>No such app</title></head><body></body></html>",
            "Server: Cowboy",
        ),
        frozenset({"http_sio_absent"}),
    ),
    Scenario(
        "traefik",
        "http_wrong_vhost",
        DOWN,
        page("404 Not Found", "404 page not found\n", "X-Content-Type-Options: nosniff", kind=TEXT),
        frozenset({"http_sio_absent"}),
    ),
    Scenario(
        "misdirected",
        "http_wrong_vhost",
        DOWN,
        page("421 Misdirected Request", "<h1>Misdirected Request</h1>", "Server: Apache"),
    ),
    Scenario(
        "api gateway without the route",
        "http_sio_absent",
        DOWN,
        page(
            "403 Forbidden",
            '{"message":"Missing Authentication Token"}',
            "x-amzn-ErrorType: MissingAuthenticationTokenException",
            kind=JSON,
        ),
        frozenset({"http_wrong_vhost"}),
    ),
    Scenario(
        "a bucket",
        "http_spa_fallback",
        DOWN,
        page(
            "403 Forbidden",
            '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>',
            "Server: AmazonS3",
            kind="application/xml",
        ),
        frozenset({"http_sio_absent"}),
    ),
    Scenario(
        "azure app stopped",
        "http_503_no_server",
        DOWN,
        page(
            "403 Site Disabled",
            "<html><title>Web App - Unavailable</title><body><h1>Error 403 - This web app is stopped.</h1></body></html>",
        ),
    ),
    # ---- versions
    Scenario("older only", "eio_server_v2", DOWN, speaks_older(VERSION_REFUSED)),
    Scenario("older only, python", "eio_server_v2", DOWN, speaks_older(PYTHON_REFUSED)),
    Scenario(
        "the front asks for the older version",
        "eio_client_too_old",
        DOWN,
        behind_nginx(
            'set $args "EIO=3&transport=$arg_transport&sid=$arg_sid";' + Nginx.pass_to("{node}")
        ),
    ),
    # ---- Origins and headers of the page
    Scenario(
        "origin refused on upgrade",
        "eio_forbidden_origin",
        DEGRADED,
        refused_for_origin("403 Forbidden"),
    ),
    Scenario(
        "origin refused on upgrade, 400",
        "eio_forbidden_origin",
        DEGRADED,
        refused_for_origin("400 Bad Request"),
    ),
    Scenario(
        "preflight refused",
        "cors_preflight_blocked",
        DEGRADED,
        with_header(behind_nginx(OPTIONS_405 + Nginx.pass_to("{node}"), cors={"origin": ORIGIN})),
    ),
    Scenario(
        "preflight without the header",
        "cors_preflight_blocked",
        DEGRADED,
        with_header(node(cors={"origin": ORIGIN, "allowedHeaders": ["content-type"]})),
    ),
    Scenario("preflight as it should be", None, UP, with_header(node(cors={"origin": ORIGIN}))),
    # ---- words for what no row knows
    Scenario(
        "500 for everything",
        "http_500_app_error",
        DOWN,
        page("500 Internal Server Error", "Internal Server Error", kind=TEXT),
    ),
    Scenario(
        "500 on the path",
        "http_500_app_error",
        DOWN,
        app(lambda _: wire.http("500 Internal Server Error", '{"error":"boom"}', kind=JSON)),
    ),
    Scenario(
        "500 for the upgrade of this path",
        "http_500_app_error",
        DEGRADED,
        through(
            lambda head: (
                wire.http("500 Internal Server Error", "boom")
                if wire.is_upgrade(head) and b"/socket.io/" in head
                else "pass"
            )
        ),
    ),
    # ---- other endpoints
    Scenario(
        "sockjs",
        "http_sio_absent",
        DOWN,
        by_path(
            lambda p: (
                wire.http("200 OK", "Welcome to SockJS!\n", kind=TEXT)
                if p.split("?")[0] in ("/", "/echo")
                else wire.http("404 Not Found", "404 Error: Page not found\n", kind=TEXT)
            )
        ),
        frozenset({"http_wrong_vhost"}),
    ),
    Scenario(
        "phoenix",
        "http_sio_absent",
        DOWN,
        page(
            "404 Not Found",
            "Not Found",
            "server: Cowboy",
            "cache-control: max-age=0, private, must-revalidate",
        ),
        frozenset({"http_wrong_vhost"}),
    ),
    Scenario(
        "japanese 404",
        "http_sio_absent",
        DOWN,
        app(missing("<html><body><h1>ページが見つかりません</h1></body></html>")),
    ),
    Scenario(
        "empty 404",
        "http_sio_absent",
        DOWN,
        page("404 Not Found", ""),
        frozenset({"http_wrong_vhost"}),
    ),
)

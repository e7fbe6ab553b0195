# ruff: noqa: E501  the wordings are copied as they are
"""Pages and 404s of platforms and frameworks in their own words, as they are met in the wild."""

from __future__ import annotations

from bot.model import State
from tests.lab import wire, wordings
from tests.lab.pages import JSON, TEXT, app, by_path, missing, page
from tests.lab.scenario import Scenario

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP
SCENARIOS = (
    Scenario(
        "511",
        "http_captive_portal",
        DOWN,
        page(
            "511 Network Authentication Required",
            '<html><head><title>Network Authentication Required</title><meta http-equiv="refresh" content="0; url=https://login.example.net/"></head></html>',
        ),
    ),
    Scenario(
        "portal by meta refresh", "http_captive_portal", DOWN, page("200 OK", wordings.PORTAL_META)
    ),
    Scenario(
        "portal by script", "http_captive_portal", DOWN, page("200 OK", wordings.PORTAL_SCRIPT)
    ),
    Scenario(
        "portal asks for the room",
        "http_captive_portal",
        DOWN,
        page("200 OK", wordings.PORTAL_VOUCHER),
    ),
    Scenario("portal of the metro", "http_captive_portal", DOWN, page("200 OK", wordings.WIFI_RU)),
    Scenario("vite", "http_spa_fallback", DOWN, page("200 OK", wordings.VITE)),
    Scenario("cra", "http_spa_fallback", DOWN, page("200 OK", wordings.CRA)),
    Scenario(
        "app with its own login", "http_spa_fallback", DOWN, page("200 OK", wordings.APP_LOGIN)
    ),
    Scenario(
        "welcome to nginx",
        "http_spa_fallback",
        DOWN,
        page("200 OK", wordings.WELCOME, "Server: nginx/1.22.1"),
    ),
    Scenario(
        "a shop that mentions wi-fi",
        "http_spa_fallback",
        DOWN,
        page("200 OK", wordings.BLOG),
        frozenset({"http_captive_portal"}),
    ),
    Scenario(
        "next 404",
        "http_sio_absent",
        DOWN,
        page("404 Not Found", wordings.NEXT_404, "X-Powered-By: Next.js"),
        frozenset({"http_spa_fallback"}),
    ),
    Scenario(
        "spa with health json",
        "http_spa_fallback",
        DOWN,
        by_path(
            lambda p: (
                wire.http("200 OK", '{"ok":true}', kind=JSON)
                if p.startswith("/health")
                else wire.http("200 OK", wordings.VITE)
            )
        ),
    ),
    Scenario(
        "github pages",
        "http_sio_absent",
        DOWN,
        page(
            "404 Not Found",
            "<html><body><h1>404</h1><p><strong>There isn't a GitHub Pages site here.</strong></p></body></html>",
            "Server: GitHub.com",
        ),
        frozenset({"http_wrong_vhost"}),
    ),
    Scenario(
        "vercel no deployment",
        "http_wrong_vhost",
        DOWN,
        page(
            "404 Not Found",
            "The deployment could not be found on Vercel.\n\nDEPLOYMENT_NOT_FOUND\n\ncdg1::abc",
            "Server: Vercel",
            "X-Vercel-Error: DEPLOYMENT_NOT_FOUND",
            kind=TEXT,
        ),
        frozenset({"http_sio_absent"}),
    ),
    Scenario(
        "fastapi 404",
        "http_sio_absent",
        DOWN,
        app(missing('{"detail":"Not Found"}', "server: uvicorn", kind=JSON)),
    ),
    Scenario(
        "fastify 404",
        "http_sio_absent",
        DOWN,
        app(
            missing(
                '{"message":"Route GET:{path}?{query} not found","error":"Not Found","statusCode":404}',
                kind=JSON,
            )
        ),
    ),
    Scenario(
        "nest 404",
        "http_sio_absent",
        DOWN,
        app(
            missing(
                '{"message":"Cannot GET {path}?{query}","error":"Not Found","statusCode":404}',
                "X-Powered-By: Express",
                kind=JSON,
            )
        ),
    ),
    Scenario(
        "flask 404",
        "http_sio_absent",
        DOWN,
        app(missing(wordings.FLASK_404, "Server: Werkzeug/3.0 Python/3.11")),
    ),
    Scenario("spring 404", "http_sio_absent", DOWN, app(missing(wordings.WHITELABEL))),
    Scenario(
        "spring json 404",
        "http_sio_absent",
        DOWN,
        app(
            missing(
                '{"timestamp":"2026-01-01T00:00:00Z","status":404,"error":"Not Found","path":"{path}"}',
                kind=JSON,
            )
        ),
    ),
    Scenario("go 404", "http_sio_absent", DOWN, app(missing("404 page not found\n", kind=TEXT))),
    Scenario(
        "go 404 everywhere",
        "http_sio_absent",
        DOWN,
        page("404 Not Found", "404 page not found\n", kind=TEXT),
        frozenset({"http_wrong_vhost"}),
    ),
    Scenario("kestrel empty 404", "http_sio_absent", DOWN, app(missing("", "Server: Kestrel"))),
    Scenario(
        "rails 404",
        "http_sio_absent",
        DOWN,
        app(
            missing(
                "<!DOCTYPE html><html><head><title>The page you were looking for doesn't exist (404)</title></head><body><div class=dialog><h1>The page you were looking for doesn't exist.</h1></div></body></html>"
            )
        ),
    ),
    Scenario(
        "behind nginx, app json 404",
        "http_sio_absent",
        DOWN,
        app(missing('{"detail":"Not Found"}', "Server: nginx/1.22.1", kind=JSON)),
    ),
    Scenario(
        "iis 404",
        "http_sio_absent",
        DOWN,
        app(missing(wordings.IIS_404, "Server: Microsoft-IIS/10.0", "X-Powered-By: ASP.NET")),
    ),
    Scenario(
        "method not allowed json",
        "http_sio_absent",
        DOWN,
        app(
            lambda _: wire.http(
                "405 Method Not Allowed",
                '{"detail":"Method Not Allowed"}',
                "Allow: POST",
                kind=JSON,
            )
        ),
    ),
    Scenario(
        "an api that answers all",
        "http_sio_absent",
        DOWN,
        page("200 OK", '{"name":"api","version":"1.2"}', kind=JSON),
    ),
    Scenario("plain ok for all", "http_sio_absent", DOWN, page("200 OK", "OK", kind=TEXT)),
    Scenario(
        "204 for all",
        "http_sio_absent",
        DOWN,
        by_path(lambda _: b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
    ),
    Scenario(
        "graphql 400",
        "http_sio_absent",
        DOWN,
        app(
            lambda _: wire.http(
                "400 Bad Request",
                '{"errors":[{"message":"Must provide query string."}]}',
                kind=JSON,
            )
        ),
    ),
    Scenario(
        "ingress default backend",
        "http_wrong_vhost",
        DOWN,
        page("404 Not Found", "default backend - 404", kind=TEXT),
        frozenset({"http_sio_absent"}),
    ),
    Scenario(
        "istio no route",
        "http_wrong_vhost",
        DOWN,
        page("404 Not Found", "", "server: istio-envoy"),
        frozenset({"http_sio_absent"}),
    ),
    Scenario(
        "apache 404 for the path only",
        "http_sio_absent",
        DOWN,
        app(
            missing(
                "<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1><p>The requested URL was not found on this server.</p><hr><address>Apache/2.4.57 (Debian) Server</address></body></html>",
                "Server: Apache/2.4.57 (Debian)",
            )
        ),
    ),
)

# ruff: noqa: E501  the wordings are copied as they are
"""Answers of fronts, platforms and frameworks in their own words, as they are met in the wild."""

from __future__ import annotations

from collections.abc import Callable

from bot.model import State, Target
from tests.lab import wire, wordings
from tests.lab.scenario import Bench, Scenario, Start, target

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP
JSON = "application/json"
TEXT = "text/plain"


def page(status: str, body: str = "", *headers: str, kind: str = "text/html") -> Start:
    """The same answer to everything."""
    return by_path(lambda _: wire.http(status, body, *headers, kind=kind))


def by_path(rule: Callable[[str], bytes]) -> Start:
    """An answer that depends on the path asked for (with its query)."""

    async def serve(bench: Bench) -> Target:
        port = await bench.talk(wire.replies(rule))
        return target(f"http://127.0.0.1:{port}")

    return serve


def app(not_found: Callable[[str], bytes], health: bytes | None = None) -> Start:
    """An application: its health page, and its own 404 for everything else."""
    fine = health or wire.http("200 OK", '{"status":"ok"}', kind=JSON)
    return by_path(lambda path: fine if path.startswith("/health") else not_found(path))


def missing(body: str, *headers: str, kind: str = "text/html") -> Callable[[str], bytes]:
    """A 404 whose body may hold {path} and {query}."""

    def reply(asked: str) -> bytes:
        path, _, query = asked.partition("?")
        text = body.replace("{path}", path).replace("{query}", query)
        return wire.http("404 Not Found", text, *headers, kind=kind)

    return reply


def redirect(status: str, location: str) -> Start:
    """{host}, {path} and {query} are those of the request."""

    async def serve(bench: Bench) -> Target:
        def rule(asked: str) -> bytes:
            path, _, query = asked.partition("?")
            place = location.replace("{path}", path).replace("{query}", query)
            return wire.http(status, "", f"Location: {place}")

        return target(f"http://127.0.0.1:{await bench.talk(wire.replies(rule))}")

    return serve


NO_SERVER = frozenset({"http_502_upstream_down"})
SCENARIOS = (
    # ---- nobody behind the front
    Scenario(
        "apache 503 without upstream",
        "http_503_no_server",
        DOWN,
        page("503 Service Unavailable", wordings.APACHE_503, "Server: Apache/2.4.57 (Debian)"),
        NO_SERVER,
    ),
    Scenario(
        "apache 502",
        "http_502_upstream_down",
        DOWN,
        page("502 Proxy Error", wordings.APACHE_502, "Server: Apache"),
    ),
    Scenario(
        "varnish",
        "http_503_no_server",
        DOWN,
        page("503 Backend fetch failed", wordings.VARNISH, "Server: Varnish", "Retry-After: 5"),
        NO_SERVER,
    ),
    Scenario(
        "heroku crashed",
        "http_503_no_server",
        DOWN,
        page("503 Service Unavailable", wordings.HEROKU, "Server: Cowboy"),
        NO_SERVER,
    ),
    Scenario(
        "heroku maintenance",
        "http_503_maintenance",
        DOWN,
        page("503 Service Unavailable", wordings.HEROKU_OFF, "Server: Cowboy"),
    ),
    Scenario(
        "envoy refused",
        "http_503_no_server",
        DOWN,
        page(
            "503 Service Unavailable",
            "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
            "server: envoy",
            kind=TEXT,
        ),
        NO_SERVER,
    ),
    Scenario(
        "envoy no healthy",
        "http_503_no_server",
        DOWN,
        page("503 Service Unavailable", "no healthy upstream", "server: envoy", kind=TEXT),
    ),
    Scenario(
        "envoy timeout",
        "http_504_upstream_hang",
        DOWN,
        page("504 Gateway Timeout", "upstream request timeout", "server: envoy", kind=TEXT),
    ),
    Scenario(
        "kong no targets",
        "http_503_no_server",
        DOWN,
        page(
            "503 Service Temporarily Unavailable",
            '{"message":"failure to get a peer from the ring-balancer"}',
            "Server: kong/3.4.0",
            kind=JSON,
        ),
    ),
    Scenario(
        "azure 503",
        "http_503_no_server",
        DOWN,
        page(
            "503 Service Unavailable",
            "<HTML><HEAD><TITLE>Service Unavailable</TITLE></HEAD><BODY><h2>Service Unavailable</h2><p>HTTP Error 503. The service is unavailable.</p></BODY></HTML>",
            "Server: Microsoft-HTTPAPI/2.0",
        ),
    ),
    Scenario(
        "k8s ingress 503",
        "http_503_no_server",
        DOWN,
        page(
            "503 Service Temporarily Unavailable",
            "<html><head><title>503 Service Temporarily Unavailable</title></head><body><center><h1>503 Service Temporarily Unavailable</h1></center><hr><center>nginx</center></body></html>",
        ),
    ),
    Scenario(
        "cloudflare 521",
        "http_502_upstream_down",
        DOWN,
        page("521 <none>", wordings.CLOUDFLARE_521, "Server: cloudflare"),
    ),
    Scenario(
        "cloudflare 524",
        "http_504_upstream_hang",
        DOWN,
        page("524 <none>", wordings.CLOUDFLARE_524, "Server: cloudflare"),
    ),
    Scenario(
        "cloudflare tunnel 530",
        "http_502_upstream_down",
        DOWN,
        page("530 <none>", "error code: 1033", "Server: cloudflare", kind=TEXT),
    ),
    Scenario(
        "cloudflare 525",
        "http_502_upstream_down",
        DOWN,
        page("525 <none>", "error code: 525", "Server: cloudflare", kind=TEXT),
    ),
    Scenario(
        "railway",
        "http_502_upstream_down",
        DOWN,
        page(
            "502 Bad Gateway",
            '{"status":"error","code":502,"message":"Application failed to respond","request_id":"x"}',
            "Server: railway-edge",
            kind=JSON,
        ),
    ),
    Scenario(
        "caddy empty 502",
        "http_502_upstream_down",
        DOWN,
        page("502 Bad Gateway", "", "Server: Caddy"),
    ),
    Scenario(
        "google lb 502",
        "http_502_upstream_down",
        DOWN,
        page("502 Bad Gateway", wordings.GOOGLE_502),
    ),
    Scenario(
        "alb 504",
        "http_504_upstream_hang",
        DOWN,
        page(
            "504 Gateway Time-out",
            "<html><head><title>504 Gateway Time-out</title></head></html>",
            "Server: awselb/2.0",
        ),
    ),
    Scenario(
        "maintenance in german",
        "http_503_maintenance",
        DOWN,
        page(
            "503 Service Unavailable",
            "<h1>Wartungsarbeiten</h1><p>Wir sind gleich wieder da.</p>",
            "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT",
        ),
    ),
    Scenario(
        "upgrading laravel",
        "http_503_maintenance",
        DOWN,
        page(
            "503 Service Unavailable",
            "<html><body>We'll be back soon! Our site is being upgraded.</body></html>",
            "Retry-After: 60",
            "Server: nginx",
        ),
    ),
    Scenario(
        "maintenance in russian",
        "http_503_maintenance",
        DOWN,
        page(
            "503 Service Unavailable",
            "<html><body><h1>Ведутся технические работы</h1></body></html>",
            "Server: nginx",
        ),
    ),
    # ---- limits and guards
    Scenario(
        "express-rate-limit",
        "http_429_rate_limited",
        DOWN,
        page(
            "429 Too Many Requests",
            "Too many requests, please try again later.",
            "Retry-After: 57",
            "RateLimit-Limit: 100",
            kind="text/html",
        ),
    ),
    Scenario(
        "aws throttles",
        "http_429_rate_limited",
        DOWN,
        page(
            "429 Too Many Requests",
            '{"message":"Rate exceeded"}',
            "x-amzn-ErrorType: TooManyRequestsException",
            kind=JSON,
        ),
    ),
    Scenario(
        "cloudflare 1015",
        "http_429_rate_limited",
        DOWN,
        page(
            "429 Too Many Requests",
            "error code: 1015",
            "Server: cloudflare",
            "Retry-After: 30",
            kind=TEXT,
        ),
    ),
    Scenario(
        "fastapi unauthenticated",
        "http_401_auth",
        DOWN,
        page(
            "401 Unauthorized",
            '{"detail":"Not authenticated"}',
            "WWW-Authenticate: Bearer",
            "server: uvicorn",
            kind=JSON,
        ),
    ),
    Scenario(
        "api gateway 401",
        "http_401_auth",
        DOWN,
        page("401 Unauthorized", '{"message":"Unauthorized"}', kind=JSON),
    ),
    Scenario(
        "akamai denies",
        "http_waf_403",
        DOWN,
        page("403 Forbidden", wordings.AKAMAI, "Server: AkamaiGHost"),
    ),
    Scenario(
        "cloudflare challenge",
        "http_waf_403",
        DOWN,
        page("403 Forbidden", wordings.CHALLENGE, "Server: cloudflare", "cf-mitigated: challenge"),
    ),
    Scenario(
        "cloudfront waf",
        "http_waf_403",
        DOWN,
        page("403 Forbidden", wordings.CLOUDFRONT_403, "Server: CloudFront"),
    ),
    Scenario("cloud run iam", "cloudrun_403_iam", DOWN, page("403 Forbidden", wordings.GOOGLE_403)),
    Scenario(
        "google 404", "cloudrun_404_no_service", DOWN, page("404 Not Found", wordings.GOOGLE_404)
    ),
    # ---- redirects
    Scenario(
        "to https on another port",
        "http_redirect_https",
        DOWN,
        redirect("301 Moved Permanently", "https://127.0.0.1:8443{path}?{query}"),
    ),
    Scenario(
        "to https, path dropped",
        "http_redirect_https",
        DOWN,
        redirect("301 Moved Permanently", "https://127.0.0.1/"),
    ),
    Scenario(
        "to https www, path dropped",
        "http_redirect_https",
        DOWN,
        redirect("301 Moved Permanently", "https://www.example.com/"),
    ),
    Scenario(
        "to www",
        "http_redirect_https",
        DOWN,
        redirect("308 Permanent Redirect", "https://www.example.com{path}?{query}"),
    ),
    Scenario(
        "vercel domain moved",
        "http_redirect_https",
        DOWN,
        redirect("307 Temporary Redirect", "https://app.example.com{path}?{query}"),
    ),
    Scenario(
        "https host named auth",
        "http_redirect_https",
        DOWN,
        redirect("301 Moved Permanently", "https://auth.example.com{path}?{query}"),
    ),
    Scenario(
        "okta",
        "http_redirect_login",
        DOWN,
        redirect(
            "302 Found",
            "https://acme.okta.com/oauth2/v1/authorize?client_id=0oa&redirect_uri=https%3A%2F%2Fapp{path}",
        ),
    ),
    Scenario(
        "cloudflare access",
        "http_redirect_login",
        DOWN,
        redirect(
            "302 Found",
            "https://acme.cloudflareaccess.com/cdn-cgi/access/login/app.example.com?redirect_url=%2Fsocket.io%2F",
        ),
    ),
    Scenario(
        "keycloak",
        "http_redirect_login",
        DOWN,
        redirect(
            "303 See Other",
            "https://id.example.com/realms/acme/protocol/openid-connect/auth?client_id=web&redirect_uri=http://127.0.0.1{path}",
        ),
    ),
    Scenario(
        "azure ad",
        "http_redirect_login",
        DOWN,
        redirect(
            "302 Found", "https://login.microsoftonline.com/11-22/oauth2/v2.0/authorize?client_id=x"
        ),
    ),
    Scenario(
        "django login",
        "http_redirect_login",
        DOWN,
        redirect("302 Found", "/accounts/login/?next={path}"),
    ),
    Scenario("devise", "http_redirect_login", DOWN, redirect("302 Found", "/users/sign_in")),
    Scenario(
        "german sign-in",
        "http_redirect_login",
        DOWN,
        redirect("302 Found", "/anmelden?weiter={path}"),
        frozenset({"http_redirect_https"}),
    ),
    Scenario(
        "adfs",
        "http_redirect_login",
        DOWN,
        redirect("302 Found", "https://fs.example.com/adfs/ls/?wa=wsignin1.0&wtrealm=urn%3aapp"),
    ),
    Scenario(
        "iap",
        "http_redirect_login",
        DOWN,
        redirect("302 Found", "https://accounts.google.com/o/oauth2/v2/auth?client_id=iap"),
    ),
    Scenario(
        "vpn portal",
        "http_redirect_login",
        DOWN,
        redirect("302 Found", "https://vpn.corp.example/remote/login?lang=en"),
        frozenset({"http_captive_portal"}),
    ),
    Scenario(
        "portal at a private address",
        "http_captive_portal",
        DOWN,
        redirect("302 Found", "http://192.168.1.1/cgi-bin/portal?orig={path}"),
        frozenset({"http_redirect_login"}),
    ),
    Scenario(
        "mikrotik hotspot",
        "http_captive_portal",
        DOWN,
        redirect(
            "302 Hotspot login required", "http://10.5.50.1/login?dst=http%3A%2F%2F127.0.0.1%2F"
        ),
        frozenset({"http_redirect_login"}),
    ),
    Scenario(
        "slash removed",
        "http_sio_trailing_slash",
        DOWN,
        by_path(
            lambda p: (
                wire.http(
                    "308 Permanent Redirect", "", "Location: /socket.io?" + p.partition("?")[2]
                )
                if p.startswith("/socket.io/")
                else wire.http("404 Not Found", "not found", kind=TEXT)
            )
        ),
        frozenset({"http_redirect_https"}),
    ),
    Scenario(
        "to the start page",
        "http_spa_fallback",
        DOWN,
        redirect("302 Found", "/"),
        frozenset({"http_redirect_https"}),
    ),
    Scenario(
        "to a language",
        "http_spa_fallback",
        DOWN,
        redirect("307 Temporary Redirect", "/en{path}"),
        frozenset({"http_redirect_https"}),
    ),
    # ---- pages
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
    # ---- an application without Socket.IO
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

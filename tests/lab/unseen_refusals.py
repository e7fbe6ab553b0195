# ruff: noqa: E501  the wordings are copied as they are
"""Fronts and guards that refuse in their own words, as they are met in the wild."""

from __future__ import annotations

from bot.model import State
from tests.lab import wordings
from tests.lab.pages import JSON, TEXT, page
from tests.lab.scenario import Scenario

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP
NO_SERVER = frozenset({"http_502_upstream_down"})
SCENARIOS = (
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
)

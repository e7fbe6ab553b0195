"""Fronts that cache, limit or rewrite what passes, and servers whose settings do not fit."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.model import ClientSettings, State, Target
from tests.lab.healthy_servers import ORIGINS
from tests.lab.scenario import Bench, Scenario, Start, target
from tests.servers.proxies import Nginx
from tests.servers.tools import require

DOWN, DEGRADED = State.DOWN, State.DEGRADED


async def caching(bench: Bench) -> Target:
    """nginx whose cache takes any query for the same page."""
    server = await bench.node()
    keep = bench.chance.choice(("10s", "1m", "5m"))
    zone = f"proxy_cache_path {bench.folder / 'cache'} keys_zone=c:1m;"
    more = (
        f"proxy_cache c; proxy_cache_key $uri; proxy_cache_valid 200 {keep};"
        "proxy_ignore_headers Cache-Control Set-Cookie Vary;"
        "add_header X-Cache $upstream_cache_status always;"
    )
    return target((await bench.nginx(Nginx.pass_to(server.url, more=more), http=zone)).url)


async def caching_handshakes(bench: Bench) -> Target:
    """A cache that knows enough to let WebSockets pass."""
    server = await bench.node()
    zone = f"proxy_cache_path {bench.folder / 'cache'} keys_zone=c:1m;"
    more = (
        "proxy_cache c; proxy_cache_key $uri$arg_transport$arg_sid; proxy_cache_valid 200 1m;"
        "proxy_ignore_headers Cache-Control; proxy_cache_bypass $http_upgrade;"
        "proxy_no_cache $http_upgrade;"
    )
    return target((await bench.nginx(Nginx.pass_to(server.url, more=more), http=zone)).url)


async def no_bodies_nginx(bench: Bench) -> Target:
    server = await bench.node()
    return target((await bench.nginx("client_max_body_size 1;" + Nginx.pass_to(server.url))).url)


async def no_bodies_caddy(bench: Bench) -> Target:
    server = await bench.node()
    site = f"request_body {{\n        max_size 1\n    }}\n    reverse_proxy 127.0.0.1:{server.port}"
    return target((await bench.caddy(site)).url)


async def injected_extension(bench: Bench) -> Target:
    """A front that adds an extension to the server's 101 which nobody offered."""
    server = await bench.node()
    extension = bench.chance.choice(
        ("permessage-deflate", "permessage-deflate; server_no_context_takeover", "x-webkit-deflate")
    )
    rest = (
        "backend b\n    http-response set-header Sec-WebSocket-Extensions "
        f"'{extension}' if {{ status 101 }}\n    server s 127.0.0.1:{server.port}"
    )
    return target((await bench.haproxy("default_backend b", rest)).url)


def closing(code: int, *reasons: str) -> Start:
    async def start(bench: Bench) -> Target:
        reason = bench.chance.choice(reasons)
        return target((await bench.node(kind="ws", close_code=code, close_reason=reason)).url)

    return start


async def star_and_cookies(bench: Bench) -> Target:
    server = await bench.node(cors={"origin": "*", "credentials": True})
    return _with_cookies(bench, server.url)


async def cookies_not_allowed(bench: Bench) -> Target:
    origin = bench.chance.choice(ORIGINS)
    server = await bench.node(cors={"origin": origin})
    return replace(_with_cookies(bench, server.url), origin=origin)


def _with_cookies(bench: Bench, url: str) -> Target:
    origin = bench.chance.choice(ORIGINS)
    return target(url, origin=origin, client=ClientSettings(with_credentials=True))


async def other_parser(bench: Bench) -> Target:
    return target((await bench.node(json_parser=True)).url)


async def dead_fallback(bench: Bench) -> Target:
    server = await bench.node()
    return target(server.url, fallback_urls=(f"http://127.0.0.1:{bench.free_port()}",))


async def back_in_a_moment(bench: Bench) -> Target:
    """A restart: nobody listens yet, and a moment later the server does."""
    require("node")  # here: a skip raised in the task below would skip nothing
    port = bench.free_port()
    pause = bench.between(1.0, 2.0)

    async def come_back() -> None:
        await asyncio.sleep(pause)
        await bench.node(port=port)

    coming = asyncio.create_task(come_back())

    async def end() -> None:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)

    bench.push_async_callback(end)
    return target(f"http://127.0.0.1:{port}")


SCENARIOS = (
    Scenario("back in a moment", "srv_restarting", None, back_in_a_moment),
    Scenario("everything is cached", "http_cdn_caches_polling", None, caching),
    Scenario("handshakes are cached", "http_cdn_caches_polling", None, caching_handshakes),
    Scenario("no bodies through nginx", "http_body_limit", DEGRADED, no_bodies_nginx),
    # Caddy 2.6 says 502 where others say 413
    Scenario(
        "no bodies through caddy",
        "http_body_limit",
        DEGRADED,
        no_bodies_caddy,
        frozenset({"http_post_blocked"}),
        slow=True,
    ),
    Scenario("an extension nobody offered", "ws_bad_extension", DEGRADED, injected_extension),
    Scenario(
        "close 1012", "ws_close_restart", DOWN, closing(1012, "service restart", "", "deploying")
    ),
    Scenario("star with cookies", "cors_wildcard_credentials", DEGRADED, star_and_cookies),
    Scenario("cookies not allowed", "cors_no_credentials", DEGRADED, cookies_not_allowed),
    Scenario("another parser", "sio_parser_mismatch", DOWN, other_parser),
    Scenario("a dead fallback", "cli_fallback_useless", DEGRADED, dead_fallback),
)

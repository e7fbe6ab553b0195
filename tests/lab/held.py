"""What only a held connection or a big payload shows: `wsdiag check --deep`.

Heartbeats are short, so that two of them fit into a lab; every timer comes from the seed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from bot.model import ClientSettings, State, Target, Transport
from tests.lab import wire
from tests.lab.scenario import FAR, Bench, Scenario, Start, Way, target
from tests.servers.node import NodeServer
from tests.servers.proxies import Nginx

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP
SOCKET_ONLY = ClientSettings(transports=(Transport.WEBSOCKET,))
POLLING_ONLY = ClientSettings(transports=(Transport.POLLING,))


def beat(bench: Bench) -> dict[str, int]:
    """A heartbeat that is quick enough to be waited for."""
    return {
        "ping_interval": round(bench.between(1_200, 3_000)),
        "ping_timeout": round(bench.between(900, 2_000)),
    }


def later(bench: Bench, seconds: float, action: Callable[[], Awaitable[None] | None]) -> None:
    """Do something to a component while the check runs."""

    async def wait() -> None:
        await asyncio.sleep(seconds)
        done = action()
        if done is not None:
            await done

    task = asyncio.create_task(wait())

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    bench.push_async_callback(end)


def plain(client: ClientSettings | None = None, **options: Any) -> Start:
    """A Node server and nothing in front of it. Callables are asked for their value."""

    async def start(bench: Bench) -> Target:
        chosen = {k: v(bench) if callable(v) else v for k, v in options.items()}
        server = await bench.node(**({} if "ping_interval" in chosen else beat(bench)), **chosen)
        return target(server.url, **({"client": client} if client else {}))

    return start


def within(low: float, high: float) -> Callable[[Bench], int]:
    """Milliseconds of the seed's choice."""
    return lambda bench: round(bench.between(low, high))


# ---------------------------------------------------------------- what is in front


def nginx_read_timeout(client: ClientSettings | None = None, *, split: bool = False) -> Start:
    """`proxy_read_timeout` below pingInterval; split: for WebSockets only."""

    async def start(bench: Bench) -> Target:
        server = await bench.node(
            ping_interval=round(bench.between(3_000, 4_500)), ping_timeout=2_000
        )
        limit = f"proxy_read_timeout {round(bench.between(1_200, 2_200))}ms;"
        if split:
            headers = (
                "proxy_http_version 1.1; proxy_set_header Host $http_host;"
                "proxy_set_header Upgrade $http_upgrade;"
                "proxy_set_header Connection $connection_upgrade;"
            )
            body = (
                f"location / {{ if ($http_upgrade) {{ rewrite ^ /ws$uri last; }} "
                f"proxy_pass {server.url}; {headers} }}"
                f"location /ws/ {{ internal; rewrite ^/ws(.*)$ $1 break; "
                f"proxy_pass {server.url}; {headers} {limit} }}"
            )
        else:
            body = Nginx.pass_to(server.url, more=limit)
        front = await bench.nginx(body)
        return target(front.url, **({"client": client} if client else {}))

    return start


async def haproxy_tunnel(bench: Bench) -> Target:
    server = await bench.node(ping_interval=round(bench.between(3_000, 4_500)), ping_timeout=2_000)
    limit = round(bench.between(1_000, 2_200))
    front = await bench.haproxy(
        "default_backend b",
        f"backend b\n    timeout tunnel {limit}ms\n    server s {server.host}:{server.port}\n",
    )
    return target(front.url)


def capped(client: ClientSettings | None = None, *, reset: bool = False) -> Start:
    """A proxy on TCP that ends what is older than so many seconds."""

    async def start(bench: Bench) -> Target:
        server = await bench.node(**beat(bench))
        limit_s = bench.between(2.2, 3.8)

        async def serve(connection: socket.socket) -> None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await wire.middlebox(server.port, lambda _: "pass")(connection)
            if reset:
                wire.reset(connection)

        port = await bench.talk(serve)
        return target(f"http://127.0.0.1:{port}", **({"client": client} if client else {}))

    return start


async def buffers(bench: Bench) -> Target:
    """Frames of the server wait for company."""
    server = await bench.node(ping_interval=4_000, ping_timeout=4_000)
    late_s = bench.between(0.9, 1.6)

    async def serve(connection: socket.socket) -> None:
        await wire.tampering(server.port, late_down_s=late_s)(connection)

    return target(f"http://127.0.0.1:{await bench.talk(serve)}")


# ---------------------------------------------------------------- the server itself


async def freezes(bench: Bench) -> Target:
    server = await bench.node(**beat(bench))
    later(bench, bench.between(2.6, 3.4), server.freeze)
    return target(server.url)


async def freezes_behind_nginx(bench: Bench) -> Target:
    server = await bench.node(**beat(bench))
    front = await bench.nginx(Nginx.pass_to(server.url))
    later(bench, bench.between(2.6, 3.4), server.freeze)
    return target(front.url)


async def crash_loop(bench: Bench) -> Target:
    """A supervisor restarts what dies by itself."""
    server = await bench.node(**beat(bench))
    lives_s, pause_s = bench.between(1.6, 2.4), bench.between(0.4, 0.9)

    async def turn() -> None:
        while True:
            await asyncio.sleep(lives_s)
            await server.kill()
            await asyncio.sleep(pause_s)
            await server.start()

    later(bench, 0.0, turn)
    return target(server.url)


async def crashes_on_connect(bench: Bench) -> Target:
    """A supervisor restarts what dies as soon as somebody has connected."""
    server = await bench.node(crash_on_connect_ms=round(bench.between(60, 150)), **beat(bench))
    pause_s = bench.between(0.5, 0.9)

    async def watch() -> None:
        while True:
            await asyncio.sleep(0.05)
            if not server.running:
                await asyncio.sleep(pause_s)
                await _restarted(server)

    later(bench, 0.0, watch)
    return target(server.url)


async def _restarted(server: NodeServer) -> None:
    await server.kill()
    await server.start()


# ---------------------------------------------------------------- the path


def far(way: Way | None = None, **options: Any) -> Start:
    """A server beyond a link."""

    async def start(bench: Bench) -> Target:
        await bench.lay(way)
        server = await bench.node(**({} if "ping_interval" in options else beat(bench)), **options)
        return target(f"http://{FAR}:{server.port}")

    return start


async def link_dies(bench: Bench) -> Target:
    link = await bench.lay()
    server = await bench.node(**beat(bench))
    later(bench, bench.between(2.6, 3.4), lambda: link.shape(Way(loss=1.0)))
    return target(f"http://{FAR}:{server.port}")


async def flow_forgotten(bench: Bench) -> Target:
    """A firewall that drops a connection beyond so many bytes: 101, some frames, gone."""
    await bench.lay()
    server = await bench.node(**beat(bench))
    bytes_ = round(bench.between(1_300, 1_600))
    for way in ("INPUT", "OUTPUT"):
        port = "--dport" if way == "INPUT" else "--sport"
        bench.far(
            f"iptables -A {way} -p tcp {port} {server.port} -m connbytes "
            f"--connbytes {bytes_}: --connbytes-dir both --connbytes-mode bytes -j DROP"
        )
    return target(f"http://{FAR}:{server.port}", client=SOCKET_ONLY)


def _deep(name: str, cause: str | None, state: State | None, start: Start, **more: Any) -> Scenario:
    return Scenario(f"deep: {name}", cause, state, start, deep=True, **more)


async def pings_lost(bench: Bench) -> Target:
    """A box that swallows small frames of the client after a while: our pongs."""
    server = await bench.node(**beat(bench))

    def swallow() -> wire.Tamper:
        def tamper(data: bytes) -> bytes:
            # A masked text frame of one byte is Engine.IO's pong, and nothing else.
            return b"" if data[:2] == b"\x81\x81" else data

        return tamper

    async def serve(connection: socket.socket) -> None:
        await wire.tampering(server.port, up=swallow())(connection)

    return target(f"http://127.0.0.1:{await bench.talk(serve)}")


async def python_server(bench: Bench) -> Target:
    server = await bench.python(ping_interval=bench.between(1, 2), ping_timeout=bench.between(1, 2))
    return target(server.url)


def through(more: str) -> Start:
    """nginx with some of its words, all of them fine."""

    async def start(bench: Bench) -> Target:
        server = await bench.node(**beat(bench))
        return target((await bench.nginx(Nginx.pass_to(server.url, more=more))).url)

    return start


SCENARIOS = (
    # cut by something in front
    _deep("nginx reads no longer", "http_poll_read_timeout", DEGRADED, nginx_read_timeout()),
    _deep("nginx cuts quiet sockets", "ws_proxy_idle", DEGRADED, nginx_read_timeout(SOCKET_ONLY)),
    _deep("haproxy cuts quiet tunnels", "ws_proxy_idle", DEGRADED, haproxy_tunnel),
    _deep("a cap on age", "ws_lifetime_cap", DEGRADED, capped(SOCKET_ONLY)),
    _deep("a cap on age, by reset", "ws_lifetime_cap", DEGRADED, capped(SOCKET_ONLY, reset=True)),
    _deep("a proxy that buffers", "ws_proxy_buffers", DEGRADED, buffers),
    _deep(
        "pongs swallowed",
        "cli_no_pong",
        DEGRADED,
        pings_lost,
        or_else=frozenset({"ws_frames_blocked_up"}),
    ),
    # ended by the application
    _deep(
        "kicked at an age", "sio_kicked_later", DEGRADED, plain(kick_after_ms=within(1_500, 2_500))
    ),
    _deep(
        "closed at an age", "sio_kicked_later", DEGRADED, plain(close_after_ms=within(1_500, 2_500))
    ),
    _deep(
        "keep-alive wanted",
        "sio_kicked_no_keepalive",
        DEGRADED,
        plain(keep_alive_within_ms=within(1_500, 2_400)),
    ),
    _deep(
        "few kB at most",
        "sio_max_payload",
        DEGRADED,
        plain(max_http_buffer_size=within(3_000, 9_000)),
    ),
    # the server
    _deep("frozen midway", "srv_frozen_after_connect", DOWN, freezes),
    _deep("frozen midway behind nginx", "srv_frozen_after_connect", DOWN, freezes_behind_nginx),
    _deep("no pings", "srv_no_pings", DEGRADED, plain(no_pings=True)),
    _deep(
        "event loop stalls",
        "srv_loop_stalls",
        DEGRADED,
        plain(stall_every_ms=within(2_200, 3_000), stall_ms=within(900, 1_100)),
    ),
    _deep(
        "blocks on connect",
        "srv_blocks_on_connect",
        None,
        plain(block_on_connect_ms=within(2_000, 3_500)),
    ),
    _deep("crash loop", "srv_crash_loop", None, crash_loop),
    _deep("crashes on connect", "srv_crashes_on_connect", None, crashes_on_connect),
    # the path
    _deep("96 kbit/s", "net_low_bandwidth", DEGRADED, far(Way(rate_kbit=96)), network=True),
    _deep("an MTU hole", "net_mtu_blackhole", DEGRADED, far(Way(hole=1_200)), network=True),
    _deep("the link dies", "net_cut_midway", DOWN, link_dies, network=True),
    _deep("the flow is forgotten", "ws_flow_dropped", DEGRADED, flow_forgotten, network=True),
    _deep(
        "pingTimeout too small",
        "srv_ping_timeout_too_small",
        None,
        far(Way(delay_ms=250), ping_interval=900, ping_timeout=300),
        network=True,
    ),
    # all is well
    _deep("held and fine", None, UP, plain()),
    _deep("long heartbeats", None, UP, plain(ping_interval=20_000, ping_timeout=5_000)),
    _deep("python-socketio", None, UP, python_server),
    _deep("websocket only", None, UP, plain(SOCKET_ONLY, transports=["websocket"])),
    _deep("polling only", None, UP, plain(POLLING_ONLY, transports=["polling"])),
    _deep("100 kB at most", None, UP, plain(max_http_buffer_size=100_000)),
    _deep("no health page", None, UP, plain(health={"absent": True})),
    _deep("nginx", None, UP, through("proxy_read_timeout 60s;")),
    _deep("40 ms each way", None, UP, far(Way(delay_ms=40)), network=True),
)

"""Healthy backends behind fronts, alone and in chains: nothing may be named."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from bot.model import State, Target
from tests.lab import wire
from tests.lab.scenario import HOST, Bench, Scenario, Start, target
from tests.servers.proxies import Nginx

UP = State.UP


def fronted(depth: int, *, tls: bool = False, python: bool = False, **options: Any) -> Start:
    """`depth` proxies of chance's choice, one before the other; the outermost with TLS."""

    async def start(bench: Bench) -> Target:
        server = await (bench.python() if python else bench.node(**options))
        url = server.url
        for number in range(depth):
            outermost = number == depth - 1
            files = bench.ca.issue() if tls and outermost else None
            url = (await bench.front(url, files)).url
        return target(url, ca_file=str(bench.ca.ca_file) if tls else None)

    return start


async def caddy(bench: Bench) -> Target:
    server = await bench.node()
    front = await bench.caddy(f"encode gzip\n    reverse_proxy 127.0.0.1:{server.port}")
    return target(front.url)


async def cloud_run(bench: Bench) -> Target:
    """A front with the headers, the affinity cookie and the request timeout of Cloud Run."""
    server = await bench.node()
    more = (
        "    http-response set-header Server 'Google Frontend'\n"
        "    http-response set-header Via '1.1 google'\n"
        "    http-response add-header Set-Cookie 'GAESA=CoMBMDA1; Path=/; HttpOnly'\n"
        "    http-response set-header Alt-Svc 'h3=\":443\"; ma=2592000'\n"
        "    timeout server 300s\n    timeout tunnel 300s"
    )
    rest = f"backend b\n{more}\n    server s 127.0.0.1:{server.port}"
    front = await bench.haproxy(
        "default_backend b", rest, certificate=bench.ca.issue(), bind="alpn h2,http/1.1"
    )
    return target(front.url, ca_file=str(bench.ca.ca_file))


async def one_of_three_dead(bench: Bench) -> Target:
    """The balancer has noticed, and leaves the dead one out."""
    servers = [await bench.node() for _ in range(2)]
    lines = "\n".join(f"    server s{s.port} 127.0.0.1:{s.port} check" for s in servers)
    dead = f"    server gone 127.0.0.1:{bench.free_port()} check inter 100ms fall 1"
    rest = f"backend b\n    balance source\n    hash-type consistent\n{lines}\n{dead}"
    front = await bench.haproxy("default_backend b", rest)
    await front.line(lambda line: "gone is DOWN" in line)
    return target(front.url)


async def sticky_cluster(bench: Bench) -> Target:
    """Several workers; who was seen by one comes back to it, by address or by cookie."""
    servers = [await bench.node() for _ in range(bench.chance.choice((2, 3)))]
    how = bench.chance.choice(
        ("balance source", "balance roundrobin\n    cookie W insert indirect nocache")
    )
    lines = "\n".join(f"    server s{s.port} 127.0.0.1:{s.port} cookie c{s.port}" for s in servers)
    front = await bench.haproxy("default_backend b", f"backend b\n    {how}\n{lines}")
    return target(front.url)


async def strict_host(bench: Bench) -> Target:
    """nginx that hangs up on every other name."""
    server = await bench.node()
    front = await bench.nginx(
        "if ($host != 'localhost') { return 444; }" + Nginx.pass_to(server.url)
    )
    return target(f"http://localhost:{front.port}")


async def http2_too(bench: Bench) -> Target:
    server = await bench.node()
    front = await bench.nginx(
        "add_header Strict-Transport-Security max-age=63072000 always;"
        'add_header X-Frame-Options DENY always; add_header Content-Security-Policy "default-src '
        "'none'\" always;" + Nginx.pass_to(server.url),
        listen="http2",
        certificate=bench.ca.issue(),
    )
    return target(front.url, ca_file=str(bench.ca.ca_file))


async def unbuffered(bench: Bench) -> Target:
    server = await bench.node()
    size = bench.chance.choice(("1k", "2k", "4k"))
    more = f"proxy_buffering off; proxy_request_buffering off; proxy_buffer_size {size};"
    return target((await bench.nginx(Nginx.pass_to(server.url, more=more))).url)


async def slow_upgrades(bench: Bench) -> Target:
    """A box that takes its time with WebSockets, and not too much of it."""
    server = await bench.node()
    pause = bench.between(0.1, 0.3)

    async def serve(connection: Any) -> None:
        head = await wire.receive(connection)
        if wire.is_upgrade(head):
            await asyncio.sleep(pause)
        with contextlib.suppress(OSError):
            await wire.splice(connection, server.port, head)

    return target(f"http://127.0.0.1:{await bench.talk(serve)}")


def through_proxy(*, tls: bool) -> Start:
    """The way out leads through a proxy that the target names."""

    async def start(bench: Bench) -> Target:
        await bench.names({HOST: ("127.0.0.1",)})
        server = await bench.node(tls=bench.ca.issue(HOST).for_node() if tls else None)
        proxy = await bench.tinyproxy()
        url = f"{'https' if tls else 'http'}://{HOST}:{server.port}"
        return target(url, ca_file=str(bench.ca.ca_file) if tls else None, proxy=proxy.url)

    return start


SCENARIOS = (
    Scenario("behind any proxy", None, UP, fronted(1)),
    Scenario("behind any proxy, tls", None, UP, fronted(1, tls=True)),
    Scenario("python behind any proxy", None, UP, fronted(1, python=True)),
    Scenario("a chain of two", None, UP, fronted(2)),
    Scenario("a chain of two, tls, python", None, UP, fronted(2, tls=True, python=True)),
    Scenario("a chain of three, tls", None, UP, fronted(3, tls=True), slow=True),
    Scenario("caddy compresses", None, UP, caddy),
    Scenario("as in front of Cloud Run", None, UP, cloud_run),
    Scenario("one of three is dead and left out", None, UP, one_of_three_dead),
    Scenario("a cluster that remembers", None, UP, sticky_cluster),
    Scenario("other names are hung up on", None, UP, strict_host),
    Scenario("http/2 is offered too", None, UP, http2_too),
    Scenario("nginx without buffers", None, UP, unbuffered),
    Scenario("upgrades take a moment", None, UP, slow_upgrades),
    Scenario("tls through a proxy", None, UP, through_proxy(tls=True), network=True),
    Scenario("plain http through a proxy", None, UP, through_proxy(tls=False), network=True),
)

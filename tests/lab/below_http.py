"""Scenarios of DNS (as far as loopback can), TCP and TLS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.model import State, Target
from tests.lab import wire
from tests.lab.scenario import Bench, Scenario, Start, target
from tests.servers.certificates import CertificateAuthority, CertificateFiles
from tests.servers.proxies import Nginx

Pick = Callable[[CertificateAuthority], CertificateFiles]

SSH = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"
SMTP = b"220 mail.example.com ESMTP Postfix\r\n"


async def refused(bench: Bench) -> Target:
    return target(f"http://127.0.0.1:{bench.free_port()}")


def on_wire(serve: wire.Serve, scheme: str = "http") -> Start:
    async def start(bench: Bench) -> Target:
        return target(f"{scheme}://127.0.0.1:{await bench.talk(serve)}")

    return start


async def full(bench: Bench) -> Target:
    """Node's maxConnections, all taken by somebody else."""
    server = await bench.node(max_connections=1)
    await _hold(bench, server.port)
    return target(server.url)


async def _hold(bench: Bench, port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /held")  # a request that never ends
    await writer.drain()

    async def end() -> None:
        writer.close()
        await writer.wait_closed()

    bench.push_async_callback(end)


async def frozen(bench: Bench) -> Target:
    server = await bench.node()
    server.freeze()
    return target(server.url)


def secured(pick: Pick) -> Start:
    """Node with a certificate; the root is trusted."""

    async def start(bench: Bench) -> Target:
        files = pick(bench.ca)
        server = await bench.node(tls=files.for_node())
        return target(server.url, ca_file=str(bench.ca.ca_file))

    return start


def secured_by_nginx(pick: Pick) -> Start:
    async def start(bench: Bench) -> Target:
        files = pick(bench.ca)
        server = await bench.node()
        front = await bench.nginx(Nginx.pass_to(server.url), certificate=files)
        return target(front.url, ca_file=str(bench.ca.ca_file))

    return start


async def plain_on_tls_port(bench: Bench) -> Target:
    server = await bench.node()
    return target(f"https://127.0.0.1:{server.port}")


async def node_tls_on_http_url(bench: Bench) -> Target:
    server = await bench.node(tls=bench.ca.issue().for_node())
    return target(f"http://127.0.0.1:{server.port}")


async def nginx_tls_on_http_url(bench: Bench) -> Target:
    server = await bench.node()
    front = await bench.nginx(Nginx.pass_to(server.url), certificate=bench.ca.issue())
    return target(f"http://127.0.0.1:{front.port}")


DOWN, DEGRADED = State.DOWN, State.DEGRADED

SCENARIOS = (
    Scenario("nothing listens", "tcp_refused", DOWN, refused),
    Scenario("reset on accept", "tcp_rst_on_accept", DOWN, on_wire(wire.resets)),
    Scenario("reset on accept over tls", "tcp_rst_on_accept", DOWN, on_wire(wire.resets, "https")),
    Scenario("closed on accept", "tcp_conn_limit", DOWN, on_wire(wire.closes)),
    Scenario("node is full", "tcp_conn_limit", DOWN, full),
    Scenario("accept and silence", "srv_frozen", DOWN, on_wire(wire.silent)),
    Scenario("node is stopped", "srv_frozen", DOWN, frozen),
    Scenario("ssh behind the port", "tcp_wrong_service", DOWN, on_wire(wire.greets(SSH))),
    Scenario("smtp behind the port", "tcp_wrong_service", DOWN, on_wire(wire.greets(SMTP))),
    Scenario(
        "redis behind the port",
        "tcp_wrong_service",
        DOWN,
        on_wire(wire.answers(b"-ERR unknown command 'GET'\r\n")),
    ),
    Scenario(
        "ssh behind an https url", "tcp_wrong_service", DOWN, on_wire(wire.greets(SSH), "https")
    ),
    Scenario("expired", "tls_expired", DOWN, secured(lambda ca: ca.expired())),
    Scenario("expired at nginx", "tls_expired", DOWN, secured_by_nginx(lambda ca: ca.expired())),
    Scenario("five days left", "tls_expiring", DEGRADED, secured(lambda ca: ca.expiring())),
    Scenario("not valid yet", "tls_not_yet_valid", DOWN, secured(lambda ca: ca.not_yet_valid())),
    Scenario("self-signed", "tls_self_signed", DOWN, secured(lambda ca: ca.self_signed())),
    Scenario("wrong name", "tls_hostname_mismatch", DOWN, secured(lambda ca: ca.wrong_name())),
    Scenario("no names", "tls_no_san", DOWN, secured(lambda ca: ca.nameless("127.0.0.1"))),
    Scenario(
        "leaf alone",
        "tls_missing_intermediate",
        DOWN,
        secured(lambda ca: ca.missing_intermediate()),
    ),
    Scenario("private root", "tls_unknown_ca", DOWN, secured(lambda ca: ca.unknown_ca())),
    Scenario("http on the https url", "tls_plain_http_on_tls_port", DOWN, plain_on_tls_port),
    Scenario("tls on the http url (node)", "tls_https_on_http_url", DOWN, node_tls_on_http_url),
    Scenario("tls on the http url (nginx)", "tls_https_on_http_url", DOWN, nginx_tls_on_http_url),
    Scenario(
        "silence after the tls hello", "tls_handshake_hang", DOWN, on_wire(wire.silent, "https")
    ),
    Scenario(
        "reset upon the tls hello",
        "tls_rst_in_handshake",
        DOWN,
        on_wire(wire.reads_and_resets, "https"),
    ),
    Scenario(
        "closed upon the tls hello",
        "tls_rst_in_handshake",
        DOWN,
        on_wire(wire.reads_and_closes, "https"),
    ),
)

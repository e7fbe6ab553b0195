"""TLS and TCP faults made with other tools: openssl's own server, haproxy, odd sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from bot.model import State, Target
from tests.lab import wire
from tests.lab.below_http import on_wire, secured, secured_by_nginx
from tests.lab.scenario import Bench, Scenario, Start, target
from tests.servers.process import ChildProcess, accepts
from tests.servers.proxies import Nginx
from tests.servers.tools import find, require

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP


def openssl(*options: str, pick: Callable[[Any], Any] = lambda ca: ca.issue()) -> Start:
    """`openssl s_server -www` with these options."""

    async def start(bench: Bench) -> Target:
        require("openssl")
        files, port = pick(bench.ca), bench.free_port()
        command = [
            find("openssl") or "openssl",
            "s_server",
            "-accept",
            f"127.0.0.1:{port}",
            "-www",
            "-cert",
            str(files.cert),
            "-key",
            str(files.key),
            *options,
        ]
        server = await bench.enter_async_context(ChildProcess(command))
        await accepts("127.0.0.1", port, server)
        return target(f"https://127.0.0.1:{port}", ca_file=str(bench.ca.ca_file))

    return start


def nginx_tls(more: str, scheme: str = "https", pick: Any = lambda ca: ca.issue()) -> Start:
    async def start(bench: Bench) -> Target:
        server = await bench.node()
        front = await bench.nginx(
            more.replace("{ca}", str(bench.ca.ca_file)) + Nginx.pass_to(server.url),
            certificate=pick(bench.ca),
        )
        return target(f"{scheme}://127.0.0.1:{front.port}", ca_file=str(bench.ca.ca_file))

    return start


def node_mtls() -> Start:
    async def start(bench: Bench) -> Target:
        files = bench.ca.issue().for_node() | {"clientCa": str(bench.ca.ca_file)}
        server = await bench.node(tls=files)
        return target(server.url, ca_file=str(bench.ca.ca_file))

    return start


def haproxy_tls(
    bind: str, host: str = "localhost", scheme: str = "https", name: str = "other.example"
) -> Start:
    async def start(bench: Bench) -> Target:
        server = await bench.node()
        rest = f"backend b\n    server s 127.0.0.1:{server.port}"
        front = await bench.haproxy(
            "    default_backend b",
            rest,
            certificate=bench.ca.issue(name),
            bind=bind.replace("{ca}", str(bench.ca.ca_file)),
        )
        return target(f"{scheme}://{host}:{front.port}", ca_file=str(bench.ca.ca_file))

    return start


def alert(code: int) -> wire.Serve:
    """A fatal alert to whatever hello comes."""
    return wire.answers(b"\x15\x03\x03\x00\x02\x02" + bytes([code]))


async def half_head(connection: socket.socket) -> None:
    await wire.receive(connection)
    await wire.send(connection, b"HTTP/1.1 200 OK\r\nContent-Ty")
    wire.reset(connection)


async def half_closed(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)
    await asyncio.sleep(30)


SCENARIOS = (
    Scenario(
        "openssl tls 1.1 only",
        "tls_old_protocol",
        DOWN,
        openssl("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"),
    ),
    Scenario(
        "openssl one odd cipher",
        "tls_cipher_mismatch",
        DOWN,
        openssl("-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"),
    ),
    Scenario(
        "nginx old",
        "tls_old_protocol",
        DOWN,
        nginx_tls("ssl_protocols TLSv1.1; ssl_ciphers DEFAULT:@SECLEVEL=0;"),
    ),
    Scenario(
        "nginx mtls",
        "tls_client_cert_required",
        DOWN,
        nginx_tls("ssl_verify_client on; ssl_client_certificate {ca};"),
    ),
    Scenario("node mtls", "tls_client_cert_required", DOWN, node_mtls()),
    Scenario(
        "openssl mtls 1.2",
        "tls_client_cert_required",
        DOWN,
        openssl("-tls1_2", "-Verify", "1", "-verify_return_error"),
        frozenset({"tls_cipher_mismatch"}),
    ),
    Scenario(
        "openssl mtls 1.3",
        "tls_client_cert_required",
        DOWN,
        openssl("-tls1_3", "-Verify", "1", "-verify_return_error"),
    ),
    Scenario(
        "haproxy mtls",
        "tls_client_cert_required",
        DOWN,
        haproxy_tls("verify required ca-file {ca}", name="localhost"),
    ),
    Scenario(
        "haproxy strict sni",
        "tls_sni_unrecognized",
        DOWN,
        haproxy_tls("strict-sni"),
        network=True,
    ),
    Scenario("haproxy tls on http", "tls_https_on_http_url", DOWN, haproxy_tls("", scheme="http")),
    Scenario("alert internal_error", "tls_sni_unrecognized", DOWN, on_wire(alert(80), "https")),
    Scenario("alert access_denied", "tls_rst_in_handshake", DOWN, on_wire(alert(49), "https")),
    Scenario("alert on http", "tls_https_on_http_url", DOWN, on_wire(alert(70), "http")),
    Scenario(
        "expired today", "tls_expired", DOWN, secured_by_nginx(lambda ca: ca.expired(days_ago=0.2))
    ),
    Scenario(
        "self-signed nginx", "tls_self_signed", DOWN, secured_by_nginx(lambda ca: ca.self_signed())
    ),
    Scenario("unknown nginx", "tls_unknown_ca", DOWN, secured_by_nginx(lambda ca: ca.unknown_ca())),
    Scenario(
        "missing intermediate nginx",
        "tls_missing_intermediate",
        DOWN,
        secured_by_nginx(lambda ca: ca.missing_intermediate()),
    ),
    Scenario(
        "wildcard one level too deep",
        "tls_hostname_mismatch",
        DOWN,
        nginx_tls("", pick=lambda ca: ca.issue("*.localhost")),
    ),
    Scenario(
        "20 of 90 days", "tls_expiring", DEGRADED, secured(lambda ca: ca.expiring(days_left=20))
    ),
    Scenario(
        "mysql",
        "tcp_wrong_service",
        DOWN,
        on_wire(wire.greets(b"\x4a\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00abcdefgh\x00")),
    ),
    Scenario(
        "imap on https",
        "tcp_wrong_service",
        DOWN,
        on_wire(wire.greets(b"* OK IMAP4rev1 ready\r\n"), "https"),
    ),
    Scenario(
        "postgres rejects",
        "tcp_wrong_service",
        DOWN,
        on_wire(wire.answers(b"E\x00\x00\x00\x90SFATAL\x00C0A000\x00")),
    ),
    Scenario(
        "mqtt-like echo", "tcp_wrong_service", DOWN, on_wire(wire.answers(b"\x20\x02\x00\x05"))
    ),
    Scenario("half head and reset", "unrecognised", DOWN, on_wire(half_head)),
    Scenario("half closed", "tcp_conn_limit", DOWN, on_wire(half_closed)),
    Scenario("closes upon a request", "tcp_conn_limit", DOWN, on_wire(wire.reads_and_closes)),
    Scenario("resets upon a request", "tcp_rst_on_accept", DOWN, on_wire(wire.reads_and_resets)),
    Scenario(
        "http 1.0 plain on https",
        "tls_plain_http_on_tls_port",
        DOWN,
        on_wire(wire.answers(b"HTTP/1.0 400 Bad Request\r\n\r\nBad"), "https"),
    ),
)

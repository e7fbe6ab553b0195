"""TLS that goes wrong in further ways: other stacks, other alerts, ends that come late."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable

from bot.model import Controls, State, Target
from tests.lab import wire
from tests.lab.scenario import Bench, Scenario, Start, target
from tests.lab.unseen_tls import openssl
from tests.servers.certificates import CertificateAuthority, CertificateFiles
from tests.servers.proxies import Nginx

DOWN, UP = State.DOWN, State.UP
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_SETTINGS = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"


def python_tls(talk: Talk, adjust: Callable[[ssl.SSLContext, Bench], None] | None = None) -> Start:
    """Python's ssl with any setting, and what it does once the handshake is over."""

    async def start(bench: Bench) -> Target:
        context = bench.ca.issue().server_context()
        if adjust is not None:
            adjust(context, bench)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await talk(reader, writer)
            writer.close()

        server = await asyncio.start_server(serve, bench.host, bench.port(), ssl=context)
        bench.push_async_callback(_end, server)
        port = server.sockets[0].getsockname()[1]
        return target(f"https://127.0.0.1:{port}", ca_file=str(bench.ca.ca_file))

    return start


async def _end(server: asyncio.Server) -> None:
    server.close()
    await server.wait_closed()


async def hangs_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A TLS terminator whose backend is gone."""
    writer.close()


async def hangs_up_upon_a_request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def speaks_http2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server of HTTP/2 that ignores what was negotiated: its SETTINGS first."""
    writer.write(_SETTINGS)
    await writer.drain()
    await reader.read(4096)


async def reads(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    while await reader.read(4096):
        pass


async def h2_settings_in_the_clear(connection: socket.socket) -> None:
    await wire.send(connection, _SETTINGS)
    await wire.receive(connection)


def demands_certificate(context: ssl.SSLContext, bench: Bench) -> None:
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(bench.ca.ca_file)


def demands_certificate_12(context: ssl.SSLContext, bench: Bench) -> None:
    demands_certificate(context, bench)
    context.maximum_version = ssl.TLSVersion.TLSv1_2


def may_have_certificate(context: ssl.SSLContext, bench: Bench) -> None:
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(bench.ca.ca_file)


def inspected(*, control: bool) -> Start:
    """A box that issues certificates of its own: for the backend, and for the control too."""

    async def start(bench: Bench) -> Target:
        (bench.folder / "box").mkdir()
        box = CertificateAuthority(bench.folder / "box")
        server = await bench.node()
        front = await bench.nginx(Nginx.pass_to(server.url), certificate=box.issue())
        if control:
            page = await bench.nginx('location / { return 200 "ok"; }', certificate=box.issue())
            bench.controls = Controls(urls=(page.url,))
        return target(front.url)

    return start


async def private_root_beside_a_good_control(bench: Bench) -> Target:
    server = await bench.node(tls=bench.ca.unknown_ca().for_node())
    page = await bench.nginx('location / { return 200 "ok"; }')
    bench.controls = Controls(urls=(page.url,))
    return target(server.url)


def filter_by_address(verdict: str) -> Start:
    """A box that dislikes TLS to an address: no name is ever in the hello."""

    async def start(bench: Bench) -> Target:
        node = await bench.node(tls=bench.ca.issue().for_node())
        box = await bench.talk(wire.middlebox(node.port, lambda _: verdict))
        return target(f"https://127.0.0.1:{box}", ca_file=str(bench.ca.ca_file))

    return start


def with_control(verdict: str) -> Start:
    """A filter by name, and a control that works."""

    async def start(bench: Bench) -> Target:
        node = await bench.node(tls=bench.ca.issue().for_node())
        box = await bench.talk(
            wire.middlebox(node.port, lambda hello: verdict if b"localhost" in hello else "pass"),
        )
        page = await bench.nginx('location / { return 200 "ok"; }')
        bench.controls = Controls(urls=(page.url,))
        return target(f"https://localhost:{box}", ca_file=str(bench.ca.ca_file))

    return start


def slowly(files: Callable[[CertificateAuthority], CertificateFiles]) -> Start:
    """A slow but healthy server: the box in front of it passes nothing on at once."""

    async def start(bench: Bench) -> Target:
        node = await bench.node(tls=files(bench.ca).for_node())
        box = await bench.talk(wire.middlebox(node.port, lambda _: "pass", delay_s=0.2))
        return target(f"https://localhost:{box}", ca_file=str(bench.ca.ca_file))

    return start


async def _on_wire(bench: Bench, serve: wire.Serve) -> Target:
    return target(f"http://127.0.0.1:{await bench.talk(serve)}")


SCENARIOS = (
    Scenario("a TLS terminator without a backend", "tcp_conn_limit", DOWN, python_tls(hangs_up),
             frozenset({"tcp_rst_on_accept"})),
    Scenario("TLS, then a hang-up upon the request", "tcp_conn_limit", DOWN,
             python_tls(hangs_up_upon_a_request)),
    Scenario("http2 whatever was negotiated", "tls_h2_only", DOWN, python_tls(speaks_http2)),
    Scenario(
        "http2 alone by ALPN",
        "tls_h2_only",
        DOWN,
        python_tls(
            hangs_up_upon_a_request, lambda context, _: context.set_alpn_protocols(["h2"])
        ),
    ),
    Scenario("http2 in the clear", "tls_h2_only", DOWN,
             lambda bench: _on_wire(bench, h2_settings_in_the_clear)),
    Scenario("python demands a certificate", "tls_client_cert_required", DOWN,
             python_tls(reads, demands_certificate)),
    Scenario("python demands a certificate, TLS 1.2", "tls_client_cert_required", DOWN,
             python_tls(reads, demands_certificate_12)),
    Scenario("a certificate is welcome and the backend is gone", "tcp_conn_limit", DOWN,
             python_tls(hangs_up, may_have_certificate),
             frozenset({"tls_client_cert_required"})),
    Scenario("TLS 1.0 alone", "tls_old_protocol", DOWN,
             openssl("-tls1", "-cipher", "ALL:@SECLEVEL=0")),
    Scenario("CBC with SHA-1 alone", "tls_cipher_mismatch", DOWN,
             openssl("-tls1_2", "-cipher", "ECDHE-ECDSA-NULL-SHA:AES256-SHA:@SECLEVEL=0")),
    Scenario("inspected, and so is the control", "tls_mitm_corp_ca", DOWN,
             inspected(control=True)),
    Scenario("a private root beside a good control", "tls_unknown_ca", DOWN,
             private_root_beside_a_good_control),
    Scenario("a filter swallows TLS to an address", "tls_handshake_hang", DOWN,
             filter_by_address("drop")),
    Scenario("a filter resets TLS to an address", "tls_rst_in_handshake", DOWN,
             filter_by_address("reset")),
    Scenario("our name is reset, the control works", "tls_dpi_sni_rst", DOWN,
             with_control("reset"), network=True),
    Scenario("a hello that takes its time", None, UP, slowly(lambda ca: ca.issue())),
)  # fmt: skip

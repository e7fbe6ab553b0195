"""Boxes between us and a TLS server: filters that read the name, holes that swallow packets."""

from __future__ import annotations

import socket
from typing import Any

from bot.model import State, Target
from tests.lab import wire
from tests.lab.scenario import FAR, FAR6, HOST, Bench, Scenario, Start, Way, target
from tests.servers.certificates import CertificateAuthority, CertificateFiles
from tests.servers.proxies import Nginx

DOWN, UP = State.DOWN, State.UP


def mine(ca: CertificateAuthority) -> CertificateFiles:
    return ca.complete_chain(HOST, "localhost", FAR, FAR6)


def names(hello: bytes) -> bool:
    """The hello carries a name of ours."""
    return HOST.encode() in hello or b"localhost" in hello


def filtered(verdict: str, *, always: bool = False, behind: str = "node") -> Start:
    """A filter before a TLS server; it minds our name, or (`always`) whatever is said."""

    async def start(bench: Bench) -> Target:
        port = await _behind(bench, behind)
        box = await bench.talk(
            wire.middlebox(port, lambda hello: verdict if always or names(hello) else "pass")
        )
        return target(f"https://localhost:{box}", ca_file=str(bench.ca.ca_file))

    return start


async def _behind(bench: Bench, software: str) -> int:
    files = bench.ca.issue("localhost", "127.0.0.1")
    if software == "node":
        return (await bench.node(tls=files.for_node())).port
    server = await bench.node()
    if software == "nginx":
        return (await bench.nginx(Nginx.pass_to(server.url), certificate=files)).port
    rest = f"backend b\n    server s 127.0.0.1:{server.port}"
    options: dict[str, Any] = {"certificate": files, "bind": "strict-sni"}
    return (await bench.haproxy("    default_backend b", rest, **options)).port


def by_kernel(rule: str, *, six: bool = False) -> Start:
    """Packets of the far side's server that hold our name meet a rule of iptables."""

    async def start(bench: Bench) -> Target:
        await bench.lay()
        address = FAR6 if six else FAR
        server = await bench.node(host=address, tls=mine(bench.ca).for_node())
        await bench.names({HOST: (address,)})
        table = "ip6tables" if six else "iptables"
        match = f"-p tcp --dport {server.port} -m string --algo bm --string {HOST}"
        bench.far(f"{table} -I INPUT {match} -j {rule}")
        return target(f"https://{HOST}:{server.port}", ca_file=str(bench.ca.ca_file))

    return start


def hole(size: int, *, down_only: bool = False, six: bool = False, software: str = "node") -> Start:
    """Packets above `size` bytes vanish on the way; the server's certificate is in one of them."""

    async def start(bench: Bench) -> Target:
        lab = await bench.lay()
        address = FAR6 if six else FAR
        files = mine(bench.ca)
        if software == "nginx":
            upstream = await bench.node()
            front = await bench.nginx(Nginx.pass_to(upstream.url), certificate=files, host=address)
            port = front.port
        else:
            port = (await bench.node(host=address, tls=files.for_node())).port
        await bench.names({HOST: (address,)})
        if down_only:
            await lab.shape(to_near=Way(hole=size))
        else:
            await lab.shape(Way(hole=size))
        return target(f"https://{HOST}:{port}", ca_file=str(bench.ca.ca_file))

    return start


def strange(serve: wire.Serve) -> Start:
    async def start(bench: Bench) -> Target:
        return target(f"https://localhost:{await bench.talk(serve)}")

    return start


async def waits_for_a_line(connection: socket.socket) -> None:
    """A plain server that waits for a whole request before it says anything."""
    data = b""
    while b"\r\n\r\n" not in data:
        got = await wire.receive(connection)
        if not got:
            return
        data += got
    await wire.send(connection, wire.http("200 OK", "hello"))


async def needs_a_name(bench: Bench) -> Target:
    """A front that routes by the server name and hangs up where there is none."""
    node = await bench.node(tls=bench.ca.issue("127.0.0.1", "www.example.com").for_node())
    box = await bench.talk(
        wire.middlebox(node.port, lambda hello: "pass" if b"example" in hello else "reset")
    )
    return target(f"https://127.0.0.1:{box}", ca_file=str(bench.ca.ca_file))


def _link(name: str, cause: str | None, state: State, start: Start, *other: str) -> Scenario:
    return Scenario(name, cause, state, start, frozenset(other), network=True)


SCENARIOS = (
    Scenario("a filter resets our name", "tls_dpi_sni_rst", DOWN, filtered("reset"), network=True),
    Scenario(
        "a filter resets our name before nginx",
        "tls_dpi_sni_rst",
        DOWN,
        filtered("reset", behind="nginx"),
        network=True,
    ),
    Scenario(
        "a filter resets our name before a strict front",
        "tls_dpi_sni_rst",
        DOWN,
        filtered("reset", behind="haproxy"),
        network=True,
    ),
    Scenario(
        "a filter swallows our name", "tls_dpi_sni_drop", DOWN, filtered("drop"), network=True
    ),
    Scenario(
        "a filter swallows our name before a strict front",
        "tls_dpi_sni_drop",
        DOWN,
        filtered("drop", behind="haproxy"),
        network=True,
    ),
    Scenario(
        "every name is swallowed",
        "tls_handshake_hang",
        DOWN,
        filtered("drop", always=True),
        network=True,
    ),
    Scenario(
        "every name is reset",
        "tls_rst_in_handshake",
        DOWN,
        filtered("reset", always=True),
        network=True,
    ),
    Scenario(
        "plain http that waits for a line",
        "tls_plain_http_on_tls_port",
        DOWN,
        strange(waits_for_a_line),
        network=True,
    ),
    Scenario("a front that wants a name", "tls_sni_unrecognized", DOWN, needs_a_name, network=True),
    _link("the kernel drops our name", "tls_dpi_sni_drop", DOWN, by_kernel("DROP")),
    _link(
        "the kernel resets our name",
        "tls_dpi_sni_rst",
        DOWN,
        by_kernel("REJECT --reject-with tcp-reset"),
    ),
    _link(
        "the kernel drops our name over IPv6", "tls_dpi_sni_drop", DOWN, by_kernel("DROP", six=True)
    ),
    _link("packets over 900 bytes vanish", "net_mtu_blackhole_tls", DOWN, hole(900)),
    _link("large answers vanish", "net_mtu_blackhole_tls", DOWN, hole(1_100, down_only=True)),
    _link(
        "large answers of nginx vanish",
        "net_mtu_blackhole_tls",
        DOWN,
        hole(1_000, down_only=True, software="nginx"),
    ),
    _link("large packets vanish over IPv6", "net_mtu_blackhole_tls", DOWN, hole(1_000, six=True)),
)

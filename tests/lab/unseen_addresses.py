"""Names with several addresses, of which one accepts connections and does not serve."""

from __future__ import annotations

import asyncio
import socket

from bot.model import State, Target
from tests.lab import wire
from tests.lab.scenario import ALSO_FAR, FAR, FAR6, HOST, Bench, Scenario, Start, target
from tests.servers.certificates import CertificateFiles

DEGRADED, UP = State.DEGRADED, State.UP
_THIRD = "10.77.8.9"


async def _late_reset(connection: socket.socket) -> None:
    await asyncio.sleep(0.05)
    wire.reset(connection)


def beside(
    *others: wire.Serve | None, six: bool = False, tls: bool = False, first: bool = False
) -> Start:
    """A backend, and on the same port of further addresses somebody else (None: the backend too).

    six: the other address is of IPv6. first: the resolver names the others before the backend.
    """

    async def start(bench: Bench) -> Target:
        await bench.lay()
        for address in (ALSO_FAR, _THIRD):
            bench.far(f"ip addr add {address}/32 dev lo")
        places = (FAR6,) if six else (ALSO_FAR, _THIRD)[: len(others)]
        options = {"tls": bench.ca.issue(HOST).for_node()} if tls else {}
        server = await bench.node(**options)
        for place, serve in zip(places, others, strict=True):
            if serve is not None:
                await bench.talk(serve, host=place, port=server.port)
            else:
                await bench.node(host=place, port=server.port, **options)
        await bench.names({HOST: (*places, FAR) if first else (FAR, *places)})
        url = f"{'https' if tls else 'http'}://{HOST}:{server.port}"
        return target(url, ca_file=str(bench.ca.ca_file) if tls else None)

    return start


def local_name(listens: str) -> Start:
    """localhost has both addresses, and the server listens at one of them."""

    async def start(bench: Bench) -> Target:
        hosts = bench.folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n::1 localhost\n", encoding="ascii")
        bench.near(f"mount --bind {hosts} /etc/hosts")
        return target(f"http://localhost:{(await bench.node(host=listens)).port}")

    return start


def gateway() -> wire.Serve:
    return wire.answers(wire.http("502 Bad Gateway", "<h1>502 Bad Gateway</h1>", "Server: nginx"))


async def other_certificate(bench: Bench) -> Target:
    """One of two machines was forgotten when the certificate was renewed."""
    await bench.lay()
    bench.far(f"ip addr add {ALSO_FAR}/32 dev lo")
    server = await bench.node(tls=bench.ca.issue(HOST).for_node())
    old: CertificateFiles = bench.ca.expired(HOST, days_ago=bench.between(0.5, 40))
    await bench.node(host=ALSO_FAR, port=server.port, tls=old.for_node())
    await bench.names({HOST: (FAR, ALSO_FAR)})
    return target(f"https://{HOST}:{server.port}", ca_file=str(bench.ca.ca_file))


def _s(name: str, cause: str | None, state: State, start: Start, *other: str) -> Scenario:
    return Scenario(name, cause, state, start, frozenset(other), network=True, slow=True)


SCENARIOS = (
    _s("two machines, both well", None, UP, beside(None)),
    _s("three machines, all well, tls", None, UP, beside(None, None, tls=True)),
    _s("localhost, IPv4 alone", None, UP, local_name("127.0.0.1")),
    _s("localhost, IPv6 alone", None, UP, local_name("::1")),
    _s("one machine resets", "one_backend_dead", DEGRADED, beside(wire.resets)),
    _s("one machine resets late", "one_backend_dead", DEGRADED, beside(_late_reset, first=True)),
    _s("one machine hangs up", "one_backend_dead", DEGRADED, beside(wire.closes, first=True)),
    _s("one machine hangs", "one_backend_dead", DEGRADED, beside(wire.silent)),
    _s("the first machine hangs", "one_backend_dead", DEGRADED, beside(wire.silent, first=True)),
    _s("one machine's process is gone", "one_backend_dead", DEGRADED,
       beside(gateway()), "http_502_upstream_down"),
    _s("one of three is another's", "one_backend_dead", DEGRADED,
       beside(None, wire.replies(lambda _: wire.http("404 Not Found", "nothing here")))),
    _s("one machine cuts tls", "one_backend_dead", DEGRADED,
       beside(wire.reads_and_resets, tls=True)),
    _s("IPv6 accepts and resets", "ipv6_broken", DEGRADED, beside(wire.resets, six=True),
       "one_backend_dead"),
    _s("IPv6 accepts and hangs", "ipv6_broken", DEGRADED, beside(wire.silent, six=True),
       "one_backend_dead"),
    _s("one certificate was forgotten", "tls_expired", DEGRADED, other_certificate),
)  # fmt: skip

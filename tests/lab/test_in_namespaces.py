"""Faults of the network itself, made in namespaces: names, routes, silence, delay, loss.

The whole program runs on the near side, as a person would run it; servers and the resolver are on
the far side of a shaped link.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.servers.dns_server import Rule
from tests.servers.fixtures import StartLab
from tests.servers.netns import FAR, FAR6, NetworkLab, Way
from tests.servers.node import NodeServer

pytestmark = [pytest.mark.netns, pytest.mark.node]

HOST = "backend.lab"
NOBODY = "10.77.9.9"  # routed to the far side, where nobody has it
ALSO_FAR = "10.77.8.8"


@dataclass(frozen=True, slots=True)
class Case:
    """What the resolver says, how the network behaves, and what must be named."""

    name: str
    cause: str | None
    state: str
    addresses: Sequence[str] | Rule = (FAR,)
    way: Way = Way()  # noqa: RUF009  frozen
    near: tuple[str, ...] = ()  # commands of ip(8) on the near side
    far: tuple[str, ...] = ()
    resolver: bool = True
    arguments: tuple[str, ...] = ()


CASES = (
    Case("a name and a server", None, "up"),
    Case("both families", None, "up", addresses=(FAR, FAR6)),
    Case(
        "two addresses",
        None,
        "up",
        addresses=(FAR, ALSO_FAR),
        far=(f"addr add {ALSO_FAR}/32 dev lo",),
    ),
    Case("25 ms each way", None, "up", way=Way(delay_ms=25)),
    Case("no such name", "dns_nxdomain", "down", addresses=Rule(rcode="NXDOMAIN")),
    Case("no address", "dns_no_address", "down", addresses=()),
    Case("servfail", "dns_servfail", "down", addresses=Rule(rcode="SERVFAIL")),
    Case("refused by the resolver", "dns_refused_rcode", "down", addresses=Rule(rcode="REFUSED")),
    Case("queries dropped", "dns_timeout", "down", addresses=Rule(drop=True)),
    Case("no resolver", "dns_resolver_down", "down", resolver=False),
    Case(
        "alias of nothing",
        "dns_dangling_cname",
        "down",
        addresses=Rule(alias="gone.lab", rcode="NXDOMAIN"),
    ),
    Case("truncated", "dns_tcp_fallback_blocked", "down", addresses=Rule((FAR,), truncate=True)),
    Case("AAAA dropped", "dns_aaaa_timeout", "degraded", addresses=Rule((FAR,), drop_aaaa=True)),
    Case("slow resolver", "dns_slow", "degraded", addresses=Rule((FAR,), delay_s=1.4)),
    Case("sinkhole", "dns_bogon", "down", addresses=("0.0.0.0",)),
    Case("packets vanish", "tcp_blackhole", "down", addresses=(NOBODY,)),
    Case(
        "no route", "tcp_no_route", "down", near=("route del default",), addresses=("203.0.113.7",)
    ),
    Case(
        "router says unreachable",
        "tcp_host_unreachable",
        "down",
        addresses=("203.0.113.7",),
        far=("forward", "route add unreachable 203.0.113.7/32"),
    ),
    Case(
        "router says prohibited",
        "tcp_reject_admin",
        "down",
        addresses=("203.0.113.7",),
        far=("forward", "route add prohibit 203.0.113.7/32"),
    ),
    Case("one address silent", "one_backend_blackholed", "degraded", addresses=(FAR, NOBODY)),
    Case(
        "one address refuses",
        "one_backend_dead",
        "degraded",
        addresses=(FAR, ALSO_FAR),
        far=(f"addr add {ALSO_FAR}/32 dev lo",),
    ),
    Case("IPv6 refuses", "ipv6_broken", "degraded", addresses=(FAR, FAR6)),
    Case("far away", "net_latency", "degraded", way=Way(delay_ms=220)),
)
_BINDS = {"both families": "::", "two addresses": "0.0.0.0"}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name.replace(" ", "-"))
async def test_the_network_s_fault_is_named(case: Case, network_lab: StartLab) -> None:
    lab = await network_lab(case.way)
    for command in case.near:
        _ip(lab.near, command)
    for command in case.far:
        _ip(lab.far, command)
    host = _BINDS.get(case.name, FAR)
    async with NodeServer(host=host, enter=lab.far) as server:
        if case.resolver:
            async with lab.names({HOST: case.addresses}):
                found = await _check(lab, server.port, case.arguments)
        else:
            found = await _check(lab, server.port, case.arguments)
    story = json.dumps(found, indent=1)
    assert found["state"] == case.state, story
    assert (found["cause"] or {}).get("code") == case.cause, story


def _ip(side: Any, command: str) -> None:
    words = ["ip", *command.split()]
    if command == "forward":
        words = ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]
    subprocess.run(side(words), check=True, capture_output=True)


async def _check(lab: NetworkLab, port: int, arguments: Sequence[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "bot", "check", f"http://{HOST}:{port}", "--json", *arguments]
    process = await asyncio.create_subprocess_exec(
        *lab.near(command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            out, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert out, errors.decode()
    found: dict[str, Any] = json.loads(out)
    return found

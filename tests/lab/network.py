"""Faults of names, routes and distance: servers and the resolver are beyond a shaped link."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import State, Target
from tests.lab.scenario import ALSO_FAR, FAR, FAR6, HOST, NOBODY, Bench, Rule, Scenario, Start, Way
from tests.lab.scenario import target as _target

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP


def beyond(
    addresses: Sequence[str] | Rule = (FAR,),
    *,
    way: Way | None = None,
    near: Sequence[str] = (),
    far: Sequence[str] = (),
    host: str = FAR,
    resolver: bool = True,
) -> Start:
    """A Node server on the far side, and what the resolver there says of its name.

    near, far: commands of the shell that change the network first; host: where the server listens.
    """

    async def start(bench: Bench) -> Target:
        await bench.lay(way)
        for command in near:
            bench.near(command)
        for command in far:
            bench.far(command)
        server = await bench.node(host=host)
        if resolver:
            await bench.names({HOST: addresses})
        return _target(f"http://{HOST}:{server.port}")

    return start


FORWARD = "echo 1 > /proc/sys/net/ipv4/ip_forward"
SECOND = f"ip addr add {ALSO_FAR}/32 dev lo"
ELSEWHERE = "203.0.113.7"  # TEST-NET-3 (RFC 5737): beyond the far side


def _link(name: str, cause: str | None, state: State, start: Start) -> Scenario:
    return Scenario(name, cause, state, start, network=True)


SCENARIOS = (
    _link("a name and a server", None, UP, beyond()),
    _link("both families", None, UP, beyond((FAR, FAR6), host="::")),
    _link("two addresses", None, UP, beyond((FAR, ALSO_FAR), far=(SECOND,), host="0.0.0.0")),
    _link("25 ms each way", None, UP, beyond(way=Way(delay_ms=25))),
    _link("no such name", "dns_nxdomain", DOWN, beyond(Rule(rcode="NXDOMAIN"))),
    _link("no address", "dns_no_address", DOWN, beyond(())),
    _link("servfail", "dns_servfail", DOWN, beyond(Rule(rcode="SERVFAIL"))),
    _link("refused by the resolver", "dns_refused_rcode", DOWN, beyond(Rule(rcode="REFUSED"))),
    _link("queries dropped", "dns_timeout", DOWN, beyond(Rule(drop=True))),
    _link("no resolver", "dns_resolver_down", DOWN, beyond(resolver=False)),
    _link(
        "alias of nothing",
        "dns_dangling_cname",
        DOWN,
        beyond(Rule(alias="gone.lab", rcode="NXDOMAIN")),
    ),
    _link("truncated", "dns_tcp_fallback_blocked", DOWN, beyond(Rule((FAR,), truncate=True))),
    _link("AAAA dropped", "dns_aaaa_timeout", DEGRADED, beyond(Rule((FAR,), drop_aaaa=True))),
    _link("slow resolver", "dns_slow", DEGRADED, beyond(Rule((FAR,), delay_s=1.4))),
    _link("sinkhole", "dns_bogon", DOWN, beyond(("0.0.0.0",))),
    _link("packets vanish", "tcp_blackhole", DOWN, beyond((NOBODY,))),
    _link("no route", "tcp_no_route", DOWN, beyond((ELSEWHERE,), near=("ip route del default",))),
    _link(
        "router says unreachable",
        "tcp_host_unreachable",
        DOWN,
        beyond((ELSEWHERE,), far=(FORWARD, f"ip route add unreachable {ELSEWHERE}/32")),
    ),
    _link(
        "router says prohibited",
        "tcp_reject_admin",
        DOWN,
        beyond((ELSEWHERE,), far=(FORWARD, f"ip route add prohibit {ELSEWHERE}/32")),
    ),
    _link("one address silent", "one_backend_blackholed", DEGRADED, beyond((FAR, NOBODY))),
    _link(
        "one address refuses",
        "one_backend_dead",
        DEGRADED,
        beyond((FAR, ALSO_FAR), far=(SECOND,)),
    ),
    _link("IPv6 refuses", "ipv6_broken", DEGRADED, beyond((FAR, FAR6))),
    _link("far away", "net_latency", DEGRADED, beyond(way=Way(delay_ms=220))),
)

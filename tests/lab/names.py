"""Names that lead nowhere, astray or late, with a second opinion and without; and healthy ones.

The near side asks the resolver at FAR, the control resolver is at ALSO_FAR, as is the backend where
DNS is right and at FAR where it makes no difference.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bot.model import Controls, State, Target
from tests.lab import wire
from tests.lab.scenario import ALSO_FAR, FAR, FAR6, HOST, NOBODY, Bench, Rule, Scenario, Start, Way
from tests.lab.scenario import target as _target
from tests.servers.proxies import Nginx
from tests.servers.resolvers import Dnsmasq, Unbound

DOWN, DEGRADED, UP, UNKNOWN = State.DOWN, State.DEGRADED, State.UP, State.UNKNOWN
THIRD = "10.77.7.7"
OLD = "93.184.215.77"  # public, as the addresses of real backends are
OLD_AND_GONE = "93.184.215.78"
Resolver = Callable[[Bench], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class View:
    """Who answers for DNS: the near side's resolver, and a control resolver if there is one."""

    resolver: Resolver
    control: Sequence[str] | Rule | None = None


def own(answer: Sequence[str] | Rule, host: str = FAR, name: str = HOST) -> Resolver:
    """Our own server."""

    async def start(bench: Bench) -> None:
        await bench.names({name: answer}, host=host)

    return start


def _both(first: Sequence[str] | Rule, second: Sequence[str] | Rule) -> Resolver:
    """Two servers, at FAR and at ALSO_FAR."""

    async def start(bench: Bench) -> None:
        await bench.names({HOST: first}, host=FAR)
        await bench.names({HOST: second}, host=ALSO_FAR)

    return start


def dnsmasq(*words: str) -> Resolver:
    async def start(bench: Bench) -> None:
        await bench.enter_async_context(Dnsmasq(FAR, words))

    return start


def unbound(server: str) -> Resolver:
    async def start(bench: Bench) -> None:
        await bench.enter_async_context(Unbound(bench.folder / "unbound", FAR, server))

    return start


async def broken_signatures(bench: Bench) -> None:
    """The parent has a key for the zone, the zone is not signed with it: DNSSEC is broken."""
    await bench.names({HOST: _ADDRESS}, host=ALSO_FAR)
    key = "".join(bench.chance.choices("0123456789ABCDEF", k=64))
    server = f'trust-anchor: "lab. DS 12345 8 2 {key}"'
    zone = f"stub-zone:\n    name: lab.\n    stub-addr: {ALSO_FAR}"
    folder = bench.folder / "unbound"
    await bench.enter_async_context(Unbound(folder, FAR, server, zone, "validator iterator"))


async def nobody(bench: Bench) -> None:
    """No resolver runs."""


async def _laid(bench: Bench, way: Way | None = None) -> None:
    await bench.lay(way)
    for address in (ALSO_FAR, THIRD, OLD):
        bench.far(f"ip addr add {address}/32 dev lo")


async def _ask(bench: Bench, view: View) -> None:
    await view.resolver(bench)
    if view.control is not None:
        await bench.names({HOST: view.control}, host=ALSO_FAR)
        bench.controls = replace(bench.controls, resolver=ALSO_FAR)


def _resolv_conf(bench: Bench, text: str) -> None:
    assert bench.link is not None
    bench.link.resolv_conf.write_text(text, encoding="ascii")


def _hosts_file(bench: Bench, text: str) -> None:
    file = bench.folder / "hosts"
    file.write_text(f"127.0.0.1 localhost\n{text}\n", encoding="ascii")
    bench.near(f"mount --bind {file} /etc/hosts")


def at(
    view: View,
    *,
    host: str = FAR,
    resolv_conf: str = "",
    hosts: str = "",
    name: str = HOST,
    way: Way | None = None,
) -> Start:
    """A backend that listens at `host` only, and this view of its name."""

    async def start(bench: Bench) -> Target:
        await _laid(bench, way)
        server = await bench.node(host=host)
        await _ask(bench, view)
        if resolv_conf:
            _resolv_conf(bench, resolv_conf)
        if hosts:
            _hosts_file(bench, hosts)
        return _target(f"http://{name}:{server.port}")

    return start


def astray(view: View, serve: wire.Serve, *, hosts: str = "") -> Start:
    """The backend at ALSO_FAR; at THIRD, on the same port, somebody else."""

    async def start(bench: Bench) -> Target:
        await _laid(bench)
        server = await bench.node(host=ALSO_FAR)
        await bench.talk(serve, host=THIRD, port=server.port)
        await _ask(bench, view)
        if hosts:
            _hosts_file(bench, hosts)
        return _target(f"http://{HOST}:{server.port}")

    return start


async def stale_certificate(bench: Bench) -> Target:
    """The old address is another tenant's by now, with a certificate of his own."""
    await _laid(bench)
    server = await bench.node(host=ALSO_FAR, tls=bench.ca.issue(HOST).for_node())
    other = await bench.node(host=FAR)
    tenant = bench.ca.issue("shop.example")
    await bench.nginx(Nginx.pass_to(other.url), certificate=tenant, host=THIRD, port=server.port)
    await _ask(bench, View(own((THIRD,)), (ALSO_FAR,)))
    return _target(f"https://{HOST}:{server.port}", ca_file=str(bench.ca.ca_file))


async def only_another_answer(bench: Bench) -> Target:
    """Two regions, each well, and each resolver knows its own."""
    await _laid(bench)
    server = await bench.node(host="0.0.0.0")
    await _ask(bench, View(own((FAR,)), (THIRD,)))
    return _target(f"http://{HOST}:{server.port}")


async def elsewhere_refused_too(bench: Bench) -> Target:
    """Two regions, both down: the differing answers are not the fault."""
    await _laid(bench)
    await _ask(bench, View(own((FAR,)), (THIRD,)))
    return _target(f"http://{HOST}:{bench.free_port()}")


def _response(status: str, page: str, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(page)}", "Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n" + page).encode()


def portal(status: str, page: str, *headers: str) -> wire.Serve:
    return wire.answers(_response(status, page, *headers))


def _many(count: int) -> list[str]:
    return [f"10.77.20.{n}" for n in range(1, count + 1)]


async def forty_addresses(bench: Bench) -> Target:
    """Too many for a datagram: asked for again over TCP, which works."""
    await _laid(bench)
    for address in _many(40):
        bench.far(f"ip addr add {address}/32 dev lo")
    server = await bench.node(host="0.0.0.0")
    await bench.enter_async_context(Dnsmasq(FAR, [f"--host-record={HOST},{a}" for a in _many(40)]))
    return _target(f"http://{HOST}:{server.port}")


async def forty_addresses_without_tcp(bench: Bench) -> Target:
    target = await forty_addresses(bench)
    bench.far("iptables -A INPUT -p tcp --dport 53 -j " + bench.chance.choice(["DROP", "REJECT"]))
    return target


async def forbidden_queries(bench: Bench) -> Target:
    """A packet filter of this machine's own: sendto() fails at once."""
    target = await at(View(own(_ADDRESS)))(bench)
    word = bench.chance.choice(["DROP", "REJECT", "REJECT --reject-with icmp-admin-prohibited"])
    bench.near(f"iptables -A OUTPUT -p udp --dport 53 -j {word}")
    return target


# ------------------------------------------------ controls


def controlled(control: str, resolver: str | None = None, *, backend: str = NOBODY) -> Start:
    """A backend that is out of reach, and a control URL: `{port}` is a healthy server's at FAR."""

    async def start(bench: Bench) -> Target:
        await _laid(bench)
        server = await bench.node()
        url = control.format(port=server.port)
        bench.controls = Controls((url,), resolver)
        return _target(f"http://{backend}:{server.port}")

    return start


async def cut_off(bench: Bench) -> Target:
    """Nothing of ours gets out: neither to the backend nor to two controls."""
    await bench.lay(Way(loss=1.0))
    bench.controls = Controls((f"http://{FAR}/", f"https://{ALSO_FAR}/"))
    return _target(f"http://{HOST}:{bench.free_port()}")


async def portal_for_all(bench: Bench) -> Target:
    """Every host on port 80 is the portal, the control as well."""
    await _laid(bench)
    place = f"http://login.{bench.chance.choice(['cafe', 'hotel', 'campus'])}.example/start"
    serve = wire.answers(_response("302 Found", "", f"Location: {place}"))
    await bench.talk(serve, host="0.0.0.0", port=80)
    bench.controls = Controls((f"http://{THIRD}/generate_204",))
    return _target(f"http://{FAR}")


_REAL = (ALSO_FAR,)
_ADDRESS = (FAR,)


def _net(
    name: str,
    cause: str | None,
    state: State,
    start: Start,
    *others: str,
    needs: tuple[str, ...] = (),
) -> Scenario:
    return Scenario(name, cause, state, start, frozenset(others), network=True, needs=needs)


def _served(name: str, cause: str | None, state: State, program: str, view: View) -> Scenario:
    return _net(f"{program}: {name}", cause, state, at(view), needs=(program,))


_LOCAL = "local-zone: lab. static"
_LOGIN = "<html><title>Guest Wi-Fi</title><form action=/login><input type=password></form></html>"

FAULTS = (
    _net(
        "the control agrees",
        "dns_nxdomain",
        DOWN,
        at(View(own(Rule(rcode="NXDOMAIN")), Rule(rcode="NXDOMAIN"))),
    ),
    _served("unknown to its zone", "dns_nxdomain", DOWN, "unbound", View(unbound(_LOCAL))),
    _served("a denied zone", "dns_nxdomain", DOWN, "dnsmasq", View(dnsmasq("--local=/lab/"))),
    _net(
        "the resolver lies",
        "dns_poisoned_nxdomain",
        DOWN,
        at(View(own(Rule(rcode="NXDOMAIN")), _ADDRESS)),
    ),
    _served(
        "a block list",
        "dns_poisoned_nxdomain",
        DOWN,
        "dnsmasq",
        View(dnsmasq(f"--address=/{HOST}/"), _ADDRESS),
    ),
    _served(
        "a block list without data",
        "dns_poisoned_nxdomain",
        DOWN,
        "unbound",
        View(unbound(f"local-zone: {HOST}. always_nodata"), _ADDRESS),
    ),
    _net(
        "the first of two resolvers denies",
        "dns_poisoned_nxdomain",
        DOWN,
        at(
            View(_both(Rule(rcode="NXDOMAIN"), _ADDRESS)),
            resolv_conf=f"nameserver {FAR}\nnameserver {ALSO_FAR}\n",
        ),
    ),
    _net("a format error", "dns_servfail", DOWN, at(View(own(Rule(rcode="FORMERR"))))),
    _net(
        "broken signatures", "dns_servfail", DOWN, at(View(broken_signatures)), needs=("unbound",)
    ),
    _served(
        "a dead upstream", "dns_timeout", DOWN, "dnsmasq", View(dnsmasq("--server=127.0.0.1#5399"))
    ),
    _served("no upstream", "dns_refused_rcode", DOWN, "dnsmasq", View(dnsmasq())),
    _served(
        "not our client",
        "dns_refused_rcode",
        DOWN,
        "unbound",
        View(unbound("access-control: 10.77.0.0/16 refuse")),
    ),
    _net(
        "two dead resolvers",
        "dns_timeout",
        DOWN,
        at(
            View(nobody),
            resolv_conf=f"nameserver {NOBODY}\nnameserver 10.77.9.8\noptions timeout:1\n",
        ),
    ),
    _net("our own filter forbids queries", "dns_timeout", DOWN, forbidden_queries),
    _net(
        "queries dropped, control resolver answers",
        "dns_timeout",
        DOWN,
        at(View(own(Rule(drop=True)), _ADDRESS)),
    ),
    _net(
        "EDNS dropped where the system insists on it",
        "dns_slow",
        DEGRADED,
        at(
            View(own(Rule(_ADDRESS, drop_edns=True))),
            resolv_conf=f"nameserver {FAR}\noptions edns0 timeout:1 attempts:1\n",
        ),
    ),
    _net(
        "no resolver on this machine",
        "dns_resolver_down",
        DOWN,
        at(View(nobody), resolv_conf="nameserver 127.0.0.1\n"),
    ),
    _net(
        "no resolver over IPv6",
        "dns_resolver_down",
        DOWN,
        at(View(nobody), resolv_conf=f"nameserver {FAR6}\n"),
    ),
    _served(
        "only a text record",
        "dns_no_address",
        DOWN,
        "dnsmasq",
        View(dnsmasq(f"--txt-record={HOST},hello", "--local=/lab/")),
    ),
    _served(
        "a zone with mail only",
        "dns_no_address",
        DOWN,
        "unbound",
        View(unbound(f'{_LOCAL}\n    local-data: "{HOST}. MX 10 mail.lab."')),
    ),
    _served(
        "an alias of nothing",
        "dns_dangling_cname",
        DOWN,
        "unbound",
        View(unbound(f'{_LOCAL}\n    local-data: "{HOST}. CNAME gone.lab."')),
    ),
    _net(
        "an alias without data", "dns_dangling_cname", DOWN, at(View(own(Rule(alias="empty.lab"))))
    ),
    _net(
        "forty addresses, TCP blocked",
        "dns_tcp_fallback_blocked",
        DOWN,
        forty_addresses_without_tcp,
        needs=("dnsmasq",),
    ),
    _net(
        "AAAA dropped, control",
        "dns_aaaa_timeout",
        DEGRADED,
        at(View(own(Rule(_ADDRESS, drop_aaaa=True)), _ADDRESS)),
    ),
    _net(
        "AAAA dropped, patient stub",
        "dns_aaaa_timeout",
        DEGRADED,
        at(View(own(Rule(_ADDRESS, drop_aaaa=True))), resolv_conf=f"nameserver {FAR}\n"),
    ),
    _net(
        "every lookup a second late",
        "dns_slow",
        DEGRADED,
        at(View(own(Rule(_ADDRESS, delay_s=1.05)))),
    ),
    _net(
        "every lookup 2.3 s late",
        "dns_slow",
        DEGRADED,
        at(View(own(Rule(_ADDRESS, delay_s=2.3))), resolv_conf=f"nameserver {FAR}\n"),
    ),
    _net(
        "the first resolver is dead",
        "dns_slow",
        DEGRADED,
        at(
            View(own(_ADDRESS)),
            resolv_conf=f"nameserver {NOBODY}\nnameserver {FAR}\noptions timeout:2\n",
        ),
    ),
    _served(
        "an ad block list",
        "dns_bogon",
        DOWN,
        "dnsmasq",
        View(dnsmasq(f"--address=/{HOST}/0.0.0.0", f"--address=/{HOST}/::")),
    ),
    _served(
        "a list that says localhost",
        "dns_bogon",
        DOWN,
        "unbound",
        View(unbound(f'{_LOCAL}\n    local-data: "{HOST}. A 127.0.0.1"')),
    ),
    _net(
        "a sinkhole of the provider's", "dns_bogon", DOWN, at(View(own(("10.10.34.34",)), _ADDRESS))
    ),
    _net(
        "a hosts file that blocks",
        "dns_bogon",
        DOWN,
        at(View(own(_ADDRESS)), hosts=f"0.0.0.0 {HOST}"),
    ),
    _net("another tenant's certificate", "dns_wrong_ip", DOWN, stale_certificate),
    _net("an old address refuses", "dns_wrong_ip", DOWN, at(View(own((OLD,)), _ADDRESS))),
    _net(
        "an old address in the hosts file",
        "dns_wrong_ip",
        DOWN,
        at(View(own(_ADDRESS)), hosts=f"{OLD} {HOST}"),
    ),
    _net(
        "an old address is silent", "dns_wrong_ip", DOWN, at(View(own((OLD_AND_GONE,)), _ADDRESS))
    ),
    _net(
        "a portal by DNS",
        "dns_hijack_portal",
        DOWN,
        astray(
            View(own((THIRD,)), _REAL),
            portal("302 Found", "", "Location: http://portal.example/login"),
        ),
    ),
    _net(
        "a portal's page by DNS",
        "dns_hijack_portal",
        DOWN,
        astray(View(own((THIRD,)), _REAL), portal("200 OK", _LOGIN, "Content-Type: text/html")),
    ),
    _net("both regions are down", "tcp_refused", DOWN, elsewhere_refused_too),
    _net("a portal for every host", "http_captive_portal", DOWN, portal_for_all),
    _net(
        "silence, and the control works",
        "tcp_blackhole",
        DOWN,
        controlled(f"http://{FAR}:{{port}}/socket.io/"),
    ),
    _net(
        "silence, and only its own host as control",
        "tcp_blackhole",
        DOWN,
        controlled(f"http://{NOBODY}:{{port}}/"),
    ),
    _net(
        "refused, and the control fails",
        "tcp_refused",
        DOWN,
        controlled(f"http://{NOBODY}/", backend=ALSO_FAR),
    ),
)

OURS = (
    _net("silence, and the control is silent too", None, UNKNOWN, controlled("http://10.77.9.8/")),
    _net("nothing gets out", None, UNKNOWN, cut_off),
)

HEALTHY = (
    _net(
        "a search domain",
        None,
        UP,
        at(
            View(own(_ADDRESS)),
            name="backend",
            resolv_conf=f"nameserver {FAR}\nsearch nowhere.lab lab\n",
        ),
    ),
    _net("a line in the hosts file", None, UP, at(View(nobody), hosts=f"{FAR} {HOST}")),
    _net(
        "a resolver over IPv6",
        None,
        UP,
        at(View(own(_ADDRESS, host=FAR6)), resolv_conf=f"nameserver {FAR6}\n"),
    ),
    _net(
        "the second resolver is dead",
        None,
        UP,
        at(View(own(_ADDRESS)), resolv_conf=f"nameserver {FAR}\nnameserver {NOBODY}\n"),
    ),
    _net("IPv6 only", None, UP, at(View(own((FAR6,))), host="::")),
    _net("AAAA does not exist", None, UP, at(View(own(Rule(_ADDRESS, aaaa_rcode="NXDOMAIN"))))),
    _net("AAAA is not implemented", None, UP, at(View(own(Rule(_ADDRESS, aaaa_rcode="NOTIMP"))))),
    _net(
        "one address at a time",
        None,
        UP,
        at(View(own(Rule((FAR, ALSO_FAR, THIRD), rotate=True)), (THIRD,)), host="0.0.0.0"),
    ),
    _net("each region its own answer", None, UP, only_another_answer),
    _net("a cold cache", None, UP, at(View(own(Rule(_ADDRESS, once_s=1.3))))),
    _net("half a second for a lookup", None, UP, at(View(own(Rule(_ADDRESS, delay_s=0.45))))),
    _net("no EDNS here", None, UP, at(View(own(Rule(_ADDRESS, drop_edns=True))))),
    _net("forty addresses", None, UP, forty_addresses, needs=("dnsmasq",)),
    _net("a control that is down", None, UP, controlled("http://10.77.9.8/", backend=FAR)),
    _net(
        "a control resolver that is down",
        None,
        UP,
        controlled(f"http://{FAR}:{{port}}/", NOBODY, backend=FAR),
    ),
)

SCENARIOS = (*FAULTS, *OURS, *HEALTHY)

"""What happens before the first byte: ports, queues, routers and filters, in both families."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys

from bot.model import State, Target
from tests.lab import wire
from tests.lab.network import ELSEWHERE, FORWARD
from tests.lab.scenario import FAR, FAR6, HOST, Bench, Scenario, Start, target
from tests.servers.process import ChildProcess

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP
ELSEWHERE6 = "2001:db8:77::7"  # RFC 3849: beyond the far side
_FORWARD6 = "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"


def at(url_port: int, port: int, *, tls: bool = False, host: str = "127.0.0.1") -> Start:
    """Engine.IO at one port, the URL says another one."""

    async def start(bench: Bench) -> Target:
        options = {"tls": bench.ca.issue().for_node()} if tls else {}
        await bench.node(host=host, port=port, **options)
        shown = f"[{host}]" if ":" in host else host
        return target(f"http://{shown}:{url_port}", ca_file=str(bench.ca.ca_file))

    return start


async def other_service(bench: Bench) -> Target:
    """Nothing listens; next door is a web server that is no Engine.IO."""
    await bench.talk(wire.replies(lambda _: wire.http("200 OK", "<h1>hi</h1>")), port=8080)
    return target("http://127.0.0.1:8081")


async def own_loopback(bench: Bench) -> Target:
    """The server listens on the far side's own loopback only."""
    await bench.lay()
    server = await bench.node(host="127.0.0.1")
    return target(f"http://{FAR}:{server.port}")


def dropped(match: str, *, six: bool = False) -> Start:
    """A packet filter on the far side; `{port}` is the backend's."""

    async def start(bench: Bench) -> Target:
        await bench.lay()
        server = await bench.node(host=FAR6 if six else FAR)
        table = "ip6tables" if six else "iptables"
        bench.far(f"{table} -I INPUT -i far {match.format(port=server.port)}")
        return target(f"http://[{FAR6}]:{server.port}" if six else server.url)

    return start


def full(backlog: int, *, tls: bool = False, taken: int = 4) -> Start:
    """A listener that never accepts, its queue filled by others."""

    async def start(bench: Bench) -> Target:
        await bench.lay()
        port = bench.free_port()
        listener = socket.create_server((FAR, port), backlog=backlog)
        bench.callback(listener.close)
        for _ in range(taken):
            other = socket.socket()
            other.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                other.connect((FAR, port))
            bench.callback(other.close)
        await asyncio.sleep(0.1)
        return target(f"{'https' if tls else 'http'}://{FAR}:{port}")

    return start


async def stuck_in_python(bench: Bench) -> Target:
    """A process of another language that listens and then sleeps."""
    await bench.lay()
    port = bench.free_port()
    code = (
        "import socket,time;"
        f"s=socket.create_server(('{FAR}',{port}),backlog=1);print('up',flush=True);time.sleep(99)"
    )
    child = await bench.enter_async_context(ChildProcess([sys.executable, "-c", code]))
    await child.line(lambda line: line == "up")
    return target(f"http://{FAR}:{port}")


def told(*commands: str, address: str = ELSEWHERE) -> Start:
    """A router on the way that says what it thinks of the address."""

    async def start(bench: Bench) -> Target:
        await bench.lay()
        bench.near("ip -6 route add default dev near")
        bench.far(FORWARD)
        bench.far(_FORWARD6)
        for command in commands:
            bench.far(command)
        shown = f"[{address}]" if ":" in address else address
        return target(f"http://{shown}:{bench.free_port()}")

    return start


def after_connect(match: str, *, tls: bool = False) -> Start:
    """A path that carries the handshake of TCP, and nothing that follows."""

    async def start(bench: Bench) -> Target:
        await bench.lay()
        options = {"tls": bench.ca.issue(FAR).for_node()} if tls else {}
        server = await bench.node(**options)
        bench.far(f"iptables -I INPUT -i far -p tcp --dport {server.port} {match} -j DROP")
        return target(server.url, ca_file=str(bench.ca.ca_file) if tls else None)

    return start


def route(kind: str) -> Start:
    """This machine has a route to the backend that says no."""

    async def start(bench: Bench) -> Target:
        await bench.lay()
        server = await bench.node()
        bench.near(f"ip route add {kind} {FAR}/32")
        return target(server.url)

    return start


def families(
    *,
    bind: str,
    near: tuple[str, ...] = (),
    far: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (FAR, FAR6),
) -> Start:
    """A name with an address of each family, or other ones."""

    async def start(bench: Bench) -> Target:
        await bench.lay()
        for command in near:
            bench.near(command)
        for command in far:
            bench.far(command)
        server = await bench.node(host=bind)
        await bench.names({HOST: addresses})
        return target(f"http://{HOST}:{server.port}")

    return start


async def both_families_dead(bench: Bench) -> Target:
    """IPv4 is refused, IPv6 has no route here."""
    await bench.lay()
    bench.near("ip -6 addr flush dev near")
    await bench.names({HOST: (FAR, FAR6)})
    return target(f"http://{HOST}:{bench.free_port()}")


def _s(name: str, cause: str | None, state: State, start: Start, *other: str) -> Scenario:
    return Scenario(name, cause, state, start, frozenset(other), network=True)


_TCP = "-p tcp --dport {port} -j"
SCENARIOS = (
    _s("one port too high", "srv_wrong_port", DOWN, at(4501, 4500)),
    _s("3000 instead of 3001", "srv_wrong_port", DOWN, at(3000, 3001)),
    _s("9000 instead of 443 with TLS", "srv_wrong_port", DOWN, at(9000, 443, tls=True)),
    _s("80 instead of 8080 over IPv6", "srv_wrong_port", DOWN, at(80, 8080, host="::1")),
    _s("a web server next door", "tcp_refused", DOWN, other_service),
    _s("bound to loopback", "tcp_refused", DOWN, own_loopback, "server_bound_loopback_only"),
    _s("everything dropped", "tcp_blackhole", DOWN, dropped("-j DROP")),
    _s("everything dropped over IPv6", "tcp_blackhole", DOWN,
       dropped("-p tcp -j DROP", six=True)),
    _s("only web ports pass", "tcp_blackhole", DOWN,
       dropped("-p tcp -m multiport ! --dports 22,80,443 -j DROP")),
    _s("port unreachable", "tcp_reject_admin", DOWN, dropped(f"{_TCP} REJECT")),
    _s("host prohibited", "tcp_reject_admin", DOWN,
       dropped(f"{_TCP} REJECT --reject-with icmp-host-prohibited")),
    _s("net prohibited", "tcp_reject_admin", DOWN,
       dropped(f"{_TCP} REJECT --reject-with icmp-net-prohibited")),
    _s("protocol unreachable", "tcp_reject_admin", DOWN,
       dropped(f"{_TCP} REJECT --reject-with icmp-proto-unreachable")),
    _s("a blackhole route of our own", "tcp_no_route", DOWN, route("blackhole")),
    _s("a prohibit route of our own", "tcp_reject_admin", DOWN, route("prohibit")),
    _s("one of two addresses has no route", "one_backend_blackholed", DEGRADED,
       families(bind=FAR, near=("ip route del default",), addresses=(FAR, ELSEWHERE))),
    _s("prohibited over IPv6", "tcp_reject_admin", DOWN,
       dropped(f"{_TCP} REJECT --reject-with icmp6-adm-prohibited", six=True)),
    _s("port unreachable over IPv6", "tcp_reject_admin", DOWN,
       dropped(f"{_TCP} REJECT", six=True)),
    _s("reset by a filter", "tcp_refused", DOWN,
       dropped(f"{_TCP} REJECT --reject-with tcp-reset")),
    _s("router says no such host over IPv6", "tcp_host_unreachable", DOWN,
       told(f"ip -6 route add unreachable {ELSEWHERE6}/128", address=ELSEWHERE6)),
    _s("router says prohibited over IPv6", "tcp_reject_admin", DOWN,
       told(f"ip -6 route add prohibit {ELSEWHERE6}/128", address=ELSEWHERE6)),
    _s("router knows no route", "tcp_host_unreachable", DOWN,
       told("ip route del default")),
    _s("router knows no route over IPv6", "tcp_host_unreachable", DOWN,
       told("ip -6 route del default || true", address=ELSEWHERE6)),
    _s("nobody accepts, queue full", "tcp_backlog_full", DOWN, full(0)),
    _s("nobody accepts, longer queue full", "tcp_backlog_full", DOWN, full(3, taken=8)),
    _s("nobody accepts, TLS, queue full", "tcp_backlog_full", DOWN, full(1, tls=True)),
    _s("nobody accepts, queue fills", "tcp_backlog_full", DOWN, stuck_in_python, "srv_frozen"),
    _s("nothing after connect", "tcp_blackhole", DOWN,
       after_connect("-m length --length 100:65535")),
    _s("nothing after connect, TLS", "tcp_blackhole", DOWN,
       after_connect("-m length --length 100:65535", tls=True)),
    _s("IPv6 dropped", "ipv6_broken", DEGRADED,
       families(bind="::", far=("ip6tables -I INPUT -i far -p tcp -j DROP",))),
    _s("IPv6 prohibited", "ipv6_broken", DEGRADED,
       families(bind="::", far=(
           "ip6tables -I INPUT -i far -p tcp -j REJECT --reject-with icmp6-adm-prohibited",))),
    _s("IPv4 refused, IPv6 serves", "ipv4_broken_v6_ok", DEGRADED, families(bind=FAR6)),
    _s("IPv4 dropped, IPv6 serves", "ipv4_broken_v6_ok", DEGRADED,
       families(bind="::", far=("iptables -I INPUT -i far -p tcp -j DROP",))),
    _s("no IPv6 here", None, UP, families(bind=FAR, near=("ip -6 addr flush dev near",))),
    _s("no IPv6 here, IPv4 refused", "tcp_refused", DOWN, both_families_dead),
)  # fmt: skip

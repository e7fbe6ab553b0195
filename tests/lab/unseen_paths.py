"""Long, uneven and lossy ways with parameters of every size, and balancers at their far end."""

from __future__ import annotations

from bot.model import State, Target
from tests.lab.scenario import FAR, HOST, Bench, Scenario, Start, Way, target
from tests.servers.proxies import Nginx

DEGRADED, UP = State.DEGRADED, State.UP


async def _beyond(bench: Bench, way: Way, *, tls: bool = False, front: bool = False) -> Target:
    await bench.lay(way)
    await bench.names({HOST: (FAR,)})
    files = bench.ca.issue(HOST) if tls else None
    if front:
        server = await bench.node(host="127.0.0.1")
        port = (await bench.front(server.url, files)).port
    else:
        port = (await bench.node(**({"tls": files.for_node()} if files else {}))).port
    scheme = "https" if tls else "http"
    return target(f"{scheme}://{HOST}:{port}", ca_file=str(bench.ca.ca_file) if tls else None)


def delayed(low_ms: float, high_ms: float, *, tls: bool = False, front: bool = False) -> Start:
    """A round trip between the two, with the jitter of any such way."""

    async def start(bench: Bench) -> Target:
        each = bench.between(low_ms, high_ms) / 2
        way = Way(delay_ms=each, jitter_ms=bench.between(0, 0.04) * each)
        return await _beyond(bench, way, tls=tls, front=front)

    return start


def uneven(low_ms: float, high_ms: float, *, tls: bool = False, front: bool = False) -> Start:
    """Each way takes so long, give or take nearly all of it."""

    async def start(bench: Bench) -> Target:
        each = bench.between(low_ms, high_ms)
        way = Way(delay_ms=each, jitter_ms=bench.between(0.88, 0.98) * each)
        return await _beyond(bench, way, tls=tls, front=front)

    return start


def lossy(low: float, high: float, *, tls: bool = False, front: bool = False) -> Start:
    async def start(bench: Bench) -> Target:
        way = Way(delay_ms=bench.between(0, 60), loss=bench.between(low, high))
        return await _beyond(bench, way, tls=tls, front=front)

    return start


async def lossy_kernel(bench: Bench) -> Target:
    """Packets are lost in a filter of the far machine, at random."""
    found = await _beyond(bench, Way(delay_ms=bench.between(0, 20)))
    share = bench.between(0.14, 0.24)
    bench.far(f"iptables -A INPUT -i far -m statistic --mode random --probability {share} -j DROP")
    return found


async def one_packet_lost(bench: Bench) -> Target:
    """Of all that a run sends one SYN is lost."""
    found = await _beyond(bench, Way(delay_ms=bench.between(0, 30)))
    which = bench.chance.randrange(8)
    bench.far(
        "iptables -A INPUT -i far -p tcp --syn -m statistic --mode nth --every 100000 "
        f"--packet {which} -j DROP"
    )
    return found


async def few_at_a_time(bench: Bench) -> Target:
    """A firewall that takes a burst of new connections, and as many a second."""
    found = await _beyond(bench, Way(delay_ms=bench.between(0, 30)))
    new = "iptables -A INPUT -i far -p tcp --syn"
    bench.far(f"{new} -m limit --limit 20/s --limit-burst 40 -j ACCEPT && {new} -j DROP")
    return found


async def counts_requests(bench: Bench) -> Target:
    """nginx lets a burst of requests pass, and then a few a second: users never meet it."""
    await bench.lay()
    await bench.names({HOST: (FAR,)})
    server = await bench.node(host="127.0.0.1")
    rate, burst = bench.chance.choice(((5, 12), (8, 12), (10, 15)))
    front = await bench.nginx(
        f"limit_req zone=all burst={burst} nodelay;" + Nginx.pass_to(server.url),
        http=f"limit_req_zone $binary_remote_addr zone=all:1m rate={rate}r/s;",
    )
    return target(f"http://{HOST}:{front.port}")


def balanced(kind: str) -> Start:
    """Two servers that know nothing of each other, far away."""

    async def start(bench: Bench) -> Target:
        each = bench.between(25, 80)
        await bench.lay(Way(delay_ms=each))
        await bench.names({HOST: (FAR,)})
        one, two = await bench.node(host="127.0.0.1"), await bench.node(host="127.0.0.1")
        places = (f"127.0.0.1:{one.port}", f"127.0.0.1:{two.port}")
        if kind == "nginx":
            pool = " ".join(f"server {place};" for place in places)
            front = await bench.nginx(
                Nginx.pass_to("http://pool"), http=f"upstream pool {{ {pool} }}"
            )
            return target(f"http://{HOST}:{front.port}")
        servers = "\n".join(f"    server s{n} {place}" for n, place in enumerate(places))
        mode, _, balance = kind.partition(" ")
        rest = f"backend b\n    mode {mode}\n    balance {balance}\n{servers}"
        frontend = f"    mode {mode}\n    default_backend b"
        haproxy = await bench.haproxy(frontend, rest)
        return target(f"http://{HOST}:{haproxy.port}")

    return start


def _path(name: str, cause: str | None, start: Start, *other: str) -> Scenario:
    state = DEGRADED if cause else UP
    return Scenario(name, cause, state, start, frozenset(other), network=True, slow=True)


SCENARIOS = (
    _path("by satellite", "net_latency", delayed(560, 760)),
    _path("by satellite, tls", "net_latency", delayed(500, 700, tls=True, front=True)),
    _path("a second and more", "net_latency", delayed(1_000, 1_400)),
    _path("uneven", "net_jitter", uneven(110, 170)),
    _path("uneven, tls", "net_jitter", uneven(100, 160, tls=True)),
    _path("uneven and far", "net_jitter", uneven(200, 300), "net_latency"),
    _path("a tenth lost, or more", "net_loss", lossy(0.12, 0.2)),
    _path("a fifth lost, or more, tls", "net_loss", lossy(0.18, 0.26, tls=True)),
    _path("a fifth lost before a front", "net_loss", lossy(0.14, 0.22, front=True)),
    _path("lost in the kernel", "net_loss", lossy_kernel),
    _path("the far side of the earth", None, delayed(260, 350, tls=True)),
    _path("one packet is lost", None, one_packet_lost),
    _path("a firewall that counts", None, few_at_a_time),
    _path("a front that counts requests", None, counts_requests),
    _path("nginx without affinity, far away", "eio_no_sticky", balanced("nginx")),
    _path("haproxy counts connections, far away", "eio_no_sticky", balanced("tcp roundrobin")),
    _path("haproxy counts requests, far away", "eio_no_sticky", balanced("http roundrobin")),
)

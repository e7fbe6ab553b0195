"""Who listens, where, and with how long a queue."""

from __future__ import annotations

import socket

from bot.model import State, Target
from tests.lab.scenario import FAR, FAR6, HOST, Bench, Scenario, target

DOWN, DEGRADED = State.DOWN, State.DEGRADED


async def full_queue(bench: Bench) -> Target:
    """A listener that accepts nobody, its queue full: further SYNs go unanswered."""
    await bench.lay()
    listener = socket.socket()
    bench.callback(listener.close)
    listener.bind((FAR, bench.port()))
    listener.listen(0)
    address = listener.getsockname()
    for _ in range(4):
        waiting = socket.socket()
        bench.callback(waiting.close)
        waiting.setblocking(False)
        waiting.connect_ex(address)
    await bench.names({HOST: (FAR,)})
    return target(f"http://{HOST}:{address[1]}")


async def version_six_alone(bench: Bench) -> Target:
    """Both addresses in the DNS, a listener on the new one only."""
    await bench.lay()
    await bench.names({HOST: (FAR, FAR6)})
    return target(f"http://{HOST}:{(await bench.node(host=FAR6)).port}")


async def version_four_filtered(bench: Bench) -> Target:
    await bench.lay()
    server = await bench.node(host="::")
    bench.far(f"iptables -A INPUT -p tcp --dport {server.port} -j DROP")
    await bench.names({HOST: (FAR, FAR6)})
    return target(f"http://{HOST}:{server.port}")


SCENARIOS = (
    Scenario(
        "the accept queue is full",
        "tcp_backlog_full",
        DOWN,
        full_queue,
        frozenset({"tcp_blackhole"}),
        network=True,
    ),
    Scenario(
        "listens on IPv6 alone", "ipv4_broken_v6_ok", DEGRADED, version_six_alone, network=True
    ),
    Scenario(
        "IPv4 is filtered",
        "ipv4_broken_v6_ok",
        DEGRADED,
        version_four_filtered,
        network=True,
        slow=True,
        needs=("iptables",),
    ),
)

"""Paths that work badly, and paths that only look as if they did."""

from __future__ import annotations

import asyncio
import sys

from bot.model import State, Target
from tests.lab.scenario import FAR, HOST, Bench, Scenario, Start, Way
from tests.lab.scenario import target as _target
from tests.servers.process import ChildProcess

DEGRADED, UP = State.DEGRADED, State.UP


def over(
    both: Way | None = None, *, to_far: Way | None = None, to_near: Way | None = None, tls: bool
) -> Start:
    """A healthy server beyond a link that is shaped both ways, or each way by itself."""

    async def start(bench: Bench) -> Target:
        link = await bench.lay(both)
        ways = {name: way for name, way in (("to_far", to_far), ("to_near", to_near)) if way}
        if ways:
            await link.shape(**ways)
        await bench.names({HOST: (FAR,)})
        if not tls:
            return _target(f"http://{HOST}:{(await bench.node()).port}")
        server = await bench.node(tls=bench.ca.issue(HOST).for_node())
        return _target(f"https://{HOST}:{server.port}", ca_file=str(bench.ca.ca_file))

    return start


async def two_distances(bench: Bench) -> Target:
    """Two addresses, of which one answers from far away: no jitter, two ways."""
    await bench.lay(Way(delay_ms=5))
    bench.far("ip -6 addr add fd77::9/128 dev lo")
    await bench.names({HOST: (FAR, "fd77::9")})
    server = await bench.node(host="::")
    return _target(f"http://{HOST}:{server.port}")


async def busy_machine(bench: Bench) -> Target:
    """Two processes that take all the time they can get, while the path is a good one."""
    await bench.lay(Way(delay_ms=bench.between(5, 40)))
    await bench.names({HOST: (FAR,)})
    server = await bench.node()
    for _ in range(2):
        await bench.enter_async_context(ChildProcess([sys.executable, "-c", "while True: pass"]))
    await asyncio.sleep(0)
    return _target(f"http://{HOST}:{server.port}")


def _path(name: str, cause: str | None, start: Start, *, slow: bool = False) -> Scenario:
    state = DEGRADED if cause else UP
    return Scenario(name, cause, state, start, network=True, slow=slow)


SCENARIOS = (
    _path("300 ms each way", "net_latency", over(Way(delay_ms=300), tls=False), slow=True),
    _path(
        "half a second to the server, back at once",
        "net_latency",
        over(to_far=Way(delay_ms=480), tls=True),
        slow=True,
    ),
    _path("the answers come late", "net_latency", over(to_near=Way(delay_ms=450), tls=False)),
    _path(
        "jitter both ways",
        "net_jitter",
        over(Way(delay_ms=150, jitter_ms=140), tls=False),
        slow=True,
    ),
    _path(
        "jitter one way",
        "net_jitter",
        over(to_far=Way(delay_ms=180, jitter_ms=175), to_near=Way(delay_ms=10), tls=True),
    ),
    _path(
        "15 % lost both ways", "net_loss", over(Way(delay_ms=10, loss=0.15), tls=False), slow=True
    ),
    _path(
        "15 % lost upwards",
        "net_loss",
        over(to_far=Way(delay_ms=20, loss=0.15), to_near=Way(delay_ms=20), tls=False),
        slow=True,
    ),
    _path(
        "15 % lost downwards, TLS",
        "net_loss",
        over(to_far=Way(delay_ms=30), to_near=Way(delay_ms=30, loss=0.15), tls=True),
        slow=True,
    ),
    _path("75 ms each way", None, over(Way(delay_ms=75), tls=True)),
    _path("125 ms each way", None, over(Way(delay_ms=125), tls=False)),
    _path("150 ms each way, TLS", None, over(Way(delay_ms=150), tls=True)),
    _path("20 ms of jitter", None, over(Way(delay_ms=40, jitter_ms=20), tls=False)),
    _path("two packets in a thousand lost", None, over(Way(delay_ms=15, loss=0.002), tls=True)),
    _path("two distances", None, two_distances),
    _path("a busy machine", None, busy_machine, slow=True),
)

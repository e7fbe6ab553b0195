"""Healthy backends at the end of ordinary links: some distance, little jitter, both families."""

from __future__ import annotations

from bot.model import Controls, State, Target
from tests.lab.scenario import ALSO_FAR, FAR, FAR6, HOST, Bench, Rule, Scenario, Start, Way, target

UP = State.UP


def far_away(low_ms: float, high_ms: float, *, tls: bool = False, **way: float) -> Start:
    """A server so many ms away (there and back), perhaps behind a proxy."""

    async def start(bench: Bench) -> Target:
        await bench.lay(Way(delay_ms=bench.between(low_ms, high_ms) / 2, **way))  # type: ignore[arg-type]
        await bench.names({HOST: (FAR,)})
        files = bench.ca.issue(HOST) if tls else None
        server = await bench.node(host="127.0.0.1")
        front = await bench.front(server.url, files)
        url = front.url.replace(FAR, HOST)
        return target(url, ca_file=str(bench.ca.ca_file) if tls else None)

    return start


async def version_six_only(bench: Bench) -> Target:
    await bench.lay()
    await bench.names({HOST: (FAR6,)})
    return target(f"http://{HOST}:{(await bench.node(host=FAR6)).port}")


async def literal_version_six(bench: Bench) -> Target:
    await bench.lay(Way(delay_ms=bench.between(0, 20)))
    return target((await bench.node(host=FAR6)).url)


async def several_addresses(bench: Bench) -> Target:
    """Every address of both families answers; a cluster that needs no memory behind one port."""
    await bench.lay(Way(delay_ms=bench.between(0, 15)))
    bench.far(f"ip addr add {ALSO_FAR}/32 dev lo && ip addr add fd77::99/128 dev lo")
    await bench.names({HOST: (FAR, ALSO_FAR, FAR6, "fd77::99")})
    return target(f"http://{HOST}:{(await bench.node(host='::')).port}")


async def unhurried_resolver(bench: Bench) -> Target:
    await bench.lay()
    await bench.names({HOST: Rule((FAR,), delay_s=bench.between(0.05, 0.2))})
    return target(f"http://{HOST}:{(await bench.node()).port}")


async def aliases(bench: Bench) -> Target:
    """A CNAME, as every platform has it."""
    await bench.lay()
    await bench.names({HOST: Rule(alias="edge.lab"), "edge.lab": (FAR,)})
    return target(f"http://{HOST}:{(await bench.node()).port}")


async def controls_over_the_link(bench: Bench) -> Target:
    await bench.lay(Way(delay_ms=bench.between(1, 30)))
    control = await bench.node(kind="http")
    await bench.names({HOST: (FAR,), "control.lab": (FAR,)})
    bench.controls = Controls((f"http://control.lab:{control.port}/",), FAR)
    return target(f"http://{HOST}:{(await bench.node()).port}")


async def through_a_proxy(bench: Bench) -> Target:
    """The backend cannot be reached but by a proxy, which the target names."""
    await bench.lay(Way(delay_ms=bench.between(1, 25)))
    bench.far(f"ip addr add {ALSO_FAR}/32 dev lo")
    bench.near(f"ip route add unreachable {ALSO_FAR}/32")
    server = await bench.node(host=ALSO_FAR, tls=bench.ca.issue(ALSO_FAR).for_node())
    proxy = await bench.tinyproxy()
    return target(server.url, ca_file=str(bench.ca.ca_file), proxy=proxy.url)


def _link(name: str, start: Start, *, slow: bool = True) -> Scenario:
    return Scenario(name, None, UP, start, network=True, slow=slow)


SCENARIOS = (
    _link("80 ms away", far_away(70, 90), slow=False),
    _link("80 ms away, tls", far_away(70, 90, tls=True)),
    _link("another continent, just", far_away(100, 140, tls=True)),
    _link("a little jitter", far_away(20, 60, jitter_ms=4)),
    _link("10 Mbit/s", far_away(20, 40, rate_kbit=10_000)),
    _link("IPv6 only, by name", version_six_only),
    _link("IPv6 only, by address", literal_version_six),
    _link("four addresses of both families", several_addresses),
    _link("an unhurried resolver", unhurried_resolver),
    _link("an alias", aliases),
    _link("controls over the link", controls_over_the_link),
    _link("a proxy on the way out", through_a_proxy),
)

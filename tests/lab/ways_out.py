"""A forward proxy between us and the backend that wants something, or forbids it."""

from __future__ import annotations

from bot.model import State, Target
from tests.lab import wire
from tests.lab.scenario import HOST, Bench, Scenario, Start, target

DOWN = State.DOWN


def by_tinyproxy(more: str) -> Start:
    """tinyproxy with these lines of configuration; {other} is a port that is not the backend's."""

    async def start(bench: Bench) -> Target:
        await bench.names({HOST: ("127.0.0.1",)})
        server = await bench.node(tls=bench.ca.issue(HOST).for_node())
        proxy = await bench.tinyproxy(more.replace("{other}", str(server.port ^ 1)))
        url = f"https://{HOST}:{server.port}"
        return target(url, ca_file=str(bench.ca.ca_file), proxy=proxy.url)

    return start


def answering(status: str, body: str, *headers: str) -> Start:
    """Another make of proxy: the same answer to every CONNECT."""

    async def start(bench: Bench) -> Target:
        port = await bench.talk(wire.answers(wire.http(status, body, *headers)))
        return target(f"wss://{HOST}:{bench.port()}", proxy=f"http://127.0.0.1:{port}")

    return start


def _way(name: str, cause: str, start: Start, *, slow: bool = False) -> Scenario:
    return Scenario(name, cause, DOWN, start, network=True, slow=slow)


SCENARIOS = (
    _way("tinyproxy wants a password", "proxy_auth_required", by_tinyproxy("BasicAuth staff t0p")),
    _way(
        "squid wants a password",
        "proxy_auth_required",
        answering(
            "407 Proxy Authentication Required",
            "<html><body><h1>ERROR</h1><h2>Cache Access Denied.</h2></body></html>",
            "Server: squid/5.7",
            'Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm="office"',
        ),
        slow=True,
    ),
    _way("tinyproxy forbids the port", "proxy_connect_denied", by_tinyproxy("ConnectPort {other}")),
    _way(
        "a gateway forbids the host",
        "proxy_connect_denied",
        answering(
            "403 Forbidden",
            "<html><title>Web gateway</title><p>Category: Uncategorised. Policy: deny.</html>",
            "Server: Zscaler/6.2",
        ),
        slow=True,
    ),
)

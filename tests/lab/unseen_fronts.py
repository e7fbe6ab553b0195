"""Apache in front: its own words, and its own way to lose an upgrade."""

from __future__ import annotations

from typing import Any

from bot.model import State, Target
from tests.lab.scenario import Bench, Scenario, Start, target

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP


def behind_apache(server: str, **options: Any) -> Start:
    """Apache with this configuration; {node} is the URL of a Node server with these options."""

    async def start(bench: Bench) -> Target:
        upstream = (await bench.node(**options)).url
        return target((await bench.apache(server.replace("{node}", upstream))).url)

    return start


async def dead_upstream(bench: Bench) -> Target:
    nobody = f"http://127.0.0.1:{bench.free_port()}/"
    return target((await bench.apache(f"ProxyPass / {nobody}")).url)


SCENARIOS = (
    Scenario("apache", None, UP, behind_apache("ProxyPass / {node}/ upgrade=websocket")),
    Scenario(
        "apache deflates",
        None,
        UP,
        behind_apache("SetOutputFilter DEFLATE\nProxyPass / {node}/ upgrade=websocket"),
    ),
    Scenario(
        "apache without upgrade",
        "ws_no_upgrade_header",
        DEGRADED,
        behind_apache("ProxyPass / {node}/"),
    ),
    Scenario("apache, dead upstream", "http_503_no_server", DOWN, dead_upstream),
    Scenario(
        "apache keeps the query",
        "http_query_stripped",
        DOWN,
        behind_apache("RewriteEngine On\nRewriteRule ^(.*)$ {node}$1? [P]"),
    ),
    Scenario(
        "apache with a fallback page",
        "http_spa_fallback",
        DOWN,
        behind_apache("FallbackResource /index.html"),
    ),
)

"""Memory after minutes of churn: connections that end, backends that come and go.

Fifty targets on five backends, of which one is killed and brought back every few seconds, so that
connections, looks, incidents and messages come and go all the time.

Measured from when it is warm: after some ten restarts statements are compiled and modules loaded.
What fills up more slowly is bounded and small, and belongs to the figure: each target's lines of
the connection log, what recurs at it, and cycles that wait for their collector.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.processes import Bot, Fleet, Usage
from bot.demo.workspace import Workspace
from tests.servers.certificates import CertificateAuthority

TARGETS = 50
_FLEETS = 5
_AWAY_S = 6.0  # longer than the confirmation: every time is an incident, or a part of one
_WARM = 0.2  # of the time, at least two minutes: what is loaded once is loaded by then


async def figures(minutes: int) -> list[Figure]:
    """One figure: the memory at the end against that after the first fifth."""
    with tempfile.TemporaryDirectory(prefix="wsdiag-bench-") as name:
        folder = Path(name)
        ca = CertificateAuthority(folder)
        tls = ca.issue().for_node()
        fleets = [Fleet(1, tls=tls) for _ in range(_FLEETS)]
        try:
            for fleet in fleets:
                await fleet.start()
            async with Workspace() as workspace:
                channel = workspace.add_channel("ops", members=[workspace.add_user("mira")])
                toml = f'channel = "{channel.id}"\n' + "".join(
                    f'[targets.t{n}]\nurl = "https://127.0.0.1:{fleets[n % _FLEETS].ports[0]}"\n'
                    f'ca_file = "{ca.ca_file}"\n'
                    for n in range(TARGETS)
                )
                async with Bot(folder / "bot", workspace, toml, level="warning") as bot:
                    return [await _churn(bot, fleets, minutes)]
        finally:
            for fleet in fleets:
                await fleet.stop()


async def _churn(bot: Bot, fleets: list[Fleet], minutes: int) -> Figure:
    begun = time.monotonic()
    warm_until = begun + max(120.0, _WARM * minutes * 60)
    early: list[float] = []
    late: list[float] = []
    number = 0
    while time.monotonic() < begun + minutes * 60:
        fleet = fleets[number % _FLEETS]
        number += 1
        await fleet.kill()
        await asyncio.sleep(_AWAY_S)
        await fleet.start()
        await asyncio.sleep(_AWAY_S)
        rss_kb = Usage.of(bot.pid).rss_kb
        if time.monotonic() < warm_until:
            early = [*early, rss_kb][-5:]
        else:
            late = [*late, rss_kb][-5:]
    print(
        f"      {number} restarts; {early[-1] / 1024:.0f} MB early, {late[-1] / 1024:.0f} MB late"
    )
    return Figure(
        f"memory after {minutes} minutes of churn",
        median(late) / 1024,
        1.1 * median(early) / 1024,
        "a tenth more than after the first fifth",
        unit="MB",
    )

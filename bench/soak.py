"""A lossy link and a server that stalls, for minutes: nothing may be posted.

A hundred targets over TLS; one packet of a hundred is lost in each direction, and the server's
event loop is blocked for 200 ms again and again.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

from bench.figures import Figure
from bench.notice import Inside
from tests.servers.certificates import CertificateAuthority
from tests.servers.netns import FAR, NetworkLab, Way
from tests.servers.node import NodeServer

TARGETS = 100
_LINK = Way(delay_ms=10.0, jitter_ms=2.0, loss=0.01)
_STALL_MS = 200
_STALL_EVERY_MS = 3_000


async def figures(minutes: int) -> list[Figure]:
    """One figure: messages in the channel."""
    with tempfile.TemporaryDirectory(prefix="wsdiag-bench-") as name:
        folder = Path(name)
        ca = CertificateAuthority(folder)
        async with (
            NetworkLab(folder / "lab", _LINK) as lab,
            NodeServer(
                enter=lab.far,
                host=FAR,
                tls=ca.issue(FAR).for_node(),
                cors={"origin": "*"},
                stall_every_ms=_STALL_EVERY_MS,
                stall_ms=_STALL_MS,
            ) as server,
        ):
            options = {
                "folder": str(folder / "bot"),
                "targets": {f"t{n}": server.url for n in range(TARGETS)},
                "ca": str(ca.ca_file),
                "interval_s": 60,
            }
            async with Inside(lab, options) as bot:
                await bot.until(lambda: any(bot.since(0, "ready")), 300)
                for _ in range(minutes * 6):
                    await asyncio.sleep(10)
                    if not bot.running:
                        raise RuntimeError(bot.story("ended"))
                lost = (await lab.counts())["lost"]
                said = Counter(event.name for event in bot.events)
                for event in bot.since(0, "post", "incident-opened", "error"):
                    print(f"      {event.name}: {event.fields.get('text')}")
    print(f"      {lost} packets lost, {said['heartbeat-missed']} suspicions, "
          f"{said['disconnected']} connections lost")  # fmt: skip
    return [
        Figure(
            f"messages in {minutes} minutes of loss and stalls",
            said["post"],
            0,
            f"{TARGETS} targets",
            unit="",
        )
    ]

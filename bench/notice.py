"""How soon a dead, a frozen and a cut-off backend are noticed, and told with their cause.

The backend is beyond a link of its own; the bot, its strict workspace and two clients of Node's are
on the near side, all connected to that one backend: `socket.io-client` with its defaults, and with
an acknowledgement every two seconds. Every run has a fresh bot, as the third outage within a
quarter of an hour would be flapping.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import Figure, median
from bench.processes import Event, Node, Talking
from tests.servers.certificates import CertificateAuthority
from tests.servers.netns import FAR, NetworkLab, Way
from tests.servers.node import NodeServer

_LINK = Way(delay_ms=1.0)
_CUT = Way(loss=1.0)
_NOTICED = ("disconnected", "heartbeat-missed")
_PEER_S = 60.0
_PEER_RUNS = 1  # waiting for Node's defaults takes most of a minute


class Inside(Talking):
    """`bench.inside` on the near side."""

    def __init__(self, lab: NetworkLab, options: dict[str, Any]) -> None:
        super().__init__(lab.near([sys.executable, "-m", "bench.inside", json.dumps(options)]))

    def event(self, said: dict[str, Any]) -> Event | None:
        return Event(float(said["at"]), str(said["event"]), str(said.get("who", "")), said)


@dataclass(slots=True)
class _Times:
    """Seconds from the fault on, of every run."""

    noticed: list[float] = field(default_factory=list)
    posted: list[float] = field(default_factory=list)
    nameless: int = 0
    node: list[float] = field(default_factory=list)
    echo: list[float] = field(default_factory=list)


async def figures(times: int) -> list[Figure]:
    """Two figures for each fault, the worst of `times` runs."""
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="wsdiag-bench-") as name:
        folder = Path(name)
        ca = CertificateAuthority(folder)
        tls = ca.issue(FAR).for_node()
        async with (
            NetworkLab(folder / "lab", _LINK) as lab,
            NodeServer(enter=lab.far, host=FAR, tls=tls, cors={"origin": "*"}) as server,
        ):

            async def kill() -> None:
                await server.kill()

            async def freeze() -> None:
                server.freeze()

            async def cut() -> None:
                await lab.shape(_CUT)

            async def revive() -> None:
                await lab.shape(_LINK)
                await server.restart()

            faults: Sequence[tuple[str, Callable[[], Awaitable[None]], float, float]] = (
                ("SIGKILL", kill, 0.05, 5.0),
                ("SIGSTOP", freeze, 3.0, 8.0),
                ("cut off", cut, 3.0, 8.0),
            )
            for number, (what, strike, noticed_s, posted_s) in enumerate(faults):
                result = _Times()
                for run in range(times):
                    options = {
                        "folder": str(folder / f"{number}-{run}"),
                        "targets": {"prod": server.url},
                        "ca": str(ca.ca_file),
                        "interval_s": 60,
                    }
                    patient = run < _PEER_RUNS
                    await _run(lab, options, ca.ca_file, strike, result, patient=patient)
                    await revive()
                found += _told(what, result, noticed_s, posted_s)
    return found


async def _run(
    lab: NetworkLab,
    options: dict[str, Any],
    ca: Path,
    strike: Callable[[], Awaitable[None]],
    result: _Times,
    *,
    patient: bool,
) -> None:
    url = next(iter(options["targets"].values()))
    async with (
        Inside(lab, options) as bot,
        Node([url], ca=ca, echo_ms=None, enter=lab.near) as node,
        Node([url], ca=ca, echo_ms=2_000, enter=lab.near) as echo,
    ):
        await bot.until(lambda: any(bot.since(0, "ready")))
        await node.until(lambda: node.open_connections() == 1)
        await echo.until(lambda: echo.open_connections() == 1)
        struck = time.time()
        await strike()
        await bot.until(lambda: any(bot.since(struck, "post")))
        result.noticed.append(next(bot.since(struck, *_NOTICED)).at - struck)
        result.posted.append(next(bot.since(struck, "post")).at - struck)
        opened = next(bot.since(struck, "incident-opened"))
        result.nameless += opened.fields.get("cause") in (None, "unrecognised")
        await echo.until(lambda: any(echo.since(struck, "lost")), _PEER_S)
        result.echo.append(next(echo.since(struck, "lost")).at - struck)
        if patient:
            await node.until(lambda: any(node.since(struck, "lost")), _PEER_S)
            result.node.append(next(node.since(struck, "lost")).at - struck)


def _told(what: str, result: _Times, noticed_s: float, posted_s: float) -> list[Figure]:
    print(
        f"      {what}: noticed after {median(result.noticed):.2f} s, posted after "
        f"{median(result.posted):.2f} s; Node with a 2 s echo notices after "
        f"{median(result.echo):.2f} s, with its defaults after {median(result.node):.2f} s"
    )
    runs = f"of {len(result.posted)} runs"
    return [
        Figure(f"{what} noticed, the worst", max(result.noticed) * 1000, noticed_s * 1000, runs),
        Figure(f"{what} posted, the worst", max(result.posted) * 1000, posted_s * 1000, runs),
        Figure(f"{what} posted without a cause", result.nameless, 0, runs, unit=""),
    ]

"""The client's half of the link bench: runs where the link's near side is.

`python -m bench.suite JSON` with {"url", "ca", "origin", "times"} prints one JSON line:
{"suite_ms": […], "whole_ms": […], "rtt_ms": […], "state": "up", "probes": {name: [start, end]}}.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from bot.diagnose import Progress, diagnose
from bot.model import Target
from bot.probes import SUITE

_BASE = {row.name for row in SUITE}


class Clock:
    """When each probe of one run began and ended, in ms since the run began."""

    def __init__(self) -> None:
        self.begun = time.perf_counter()
        self.spans: dict[str, list[float]] = {}

    def now(self) -> float:
        return (time.perf_counter() - self.begun) * 1000

    def __call__(self, progress: Progress) -> None:
        span = self.spans.setdefault(progress.probe, [self.now(), 0.0])
        if progress.finding is not None:
            span[1] = self.now()

    @property
    def base_ms(self) -> float:
        """The end of the last probe of the base suite: what a person waits for."""
        return max(end for name, (_, end) in self.spans.items() if name in _BASE)


def round_trip_ms(host: str, port: int) -> float:
    """One TCP handshake, by address."""
    address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4]
    begun = time.perf_counter()
    socket.create_connection((str(address[0]), port), 10).close()
    return (time.perf_counter() - begun) * 1000


async def measure(options: dict[str, Any]) -> dict[str, Any]:
    """Run the suite `times` times after one run that loads what is loaded lazily."""
    target = Target(
        name="bench", url=options["url"], origin=options["origin"], ca_file=options["ca"]
    )
    parts = urlsplit(options["url"])
    suite: list[float] = []
    whole: list[float] = []
    trips: list[float] = []
    state, spans = "", {}
    for number in range(options["times"] + 1):
        trip = await asyncio.to_thread(round_trip_ms, parts.hostname or "", parts.port or 443)
        clock = Clock()
        report = await diagnose(target, on_progress=clock)
        if number:
            trips.append(trip)
            suite.append(clock.base_ms)
            whole.append(clock.now())
        state, spans = report.verdict.state.value, clock.spans
    return {"suite_ms": suite, "whole_ms": whole, "rtt_ms": trips, "state": state, "probes": spans}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(json.loads(sys.argv[1])))))

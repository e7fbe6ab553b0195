"""The base suite at 50 ms round trip over TLS, against its critical path and Node's client.

Needs network namespaces and Node. Everything crosses the shaped link, the DNS look-up included.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.figures import Figure, median
from tests.servers.certificates import CertificateAuthority
from tests.servers.netns import FAR, NetworkLab, Way
from tests.servers.node import NodeServer
from tests.servers.process import ChildProcess
from tests.servers.tools import NODE_FOLDER, find

HOST = "backend.test"
ONE_WAY_MS = 25.0
CRITICAL_PATH = 6  # DNS, TCP, TLS, WebSocket upgrade with OPEN, namespace, pipelined samples
ALLOWED = 1.25
_DEADLINE_S = 120.0


async def figures(times: int) -> list[Figure]:
    """Both figures of the base suite; the text of StartError says what this machine lacks."""
    with tempfile.TemporaryDirectory(prefix="wsdiag-bench-") as folder:
        path = Path(folder)
        authority = CertificateAuthority(path)
        tls = authority.issue(HOST).for_node()
        async with (
            NetworkLab(path / "lab", Way(delay_ms=ONE_WAY_MS)) as lab,
            lab.names({HOST: [FAR]}),
            NodeServer(enter=lab.far, host=FAR, tls=tls, cors={"origin": "*"}) as server,
        ):
            options = {
                "url": f"https://{HOST}:{server.port}",
                "ca": str(authority.ca_file),
                "origin": "https://app.example",
                "times": times,
            }
            suite = [sys.executable, "-m", "bench.suite", json.dumps(options)]
            ours = await _answer(lab.near(suite))
            node = [find("node") or "node", str(NODE_FOLDER / "connect.js"), json.dumps(options)]
            theirs = await _answer(lab.near(node))
    if ours["state"] != "up":
        raise RuntimeError(f"the bench's backend is {ours['state']}, not up")
    taken, trip = median(ours["suite_ms"]), median(ours["rtt_ms"])
    _print_spans(ours["probes"], trip)
    return [
        Figure(
            f"base suite, TLS, round trip {trip:.1f} ms",
            taken,
            ALLOWED * CRITICAL_PATH * trip,
            f"{ALLOWED} × {CRITICAL_PATH} round trips; took {taken / trip:.1f} of them",
            ours["suite_ms"],
        ),
        Figure(
            "base suite against socket.io-client's polling-first connect",
            taken,
            median(theirs),
            "Node, the same link",
            ours["suite_ms"],
        ),
    ]


def _print_spans(spans: dict[str, list[float]], trip: float) -> None:
    print("      one run, in round trips since it began:")
    for name, (begun, ended) in sorted(spans.items(), key=lambda item: item[1]):
        print(f"        {name:12} {begun / trip:5.2f} → {ended / trip:5.2f}")


async def _answer(command: list[str]) -> Any:
    async with ChildProcess(command) as child:
        return json.loads(await child.line(lambda line: line[:1] in "{[", _DEADLINE_S))

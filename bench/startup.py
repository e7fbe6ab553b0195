"""`wsdiag check` against a healthy backend on loopback: the whole process, from spawn to exit."""

from __future__ import annotations

import asyncio
import sys
import time

from bench.figures import Figure, median
from tests.servers.python_socketio import PythonServer

LIMIT_MS = 1500.0
_DEADLINE_S = 60.0


async def figures(times: int) -> list[Figure]:
    """One figure; the first run warms the machine's caches and is not counted."""
    samples: list[float] = []
    async with PythonServer() as server:
        for number in range(times + 1):
            took = await _check(server.url)
            if number:
                samples.append(took)
    return [
        Figure("wsdiag check on loopback, whole process", median(samples), LIMIT_MS, "", samples)
    ]


async def _check(url: str) -> float:
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "check", url, "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_DEADLINE_S):
            _, said = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise RuntimeError(f"wsdiag check exited with {process.returncode}: {said.decode()[-500:]}")
    return (time.perf_counter() - begun) * 1000

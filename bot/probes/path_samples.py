"""Connects that only measure the path: spread over a run, or in a burst when that looked uneven.

The probes dial together, so that all their connects are two or three moments, and what is sent at
one moment shares one fate. Over a long way a few more are made in between, while the run is waiting
anyway; a near backend is spared them.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.net import sockets
from bot.net.dial import Sample
from bot.probes.look import Look
from bot.tasks import call_off, together

BURST: Final = 30
BURST_GAP_S: Final = 0.06  # 1.8 s in all
CONNECT_S: Final = 3.3  # a SYN sent twice again comes at 3 s
_FAR_MS: Final = 20.0
_SPREAD: Final = 12
_SPREAD_GAP_S: Final = 0.1


def begin(look: Look, address: str, took_ms: float) -> None:
    """Take samples of the way to an address beside the run, if it is a long one."""
    if look.sampler is None and took_ms >= _FAR_MS:
        like = Sample(address, look.endpoint.port, took_ms)
        look.sampler = asyncio.create_task(_spread(look, like))


async def end(look: Look) -> None:
    """Wait for the samples still under way; they are in `look.dialer.connects` then."""
    if look.sampler is not None:
        await look.sampler


async def burst(like: Sample) -> tuple[list[Sample], int]:
    """Further connects to one address, closed at once; and how many came to nothing."""
    results = await together(connect(like, i * BURST_GAP_S) for i in range(BURST))
    return [r for r in results if isinstance(r, Sample)], sum(r is False for r in results)


async def connect(like: Sample, after_s: float) -> Sample | bool:
    """A sample, False when no answer came; True for a refusal, which is one."""
    await asyncio.sleep(after_s)
    tried = await sockets.connect(like.address, like.port, timeout_s=CONNECT_S)
    if tried.sock is None:
        return not isinstance(tried.error, TimeoutError)
    tried.sock.close()
    return Sample(like.address, like.port, round(tried.elapsed_ms, 3), tried.resent)


async def _spread(look: Look, like: Sample) -> None:
    tries: dict[asyncio.Task[Sample | bool], float] = {}  # and when each began
    joined = asyncio.create_task(look.joined.wait())
    try:
        while len(tries) < _SPREAD:
            await asyncio.wait({joined}, timeout=_SPREAD_GAP_S)
            if joined.done():
                break
            tries[asyncio.create_task(connect(like, 0.0))] = time.monotonic()
        awaited = _worth_waiting_for(tries, like) if joined.done() else list(tries)
        made = await asyncio.gather(*awaited)
        look.dialer.connects += [s for s in made if isinstance(s, Sample)]
    finally:
        await call_off(joined, *tries)


def _worth_waiting_for(
    tries: dict[asyncio.Task[Sample | bool], float], like: Sample
) -> list[asyncio.Task[Sample | bool]]:
    """Those that are done, or late. What has only just begun would cost everybody a round trip."""
    late = time.monotonic() - 2 * like.took_ms / 1_000
    return [task for task, began in tries.items() if task.done() or began < late]

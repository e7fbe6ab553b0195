"""A Slack that fails, at random, until it is left alone."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from bot.demo.workspace import Workspace

# "after": it was done, and the answer is lost; nothing else doubles as easily.
_TROUBLES = ("429", "500", "error", "before", "after", "after", "after", "after", "hang", "away")


async def trouble_slack(
    workspace: Workspace, dice: random.Random, met: Counter[str], *, pause_s: float = 0.7
) -> None:
    """Until cancelled: a trouble every `pause_s` seconds or so, counted in `met` by its kind."""
    faults = workspace.faults
    while True:
        await asyncio.sleep(dice.uniform(0.3, 1.7) * pause_s)
        method = dice.choice(["chat.postMessage", "chat.postMessage", "chat.update", None])
        kind = dice.choice(_TROUBLES)
        met[kind] += 1
        match kind:
            case "429":
                faults.rate_limit(dice.randint(1, 2), method=method, retry_after=1)
            case "500":
                faults.server_error(dice.randint(1, 3), method=method)
            case "error":
                faults.error(dice.choice(["internal_error", "fatal_error"]), method=method)
            case "before":
                faults.drop(method=method)
            case "after":
                faults.drop(method="chat.postMessage", after=True)
            case "hang":
                hung = faults.hang(method=method)
                await asyncio.sleep(dice.uniform(0.1, 0.8))
                hung.times = 0
                hung.lifted.set()
            case "away":
                await workspace.go_away()
                await asyncio.sleep(dice.uniform(0.2, 2.0))
                await workspace.come_back()


@contextlib.asynccontextmanager
async def alongside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """`work` beside the block, and no longer."""
    task = asyncio.create_task(work)
    try:
        yield
        if task.done():
            task.result()  # it was to go on: say why it did not
    finally:
        task.cancel()
        await asyncio.wait({task})

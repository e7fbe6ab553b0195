"""Of two processes on one database one delivers, and a dead one holds nobody up."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from bot.store import Store
from tests.servers.process import ChildProcess

HOLD = """
import asyncio, sys
from bot.store import Store
async def main():
    async with await Store.open(sys.argv[1]) as store:
        lease = store.lease("delivery")
        task = asyncio.create_task(lease.run())
        await lease.turn()
        print("held", flush=True)
        await task
asyncio.run(main())
"""


@contextlib.asynccontextmanager
async def holding(store: Store, dead_after_s: float = 60.0) -> AsyncIterator[asyncio.Task[None]]:
    """Somebody who wants the lease; the task ends when they have it."""
    lease = store.lease("delivery", beat_s=0.02, dead_after_s=dead_after_s)
    running = asyncio.create_task(lease.run())
    turn = asyncio.create_task(lease.turn())
    try:
        yield turn
    finally:
        for task in (running, turn):
            task.cancel()
        await asyncio.wait({running, turn})


async def test_one_holds_it_and_the_next_gets_it_when_that_one_ends(store: Store) -> None:
    async with asyncio.timeout(30), contextlib.AsyncExitStack() as first:
        await (await first.enter_async_context(holding(store)))
        async with holding(store) as second:
            await asyncio.wait({second}, timeout=0.3)
            assert not second.done()
            await first.aclose()
            await second


async def test_a_process_that_was_killed_on_this_machine_is_not_waited_for(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'wsdiag.db'}"
    async with (
        asyncio.timeout(60),
        await Store.open(url) as store,
        ChildProcess([sys.executable, "-c", HOLD, url]) as child,
    ):
        await child.line(lambda line: line == "held")
        async with holding(store) as waiting:
            await asyncio.wait({waiting}, timeout=0.3)
            assert not waiting.done()
            await child.kill()
            await waiting


async def test_a_holder_elsewhere_whose_number_stands_still_is_dead(store: Store) -> None:
    elsewhere = store.lease("delivery")
    elsewhere._me = "elsewhere|boot|pid:[1]|1|1|x"
    await elsewhere._take(None)
    async with asyncio.timeout(30):
        async with holding(store) as patient:
            await asyncio.wait({patient}, timeout=0.3)
            assert not patient.done()
        async with holding(store, dead_after_s=0.2) as waiting:
            await waiting


async def test_who_cannot_renew_it_sends_nothing(store: Store) -> None:
    lease = store.lease("delivery", beat_s=3600.0, dead_after_s=2.0)
    running = asyncio.create_task(lease.run())
    try:
        async with asyncio.timeout(30):
            await lease.turn()
        await asyncio.sleep(1.2)  # longer than it is valid for
        turn = asyncio.create_task(lease.turn())
        await asyncio.wait({turn}, timeout=0.2)
        assert not turn.done()
        turn.cancel()
    finally:
        running.cancel()
        await asyncio.wait({running})

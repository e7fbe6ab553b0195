"""A process killed at any moment loses nothing that it had recorded, and repeats nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.store import Store
from bot.store.schema import deliveries, transitions
from tests.servers.process import ChildProcess


async def _story(store: Store) -> tuple[list[tuple[str, str]], list[int], list[int]]:
    """What is in the database: transitions in order, deliveries done, deliveries waiting."""
    async with store._engine.connect() as connection:
        told = await connection.execute(
            select(transitions.c.kind, transitions.c.incident_id).order_by(transitions.c.id)
        )
        rows = [(row.kind, row.incident_id) for row in told]
        done = list(
            await connection.scalars(
                select(deliveries.c.id).where(deliveries.c.done_at.is_not(None))
            )
        )
    return rows, done, [delivery.id for delivery in await store.pending()]


async def _killed_after(lines: int, url: str) -> list[list[str]]:
    """Run the script, kill it once it has printed that much; everything it said."""
    async with ChildProcess([sys.executable, "-m", "tests.store.crash_script", url]) as child:
        await child.line(lambda _: len(child.lines) >= lines)
        await child.kill()
        return [line.split() for line in child.lines]


@pytest.mark.parametrize("lines", [1, 2, 7, 40])
async def test_a_kill_at_any_moment_loses_and_repeats_nothing(tmp_path: Path, lines: int) -> None:
    url = f"sqlite:///{tmp_path / 'wsdiag.db'}"
    announced: list[tuple[str, str]] = []
    delivered: set[int] = set()
    for kills in range(1, 3):  # killed, and started again where it was
        for kind, name in await _killed_after(lines, url):
            if kind == "delivered":
                delivered.add(int(name))
            else:
                announced.append((kind, name))
        async with await Store.open(url) as store:
            told, done, waiting = await _story(store)
            open_incidents = await store.open_incidents()
        # What was said to be durable is there, in its order; each kill may have cut off the
        # announcement of one step more.
        rest = iter(told)
        assert all(transition in rest for transition in announced)
        assert len(told) <= len(announced) + kills
        assert delivered <= set(done)
        # Each transition has exactly one delivery, whichever side of the kill it is on.
        assert len(done) + len(waiting) == len(told)
        # Opened and closed strictly by turns, the last one perhaps still open.
        kinds = [kind for kind, _ in told]
        assert kinds == [("opened", "closed")[n % 2] for n in range(len(kinds))]
        assert len(open_incidents) == len(kinds) % 2

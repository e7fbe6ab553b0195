"""A backend that hangs for an hour, in a time that passes as fast as we can compute it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.incidents import TargetState
from bot.model import Report, Target, Transition, TransitionKind
from bot.store import NewDelivery
from bot.watcher import Link, Watchers
from tests.servers.gate import Gate
from tests.servers.python_socketio import PythonServer
from tests.servers.virtual import VirtualTimeLoop
from tests.watcher.prober import probe

START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
OPENED, CHANGED, CLOSED = TransitionKind
_MORE = 8  # tasks and files of one attempt or look, of which there were hundreds


class Records:
    """What a store would keep: a database would need threads, for which no time passes here."""

    def __init__(self) -> None:
        self.states: dict[str, TargetState] = {}
        self.told: list[tuple[float, Transition]] = []

    async def load(self, target: str) -> TargetState:
        return self.states.get(target, TargetState(target))

    async def record(
        self,
        state: TargetState,
        transitions: Sequence[Transition] = (),
        _deliveries: Sequence[NewDelivery] = (),
    ) -> None:
        self.states[state.target] = state
        now = asyncio.get_running_loop().time()
        self.told += [(now, transition) for transition in transitions]


def own_tasks() -> int:
    """Those of the bot, and not of the server beside it."""
    folder = f"{os.sep}bot{os.sep}"
    codes = [getattr(task.get_coro(), "cr_code", None) for task in asyncio.all_tasks()]
    return len([code for code in codes if code is not None and folder in code.co_filename])


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def hang_for(hour_s: float, caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    looks: list[float] = []

    async def look(target: Target, **given: object) -> Report:
        looks.append(loop.time())
        return await probe(target, **given)  # type: ignore[arg-type]

    def now() -> datetime:
        return START + timedelta(seconds=loop.time())

    records = Records()
    watchers = Watchers(store=records, diagnose=look, now=now)
    async with PythonServer() as server, Gate(server.port) as gate:
        target = Target("prod", f"http://127.0.0.1:{gate.port}")
        watching = asyncio.create_task(watchers.run([target]))
        await asyncio.sleep(120)
        assert watchers.snapshots()["prod"].link is Link.CONNECTED
        tasks, files = own_tasks(), open_files()

        caplog.clear()
        looks.clear()
        hung_at = loop.time()
        gate.shut()
        loop.grace_s, grace_s = 0.0, loop.grace_s
        await asyncio.sleep(hour_s)
        ((told_at, opened),) = records.told
        assert opened.kind is OPENED
        assert opened.at - START <= timedelta(seconds=hung_at + 3)
        assert told_at <= hung_at + 8
        pauses = [b - a for a, b in zip(looks, [*looks[1:], loop.time()], strict=True)]
        assert max(pauses) < 20, "it never stops looking"
        assert hour_s / 20 < len(looks) < hour_s / 5, "at a pace that hurts nobody"
        assert own_tasks() <= tasks + _MORE
        assert open_files() <= files + _MORE
        assert len([r for r in caplog.records if r.levelno > logging.DEBUG]) < 80

        back_at = loop.time()
        loop.grace_s = grace_s
        gate.open()
        while len(records.told) < 2:  # noqa: ASYNC110  it costs nothing here
            await asyncio.sleep(0.1)
        (_, (closed_at, closed)) = records.told
        assert closed.kind is CLOSED
        assert closed.incident_id == opened.incident_id
        assert closed_at - back_at < 15
        await asyncio.sleep(300)
        after = watchers.snapshots()["prod"]
        assert (after.link, after.trouble, after.incident) == (Link.CONNECTED, None, None)
        assert len(records.told) == 2
        assert own_tasks() <= tasks + _MORE
        assert open_files() <= files
        watching.cancel()
        await asyncio.wait({watching})


def test_a_backend_that_hangs_for_an_hour_is_told_once_and_found_again_within_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "wsdiag")
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(hang_for(3600.0, caplog))

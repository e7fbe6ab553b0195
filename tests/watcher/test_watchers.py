"""Many targets at once: supervision, coming and going, and what one may not do to another."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from bot.incidents import TargetState
from bot.model import Controls, Report, State, Target, TransitionKind
from bot.store import Store, StoreError
from bot.watcher import Link, Slots, Watchers
from tests.servers.fixtures import StartNode, StartPython
from tests.servers.process import free_port
from tests.watcher.conftest import QUICK, WATCH, running, until
from tests.watcher.prober import probe


def a_target(name: str, url: str) -> Target:
    return Target(name, url, watch=WATCH, deadline_s=10)


async def test_targets_come_and_go_without_touching_the_others(
    tmp_path: Path, socketio_server: StartPython
) -> None:
    server = await socketio_server()
    async with running(tmp_path, a_target("one", server.url)) as bot:
        await bot.see(lambda now: now.link is Link.CONNECTED, "one")
        bot.watchers.add(a_target("two", server.url))
        await bot.see(lambda now: now.link is Link.CONNECTED, "two")
        with pytest.raises(ValueError, match="two"):
            bot.watchers.add(a_target("two", server.url))
        assert list(bot.watchers.snapshots()) == ["one", "two"]
        await bot.watchers.remove("two")
        await bot.watchers.remove("never there")
        assert list(bot.watchers.snapshots()) == ["one"]
        assert bot.watchers.snapshot("two") is None
        assert bot.snapshot("one").reconnects == 0


async def test_no_target_at_all_is_watched_patiently(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        assert bot.watchers.snapshots() == {}


async def test_targets_are_added_only_while_running(tmp_path: Path) -> None:
    async with await Store.open(f"sqlite:///{tmp_path}/wsdiag.db") as store:
        with pytest.raises(RuntimeError):
            Watchers(store=store, diagnose=probe).add(a_target("one", "http://127.0.0.1:1"))


async def test_a_bug_in_a_diagnosis_costs_that_look_only(
    tmp_path: Path, socketio_server: StartPython, caplog: pytest.LogCaptureFixture
) -> None:
    server = await socketio_server()
    failed: list[str] = []

    async def fails_once_for_one(target: Target, *, controls: Controls, memory: object) -> Report:
        if target.name == "one" and not failed:
            failed.append(target.name)
            raise ZeroDivisionError
        return await probe(target, controls=controls)

    targets = a_target("one", f"http://127.0.0.1:{free_port()}"), a_target("two", server.url)
    async with running(tmp_path, *targets, diagnose=fails_once_for_one) as bot:
        await bot.see(lambda now: now.state is State.UP, "two")
        await bot.see(lambda now: now.incident is not None, "one")
    assert "ZeroDivisionError" in caplog.text


class Stumbling:
    """A store that cannot load a target, or record it, the first time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.load_fails = self.record_fails = 1

    async def load(self, target: str) -> TargetState:
        if target == "one" and self.load_fails:
            self.load_fails -= 1
            raise StoreError("cannot be read")
        return await self._store.load(target)

    async def record(self, *arguments: object) -> None:
        if self.record_fails:
            self.record_fails -= 1
            raise StoreError("the disk is full")
        await self._store.record(*arguments)  # type: ignore[arg-type]


async def test_a_watcher_that_fails_is_started_again_and_what_was_not_recorded_is_retried(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with await Store.open(f"sqlite:///{tmp_path}/wsdiag.db") as store:
        stumbling = Stumbling(store)
        watchers = Watchers(store=stumbling, diagnose=probe, channel="C1", pace=QUICK)
        target = a_target("one", f"http://127.0.0.1:{free_port()}")
        task = asyncio.create_task(watchers.run([target]))
        try:
            await until(lambda: store.wake.is_set() and not stumbling.record_fails)
            async with asyncio.timeout(30):
                while not (told := await store.pending()):
                    store.wake.clear()
                    await store.wake.wait()
            assert [d.kind for d in told] == [TransitionKind.OPENED]
        finally:
            task.cancel()
            await asyncio.wait({task})
    assert "starts again" in caplog.text
    assert "the disk is full" in caplog.text


async def test_many_hung_targets_do_not_delay_the_next_that_fails(
    tmp_path: Path, node_server: StartNode, socketio_server: StartPython
) -> None:
    hung, fine = await node_server(), await socketio_server()
    hung_targets = [a_target(f"hung-{n}", hung.url) for n in range(6)]
    slots = Slots.of(urgent=8, routine=1)
    async with running(tmp_path, *hung_targets, a_target("fine", fine.url), slots=slots) as bot:
        for target in hung_targets:
            await bot.see(lambda now: now.link is Link.CONNECTED, target.name)
        await bot.see(lambda now: now.link is Link.CONNECTED and now.state is State.UP, "fine")
        hung.freeze()
        for target in hung_targets:
            await bot.see(lambda now: now.incident is not None, target.name)
        await fine.stop()
        await bot.see(lambda now: now.incident is not None, "fine")
        hung.resume()
        for target in hung_targets:
            await bot.see(lambda now: now.incident is None, target.name)
        told = await bot.store.pending()
    for name in (*(target.name for target in hung_targets), "fine"):
        kinds = [delivery.kind for delivery in told if delivery.target == name]
        assert kinds.count(TransitionKind.OPENED) == 1
        assert kinds.count(TransitionKind.CLOSED) == (0 if name == "fine" else 1)


async def test_two_bots_on_one_database_tell_an_outage_once(
    tmp_path: Path, socketio_server: StartPython, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "wsdiag")
    server = await socketio_server()
    target = a_target("prod", server.url)
    async with running(tmp_path, target) as one, running(tmp_path, target) as other:
        for bot in (one, other):
            await bot.see(lambda now: now.link is Link.CONNECTED and now.state is State.UP)
        await server.stop()
        for bot in (one, other):
            await bot.see(lambda now: now.incident is not None)
        assert one.snapshot().incident == other.snapshot().incident
        await one.told(TransitionKind.OPENED)
        await socketio_server(port=server.port)
        for bot in (one, other):
            await bot.see(lambda now: now.incident is None and now.state is State.UP)
        await one.told(TransitionKind.OPENED, TransitionKind.CLOSED)

"""All targets watched: each under its own supervision, added and removed one by one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

from bot.model import Controls, Target
from bot.watcher.chronicle import Chronicle, Remembers
from bot.watcher.ledger import Records
from bot.watcher.log import LogLine
from bot.watcher.looks import Diagnose, Slots
from bot.watcher.pace import Backoff, Pace
from bot.watcher.snapshot import Snapshot
from bot.watcher.watch import Watcher, utc_now
from bot.watcher.wire import Sockets

_log = logging.getLogger("wsdiag.watcher")


class Watchers:
    """Runs a `Watcher` per target and starts it again should it fail by a bug of ours."""

    def __init__(
        self,
        *,
        store: Records,
        diagnose: Diagnose,
        controls: Controls = Controls(),  # noqa: B008 - frozen
        channel: str | None = None,
        slots: Slots | None = None,
        now: Callable[[], datetime] = utc_now,
        pace: Pace = Pace(),  # noqa: B008 - frozen
        history: Remembers | None = None,
    ) -> None:
        """`channel` is told of targets that name none themselves. Without a `history` nothing is
        remembered, and nothing that recurs is found."""
        self._store = store
        self._diagnose = diagnose
        self._controls = controls
        self._channel = channel
        self._slots = slots or Slots.of()
        self._now = now
        self._pace = pace
        self._chronicle = (
            Chronicle(history, now=now, write_s=pace.write_s, span_s=pace.sample_s)
            if history is not None
            else None
        )
        self._watchers: dict[str, Watcher] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._sockets: Sockets | None = None

    async def run(self, targets: Iterable[Target]) -> None:
        """Watch until cancelled; every connection is closed on the way out."""
        async with Sockets() as sockets:
            self._sockets = sockets
            try:
                async with self._remembering(), asyncio.TaskGroup() as group:
                    self._group = group
                    for target in targets:
                        self.add(target)
                    # Also when there is no target (yet): only a cancellation ends it.
                    await asyncio.get_running_loop().create_future()
            finally:
                self._group = self._sockets = None
                self._tasks.clear()

    def add(self, target: Target) -> None:
        """Begin to watch a target, while `run` is running. A known name raises ValueError."""
        if self._group is None or self._sockets is None:
            raise RuntimeError("targets are added while run() is running")
        if target.name in self._tasks:
            raise ValueError(f"{target.name} is watched already")
        watcher = Watcher(
            target,
            store=self._store,
            diagnose=self._diagnose,
            sockets=self._sockets,
            slots=self._slots,
            controls=self._controls,
            channel=self._channel,
            now=self._now,
            pace=self._pace,
            chronicle=self._chronicle,
        )
        self._watchers[target.name] = watcher
        self._tasks[target.name] = self._group.create_task(
            self._supervise(watcher), name=f"watcher {target.name}"
        )

    async def remove(self, name: str) -> None:
        """Stop watching a target. What is recorded of it stays. An unknown name does nothing."""
        task = self._tasks.pop(name, None)
        self._watchers.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        if self._chronicle is not None:
            self._chronicle.leave(name)

    def snapshots(self) -> Mapping[str, Snapshot]:
        """The present of every target, by name, in the order they were added."""
        return {name: watcher.snapshot() for name, watcher in self._watchers.items()}

    def snapshot(self, name: str) -> Snapshot | None:
        """The present of one target."""
        watcher = self._watchers.get(name)
        return watcher.snapshot() if watcher else None

    def log(self, name: str) -> tuple[LogLine, ...]:
        """The last lines of a target's connection log; none of one that is not watched."""
        watcher = self._watchers.get(name)
        return watcher.log() if watcher else ()

    @asynccontextmanager
    async def _remembering(self) -> AsyncIterator[None]:
        """The chronicle outlives the watchers: how their connections ended is written too."""
        if self._chronicle is None:
            yield
            return
        task = asyncio.create_task(self._supervised(self._chronicle), name="chronicle")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _supervised(self, chronicle: Chronicle) -> None:
        while True:
            try:
                await chronicle.run()
            except Exception:  # noqa: BLE001 - nothing here may end the watching
                _log.exception("the memory of what happens failed and starts again")
                await asyncio.sleep(self._pace.crash_max_s)

    async def _supervise(self, watcher: Watcher) -> None:
        pauses = Backoff(1.0, self._pace.crash_max_s, 2.0)
        while True:
            try:
                await watcher.run()
            except Exception:  # noqa: BLE001
                # One target's trouble with us must not end the others'.
                pause = pauses.next()
                _log.exception(
                    "the watcher of %s failed and starts again in %.0f s",
                    watcher.target.name,
                    pause,
                )
                await asyncio.sleep(pause)

"""Background tasks that are tracked, bounded, joined by key and drained at exit.

A surface that must answer Slack at once hands its work over here. Nothing runs untracked: an
exception is logged with the job's name, and `drain` leaves no task behind.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_log = logging.getLogger("wsdiag.jobs")


class JobsBusyError(Exception):
    """As many jobs run as are allowed; ask again later."""


class JobsClosedError(Exception):
    """The process is ending: no new job is taken."""


@dataclass(frozen=True, slots=True)
class Joined(Generic[T]):
    """A shared job as one of its askers sees it."""

    task: asyncio.Task[T]
    first: bool  # this asker started it; False: it was already running

    async def result(self) -> T:
        """Wait for the shared job; an asker that is cancelled does not end it for the others.

        Raises what the job raised, or `asyncio.CancelledError` when the job itself was cancelled.
        """
        return await asyncio.shield(self.task)


class Jobs:
    """The background tasks of one process."""

    def __init__(self, *, limit: int = 256) -> None:
        """`limit`: how many jobs may run at once; one more is refused with `JobsBusyError`."""
        self._limit = limit
        self._tasks: set[asyncio.Task[Any]] = set()
        self._shared: dict[str, asyncio.Task[Any]] = {}
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def closed(self) -> bool:
        """Whether `drain` has begun."""
        return self._closed

    def start(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` in the background under `name`, which is for the log.

        Raises JobsBusyError, JobsClosedError. A refused coroutine is closed, so that nothing is
        left that was never awaited.
        """
        try:
            self._admit()
        except (JobsBusyError, JobsClosedError):
            work.close()
            raise
        return self._launch(name, work)

    def join(self, key: str, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> Joined[T]:
        """Start `work` under `key`, or join the job that already runs under it.

        `work` is called only when this asker is the first. The key is free again when the job
        ends. Raises JobsBusyError, JobsClosedError (only when a job would have to be started).
        """
        running = self._shared.get(key)
        if running is not None:
            return Joined(running, first=False)
        self._admit()
        task = self._launch(name, work())
        self._shared[key] = task
        # Runs before the callbacks of later waiters, so that whoever sees the result and asks
        # again starts a new job instead of joining the finished one.
        task.add_done_callback(lambda _: self._shared.pop(key, None))
        return Joined(task, first=True)

    async def drain(self, timeout: float, *, grace: float = 2.0) -> int:
        """Take no new jobs, give the running ones `timeout` seconds, then cancel what is left.

        Cancelled jobs get `grace` seconds for their own clean-up (rewriting a message, say).
        Returns how many had to be cancelled.
        """
        self._closed = True
        if self._tasks and timeout > 0:
            await asyncio.wait(set(self._tasks), timeout=timeout)
        late = set(self._tasks)
        for task in late:
            task.cancel()
        if late:
            _, stuck = await asyncio.wait(late, timeout=grace)
            for task in stuck:
                _log.error("job %s did not end within %.1f s of being cancelled", task, grace)
        return len(late)

    def _admit(self) -> None:
        if self._closed:
            raise JobsClosedError
        if len(self._tasks) >= self._limit:
            raise JobsBusyError

    def _launch(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            _log.error("job %s failed", task.get_name(), exc_info=error)

"""The workspace's news: who waits for something to happen, and who follows along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

# A page that does not read for this many events is cut off; it reconnects and starts afresh.
FOLLOWER_BACKLOG = 500


class Follower:
    """One reader of the news, with a bounded backlog."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(FOLLOWER_BACKLOG)
        self.overflowed = False

    def offer(self, event: dict[str, Any] | None) -> None:
        """Queue an event (None: the end); a full queue marks the follower as lost."""
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self.overflowed = True

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Yield events in order until the workspace stops or the backlog overflows."""
        while not self.overflowed:
            event = await self._queue.get()
            if event is None:
                return
            yield event


class Changes:
    """Fans out every change of the workspace's state."""

    def __init__(self) -> None:
        self._followers: set[Follower] = set()
        self._waiters: set[asyncio.Future[None]] = set()

    def publish(self, kind: str, **facts: Any) -> None:
        """Tell everyone: `kind` names what changed, `facts` are JSON values for the page."""
        event = {"type": kind, **facts}
        for follower in tuple(self._followers):
            follower.offer(event)
        for waiter in tuple(self._waiters):
            if not waiter.done():
                waiter.set_result(None)

    @contextmanager
    def follow(self) -> Iterator[Follower]:
        """Read all that is published from now on."""
        follower = Follower()
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    def end(self) -> None:
        """Let every follower finish."""
        for follower in tuple(self._followers):
            follower.offer(None)

    async def until(self, predicate: Callable[[], T], deadline_s: float) -> T:
        """Return the first truthy result of `predicate`, looked at after every change.

        Raises:
            TimeoutError: nothing truthy within `deadline_s` seconds of real time.
        """
        async with asyncio.timeout(deadline_s):
            while True:
                waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiters.add(waiter)
                try:
                    if result := predicate():
                        return result
                    await waiter
                finally:
                    self._waiters.discard(waiter)

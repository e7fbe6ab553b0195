"""Something that changes, and whoever waits for it, for so long at most.

As asyncio.Event is used everywhere else; but an event keeps a deque for its waiters that takes 760
bytes also when nobody waits, and each of a thousand targets has two.
"""

from __future__ import annotations

import asyncio


class Change:
    """Set from the event loop's own thread; a set one stays so until it is cleared."""

    __slots__ = ("_set", "_waiting")

    def __init__(self) -> None:
        self._set = False
        self._waiting: tuple[asyncio.Future[None], ...] = ()

    def set(self) -> None:
        """Something has changed: nobody waits any longer."""
        self._set = True
        for waiter in self._waiting:
            _end(waiter)

    def clear(self) -> None:
        """What was before is known."""
        self._set = False

    async def wait(self, at_most_s: float) -> bool:
        """Whether it has been set since it was cleared, or is within `at_most_s` seconds."""
        if self._set or at_most_s <= 0:
            return self._set
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiting = (*self._waiting, waiter)
        late = loop.call_later(at_most_s, _end, waiter)
        try:
            await waiter
        finally:
            late.cancel()
            self._waiting = tuple(w for w in self._waiting if w is not waiter)
        return self._set


def _end(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)

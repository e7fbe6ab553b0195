"""Hours in seconds: an event loop whose time goes on only when there is nothing left to do.

Sockets are real, as long as both ends are in this loop: what was sent is taken up before the time
moves. Threads are not waited for, so nothing in it may rest on one.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike


class _Selector(selectors.BaseSelector):
    """The real one, but nobody waits at it: the time is moved instead."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._loop, self._real = loop, selectors.DefaultSelector()

    def register(
        self, fileobj: FileDescriptorLike, events: int, data: Any = None
    ) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def get_map(self) -> Mapping[FileDescriptorLike, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # nothing is planned at all: only the world outside can go on
            return self._real.select(None)
        ready = self._real.select(min(timeout, self._loop.grace_s))
        if not ready and timeout > 0:
            self._loop.now_s += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`asyncio.Runner(loop_factory=VirtualTimeLoop)`; its time begins at 0.

    grace_s: real seconds that the kernel has to bring what was sent, before the time moves. None
    are needed while nobody answers.
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self.grace_s = 0.01
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self.now_s

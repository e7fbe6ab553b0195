"""Many connections that want to one place at once: few knock, and who gets in tells the others.

What it is for: a backend with hundreds of targets that comes back is not run over by us, and this
process is not busy with knocking while it has looks to take.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterator
from typing import Final

_ATTEMPTS_PER_S: Final = 10.0  # at one backend
_LONGEST_S: Final = 10.0
_SPREAD_S: Final = 0.5
_MANY: Final = 20


class Crowd:
    """The connections of a process that wait or are being made. `backend`: host and port."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[Callable[[], None]]] = {}
        self._knocking = 0

    @property
    def many(self) -> bool:
        """Whether so many connections are being made at this moment that looks had better wait."""
        return self._knocking > _MANY

    @contextlib.contextmanager
    def knocking(self) -> Iterator[None]:
        """While a connection is being made."""
        self._knocking += 1
        try:
            yield
        finally:
            self._knocking -= 1

    @contextlib.contextmanager
    def waiting(self, backend: str, kick: Callable[[], None]) -> Iterator[None]:
        """While a connection to a backend waits for its next attempt: `kick` is called when another
        one has got through, which spares everybody else the rest of their pause."""
        others = self._waiting.setdefault(backend, set())
        others.add(kick)
        try:
            yield
        finally:
            others.discard(kick)
            if not others:
                self._waiting.pop(backend, None)

    def pause_s(self, backend: str, pause_s: float) -> float:
        """A pause before the next attempt, longer where so many wait for one backend that a few of
        them are enough to notice when it is back."""
        crowd_s = len(self._waiting.get(backend, ())) / _ATTEMPTS_PER_S
        return max(pause_s, min(crowd_s, _LONGEST_S) * random.uniform(0.5, 1.0))

    def got_through(self, backend: str) -> None:
        """Somebody is connected again; the others try soon, not all in one moment."""
        loop = asyncio.get_running_loop()
        for kick in self._waiting.get(backend, ()):
            loop.call_later(random.uniform(0.0, _SPREAD_S), kick)

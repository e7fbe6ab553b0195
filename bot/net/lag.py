"""How late this machine lets us work: the yardstick for every time that we measure on it."""

from __future__ import annotations

import asyncio
import time
from typing import Final

_STEP_S: Final = 0.02


class LagMeter:
    """Wakes up again and again and notes by how much it was late, at worst. `stop` ends it."""

    def __init__(self, step_s: float = _STEP_S) -> None:
        """`step_s`: seconds from one look at the clock to the next."""
        self._loop = asyncio.get_running_loop()
        self._step_s = step_s
        self._worst_s = 0.0
        self._due = time.monotonic() + step_s
        self._timer: asyncio.TimerHandle | None = self._loop.call_later(step_s, self._tick)

    @property
    def worst_ms(self) -> float:
        """The worst lateness so far, one that is still going on included, in milliseconds."""
        late = time.monotonic() - self._due if self._timer is not None else 0.0
        return round(max(self._worst_s, late, 0.0) * 1_000, 3)

    def stop(self) -> None:
        """Measure no more. Stopping twice is harmless."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        now = time.monotonic()
        self._worst_s = max(self._worst_s, now - self._due)
        self._due = now + self._step_s
        self._timer = self._loop.call_later(self._step_s, self._tick)

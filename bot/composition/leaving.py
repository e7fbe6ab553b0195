"""Targets that are taken out of the settings: what is open of them ends, and is told to have ended.

Nobody would ever close it otherwise: its message would say "down" for ever, and people would be
called for what nobody watches.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Container
from datetime import datetime
from typing import Final

from bot.incidents import leave
from bot.store import NewDelivery, Store, StoreError

_RETRY_S: Final = 5.0

_log = logging.getLogger("wsdiag")


class Leaving:
    """Run `run()`; set `wake` when targets may have been taken out, after their watchers ended.

    targets: names that are watched, looked at anew each time. The first look finds what was taken
    out while the bot was not running.
    """

    def __init__(
        self,
        store: Store,
        targets: Container[str],
        *,
        now: Callable[[], datetime],
        retry_s: float = _RETRY_S,
    ) -> None:
        self._store, self._targets, self._now, self._retry_s = store, targets, now, retry_s
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. A database that does not work is asked again."""
        while True:
            self.wake.clear()
            try:
                await self._close()
            except StoreError as error:
                _log.error("what is open of targets that are gone is not closed: %s", error)
                await asyncio.sleep(self._retry_s)
            else:
                await self.wake.wait()

    async def _close(self) -> None:
        for incident in await self._store.open_incidents():
            if incident.target in self._targets:
                continue
            after, told = leave(await self._store.load(incident.target), self._now())
            if not told:
                continue
            # It is told where it was told before, so no channel has to be named.
            await self._store.record(after, told, [NewDelivery(None, t) for t in told])
            _log.warning(
                "%s: no longer watched; its incident %s is closed", incident.target, incident.id
            )

"""The deliverer: what the watcher recorded reaches Slack, in order per channel, until accepted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from functools import partial
from typing import Final

from bot.slack.alerting.incident_messages import IncidentMessages
from bot.slack.alerting.rounds import AfterDoubt, AfterRecovery, Hush, Pace, Quiet, Rounds
from bot.store import Store, StoreError

_IDLE_LOOK_S: Final = 60.0

_log = logging.getLogger("wsdiag.slack.alerts")


Turn = Callable[[], Awaitable[None]]
"""Waits until it is this process that may send."""


async def at_once() -> None:
    """Nobody else sends."""


async def _never_quiet(_now: datetime) -> Collection[str]:
    return ()


async def _never_hushed(_channel: str) -> Collection[str]:
    return ()


class Alerts:
    """Sleeps until the store wakes it; a worker per channel that has something to be told.

    See `Quiet`, `Hush`, `AfterRecovery`, `AfterDoubt` and `Turn` for what these are.
    """

    def __init__(
        self,
        store: Store,
        messages: IncidentMessages,
        *,
        now: Callable[[], datetime],
        turn: Turn = at_once,
        quiet: Quiet = _never_quiet,
        hush: Hush = _never_hushed,
        after_recovery: AfterRecovery = lambda _group, _root: None,
        after_doubt: AfterDoubt = lambda _channel, _group: None,
        pace: Pace = Pace(),  # noqa: B008 - frozen
    ) -> None:
        self._store, self._turn, self._pace = store, turn, pace
        self._rounds_in = partial(
            Rounds,
            store=store,
            messages=messages,
            now=now,
            quiet=quiet,
            hush=hush,
            after_recovery=after_recovery,
            after_doubt=after_doubt,
            pace=pace,
        )
        self._rounds: dict[str, Rounds] = {}  # by channel; each remembers its pace
        self._workers: dict[str, tuple[asyncio.Task[None], asyncio.Event]] = {}

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                self._store.wake.clear()
                pause_s = await self._look()
                await _until(self._store.wake, pause_s)
        finally:
            workers = {task for task, _ in self._workers.values()}
            for worker in workers:
                worker.cancel()
            if workers:
                await asyncio.wait(workers)

    async def _look(self) -> float:
        """Start a worker where one is missing, wake the others; seconds until the next look."""
        try:
            channels = await self._store.channels_pending()
        except StoreError as error:
            _log.error("the outbox cannot be read: %s", error)
            return self._pace.store_retry_s
        for channel in channels:
            if channel not in self._workers:
                news = asyncio.Event()
                if channel not in self._rounds:
                    self._rounds[channel] = self._rounds_in(channel)
                work = self._work(self._rounds[channel], news)
                worker = asyncio.create_task(work, name=f"alerts in {channel}")
                self._workers[channel] = worker, news
                worker.add_done_callback(partial(self._ended, channel))
        for _, news in self._workers.values():
            news.set()
        return _IDLE_LOOK_S

    def _ended(self, channel: str, worker: asyncio.Task[None]) -> None:
        del self._workers[channel]
        if not worker.cancelled() and worker.exception() is not None:
            _log.error("delivering to %s broke off", channel, exc_info=worker.exception())
        self._store.wake.set()  # something may have come in while the worker was ending

    async def _work(self, rounds: Rounds, news: asyncio.Event) -> None:
        """Tell everything that waits for a channel, until nothing does."""
        while True:
            await self._turn()
            news.clear()
            try:
                pause_s = await rounds.next()
            except StoreError as error:
                _log.error("a delivery could not be recorded: %s", error)
                await asyncio.sleep(self._pace.store_retry_s)
                continue
            if pause_s is None:
                return
            if pause_s > 0:
                await _until(news, pause_s)


async def _until(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass

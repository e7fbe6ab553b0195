"""The deliverer: what the watcher recorded reaches Slack, in order per channel, until accepted."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bot.model import Delivery, TransitionKind
from bot.slack.client import REACHING, TokenRefused
from bot.slack.errors import SlackTrouble, Trouble, understand
from bot.slack.incident_messages import IncidentMessages, Root
from bot.store import Store, StoreError

_BATCH: Final = 100
_LONGEST_RETRY_S: Final = 60.0  # Slack out of reach: for hours, at this pace
_NEEDS_HANDS_S: Final = 300.0  # a channel or token that someone has to put right
_STORE_RETRY_S: Final = 5.0
_IDLE_LOOK_S: Final = 60.0

_log = logging.getLogger("wsdiag.slack.alerts")


class Alerts:
    """Sleeps until the store wakes it; a worker per channel that has something to be told."""

    def __init__(
        self,
        store: Store,
        messages: IncidentMessages,
        *,
        now: Callable[[], datetime],
        first_retry_s: float = 2.0,
    ) -> None:
        self._store, self._messages, self._now = store, messages, now
        self._first_retry_s = first_retry_s
        self._started_at = now()
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._shown: dict[str, tuple[int, Root]] = {}  # incident → newest delivery on its message

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                self._store.wake.clear()
                await self._sleep(await self._look())
        finally:
            for worker in self._workers.values():
                worker.cancel()
            if self._workers:
                await asyncio.wait(set(self._workers.values()))

    async def _look(self) -> float:
        """Start a worker where one is missing; returns the seconds until the next look."""
        try:
            for channel in await self._store.channels_pending(now=self._now()):
                if channel not in self._workers:
                    worker = asyncio.create_task(self._work(channel), name=f"alerts in {channel}")
                    self._workers[channel] = worker
                    worker.add_done_callback(partial(self._ended, channel))
            retry_at = await self._store.next_retry()
        except StoreError as error:
            _log.error("the outbox cannot be read: %s", error)
            return _STORE_RETRY_S
        if retry_at is None:
            return _IDLE_LOOK_S
        return min(_IDLE_LOOK_S, max(0.05, (retry_at - self._now()).total_seconds()))

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._store.wake.wait()
        except TimeoutError:
            pass

    def _ended(self, channel: str, worker: asyncio.Task[None]) -> None:
        del self._workers[channel]
        if not worker.cancelled() and worker.exception() is not None:
            _log.error("delivering to %s broke off", channel, exc_info=worker.exception())
        self._store.wake.set()  # something may have come in while the worker was ending

    async def _work(self, channel: str) -> None:
        """Tell everything that waits for this channel, until nothing does or Slack says no."""
        while True:
            try:
                waiting = await self._store.pending(channel, now=self._now(), limit=_BATCH)
                if not waiting:
                    return
                if not await self._deliver(waiting[0], waiting[1:]):
                    return
            except StoreError as error:
                _log.error("a delivery could not be recorded: %s", error)
                await asyncio.sleep(_STORE_RETRY_S)

    async def _deliver(self, head: Delivery, later: Sequence[Delivery]) -> bool:
        """One delivery. False: it is postponed, and with it the channel."""
        try:
            root = await self._tell(head, later)
        except TokenRefused as error:
            trouble = SlackTrouble(Trouble.TOKEN, str(error))
        except REACHING as error:
            trouble = understand(error)
        else:
            await self._store.mark_delivered(head.id, root.ts, self._now())
            if head.kind is TransitionKind.CLOSED:
                self._shown.pop(head.incident_id, None)
            return True
        wait_s = self._retry_after(trouble, head.attempts)
        await self._store.mark_failed(
            head.id, trouble.code, self._now() + timedelta(seconds=wait_s)
        )
        _complain(head, trouble, wait_s)
        return False

    async def _tell(self, head: Delivery, later: Sequence[Delivery]) -> Root:
        """Show the newest state that waits, so that no one reads what is over already."""
        newest = next((d for d in reversed(later) if d.incident_id == head.incident_id), head)
        in_doubt = head.attempts > 0 or head.at < self._started_at
        known = self._shown.get(head.incident_id)
        if known is not None and known[0] >= newest.id:
            root = known[1]
        else:
            root = await self._messages.show(
                newest, known[1].ts if known else head.message_ts, in_doubt=in_doubt
            )
            self._shown[head.incident_id] = (newest.id, root)
        if head.kind is TransitionKind.CLOSED:
            await self._messages.reply(root, head, in_doubt=in_doubt)
        return root

    def _retry_after(self, trouble: SlackTrouble, attempts: int) -> float:
        if trouble.retry_after_s is not None:
            return trouble.retry_after_s + random.uniform(0.0, 1.0)
        longest = _LONGEST_RETRY_S
        if trouble.kind in (Trouble.CHANNEL, Trouble.TOKEN, Trouble.CONTENT):
            longest = _NEEDS_HANDS_S
        wait_s = self._first_retry_s * 2.0 ** min(attempts, 10)
        return min(longest, wait_s) * random.uniform(0.8, 1.2)


def _complain(delivery: Delivery, trouble: SlackTrouble, wait_s: float) -> None:
    """Log what happened, with what to do where waiting alone does not help."""
    match trouble.kind:
        case Trouble.CHANNEL:
            hint = f"invite the bot to {delivery.channel} (/invite), or set WSDIAG_CHANNEL"
        case Trouble.TOKEN:
            hint = "reinstall the app, set the new SLACK_BOT_TOKEN and restart"
        case Trouble.CONTENT:
            hint = "this is an error of the bot's own: please report it"
        case _:
            hint = "Slack is asked again by itself"
    _log.warning(
        "the news of %s did not reach %s (%s); again in %.0f s; %s",
        delivery.target,
        delivery.channel,
        trouble.code,
        wait_s,
        hint,
    )

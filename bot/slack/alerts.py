"""The deliverer: what the watcher recorded reaches Slack, in order per channel, until accepted."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bot.model import Delivery, State, TransitionKind
from bot.slack.client import REACHING, TokenRefused
from bot.slack.errors import SlackTrouble, Trouble, understand
from bot.slack.incident_messages import IncidentMessages, Root
from bot.store import Store, StoreError

_BATCH: Final = 100
_LONGEST_RETRY_S: Final = 60.0  # Slack out of reach, a channel closed to us: for hours, like this
_TRIES: Final = 8  # of a message that Slack does not accept, before a bare sentence takes its place
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
        store_retry_s: float = _STORE_RETRY_S,
    ) -> None:
        self._store, self._messages, self._now = store, messages, now
        self._first_retry_s, self._store_retry_s = first_retry_s, store_retry_s
        self._inherited: int | None = (
            None  # the last delivery that an earlier process may have sent
        )
        self._tried: set[int] = set()  # what this process has begun to send and not marked
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
            if self._inherited is None:
                self._inherited = await self._store.newest_delivery()
            for channel in await self._store.channels_pending(now=self._now()):
                if channel not in self._workers:
                    worker = asyncio.create_task(self._work(channel), name=f"alerts in {channel}")
                    self._workers[channel] = worker
                    worker.add_done_callback(partial(self._ended, channel))
            retry_at = await self._store.next_retry()
        except StoreError as error:
            _log.error("the outbox cannot be read: %s", error)
            return self._store_retry_s
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
                await asyncio.sleep(self._store_retry_s)

    async def _deliver(self, head: Delivery, later: Sequence[Delivery]) -> bool:
        """One delivery. False: it is postponed, and with it the channel."""
        in_doubt = self._in_doubt(head)
        self._tried.add(head.id)  # until it is marked: should that fail, it was sent all the same
        try:
            root = await self._tell(head, later, in_doubt=in_doubt)
        except TokenRefused as error:
            trouble = SlackTrouble(Trouble.TOKEN, str(error))
        except REACHING as error:
            trouble = understand(error)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - one that cannot be told must not stop the rest
            _log.exception("the news of %s cannot be told", head.target)
            trouble = SlackTrouble(Trouble.CONTENT, type(error).__name__)
        else:
            await self._store.mark_delivered(head.id, root.ts, self._now())
            self._done(head)
            return True
        if trouble.kind is Trouble.CONTENT and head.attempts + 1 >= _TRIES:
            said = await self._messages.barely([head, *later])
            if said is not None:
                await self._store.mark_delivered(head.id, said.ts, self._now())
                self._done(head)
                return True
        wait_s = self._retry_after(trouble, head.attempts)
        await self._store.mark_failed(
            head.id, trouble.code, self._now() + timedelta(seconds=wait_s)
        )
        _complain(head, trouble, wait_s)
        return False

    def _in_doubt(self, delivery: Delivery) -> bool:
        """Whether Slack may have it already: then it is looked for before it is sent.

        By number and not by time, as clocks are set back.
        """
        return (
            self._inherited is None
            or delivery.id <= self._inherited
            or delivery.id in self._tried
            or delivery.attempts > 0
        )

    def _done(self, delivery: Delivery) -> None:
        self._tried.discard(delivery.id)
        if delivery.kind is TransitionKind.CLOSED:
            self._shown.pop(delivery.incident_id, None)

    async def _tell(self, head: Delivery, later: Sequence[Delivery], *, in_doubt: bool) -> Root:
        """Show the newest state that waits, so that no one reads what is over already."""
        rest = [d for d in later if d.incident_id == head.incident_id]
        newest = rest[-1] if rest else head
        known = self._shown.get(head.incident_id)
        if known is not None and known[0] >= newest.id:
            root = known[1]
        else:
            root = await self._messages.show(
                newest, known[1].ts if known else head.message_ts, in_doubt=in_doubt
            )
            if known is not None and root.ts == known[1].ts:
                root = known[1]  # edited, which is no news of what it announced
            self._shown[head.incident_id] = (newest.id, root)
        if head.kind is TransitionKind.CLOSED:
            await self._messages.reply(root, head, in_doubt=in_doubt)
        elif head.worse and newest.state is State.DOWN and not any(d.worse for d in rest):
            # Said with what is known by now, and found again by the number of what it is about.
            news = replace(newest, id=head.id)
            await self._messages.reply(root, news, in_doubt=in_doubt)
        return root

    def _retry_after(self, trouble: SlackTrouble, attempts: int) -> float:
        if trouble.retry_after_s is not None:
            return trouble.retry_after_s + random.uniform(0.0, 1.0)
        wait_s = self._first_retry_s * 2.0 ** min(attempts, 10)
        return min(_LONGEST_RETRY_S, wait_s) * random.uniform(0.8, 1.2)


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

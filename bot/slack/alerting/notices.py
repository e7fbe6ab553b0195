"""Tells what the bot has to say of itself in the default channel, in order, until accepted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.model import Notice
from bot.slack.alerting.alerts import Turn, at_once
from bot.slack.blocks.common import Reader
from bot.slack.blocks.notice import notice as drawn
from bot.slack.way.channels import Channels
from bot.slack.way.client import REACHING, TokenRefused
from bot.slack.way.errors import raise_if_passing, understand
from bot.store import Store, StoreError

NOTICE_EVENT: Final = "wsdiag_notice"

_LOOK_BACK_S: Final = 300.0
_FIRST_RETRY_S: Final = 2.0
_LONGEST_RETRY_S: Final = 60.0
_IDLE_LOOK_S: Final = 60.0

_log = logging.getLogger("wsdiag.slack.notices")


class NoticeTeller:
    """Run `run()` in a task until it is cancelled."""

    def __init__(
        self,
        store: Store,
        channels: Channels,
        *,
        channel: str,
        reader: Callable[[str], Reader],
        now: Callable[[], datetime],
        turn: Turn = at_once,
        first_retry_s: float = _FIRST_RETRY_S,
    ) -> None:
        self._store, self._channels = store, channels
        self._channel, self._reader, self._now = channel, reader, now
        self._turn, self._first_retry_s = turn, first_retry_s
        self._sent_by_us: set[int] = set()  # begun by this process, hence perhaps there already
        self._fresh: int | None = None  # from this id on nobody but us can have sent it

    async def run(self) -> None:
        """Tell whatever waits, then sleep until there is more."""
        failures = 0
        while True:
            await self._turn()
            self._store.notices.wake.clear()
            try:
                await self._tell_all()
            except TokenRefused as error:
                failures += 1
                _log.debug("a notice waits: %s", error)
            except REACHING as error:
                failures += 1
                _log.warning("a notice did not reach %s: %s", self._channel, understand(error).code)
            except StoreError as error:
                failures += 1
                _log.error("a notice could not be recorded: %s", error)
            else:
                failures = 0
            pause_s = _IDLE_LOOK_S
            if failures:
                pause_s = min(_LONGEST_RETRY_S, self._first_retry_s * 2.0 ** min(failures - 1, 10))
            try:
                async with asyncio.timeout(pause_s):
                    await self._store.notices.wake.wait()
            except TimeoutError:
                pass

    async def _tell_all(self) -> None:
        waiting = await self._store.notices.pending()
        if self._fresh is None:  # whatever waits at the start, an earlier process may have sent
            self._fresh = max((n.id for n in waiting), default=0) + 1
        for notice in waiting:
            doubtful = notice.id < self._fresh or notice.id in self._sent_by_us
            if not (doubtful and await self._stands_there(notice)):
                self._sent_by_us.add(notice.id)
                await self._channels.post(
                    self._channel,
                    drawn(notice, self._reader(self._channel).lang),
                    metadata={"event_type": NOTICE_EVENT, "event_payload": {"notice": notice.id}},
                )
            await self._store.notices.told(notice.id, self._now())
            self._sent_by_us.discard(notice.id)

    async def _stands_there(self, notice: Notice) -> bool:
        """Whether the channel shows it; False also where it cannot be read: doubled beats lost."""
        try:
            oldest = notice.at.timestamp() - _LOOK_BACK_S
            async for message in self._channels.history(self._channel, oldest):
                metadata = message.get("metadata") or {}
                payload = metadata.get("event_payload") or {}
                if (
                    metadata.get("event_type") == NOTICE_EVENT
                    and payload.get("notice") == notice.id
                ):
                    return True
        except REACHING as error:
            raise_if_passing(error)
            _log.warning(
                "cannot look for a notice in %s: %s", self._channel, understand(error).code
            )
        return False

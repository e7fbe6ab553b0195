"""Tells channels of their week, each week once, when they want it: over restarts and long absences.

A digest is noted before it is sent and after; what was begun and not marked is looked for in the
channel first. One that is late by more than a day or two is left out: Monday's news on Thursday are
none.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.charts.clock import Clock, Zone
from bot.digest import Due, advise, latest, upcoming
from bot.model import Target
from bot.slack.alerting.alerts import Turn, at_once
from bot.slack.blocks.digest import digest as drawn
from bot.slack.desk import Planned, never_planned
from bot.slack.way.channels import Channels
from bot.slack.way.client import REACHING, TokenRefused
from bot.slack.way.errors import raise_if_passing, understand
from bot.slack.weeks import reckon
from bot.spans import Span
from bot.store import Store, StoreError
from bot.uptime import WEEK

DIGEST_EVENT: Final = "wsdiag_digest"

_TOO_LATE: Final = timedelta(days=2)
_AGAIN_AFTER: Final = timedelta(days=6)  # where the day was changed: not twice in a week
_LONGEST_SLEEP_S: Final = 300.0  # settings may change, and clocks be set
_RETRY_S: Final = 60.0
_LOOK_BACK_S: Final = 300.0

_log = logging.getLogger("wsdiag.slack.digests")


class DigestTeller:
    """Run `run()` in a task until it is cancelled.

    due: channel → when its digest is due; looked at anew each time. language: of a channel.
    """

    def __init__(
        self,
        store: Store,
        channels: Channels,
        targets: Mapping[str, Target],
        *,
        due: Callable[[], Mapping[str, Due]],
        language: Callable[[str], str],
        planned: Planned = never_planned,
        default_channel: str | None,
        now: Callable[[], datetime],
        turn: Turn = at_once,
        retry_s: float = _RETRY_S,
    ) -> None:
        self._store, self._channels, self._targets = store, channels, targets
        self._due, self._language, self._now = due, language, now
        self._planned = planned
        self._default, self._turn, self._retry_s = default_channel, turn, retry_s

    async def run(self) -> None:
        """Tell what is due, then sleep until there is more."""
        while True:
            await self._turn()
            pause_s = _LONGEST_SLEEP_S
            for channel, due in self._due().items():
                try:
                    await self._look(channel, due)
                except TokenRefused as error:
                    pause_s = self._retry_s
                    _log.debug("a digest waits: %s", error)
                except REACHING as error:
                    pause_s = self._retry_s
                    _log.warning("no digest in %s yet: %s", channel, understand(error).code)
                except StoreError as error:
                    pause_s = self._retry_s
                    _log.error("the digest of %s cannot be recorded: %s", channel, error)
                left_s = (upcoming(due, self._now()) - self._now()).total_seconds()
                pause_s = min(pause_s, max(0.05, left_s))
            await asyncio.sleep(pause_s)

    async def _look(self, channel: str, due: Due) -> None:
        """Tell a channel's last week, if nobody has."""
        now, digests = self._now(), self._store.digests
        at = latest(due, now)
        known = await digests.last(channel)
        if known is None:
            await digests.done(channel, at, now)  # from now on, and not of the time before
            return
        if known.due_at >= at and known.done:
            return
        if known.due_at > at:
            return  # the clock was set back
        told_lately = known.done and at - known.due_at < _AGAIN_AFTER
        if told_lately or now - at > _TOO_LATE:
            await digests.done(channel, at, now)
            return
        begun = known.due_at == at and known.begun
        if not (begun and await self._stands_there(channel, at)):
            await self._tell(channel, due, at)
        await digests.done(channel, at, now)

    async def _tell(self, channel: str, due: Due, at: datetime) -> None:
        targets = [t for t in self._targets.values() if self._told_in(t, channel)]
        reckoned = await reckon(self._store, targets, Span.until(at, WEEK), self._planned)
        if not reckoned.targets:
            return
        clock = Clock.of(Zone(due.zone), self._language(channel))
        post = drawn(reckoned, advise(reckoned.targets), clock)
        await self._store.digests.begin(channel, at, self._now())
        metadata = {"event_type": DIGEST_EVENT, "event_payload": {"due": int(at.timestamp())}}
        await self._channels.post(channel, post, metadata=metadata)

    def _told_in(self, target: Target, channel: str) -> bool:
        """Whether a target's alerts go to this channel."""
        return (target.channel or self._default or "").lstrip("#") == channel.lstrip("#")

    async def _stands_there(self, channel: str, at: datetime) -> bool:
        """Whether the channel shows it; False also where it cannot be read: doubled beats lost."""
        try:
            async for message in self._channels.history(channel, at.timestamp() - _LOOK_BACK_S):
                metadata = message.get("metadata") or {}
                payload = metadata.get("event_payload") or {}
                if metadata.get("event_type") == DIGEST_EVENT and payload.get("due") == int(
                    at.timestamp()
                ):
                    return True
        except REACHING as error:
            raise_if_passing(error)
            _log.warning("cannot look for a digest in %s: %s", channel, understand(error).code)
        return False

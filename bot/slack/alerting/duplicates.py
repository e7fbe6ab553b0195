"""Messages that Slack accepted late: what was sent again meanwhile stands there twice.

A request of a process that was killed, or whose answer never came, may be carried out long after
it was looked for and sent anew. So after such a doubt the channel is looked at again, and of two
messages that say the same the one that nobody would ever edit is taken away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bot.jobs import Jobs, JobsBusyError, JobsClosedError
from bot.model import Group
from bot.slack.alerting.stamps import Part, is_part, not_before, told_by
from bot.slack.way.channels import Channels
from bot.slack.way.client import REACHING
from bot.slack.way.errors import understand
from bot.store import Store, StoreError

_LOOKS_S: Final = (15.0, 45.0)  # after the doubt, and after the first look
_SURE_S: Final = 3.0
_MOST: Final = 32  # groups that are looked after at once: commands need their jobs too

_log = logging.getLogger("wsdiag.slack.alerts")


class Duplicates:
    """Called with a channel and a group of which something was in doubt; see `rounds.AfterDoubt`.

    looks_s: the pauses before each look. sure_s: what it takes at most to record a post. Seconds.
    """

    def __init__(
        self,
        jobs: Jobs,
        store: Store,
        channels: Channels,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        looks_s: Sequence[float] = _LOOKS_S,
        sure_s: float = _SURE_S,
    ) -> None:
        self._jobs, self._store, self._channels = jobs, store, channels
        self._now, self._looks_s, self._sure_s = now, looks_s, sure_s
        self._watched: set[tuple[str, str]] = set()

    def __call__(self, channel: str, group: Group) -> None:
        key = channel, group.id
        if key in self._watched or len(self._watched) >= _MOST:
            return
        try:
            self._jobs.start(f"duplicates of {group.lead.target}", self._look_after(channel, group))
        except (JobsBusyError, JobsClosedError):
            _log.info("nobody looks for duplicates of %s: too much to do", group.lead.target)

    async def _look_after(self, channel: str, group: Group) -> None:
        self._watched.add((channel, group.id))
        try:
            for pause_s in self._looks_s:
                await asyncio.sleep(pause_s)
                await self._look(channel, group)
        finally:
            self._watched.discard((channel, group.id))

    async def _look(self, channel: str, group: Group) -> None:
        try:
            ts = (await self._store.messages(group.id)).get(channel)
            if ts is None:
                return  # not told yet: who tells it looks for what stands there
            place = await self._channels.id(channel)
            surplus = await self._roots(place, group, ts)
            if surplus is None:
                return
            async for extra in _said_before(self._channels.thread(place, ts), group):
                surplus.append(extra)
            if not surplus or not await self._stands(channel, group, ts):
                return
            for extra in surplus:
                _log.warning("%s: Slack has a message twice; one is removed", group.lead.target)
                await self._channels.remove(place, extra)
        except StoreError as error:
            _log.warning("no look for duplicates of %s: %s", group.lead.target, error)
        except REACHING as error:
            code = understand(error).code
            _log.warning("no look for duplicates of %s: %s", group.lead.target, code)

    async def _stands(self, channel: str, group: Group, ts: str) -> bool:
        """Whether that is its message still, and none that was posted just now."""
        await asyncio.sleep(self._sure_s)
        return (await self._store.messages(group.id)).get(channel) == ts

    async def _roots(self, place: str, group: Group, ts: str) -> list[str] | None:
        """Messages of the group beside its own; None where its own is not to be seen, so that
        none of them can be done without."""
        seen: list[Mapping[str, Any]] = [
            message
            async for message in self._channels.history(place, not_before(group, self._now()))
            if is_part(message, group.id, Part.ROOT)
        ]
        if all(str(message["ts"]) != ts for message in seen):
            return None
        return [str(m["ts"]) for m in seen if str(m["ts"]) != ts and not m.get("reply_count")]


async def _said_before(
    thread: AsyncIterator[Mapping[str, Any]], group: Group
) -> AsyncIterator[str]:
    """The replies of a thread that tell of nothing that one before them did not."""
    said: dict[Part, set[int]] = {}
    async for message in thread:
        for part in Part:
            if part is not Part.ROOT and is_part(message, group.id, part):
                told, before = told_by(message), said.setdefault(part, set())
                if told and told <= before:
                    yield str(message["ts"])
                before |= told

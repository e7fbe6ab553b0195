"""A picture below every recovery: what it was like before, meanwhile and since.

It comes when the recovery is told already, as a job of its own. Whatever becomes of it, the
recovery stands; a picture that was not drawn in time is not made up for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.charts import DrawingError
from bot.charts.clock import Zone
from bot.jobs import Jobs, JobsBusyError, JobsClosedError
from bot.model import Group
from bot.slack.alerting.incident_messages import Root
from bot.slack.pictures import Pictures, Viewer
from bot.slack.way.client import REACHING
from bot.slack.way.errors import understand
from bot.store import StoreError

_LENGTHS: Final = tuple(
    timedelta(minutes=minutes)
    for minutes in (15, 30, 60, 180, 360, 720, 1_440, 3 * 1_440, 7 * 1_440, 30 * 1_440)
)
_MOST: Final = 4  # pictures that may wait for each other: a storm must not keep commands waiting
_BEFORE: Final = 3.0  # times as long as it lasted: what was usual is to be seen as well

_log = logging.getLogger("wsdiag.slack")


def length(lasted: timedelta) -> timedelta:
    """How far back a picture looks after something that lasted so long."""
    return next((one for one in _LENGTHS if one >= _BEFORE * lasted), _LENGTHS[-1])


class Aftermath:
    """Called with a group and its message, draws in the background; see `rounds.AfterRecovery`.

    lang: the language of a channel, or of the person whose "channel" it is.
    """

    def __init__(
        self,
        jobs: Jobs,
        pictures: Pictures,
        *,
        lang: Callable[[str], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._jobs, self._pictures, self._lang, self._now = jobs, pictures, lang, now
        self._under_way = 0

    def __call__(self, group: Group, root: Root) -> None:
        if self._under_way >= _MOST:
            _log.info("no picture of %s: others are still to be drawn", group.lead.target)
            return
        try:
            self._jobs.start(f"picture of {group.lead.target}", self._draw(group, root))
        except (JobsBusyError, JobsClosedError):
            _log.warning("no picture of %s: too much to do, or ending", group.lead.target)

    async def _draw(self, group: Group, root: Root) -> None:
        self._under_way += 1
        try:
            await self._share(group, root)
        finally:
            self._under_way -= 1

    async def _share(self, group: Group, root: Root) -> None:
        target = group.lead.target
        viewer = Viewer(self._lang(group.channel), Zone())  # many look at it: UTC, and it says so
        try:
            picture = await self._pictures.compose(target, length(self._now() - group.began))
            if not picture.blank:
                await self._pictures.share(picture, viewer, root.channel, root.ts)
        except (StoreError, DrawingError) as error:
            _log.warning("no picture of %s: %s", target, error)
        except REACHING as error:
            _log.warning("no picture of %s: %s", target, understand(error).code)

"""What the bot notices about itself: that it was away, and that its own network is broken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from bot.model import Notice, NoticeKind, Reason, Report, State
from bot.store import Store, StoreError

BLIND_AFTER: Final = timedelta(minutes=3)  # a restart of the bot takes less, and is no news

_TICK_S: Final = 30.0

_log = logging.getLogger("wsdiag")


class SelfReport:
    """Keeps notices for `bot.slack.alerting.notices`. `now` gives the time, in UTC."""

    def __init__(
        self, store: Store, *, now: Callable[[], datetime], tick_s: float = _TICK_S
    ) -> None:
        self._store, self._now, self._tick_s = store, now, tick_s
        self._alone_since: datetime | None = None  # since then the controls fail
        self._alone_at = now()  # … and at this moment they still did
        self._cut_off: set[str] = set()  # targets that could not be judged for it
        self._said = False
        self._ticked_at: datetime | None = None

    async def run(self) -> None:
        """Note every half minute that the bot lives. A longer gap is told: it was not running or
        the machine slept, hence nothing was watched; or it ran, and the database was away."""
        while True:
            try:
                await self._tick()
            except StoreError as error:
                _log.error("a sign of life could not be recorded: %s", error)
            await asyncio.sleep(self._tick_s)

    async def _tick(self) -> None:
        now, ticked_at = self._now(), self._ticked_at
        self._ticked_at = now
        ran = ticked_at is not None and now - ticked_at < BLIND_AFTER
        kind = NoticeKind.UNRECORDED if ran else NoticeKind.BLIND
        before = await self._store.notices.alive(now, gap=BLIND_AFTER, kind=kind)
        if before is not None and now - before >= BLIND_AFTER:
            what = "recorded" if ran else "watched"
            _log.warning("nothing was %s since %s", what, before.isoformat(" ", "seconds"))

    async def saw(self, report: Report) -> None:
        """Take a watcher's look into account. The second one in a row that could not judge because
        the controls fail too is told, once for all targets, and so is the first one that can.

        A target that was in reach all the while does not end it: it proves nothing new, and where
        it takes turns with one that is not, each turn would be told.
        """
        now, name = self._now(), report.target_name
        if _alone(report):
            self._alone_at = now
            self._cut_off.add(name)
            if self._alone_since is None:
                self._alone_since = now
            elif not self._said:
                self._said = True
                await self._keep(Notice(NoticeKind.OUR_NETWORK, now, self._alone_since))
        elif self._alone_since is not None and report.verdict.state is not State.UNKNOWN:
            since, said = self._alone_since, self._said
            if said and name not in self._cut_off and now - self._alone_at < BLIND_AFTER:
                return
            self._alone_since, self._said = None, False
            self._cut_off.clear()
            if said:
                await self._keep(Notice(NoticeKind.OUR_NETWORK_BACK, now, since))

    async def _keep(self, notice: Notice) -> None:
        try:
            await self._store.notices.add(notice)
        except StoreError as error:
            _log.error("a notice (%s) could not be recorded: %s", notice.kind, error)


def _alone(report: Report) -> bool:
    return report.verdict.state is State.UNKNOWN and any(
        finding.probe == "control" and finding.reason is Reason.CONTROL_FAILED
        for finding in report.findings
    )

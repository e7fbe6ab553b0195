"""Whether the bot works: what /readyz answers, and whether the heartbeat goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.model import Target
from bot.store import Store
from bot.watcher import Snapshot
from bot.web.health import Check

_STALE: Final = timedelta(seconds=90)  # a watcher's loop turns every few seconds, or every interval
_UNTOLD: Final = timedelta(minutes=10)  # news that wait longer reach nobody in time
_NAMED: Final = 5  # targets in a line of the log


class NotWellError(Exception):
    """What does not work, for the log."""


class Wellbeing:
    """targets: what is to be watched, looked at anew each time. snapshots: what is watched.
    slack: whether Slack is connected."""

    def __init__(
        self,
        store: Store,
        targets: Mapping[str, Target],
        *,
        snapshots: Callable[[], Mapping[str, Snapshot]],
        slack: Callable[[], bool],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._targets = store, targets
        self._snapshots, self._slack, self._now = snapshots, slack, now

    def checks(self) -> Mapping[str, Check]:
        """The parts of /readyz. Each raises what does not work, as an exception."""
        return {"slack": self._connected, "store": self._writable, "watchers": self._watching}

    async def well(self) -> bool:
        """True: outages are noticed, kept and told; else raises like the checks. News that wait
        count as well: who is to hear of them, if not by another way?"""
        for check in self.checks().values():
            await check()
        oldest = (await self._store.outbox()).oldest_at
        if oldest is not None and self._now() - oldest >= _UNTOLD:
            raise NotWellError(f"news wait since {oldest.isoformat(' ', 'seconds')}")
        return True

    async def _connected(self) -> bool:
        if not self._slack():
            raise NotWellError("Slack is not connected")
        return True

    async def _writable(self) -> bool:
        await self._store.check()
        return True

    async def _watching(self) -> bool:
        now, present = self._now(), self._snapshots()
        still = [
            name
            for name, target in self._targets.items()
            if not _ticks(present.get(name), target, now)
        ]
        if still:
            more = f" and {len(still) - _NAMED} more" if len(still) > _NAMED else ""
            raise NotWellError(
                f"no sign of life of the watchers of {', '.join(still[:_NAMED])}{more}"
            )
        return True


def _ticks(snapshot: Snapshot | None, target: Target, now: datetime) -> bool:
    """Whether a watcher's loop turns: between two turns may be a check, and the wait for it."""
    if snapshot is None or snapshot.ticked_at is None:
        return False
    slowest = timedelta(seconds=target.watch.interval_s + target.deadline_s)
    return now - snapshot.ticked_at < _STALE + slowest

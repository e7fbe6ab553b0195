"""A check that someone asked for: run once however many ask, shown live, answered to each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

from bot.jobs import Jobs, JobsBusyError, JobsClosedError, Joined
from bot.model import Message, Report, Status, Target
from bot.slack.blocks.common import Reader
from bot.slack.blocks.kit import Post
from bot.slack.blocks.progress import busy, failed, interrupted, progress
from bot.slack.blocks.summary import summary
from bot.slack.way.posting import CALL_S, LiveMessage, Place, Poster
from bot.store import Store, StoreError, UnfinishedMessage

if TYPE_CHECKING:
    from bot.diagnose import Progress

_PATIENCE_S: Final = 180.0
_DEEP_PATIENCE_S: Final = 600.0  # one holds for two minutes, and few may at once
_FAREWELL_S: Final = 1.8  # to rewrite a progress message while the process ends

_log = logging.getLogger("wsdiag.slack")


class Diagnose(Protocol):
    """`bot.diagnose.diagnose` with its controls and vantage already chosen."""

    def __call__(
        self,
        target: Target,
        *,
        deep: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Awaitable[Report]: ...


@dataclass(frozen=True, slots=True)
class Done:
    """A report, and the id under which a button finds it; None: it could not be kept.

    before: the last good report of the target that there was when this check began.
    """

    report: Report
    report_id: str | None
    before: Report | None = None


@dataclass(slots=True)
class _Board:
    """What is known of a run while it lasts; everyone who joined watches the same one."""

    seen: dict[str, Status | None] = field(default_factory=dict)
    notes: dict[str, Message] = field(default_factory=dict)  # how far a long probe has got
    watchers: set[asyncio.Event] = field(default_factory=set)

    def note(self, step: Progress) -> None:
        """A probe has started, or reported; of several findings of a probe the worst stays."""
        if step.note is not None:
            self.notes[step.probe] = step.note
        before = self.seen.get(step.probe)
        if step.finding is None:
            self.seen.setdefault(step.probe, None)
        elif before is None or _WORSE.index(step.finding.status) > _WORSE.index(before):
            self.seen[step.probe] = step.finding.status
        for watcher in self.watchers:
            watcher.set()


_WORSE = (Status.SKIPPED, Status.OK, Status.WARN, Status.FAIL)


class Checks:
    """Runs checks for people."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        diagnose: Diagnose,
        store: Store,
        poster: Poster,
        suite: Sequence[str],
    ) -> None:
        """`suite`: names of the probes in the order in which they are shown."""
        self._jobs, self._diagnose, self._store = jobs, diagnose, store
        self._poster, self._suite = poster, tuple(suite)
        self._boards: dict[str, _Board] = {}

    async def answer(
        self, target: Target, place: Place, reader: Reader, *, deep: bool = False
    ) -> None:
        """Check `target` (or join the check that runs) and show it in `place`, to the end.

        `deep` holds sessions as well, which takes up to 140 s; deep checks join each other.
        """
        live = self._poster.live(place)
        changed = asyncio.Event()

        def shown() -> Post:
            return progress(
                target.name, self._suite, board.seen, reader.lang, notes=board.notes, deep=deep
            )

        try:
            # Started before anything is posted: the answer does not wait for Slack.
            joined, board = self._join(target, deep=deep)
            board.watchers.add(changed)

            await live.open(shown())
            await self._note(live, target, reader)
            following = asyncio.create_task(
                live.follow(shown, changed), name=f"follow the check of {target.name}"
            )
            try:
                done = await joined.result()
            finally:
                board.watchers.discard(changed)
                following.cancel()
                await asyncio.wait({following})
        except asyncio.CancelledError:
            end = interrupted(target.name, reader.lang)
            await self._finish(live, end, deadline_s=_FAREWELL_S)
            raise
        except (JobsBusyError, JobsClosedError):
            await self._finish(live, busy(reader.lang))
            return
        except Exception:  # noqa: BLE001 — whatever breaks, no message may be left saying "running"
            _log.exception("the check of %s failed", target.name)
            await self._finish(live, failed(target.name, reader.lang))
            return
        result = summary(done.report, done.report_id, reader, before=done.before)
        await self._finish(live, result)

    async def _note(self, live: LiveMessage, target: Target, reader: Reader) -> None:
        """So that the next process finds a message that a killed one left behind."""
        if live.posted is None:
            return
        channel, ts = live.posted
        now = datetime.now(UTC)
        message = UnfinishedMessage(channel, ts, target.name, reader.lang, now)
        try:
            await self._store.unfinished.add(message)
        except StoreError as error:
            _log.warning("a progress message is not noted: %s", error)

    async def _finish(self, live: LiveMessage, end: Post, *, deadline_s: float = CALL_S) -> None:
        noted = live.posted
        if not await live.finish(end, deadline_s=deadline_s) or noted is None:
            return  # what Slack did not take is mended by the next process
        try:
            await self._store.unfinished.remove(*noted)
        except StoreError as error:
            _log.warning("a finished message is still noted: %s", error)

    async def report(self, target: Target, *, deep: bool = False) -> Done:
        """The same without showing how it goes.

        Raises JobsBusyError, JobsClosedError, and what an error of our own raises.
        """
        return await self._join(target, deep=deep)[0].result()

    def _join(self, target: Target, *, deep: bool) -> tuple[Joined[Done], _Board]:
        kind = "deep check" if deep else "check"
        key = f"{kind}\0{target.name}\0{target.url}"
        board = self._boards.get(key) or _Board()

        async def run() -> Done:
            try:
                # Diagnose keeps its own deadline; this one is for a bug in it.
                patience_s = _DEEP_PATIENCE_S if deep else _PATIENCE_S
                async with asyncio.timeout(2 * target.deadline_s + patience_s):
                    # At once, for what is good now is kept when the check ends.
                    before, report = await asyncio.gather(
                        self._good(target),
                        self._diagnose(target, deep=deep, on_progress=board.note),
                    )
                return Done(report, await self._kept(report), before)
            finally:
                self._boards.pop(key, None)

        joined = self._jobs.join(key, f"{kind} {target.name}", run)
        if joined.first:
            self._boards[key] = board  # at once: the next asker may come before the run begins
        return joined, board

    async def _good(self, target: Target) -> Report | None:
        try:
            return await self._store.good_reports.of(target.name)
        except StoreError as error:
            _log.warning("the last good report is not to be had: %s", error)
            return None

    async def _kept(self, report: Report) -> str | None:
        try:
            return await self._store.save_report(report)
        except StoreError as error:
            _log.error("a report was not kept, so its message has no buttons: %s", error)
            return None

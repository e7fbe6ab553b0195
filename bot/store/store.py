"""The store itself: every read and write is one transaction of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Final, Self, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.incidents import Incident, TargetState
from bot.model import Delivery, Feed, Group, Report, Transition, TransitionKind
from bot.store import (
    calls,
    feedback,
    groups,
    incidents,
    notices,
    outbox,
    reports,
    timeline,
    upgrade,
)
from bot.store import engine as engines
from bot.store.acts import Acts
from bot.store.calls import Calls
from bot.store.digests import Digests
from bot.store.errors import DATABASE_ERRORS, StoreError, damaged, explained
from bot.store.feedback import Feedback
from bot.store.good import GoodReports
from bot.store.history import History
from bot.store.keep import Keep
from bot.store.lease import BEAT_S, DEAD_AFTER_S, Lease
from bot.store.notices import Notices
from bot.store.outbox import NewDelivery, Outbox
from bot.store.people import People
from bot.store.unfinished import Unfinished

T = TypeVar("T")

_DEADLINE_S: Final = 60.0  # one transaction, the wait for its turn included
_log = logging.getLogger("wsdiag.store")


class Store:
    """An open database. Use `await Store.open(url)`, and `close()` or `async with`.

    Every method raises StoreError when the database does not work. A method whose caller is
    cancelled still finishes its transaction; `close()` waits for those.
    """

    def __init__(self, engine: AsyncEngine, place: str, keep: Keep) -> None:
        self._engine = engine
        self._keep = keep
        self._running: set[asyncio.Task[object]] = set()
        self._closed = False
        self.place = place
        self.history = History(self._run, keep.history)
        self.notices = Notices(self._run)
        self.people = People(self._run)
        self.digests = Digests(self._run)
        self.good_reports = GoodReports(self._run)
        self.unfinished = Unfinished(self._run)
        self.wake = asyncio.Event()
        """Set when there may be something to deliver, or what was held back may go now; whoever
        delivers clears it first, then looks. It is set on opening, so that what an earlier process
        left is delivered."""
        self.wake.set()
        self.acts = Acts(self._run, self.wake, keep.incidents_for)
        self.calls = Calls(self._run)

    @classmethod
    async def open(cls, url: str, *, keep: Keep | None = None) -> Self:
        """Open, and bring the schema up to date. Raises StoreError: what to change."""
        parsed = engines.parse(url)
        place = engines.place(parsed)
        engine = engines.create(parsed)
        try:
            async with asyncio.timeout(_DEADLINE_S), engine.begin() as connection:
                if connection.dialect.name == "sqlite":
                    found = await connection.scalar(text("PRAGMA quick_check(1)"))
                    if found != "ok":
                        raise damaged(place)
                await connection.run_sync(upgrade.upgrade, place)
        except DATABASE_ERRORS as error:
            await engine.dispose()
            raise explained(error, place) from error
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine, place, keep or Keep())

    async def close(self) -> None:
        """Finish what is under way and let go of the database. May be called twice."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running, timeout=_DEADLINE_S)
        await self._engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def lease(
        self, name: str, *, beat_s: float = BEAT_S, dead_after_s: float = DEAD_AFTER_S
    ) -> Lease:
        """What only one process on this database may do at a time."""
        return Lease(self._run, name, beat_s=beat_s, dead_after_s=dead_after_s)

    async def check(self) -> None:
        """Raise StoreError unless the database can be written."""
        await self._run(notices.write)

    # ------------------------------------------------------------ targets and incidents

    async def load(self, target: str) -> TargetState:
        """What is known of a target; a fresh `TargetState` for one never seen."""
        return await self._run(lambda c: incidents.load(c, target))

    async def record(
        self,
        state: TargetState,
        transitions: Sequence[Transition] = (),
        deliveries: Sequence[NewDelivery] = (),
    ) -> None:
        """Keep a target's next revision with its transitions, deliveries and webhook calls: all or
        nothing.

        A delivery of CHANGED or CLOSED replaces a CHANGED of the same incident that nobody has
        delivered yet: only the newest edit matters. What got worse stays, as it is no mere edit.

        Raises:
            StoreConflictError: the database does not hold the revision before `state.revision`.
        """

        async def work(connection: AsyncConnection) -> None:
            saved: dict[int, str] = {}
            for transition in transitions:
                if transition.report is not None and id(transition.report) not in saved:
                    report_id = await reports.save(connection, transition.report, self._keep)
                    saved[id(transition.report)] = report_id
            for transition in transitions:
                if transition.kind is TransitionKind.OPENED:
                    horizon = transition.at - self._keep.incidents_for
                    await incidents.forget(connection, horizon)
                await incidents.add(connection, state, transition, saved)
                if self.calls.wanted:
                    await calls.add(connection, transition)
            await incidents.keep(connection, state)
            for delivery in deliveries:
                await outbox.add(connection, delivery, saved)

        try:
            await self._run(work, wakes=bool(deliveries))
        except IntegrityError as error:
            raise incidents.conflict(state) from error
        if transitions:
            self.acts.wake.set()
            self.calls.wake[Feed.TRANSITIONS].set()

    async def open_incidents(self) -> list[Incident]:
        """Every open incident, the oldest first."""
        return await self._run(incidents.still_open)

    async def recent_incidents(
        self, *, limit: int = 20, target: str | None = None, since: datetime | None = None
    ) -> list[Incident]:
        """Incidents, open or closed, the newest first; `since` bounds `opened_at`."""
        return await self._run(lambda c: incidents.recent(c, limit, target, since))

    async def incident(self, incident_id: str) -> Incident | None:
        """One incident by id."""
        return await self._run(lambda c: incidents.one(c, incident_id))

    async def companions(self, incident_id: str) -> list[Incident]:
        """The incidents that share a message with this one, itself among them, the oldest first."""
        return await self._run(lambda c: incidents.companions(c, incident_id))

    async def transitions(self, incident_id: str) -> list[Transition]:
        """The changes of an incident in order, without their reports."""
        return await self._run(lambda c: timeline.transitions_of(c, incident_id))

    # ------------------------------------------------------------ reports

    async def save_report(self, report: Report) -> str:
        """Keep a report; give back the opaque id under which a button finds it again."""
        return await self._run(lambda c: reports.save(c, report, self._keep))

    async def report(self, report_id: str) -> Report | None:
        """A kept report, or None once it is gone (see `Keep`)."""
        return await self._run(lambda c: reports.load(c, report_id))

    # ------------------------------------------------------------ feedback

    async def save_feedback(self, given: Feedback) -> None:
        """Keep what somebody said of a report, in place of what they said before."""
        await self._run(lambda c: feedback.save(c, given))

    async def feedback(self) -> list[Feedback]:
        """What people said, the newest first."""
        return await self._run(feedback.everything)

    # ------------------------------------------------------------ outbox

    async def pending(
        self, channel: str | None = None, *, limit: int | None = None
    ) -> list[Delivery]:
        """What is still to be delivered, in order."""
        return await self._run(lambda c: outbox.pending(c, channel, limit))

    async def channels_pending(self) -> list[str]:
        """Channels that something is waiting for."""
        return await self._run(outbox.channels)

    async def seat(self, channel: str, quiet: Collection[str], now: datetime) -> None:
        """Decide whose message shows what waits in a channel; see `groups.seat`."""
        await self._run(lambda c: groups.seat(c, channel, quiet, now))

    async def group(self, group_id: str, channel: str) -> tuple[Group, list[Delivery]]:
        """The incidents of a message as it is to show them now, and what waits to be told of them:
        both of one moment. Without any delivery the group may be empty."""

        async def work(connection: AsyncConnection) -> tuple[Group, list[Delivery]]:
            if connection.dialect.name == "postgresql":
                await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            waiting = await outbox.pending(connection, channel, None)
            found = await groups.load(connection, group_id, channel)
            return found, [d for d in waiting if d.group_id == group_id]

        return await self._run(work)

    async def begin(self, ids: Collection[int], at: datetime) -> None:
        """These deliveries are about to be sent: should we die now, Slack may have them."""
        await self._run(lambda c: outbox.begin(c, ids, at))

    async def settle(self, group_id: str, channel: str) -> None:
        """What was begun of a group was looked for, and Slack does not have it."""
        await self._run(lambda c: groups.settle(c, group_id, channel))

    async def posted(
        self, group_id: str, channel: str, ts: str, told: Collection[int], at: datetime
    ) -> None:
        """A group's message is there, and tells of these deliveries."""

        async def work(connection: AsyncConnection) -> None:
            await groups.place(connection, group_id, channel, ts)
            await outbox.mark_delivered(connection, told, at)

        await self._run(work)

    async def mark_delivered(self, ids: Collection[int], at: datetime) -> None:
        """Slack accepted them."""
        await self._run(lambda c: outbox.mark_delivered(c, ids, at))

    async def mark_failed(self, ids: Collection[int], error: str, retry_at: datetime) -> None:
        """They did not go through; their channel waits until `retry_at`, so that order is kept."""
        await self._run(lambda c: outbox.mark_failed(c, ids, error, retry_at))

    async def refresh(self, incident_id: str, at: datetime) -> None:
        """Draw an incident's messages anew, silently: what they show beside it has changed."""
        await self._run(lambda c: outbox.refresh(c, incident_id, at), wakes=True)

    async def messages(self, incident_id: str) -> Mapping[str, str]:
        """Where an incident is shown: channel → timestamp of its message there."""
        return await self._run(lambda c: groups.messages(c, incident_id))

    async def outbox(self) -> Outbox:
        """How much waits, and since when."""
        return await self._run(outbox.measure)

    # ------------------------------------------------------------ transactions

    async def _run(
        self, work: Callable[[AsyncConnection], Awaitable[T]], *, wakes: bool = False
    ) -> T:
        """Run `work` in one transaction, to its end even if the caller is cancelled meanwhile."""
        if self._closed:
            raise StoreError(f"The database {self.place} is closed already.")

        async def transaction() -> T:
            try:
                async with asyncio.timeout(_DEADLINE_S), self._engine.begin() as connection:
                    result = await work(connection)
            except IntegrityError:
                raise
            except DATABASE_ERRORS as error:
                raise explained(error, self.place) from error
            if wakes:
                self.wake.set()
            return result

        task = asyncio.create_task(transaction(), name="store transaction")
        self._running.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Also marks it as retrieved: a cancelled caller does not fetch it any more.
            _log.debug("a transaction failed: %s", error)

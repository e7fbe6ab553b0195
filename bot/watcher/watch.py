"""One target watched: troubles are confirmed by fresh probes, and only then become incidents.

The held connection (`holder`) only raises suspicion. A suspicion, like anything the routine check
finds, is looked at by `diagnose` over fresh sockets, and an incident is opened only by trouble that
outlives the confirmation window. What the probes say is recorded together with its deliveries in
one transaction, so that a crash can neither lose nor repeat it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from bot.evidence import HistoryEvidence
from bot.incidents import TROUBLE
from bot.model import Controls, Report, State, Target, Transport, Trouble
from bot.patterns import Sample, Session
from bot.urls import without_secrets
from bot.watcher.change import Change
from bot.watcher.chronicle import Chronicle, only_remembered
from bot.watcher.holder import Holder, Link, Noticed
from bot.watcher.ledger import Ledger, Records
from bot.watcher.log import ConnectionLog, LogLine
from bot.watcher.looks import Diagnose, Looks, Slots, uneven
from bot.watcher.naming import Renaming
from bot.watcher.pace import Backoff, Pace
from bot.watcher.snapshot import Snapshot
from bot.watcher.tally import Tally
from bot.watcher.wire import Sockets

_UNEVEN_LOOKS: Final = 6  # one in seven finds a loss of 1 %: so many in a row, once in 100,000
_SETTLE_AT_MOST: Final = 3  # times, while others are still on their way
_TICK_S: Final = 60.0  # a watcher that waits shows now and then that it lives

_log = logging.getLogger("wsdiag.watcher")


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class Watcher:
    """Watches one target. Run `run()` in a task until it is cancelled."""

    def __init__(
        self,
        target: Target,
        *,
        store: Records,
        diagnose: Diagnose,
        sockets: Sockets,
        slots: Slots,
        controls: Controls = Controls(),  # noqa: B008 - frozen
        channel: str | None = None,
        now: Callable[[], datetime] = utc_now,
        pace: Pace = Pace(),  # noqa: B008 - frozen
        log: ConnectionLog | None = None,
        chronicle: Chronicle | None = None,
    ) -> None:
        """`channel` is told where the target names none; with neither, nobody is told. Without a
        chronicle nothing is remembered."""
        self.target = target
        self._chronicle = chronicle
        self._slots = slots
        self._crowd = sockets.crowd
        self._now = now
        self._pace = pace
        self._ledger = Ledger(target.name, store=store, channel=target.channel or channel, now=now)
        self._looks = Looks(
            target,
            diagnose=diagnose,
            controls=controls,
            slots=slots,
            now=now,
            memory=self.memory,
        )
        self._ticked_at: datetime | None = None
        self._rechecks = Backoff(pace.recheck_first_s, pace.recheck_max_s)
        self._recovering = False  # the last look inside an incident found it up
        self._renaming = Renaming()
        self._unknown_at: datetime | None = None  # of the latest look that could not judge
        self._tally = Tally(time.monotonic)
        self._log = log or ConnectionLog(target.name, without_secrets(target.url), now=now)
        self._holder = (
            Holder(
                target,
                sockets=sockets,
                pace=pace,
                log=self._log,
                now=now,
                on_end=chronicle.ended if chronicle else lambda _session: None,
            )
            if target.watch.mode == "held"
            else None
        )
        self._changed = self._holder.changed if self._holder else Change()

    def snapshot(self) -> Snapshot:
        """The present, from memory."""
        holder, state = self._holder, self._ledger.state
        rtt_ms = holder.rtt_ms if holder else None
        return Snapshot(
            target=self.target.name,
            state=state.state,
            since=state.since,
            incident=state.incident,
            link=holder.link if holder else Link.OFF,
            transport=holder.transport if holder else None,
            rtt_ms=rtt_ms if rtt_ms is not None else self._looks.rtt_ms(),
            trouble=holder.trouble if holder else None,
            reconnects=holder.reconnects if holder else 0,
            next_attempt_at=holder.next_attempt_at if holder else None,
            client_gave_up=holder.client_gave_up() if holder else False,
            last_check_at=self._looks.last_at,
            last_report=self._looks.last,
            ticked_at=self._ticked_at,
            memory=self.memory(),
            seconds=self._tally.total(),
        )

    # ------------------------------------------------------------ what is remembered

    @property
    def name(self) -> str:
        """The target's."""
        return self.target.name

    @property
    def backend(self) -> str:
        """Host and port: equal for targets that share a backend."""
        return urlsplit(self.target.url).netloc.rpartition("@")[2].lower()

    def memory(self) -> HistoryEvidence | None:
        """What recurs, as far as it is known."""
        return self._chronicle.memory(self.name) if self._chronicle else None

    def log(self) -> tuple[LogLine, ...]:
        """The last lines of the connection log; none where no connection is held."""
        return self._log.tail()

    def session(self) -> Session | None:
        """The open connection, if there is one."""
        return self._holder.session() if self._holder else None

    def sample(self, at: datetime, span_s: int, lag_ms: float) -> Sample:
        """How the target was for the span that began at `at`."""
        self._tally.turn(self._present())
        return self._tally.sample(
            self.name,
            at,
            span_s,
            lag_ms,
            beats=self._holder.take_rtts() if self._holder else (),
            times=self._looks.times(at),
            transport=self._holder.transport if self._holder else None,
        )

    def _present(self) -> State:
        """How it is as far as anybody knows: a look that could not judge, with no connection that
        shows better, knows nothing; nor does a process that has seen nothing yet."""
        looked = self._looks.last
        blind = looked is None or looked.verdict.state is State.UNKNOWN
        if blind and not self._healthy():
            return State.UNKNOWN
        incident, state = self._ledger.state.incident, self._ledger.state.state
        return incident.flapping.state if incident and incident.flapping else state

    # ------------------------------------------------------------ running

    async def run(self) -> None:
        """Watch until cancelled. Raises only on a bug of ours, or when the store does not load."""
        await self._ledger.load()
        if self._chronicle is not None:
            await self._chronicle.join(self)
        self._slots.join(self.target.name, self.target.watch.interval_s)
        try:
            async with asyncio.TaskGroup() as tasks:
                if self._holder is not None:
                    tasks.create_task(self._holder.run(), name=f"holder {self.target.name}")
                await self._watch()
        finally:
            self._slots.leave(self.target.name)

    # ------------------------------------------------------------ deciding when to look

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        routine_at = loop.time()  # the first look: at once
        again_at = 0.0  # a trouble that the probes did not find is looked at again, not at once
        doubts = Backoff(self.target.watch.confirm_s or 1.0, self.target.watch.interval_s, 2.0)
        while True:
            self._ticked_at = self._now()
            self._tally.turn(self._present())
            if self._ledger.state.incident is not None:
                await self._pause_in_incident()
                await self._recheck()
                routine_at = loop.time() + self._slots.pause_s(self.target.watch.interval_s)
                continue
            self._changed.clear()
            trouble = self._holder.trouble if self._holder else None
            if trouble is None:
                again_at = 0.0
                doubts.reset()
            if self._holder and trouble and loop.time() >= again_at:
                await self._confirm(self._holder, trouble)
                again_at = loop.time() + doubts.next()
            elif loop.time() >= routine_at:
                await self._routine()
                routine_at = loop.time() + self._slots.pause_s(self.target.watch.interval_s)
            else:
                wake_at = min(routine_at, again_at) if trouble else routine_at
                await self._changed.wait(min(wake_at - loop.time(), _TICK_S))

    async def _pause_in_incident(self) -> None:
        """Until the next look inside an incident; a connection that comes back ends it early."""
        if self._rechecks.step == 0 and self._looks.last is None:
            self._rechecks.next()
            return  # continued after a restart: look at once
        if only_remembered(self._ledger.state.incident, self.memory()):
            self._changed.clear()
            await self._changed.wait(self.target.watch.interval_s)
            return
        pause = self._rechecks.next()
        if self._holder is None or self._healthy():
            await asyncio.sleep(pause)
        elif await self._holder.healthy(pause):
            await self._settle()

    async def _settle(self) -> None:
        """Where many come back together, connections come first, and looks after them."""
        for _ in range(_SETTLE_AT_MOST):
            await asyncio.sleep(self._pace.settle_s)
            if not self._crowd.many:
                break

    def _healthy(self) -> bool:
        return (
            self._holder is not None
            and self._holder.trouble is None
            and self._holder.link is Link.CONNECTED
        )

    def _troubled(self) -> bool:
        return self._holder is not None and self._holder.trouble is not None

    # ------------------------------------------------------------ looking

    async def _learn(
        self, report: Report, trouble: Trouble, *, since: datetime | None = None
    ) -> None:
        if report.verdict.state is State.UNKNOWN:
            self._unknown_at = self._now()
        elif since is not None and self._unknown_at is not None:
            since = max(since, self._unknown_at)  # what was before, nobody saw
        if await self._ledger.learn(report, trouble, since=since):
            self._rechecks.reset()
        ago_s = (self._now() - since).total_seconds() if since is not None else 0.0
        self._tally.turn(self._present(), ago_s=ago_s)

    async def _confirm(self, holder: Holder, noticed: Noticed) -> None:
        """The held connection has trouble: probe at once, speak after the window, if at all."""
        loop = asyncio.get_running_loop()
        window_ends = loop.time() + self.target.watch.confirm_s
        await asyncio.sleep(self._pace.gather_s)
        report = await self._looks.glance()
        if loop.time() < window_ends:
            await asyncio.sleep(window_ends - loop.time())
        if holder.trouble is not None:
            # Its last try may be seconds old, and a look may outlast the window: what is said next
            # should be true now.
            await holder.next_attempt(min(1.0, self._pace.connect_s))
        if report is None:
            return
        on_polling = self._troubled() and holder.transport is Transport.POLLING
        if on_polling and report.verdict.state in TROUBLE:  # whether WebSocket is back shows so
            report = await self._looks.glance() or report
        if report.verdict.state in TROUBLE:
            if self._healthy():  # it healed inside the window; whether all is well again shows
                report = await self._looks.confirmed()
                if uneven(report):
                    return  # the routine look finds it, if it lasts
            if report is not None:
                await self._learn(report, noticed.trouble, since=noticed.since)
        else:
            await self._learn(report, noticed.trouble)
            if report.verdict.state is State.UP:
                self._doubt(holder)

    def _doubt(self, holder: Holder) -> None:
        """Fresh probes find nothing wrong, so let the connection show it too."""
        if holder.trouble is None:
            return
        if holder.trouble.trouble is Trouble.POLLING_ONLY:
            holder.renew()
        holder.retry_now()
        _log.info("%s: probes find nothing wrong, yet %s", self.target.name, holder.trouble.trouble)

    async def _look_unless(self, news: Callable[[], bool]) -> Report | None:
        """Look without hurry, be it queueing or under way; None as soon as `news` says that there
        is something more urgent to look at (or if the look failed)."""
        look = asyncio.create_task(self._looks.look(urgent=False))
        look.add_done_callback(lambda _look: self._changed.set())
        try:
            while not look.done() and not news():
                self._ticked_at = self._now()
                self._changed.clear()
                await self._changed.wait(_TICK_S)
        finally:
            look.cancel()
            await asyncio.wait({look})
        return None if look.cancelled() else look.result()

    async def _routine(self) -> None:
        """The full check finds what a held connection does not show: CORS, certificates …"""
        noticed_at = self._now()
        report = await self._look_unless(self._troubled)
        if uneven(report):
            report = await self._still_uneven(report)
        elif report is not None and report.verdict.state in TROUBLE:
            report = await self._looks.borne_out(report)
            if uneven(report):
                report = await self._still_uneven(report)
        if report is not None:
            await self._learn(report, Trouble.ROUTINE, since=noticed_at)

    async def _still_uneven(self, report: Report | None) -> Report | None:
        """The last of several looks that all find the path lossy or unsteady, or the first that
        does not. A dozen connections show a loss of one per cent now and then, and that is nothing
        to wake anybody for; what lasts is found by all of them. None: something is more urgent."""
        for _ in range(_UNEVEN_LOOKS - 1):
            await self._pause_unless_troubled(self._pace.uneven_s)
            if self._troubled():
                return None
            report = await self._look_unless(self._troubled)
            if not uneven(report):
                break
        if report is not None and report.verdict.state in TROUBLE and not uneven(report):
            return await self._looks.confirmed()
        return report

    async def _pause_unless_troubled(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until and not self._troubled():
            self._ticked_at = self._now()
            self._changed.clear()
            await self._changed.wait(until - loop.time())

    async def _recheck(self) -> None:
        """A look inside an incident: the cause may have changed, or it may be over."""
        noticed_at = self._now()
        report = None if self._healthy() else await self._look_unless(self._healthy)
        came_back = self._healthy()
        if report is None:
            report = await self._looks.look(urgent=came_back)
        if report is None or report.verdict.state is not State.UP:
            self._recovering = False
            if report is not None:
                await self._learn_of_trouble(report)
            return
        again, self._recovering = self._recovering, True
        if not again and not await self._really_up():
            self._rechecks.reset()  # look again soon: the second such look is believed
            return
        since = noticed_at
        if came_back and self._holder is not None and self._holder.connected_at is not None:
            since = self._holder.connected_at
        await self._learn(report, Trouble.ROUTINE, since=since)
        self._recovering = False
        if self._ledger.state.incident is None:  # else it flaps, and has to settle first
            self._rechecks.reset()

    async def _learn_of_trouble(self, report: Report) -> None:
        incident = self._ledger.state.incident
        if self._renaming.believes(incident, report):
            await self._learn(report, Trouble.ROUTINE)
        elif incident is not None and report.verdict.state is not incident.state:
            self._rechecks.reset()  # it may have got worse: look again soon

    async def _really_up(self) -> bool:
        """Whether one good look is enough: the connection that was lost must be back as well.

        What the connection never noticed (a certificate, CORS) needs a second look instead.
        """
        incident = self._ledger.state.incident
        if self._holder is None or (incident is not None and incident.state is State.DEGRADED):
            if self._holder is not None and self._holder.trouble is not None:
                self._holder.renew()
                self._holder.retry_now()
            return False
        if self._healthy():
            return True
        self._holder.retry_now()
        return await self._holder.healthy(min(2.0, self._pace.connect_s))

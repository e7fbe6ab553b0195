"""Looking: one diagnosis of a target, with a place in the queue and a deadline of its own."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median
from typing import Final, Protocol

from bot.causes import CATALOGUE
from bot.causes.row import Reach
from bot.evidence import HistoryEvidence, HttpEvidence, RttEvidence, TlsEvidence
from bot.incidents import TROUBLE
from bot.model import Controls, Reason, Report, State, Status, Target
from bot.net.lag import LagMeter
from bot.watcher.naming import code
from bot.watcher.outages import SharedOutages

_log = logging.getLogger("wsdiag.watcher")
_TRIES: Final = 3
_LATE_MS: Final = 500.0
_LATE_STEP_S: Final = 0.1
_TIME: Final = frozenset(
    {
        Reason.TIMEOUT,
        Reason.DEADLINE,
        Reason.RESOLVER_TIMEOUT,
        Reason.SLOW_LOOKUP,
        Reason.SLOW_ANSWER,
        Reason.NO_PACKET,
        Reason.NO_ANSWER,
        Reason.PROBE_UNANSWERED,
        Reason.HIGH_LATENCY,
        Reason.UNSTABLE,
    }
)
_GLANCE_S: Final = 4.5  # a frozen backend is to be told within 8 s, of which 3 pass unnoticed
_GLANCE_ANSWER_S: Final = 4.2  # a cold start takes 3.4 s (faults.md)
_GRACE_S = 10.0  # what a diagnosis may take beyond the target's own deadline before it is a bug


class Diagnose(Protocol):
    """`bot.diagnose.diagnose`."""

    def __call__(
        self, target: Target, *, controls: Controls, memory: HistoryEvidence | None
    ) -> Awaitable[Report]:
        """Look at a target with fresh sockets, knowing what recurs in its past."""
        ...


@dataclass(frozen=True, slots=True)
class Slots:
    """How many diagnoses run at once in a process, shared by all watchers.

    Confirmations have places of their own: many hung targets whose looks take long must not delay
    the first look at the next one that fails.
    """

    urgent: asyncio.Semaphore
    routine: asyncio.Semaphore
    outages: SharedOutages = field(default_factory=SharedOutages)
    routine_per_s: float = 2.0  # a look costs a core 20 to 50 ms
    intervals: dict[str, float] = field(default_factory=dict)  # that targets ask for, seconds

    @classmethod
    def of(cls, urgent: int = 64, routine: int = 16) -> Slots:
        """Places for confirmations, and for routine and repeated looks."""
        return cls(asyncio.Semaphore(urgent), asyncio.Semaphore(routine))

    def join(self, target: str, interval_s: float) -> None:
        """A target is watched from now on, and would be looked at so often in quiet times."""
        self.intervals[target] = interval_s

    def leave(self, target: str) -> None:
        """It is watched no longer."""
        self.intervals.pop(target, None)

    def pause_s(self, interval_s: float) -> float:
        """Between two routine looks at one target: as long as it asks for, longer in proportion
        where many targets ask for more than `routine_per_s` together; a little more or less, so
        that they do not come in crowds."""
        wanted = sum(1 / interval for interval in self.intervals.values())
        return interval_s * max(1.0, wanted / self.routine_per_s) * random.uniform(0.9, 1.1)


@dataclass(frozen=True, slots=True)
class Times:
    """What a look measured: round trip, TCP connect, the health page's answer; medians in
    milliseconds, None where there is none."""

    rtt_ms: float | None = None
    connect_ms: float | None = None
    health_ms: float | None = None


class Looks:
    """The looks at one target; of the last one is kept what is shown in quiet times, or all of it
    where there is trouble."""

    def __init__(
        self,
        target: Target,
        *,
        diagnose: Diagnose,
        controls: Controls,
        slots: Slots,
        now: Callable[[], datetime],
        memory: Callable[[], HistoryEvidence | None] = lambda: None,
    ) -> None:
        self._target = target
        self._memory = memory
        self._diagnose = diagnose
        self._controls = controls
        self._slots = slots
        self._now = now
        self._times = Times()
        self.last: Report | None = None
        self.last_at: datetime | None = None

    async def look(self, *, urgent: bool) -> Report | None:
        """Diagnose now; None if that failed, which is a bug of ours and logged as one."""
        return await self._in_turn(self._slots.urgent if urgent else self._slots.routine)

    async def glance(self) -> Report | None:
        """Diagnose at once and within seconds: patient enough to tell that a target is down, not
        for all that would tell why. Where it cannot tell, a whole look follows."""
        hurried = replace(
            self._target,
            answer_s=_GLANCE_ANSWER_S,
            deadline_s=min(_GLANCE_S, self._target.deadline_s),
        )
        return await self._in_turn(self._slots.urgent, hurried)

    async def _in_turn(
        self, places: asyncio.Semaphore, hurried: Target | None = None
    ) -> Report | None:
        """Look as soon as there is a place, unless the wait for it has brought the answer."""
        asked_at = time.monotonic()
        outages = self._slots.outages
        async with places:
            report = outages.report(self._target, asked_at)
            if report is not None:
                self._keep(report)
                return report
            report = await self._sober(hurried or self._target)
            if hurried and report is not None and report.verdict.state is State.UNKNOWN:
                report = await self._sober(self._target)
            if report is not None:
                outages.tell(self._target, report)
        return report

    async def confirmed(self) -> Report | None:
        """A look, and where it finds trouble a second one: a server that has just come back may
        have swallowed a request of the first."""
        report = await self.look(urgent=True)
        if report is not None and report.verdict.state in TROUBLE:
            report = await self.borne_out(report)
        return report

    async def borne_out(self, report: Report) -> Report | None:
        """The look after the confirmation window. Where it finds another trouble than the first, a
        third decides (see `naming`)."""
        await asyncio.sleep(self._target.watch.confirm_s)
        again = await self.look(urgent=True)
        if again is not None and again.verdict.state in TROUBLE and code(again) != code(report):
            again = await self.look(urgent=True)
        return again

    async def _sober(self, target: Target) -> Report | None:
        """A diagnosis, again while only time speaks against the target and we were late ourselves:
        what we did not read in time is no silence of the target's."""
        for _ in range(_TRIES):
            meter = LagMeter(_LATE_STEP_S)
            try:
                report = await self._once(target)
                late_ms = meter.worst_ms
            finally:
                meter.stop()
            if report is None or late_ms < _LATE_MS or not _rests_on_time(report):
                break
            _log.warning(
                "%s: this process was late by %.0f ms, so that what it saw proves nothing",
                self._target.name,
                late_ms,
            )
        return report

    async def _once(self, target: Target) -> Report | None:
        limit_s = target.deadline_s + _GRACE_S
        try:
            async with asyncio.timeout(limit_s):
                report = await self._diagnose(
                    target, controls=self._controls, memory=self._memory()
                )
        except TimeoutError:
            _log.error("%s: the diagnosis did not end in %g s", self._target.name, limit_s)
            return None
        except Exception:  # noqa: BLE001 - a target must stay watched whatever a probe does
            _log.exception("%s: the diagnosis failed", self._target.name)
            return None
        self._keep(report)
        return report

    def _keep(self, report: Report) -> None:
        self._times = _times(report)
        self.last, self.last_at = _kept(report), self._now()

    def rtt_ms(self) -> float | None:
        """Median round trip in the last report."""
        return self._times.rtt_ms

    def times(self, since: datetime) -> Times:
        """Of a look that ended at `since` or later."""
        fresh = self.last_at is not None and self.last_at >= since
        return self._times if fresh else Times()


def _kept(report: Report) -> Report:
    """What is kept of a look until the next one. Of a target that is up that is little: a thousand
    whole reports would take as much memory as their connections do."""
    if report.verdict.state is not State.UP:
        return report
    return replace(
        report, findings=tuple(f for f in report.findings if isinstance(f.evidence, TlsEvidence))
    )


def _times(report: Report) -> Times:
    rtt = connect = health = None
    for finding in report.findings:
        evidence = finding.evidence
        if isinstance(evidence, RttEvidence):
            rtt = evidence.median_ms
            connect = median(evidence.connect_ms) if evidence.connect_ms else None
        elif isinstance(evidence, HttpEvidence):
            health = evidence.answer.ttfb_ms
    return Times(rtt, connect, health)


def _rests_on_time(report: Report) -> bool:
    """Whether all that speaks against the target is that something did not come soon enough."""
    if report.verdict.state not in TROUBLE:
        return False
    against = {f.reason for f in report.findings if f.status in (Status.FAIL, Status.WARN)}
    return bool(against) and against <= _TIME


def uneven(report: Report | None) -> bool:
    """Whether all that is wrong is the quality of the path, as far as one look can tell."""
    if report is None or report.verdict.state is not State.DEGRADED or report.verdict.cause is None:
        return False
    rows = [CATALOGUE.get(code) for code in (report.verdict.cause.code, *report.verdict.also)]
    return all(row is not None and row.reach is Reach.QUALITY for row in rows)

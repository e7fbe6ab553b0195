"""Looking: one diagnosis of a target, with a place in the queue and a deadline of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Protocol

from bot.evidence import HistoryEvidence, HttpEvidence, RttEvidence
from bot.model import Controls, Report, Target

_log = logging.getLogger("wsdiag.watcher")
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

    @classmethod
    def of(cls, urgent: int = 64, routine: int = 16) -> Slots:
        """Places for confirmations, and for routine and repeated looks."""
        return cls(asyncio.Semaphore(urgent), asyncio.Semaphore(routine))


class Looks:
    """The looks at one target; the last one is kept."""

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
        self.last: Report | None = None
        self.last_at: datetime | None = None

    async def look(self, *, urgent: bool) -> Report | None:
        """Diagnose now; None if that failed, which is a bug of ours and logged as one."""
        limit_s = self._target.deadline_s + _GRACE_S
        async with self._slots.urgent if urgent else self._slots.routine:
            try:
                async with asyncio.timeout(limit_s):
                    report = await self._diagnose(
                        self._target, controls=self._controls, memory=self._memory()
                    )
            except TimeoutError:
                _log.error("%s: the diagnosis did not end in %g s", self._target.name, limit_s)
                return None
            except Exception:  # noqa: BLE001 - a target must stay watched whatever a probe does
                _log.exception("%s: the diagnosis failed", self._target.name)
                return None
        self.last, self.last_at = report, self._now()
        return report

    def rtt_ms(self) -> float | None:
        """Median round trip in the last report."""
        for finding in self.last.findings if self.last else ():
            if isinstance(finding.evidence, RttEvidence) and finding.evidence.median_ms is not None:
                return finding.evidence.median_ms
        return None

    def times(self, since: datetime) -> tuple[float | None, float | None, float | None]:
        """Of a look that ended at `since` or later: round trip, TCP connect, the health page's
        answer; medians in milliseconds, None where there is none."""
        if self.last is None or self.last_at is None or self.last_at < since:
            return None, None, None
        rtt = connect = health = None
        for finding in self.last.findings:
            evidence = finding.evidence
            if isinstance(evidence, RttEvidence):
                rtt = evidence.median_ms
                connect = median(evidence.connect_ms) if evidence.connect_ms else None
            elif isinstance(evidence, HttpEvidence):
                health = evidence.answer.ttfb_ms
        return rtt, connect, health

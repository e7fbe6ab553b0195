"""`history`: what the watcher remembers, brought in beside what this look saw.

It touches no network. Memory alone never says that a target is slow: this look must find it so too.
"""

from __future__ import annotations

from dataclasses import replace

from bot.evidence import HistoryEvidence, PatternKind, RttEvidence
from bot.model import Finding, Reason, Status

NAME = "history"


def finding(memory: HistoryEvidence, findings: tuple[Finding, ...]) -> Finding:
    """The finding for a run whose other findings are given."""
    if not _slow_now(memory, findings):
        rest = tuple(p for p in memory.patterns if p.kind is not PatternKind.SLOWER)
        memory = replace(memory, patterns=rest, still_slow_ms=None)
    hurting = [p for p in memory.patterns if p.hurts]
    if not hurting:
        return Finding(NAME, Status.OK, None, memory, 0.0)
    slow = hurting[0].kind is PatternKind.SLOWER
    reason = Reason.SLOWER_THAN_USUAL if slow else Reason.RECURRING_DROPS
    return Finding(NAME, Status.WARN, reason, memory, 0.0)


def _slow_now(memory: HistoryEvidence, findings: tuple[Finding, ...]) -> bool:
    times = [f.evidence.median_ms for f in findings if isinstance(f.evidence, RttEvidence)]
    return memory.still_slow_ms is not None and any(
        ms is not None and ms >= memory.still_slow_ms for ms in times
    )

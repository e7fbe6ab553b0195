"""From what was seen to a Finding's status and reason: the rules that several probes share."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.evidence import Evidence, Failure, HttpAnswer, Phase
from bot.model import Finding, Reason, Status
from bot.net.errors import since_ms
from bot.probes.look import SLOW_ANSWER_MS

Judged = tuple[Status, Reason | None]

OK: Final[Judged] = (Status.OK, None)
NOT_CONFIGURED: Final[Judged] = (Status.SKIPPED, Reason.NOT_CONFIGURED)
NOT_NEEDED: Final[Judged] = (Status.SKIPPED, Reason.NOT_NEEDED)
NOT_REACHED: Final[Judged] = (Status.SKIPPED, Reason.NOT_REACHED)
BELOW: Final = frozenset({Phase.RESOLVE, Phase.PROXY, Phase.CONNECT, Phase.TLS})


def found(
    probe: str, judged: Judged, evidence: Evidence, started: float, *, address: str | None = None
) -> Finding:
    """A finding that took from `started` (`time.monotonic()`) until now."""
    status, reason = judged
    return Finding(probe, status, reason, evidence, since_ms(started), address)


def blame(failure: Failure) -> Judged:
    """A failure below HTTP is told by the probe of that layer, and not once more here."""
    return NOT_REACHED if failure.phase in BELOW else (Status.FAIL, failure.reason)


def own_time_ms(answer: HttpAnswer) -> float | None:
    """How long the server itself took, the way there and back not counted; None: no answer."""
    if answer.status is None or answer.ttfb_ms is None:
        return None
    return round(max(answer.ttfb_ms - (answer.connect_ms or 0.0), 0.0), 3)


def is_slow(answer: HttpAnswer) -> bool:
    """Whether the server took its time. One such answer is a suspicion, see `steadiness`."""
    return (own_time_ms(answer) or 0.0) >= SLOW_ANSWER_MS


def excused(finding: Finding, *, needed: bool) -> Finding:
    """What the team's client never does is observed, and does not count."""
    if needed or finding.status in (Status.OK, Status.SKIPPED):
        return finding
    return replace(finding, status=Status.SKIPPED, reason=Reason.NOT_NEEDED)

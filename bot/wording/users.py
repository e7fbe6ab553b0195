"""What users feel of a verdict, in a sentence. Pure."""

from __future__ import annotations

from bot import causes
from bot.evidence import RttEvidence
from bot.model import Message, Report, State, say


def impact(report: Report) -> Message:
    """What users of the target feel. Where all is well: how long a message takes."""
    verdict = report.verdict
    if verdict.cause is not None:
        return causes.impact(verdict.cause.code, verdict.cause.layer, verdict.state)
    if verdict.state is State.UNKNOWN:
        return say("Nothing is known of your users: the check came to no verdict.")
    if verdict.state is State.UP:
        return _well(report)
    return say("Clients connect, but not everything works as it should.")


def _well(report: Report) -> Message:
    measured = (f.evidence for f in report.findings if isinstance(f.evidence, RttEvidence))
    rtt = next(measured, None)
    if rtt is None or rtt.median_ms is None:
        return say("Clients connect.")
    if rtt.median_ms < 1:
        return say("Clients connect; a message takes under 1 ms there and back.")
    ms = round(rtt.median_ms, 1) if rtt.median_ms < 10 else round(rtt.median_ms)
    return say("Clients connect; a message takes {ms} ms there and back.", ms=ms)

"""`http`: the health path. Answers here tell a dead front from a fault of Socket.IO alone."""

from __future__ import annotations

import time

from bot.evidence import HttpAnswer, HttpEvidence
from bot.model import Finding, Reason, Status
from bot.probes import outcome
from bot.probes.look import DEFAULT_HEALTH, Look
from bot.probes.outcome import Judged


async def probe(look: Look) -> Finding:
    """GET the health path, or `/health` where none is configured."""
    started = time.monotonic()
    path = look.target.health_path
    reply = await look.fetch(look.get(path or DEFAULT_HEALTH))
    evidence = HttpEvidence(reply.answer, configured=path is not None)
    return outcome.found(
        "http", _judge(reply.answer, configured=path is not None), evidence, started
    )


def _judge(answer: HttpAnswer, *, configured: bool) -> Judged:  # noqa: PLR0911 - a decision list
    if answer.status is None:
        if answer.failure is not None:
            return outcome.blame(answer.failure)
        return Status.FAIL, Reason.NOT_HTTP
    if answer.status == 404 and not configured:
        return Status.SKIPPED, Reason.NOT_CONFIGURED
    if 300 <= answer.status < 400:
        return Status.FAIL if configured else Status.WARN, Reason.REDIRECT
    if answer.status >= 400:
        # A front may well guard a path that nobody promised; what breaks by itself always counts.
        guarded = answer.status < 500 and not configured
        return Status.WARN if guarded else Status.FAIL, Reason.HTTP_STATUS
    if answer.failure is not None:
        return Status.FAIL, answer.failure.reason
    if outcome.is_slow(answer):
        return Status.WARN, Reason.SLOW_ANSWER
    return outcome.OK

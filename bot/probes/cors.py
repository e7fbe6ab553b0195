"""`cors`: would a browser on the configured Origin be allowed to read the polling answers?

Judged from the polling handshake itself, which carried the Origin. WebSockets are not subject to
CORS (faults.md §1). A preflight is asked for as evidence only: default polling never sends one.
"""

from __future__ import annotations

import time

from bot.evidence import CorsEvidence, HttpAnswer, NoEvidence
from bot.model import Finding, Reason, Status
from bot.net.http import Request
from bot.probes import outcome
from bot.probes.look import Look
from bot.probes.outcome import Judged


async def probe(look: Look) -> Finding:
    """Read the CORS headers of the polling handshake."""
    started = time.monotonic()
    origin = look.target.origin
    if origin is None:
        evidence = NoEvidence("no Origin is configured")
        return outcome.found("cors", outcome.NOT_CONFIGURED, evidence, started)
    preflight = (await look.fetch(_preflight(look, origin))).answer
    answer = (await look.shaken.get()).answer
    seen = CorsEvidence(
        origin=origin,
        allow_origin=answer.header_lines("access-control-allow-origin"),
        allow_credentials=answer.header_lines("access-control-allow-credentials"),
        vary=answer.header("vary"),
        with_credentials=look.target.client.with_credentials,
        answer=answer,
        preflight=preflight,
    )
    finding = outcome.found("cors", _judge(seen, answer), seen, started)
    return outcome.excused(
        finding, needed=look.uses_polling and origin != look.polling_endpoint.origin
    )


def _preflight(look: Look, origin: str) -> Request:
    asked = (
        ("Origin", origin),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "content-type"),
        ("Connection", "close"),
    )
    sent, shown = look.polling_endpoint.request_path("polling")
    return Request("OPTIONS", sent, shown, (*look.headers(), *asked))


def _judge(seen: CorsEvidence, answer: HttpAnswer) -> Judged:  # noqa: PLR0911 - a decision list
    if answer.status != 200:
        return outcome.NOT_REACHED  # the handshake failed for a reason of its own
    lines = seen.allow_origin
    if not lines:
        return Status.FAIL, Reason.CORS_HEADER_MISSING
    if len(lines) > 1 or "," in lines[0]:
        return Status.FAIL, Reason.CORS_HEADER_INVALID
    if lines[0] == "*":
        wrong = seen.with_credentials
        return (Status.FAIL, Reason.CORS_HEADER_INVALID) if wrong else outcome.OK
    if lines[0] != seen.origin:
        return Status.FAIL, Reason.ORIGIN_NOT_ALLOWED
    if seen.with_credentials and seen.allow_credentials != ("true",):
        return Status.FAIL, Reason.CORS_HEADER_MISSING
    return outcome.OK

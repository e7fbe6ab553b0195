"""`cors`: would a browser on the configured Origin be allowed to read the polling answers?

Judged from the polling handshake itself, which carried the Origin. WebSockets are not subject to
CORS (faults.md §1). Default polling sends no preflight; a client that sends headers of its own
(`extraHeaders`, known here by the target's headers) does, and then the preflight counts as well.
"""

from __future__ import annotations

import time
from typing import Final

from bot.evidence import CorsEvidence, HttpAnswer, NoEvidence
from bot.model import Finding, Reason, Status
from bot.net.http import Request
from bot.probes import outcome
from bot.probes.look import Look
from bot.probes.outcome import Judged

# Fetch: CORS-safelisted request headers, and those that a page may not set at all.
_NO_LEAVE: Final = frozenset(
    (
        "accept",
        "accept-language",
        "content-language",
        "accept-encoding",
        "connection",
        "cookie",
        "host",
        "origin",
        "referer",
        "te",
        "upgrade",
        "user-agent",
        "via",
    )
)


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
        custom_headers=custom_headers(look),
    )
    judged = _judge(seen, answer)
    if judged == outcome.OK and seen.custom_headers:
        judged = _judge_preflight(seen, preflight)
    finding = outcome.found("cors", judged, seen, started)
    return outcome.excused(
        finding, needed=look.uses_polling and origin != look.polling_endpoint.origin
    )


def _preflight(look: Look, origin: str) -> Request:
    asked = (
        ("Origin", origin),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", ",".join(custom_headers(look) or ("content-type",))),
        ("Connection", "close"),
    )
    sent, shown = look.polling_endpoint.request_path("polling")
    # The browser asks by itself, without the headers that it asks about.
    own = (line for line in look.headers() if line[0].lower() not in custom_headers(look))
    return Request("OPTIONS", sent, shown, (*own, *asked))


def custom_headers(look: Look) -> tuple[str, ...]:
    """Names, in lower case, that a page must ask leave to send (Fetch: CORS-safelisted)."""
    names = sorted({name.lower() for name in look.target.headers})
    return tuple(n for n in names if n not in _NO_LEAVE and not n.startswith(("sec-", "proxy-")))


def _judge_preflight(seen: CorsEvidence, preflight: HttpAnswer) -> Judged:
    """A browser sends nothing unless the preflight is 2xx and allows origin and headers."""
    if preflight.status is None:
        return outcome.OK  # lost on the way: the handshake says more
    if not 200 <= preflight.status < 300:
        return Status.FAIL, Reason.HTTP_STATUS
    origins = preflight.header_lines("access-control-allow-origin")
    if origins not in ((seen.origin,), ("*",)):
        return Status.FAIL, Reason.CORS_HEADER_MISSING
    lines = preflight.header_lines("access-control-allow-headers")
    allowed = {word.strip().lower() for line in lines for word in line.split(",")}
    anything = "*" in allowed and not seen.with_credentials
    missing = set(seen.custom_headers) - allowed
    if anything:
        missing &= {"authorization"}  # which `*` never covers (Fetch, CORS-preflight fetch)
    return (Status.FAIL, Reason.CORS_HEADER_MISSING) if missing else outcome.OK


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

"""Follow-up `affinity`: one polling session, then six requests one after another on fresh sockets.

It runs alone and last: parallel traffic flips the parity of a round robin and hides the fault.
A single request of the six that fails otherwise than for its session may have met a restart or a
hiccup, so six more must show another one before anything is said. Over a long way the first six
sockets are connected at once, in their order, and used one after another: a balancer that counts
connections sees the same, and nobody waits for six handshakes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Sequence
from typing import Final

from bot.evidence import AffinityEvidence, EioError, HttpAnswer, NoEvidence
from bot.model import Finding, FollowUp, Reason, Status
from bot.net import http, packets
from bot.net.errors import WireError, since_ms
from bot.net.http import Reply, Request
from bot.probes import outcome
from bot.probes.look import Ahead, Look, PollingSession, cookies_of
from bot.probes.outcome import Judged

TRIES: Final = 6
ANSWER_S: Final = 3.0
_ENOUGH_TIMEOUTS: Final = 2
_FAR_MS: Final = 40.0
_SLOWLY: Final = 3
_BREATHER_S: Final = 1.1
_PACE_S: Final = 0.4
_SESSION_UNKNOWN: Final = 1
_OUR_DOING: Final = 429  # a rate limiter that answers the probe says nothing about affinity


async def probe(look: Look) -> Finding:
    """Open a session and see whether every request finds it."""
    started = time.monotonic()
    name = FollowUp.AFFINITY.value
    to = look.polling_endpoint
    reply = await look.fetch(look.engine_request("GET"), to=to, timeout_s=ANSWER_S)
    opened = packets.read_open(reply.text)
    lost = reply.answer.failure
    if lost is not None and lost.reason is Reason.REFUSED:
        # It answered a moment ago: nobody listens any more.
        evidence = AffinityEvidence(failures=(lost.reason,))
        return outcome.found(name, (Status.FAIL, lost.reason), evidence, started)
    if lost is not None and lost.reason is Reason.TIMEOUT and lost.phase not in outcome.BELOW:
        # It takes the connection, and says nothing any more.
        evidence = AffinityEvidence(failures=(lost.reason,))
        return outcome.found(name, (Status.WARN, Reason.NO_ANSWER), evidence, started)
    if reply.answer.status != 200 or opened is None:
        note = NoEvidence("no polling session")
        return outcome.found(name, outcome.NOT_REACHED, note, started)
    session = PollingSession(opened, cookies_of(reply), time.monotonic())
    async with contextlib.AsyncExitStack() as dialled:
        far = min(look.dialer.connects_ms, default=0.0) >= _FAR_MS
        ready = [await dialled.enter_async_context(look.ahead(to)) for _ in range(TRIES * far)]
        evidence = await _ask(look, session, deque(ready), reply.answer)
    return outcome.found(name, _judge(evidence), evidence, started)


async def _ask(
    look: Look, session: PollingSession, ready: deque[Ahead], handshake: HttpAnswer
) -> AffinityEvidence:
    statuses: list[int | None] = []
    errors: list[EioError | None] = []
    ages: list[float] = []
    failures: list[Reason | None] = []
    unreadable: HttpAnswer | None = None
    tries = TRIES
    while len(statuses) < tries:
        # A pong nobody asked for: servers of every kind take it and do nothing.
        request = look.engine_request("POST", body=packets.PONG, session=session)
        ages.append(since_ms(session.began))
        reply = await _send(look, request, ready.popleft() if ready else None)
        failure = reply.answer.failure
        if unreadable is None and _kept_from_pages(look, handshake, reply.answer):
            unreadable = reply.answer
        statuses.append(reply.answer.status)
        errors.append(packets.read_error(reply.text, look.scrub))
        failures.append(failure.reason if failure is not None else None)
        if failures.count(Reason.TIMEOUT) >= _ENOUGH_TIMEOUTS or statuses[-1] == _OUR_DOING:
            break
        if len(statuses) >= TRIES and _limited(statuses[:TRIES]):
            # Once more without haste: is it the server, or how fast we ask?
            tries = TRIES + _SLOWLY
            await asyncio.sleep(_BREATHER_S if len(statuses) == TRIES else _PACE_S)
        elif len(statuses) == TRIES and _odd(statuses) == 1 and not _lost(errors):
            tries = 2 * TRIES
    return AffinityEvidence(
        session.opened.open,
        tuple(statuses),
        tuple(errors),
        tuple(ages),
        tuple(failures),
        unreadable,
    )


def _kept_from_pages(look: Look, handshake: HttpAnswer, post: HttpAnswer) -> bool:
    """CORS lets the configured page read the handshake, and not the answer to this POST."""
    origin = look.target.origin
    if origin in (None, look.polling_endpoint.origin) or post.status != 200:
        return False
    allowed = (("*",), (origin,))
    lines = (a.header_lines("access-control-allow-origin") for a in (handshake, post))
    read, kept = (line in allowed for line in lines)
    return read and not kept


async def _send(look: Look, request: Request, ahead: Ahead | None) -> Reply:
    if ahead is None:
        return await look.fetch(request, to=look.polling_endpoint, timeout_s=ANSWER_S)
    try:
        connection = await ahead.take()
    except WireError as exc:
        return http.unreached(request, exc.failure, look.scrub)
    return await http.exchange(connection, request, timeout_s=ANSWER_S, scrub=look.scrub)


def _judge(evidence: AffinityEvidence) -> Judged:
    if _lost(evidence.errors):
        return Status.FAIL, Reason.SESSION_UNKNOWN
    statuses = evidence.statuses
    if 200 in statuses and _odd(statuses) > 1 and not _hasty(statuses):
        return Status.WARN, Reason.HTTP_STATUS
    if evidence.unreadable is not None:
        return Status.FAIL, Reason.CORS_HEADER_MISSING
    return outcome.OK


def _limited(statuses: Sequence[int | None]) -> bool:
    """Answered at first, then 503 as well: what nginx's limit_req says by default."""
    return statuses[0] == 200 and set(statuses) == {200, 503}


def _hasty(statuses: Sequence[int | None]) -> bool:
    """Without haste all are answered: it was a limit that only the probe meets."""
    return _limited(statuses[:TRIES]) and set(statuses[TRIES:]) == {200}


def _lost(errors: Sequence[EioError | None]) -> bool:
    return any(e is not None and e.code == _SESSION_UNKNOWN for e in errors)


def _odd(statuses: Sequence[int | None]) -> int:
    return sum(1 for s in statuses if s not in (200, _OUR_DOING))

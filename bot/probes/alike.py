"""Follow-up `alike`: the same handshakes one after another, nothing beside them. All alike?

Behind a balancer one server of several may fail, and the requests of the base suite, sent at once,
fall on the servers as it happens. Polling is asked first: handshakes only, whose sessions are ended
at the very end, so that a round robin of two gives every other one to each. Then the WebSocket
joins, alone, until it gets in: with none of ours open a limit of connections has room for it, a
limit of requests has not.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.evidence import AlikeEvidence, HttpAnswer, NamespaceAttempt, Outcome
from bot.model import Finding, FollowUp
from bot.net import packets
from bot.net.http import Reply
from bot.probes import alone, outcome
from bot.probes.look import Look, PollingSession, cookies_of

HANDSHAKES: Final = 5
JOINS: Final = 3
ANSWER_S: Final = 2.0
_FREED_S: Final = 0.3  # a proxy that counts connections sees late that one has ended
_OUR_DOING: Final = 429  # a limiter that answers says nothing of the servers; stop asking


async def probe(look: Look) -> Finding:
    """Ask over polling, then join over WebSocket."""
    started = time.monotonic()
    await asyncio.sleep(_FREED_S)
    replies = await _handshakes(look)
    attempts = await _joins(look)
    for reply in replies:
        await _end(look, reply)
    evidence = AlikeEvidence(
        tuple(reply.answer for reply in replies),
        tuple(_opened(reply) is not None for reply in replies),
        attempts,
    )
    return outcome.found(FollowUp.ALIKE.value, outcome.OK, evidence, started)


async def _handshakes(look: Look) -> tuple[Reply, ...]:
    replies: list[Reply] = []
    for _ in range(HANDSHAKES):
        request = look.engine_request("GET")
        reply = await look.fetch(request, to=look.polling_endpoint, timeout_s=ANSWER_S)
        replies.append(reply)
        if _no_use(reply.answer):
            break
    return tuple(replies)


async def _joins(look: Look) -> tuple[NamespaceAttempt, ...]:
    attempts: list[NamespaceAttempt] = []
    for _ in range(JOINS if look.uses_websocket else 0):
        attempt = await alone.over_websocket(look)
        attempts.append(attempt)
        if attempt.outcome is not Outcome.NOT_TRIED or _no_use(attempt.answer):
            break
    return tuple(attempts)


def _no_use(answer: HttpAnswer | None) -> bool:
    """No answer, or one that more questions provoke: asking on only takes time."""
    return answer is None or answer.status in (None, _OUR_DOING)


def _opened(reply: Reply) -> packets.Opened | None:
    if reply.answer.status != 200:
        return None
    opened = packets.read_open(reply.text)
    return opened if opened is not None and opened.open.protocol == 4 else None


async def _end(look: Look, reply: Reply) -> None:
    """End a session, so that none haunts the server."""
    opened = _opened(reply)
    if opened is None:
        return
    session = PollingSession(opened, cookies_of(reply), time.monotonic())
    request = look.engine_request("POST", body=packets.CLOSE, session=session)
    await look.fetch(request, to=look.polling_endpoint, timeout_s=1.0)

"""`namespace`: the Socket.IO CONNECT on each transport, and whether it holds for a moment.

On WebSocket the settle window doubles as the measurement of the round trip: five pings, pipelined.
While nothing comes, WebSocket pings tell whether our frames arrive at all: a middleware that never
calls `next()` leaves a server that answers them, a middlebox that swallows frames does not.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.evidence import NamespaceAttempt, NamespaceEvidence, Outcome
from bot.model import Finding, Reason, Status, Transport
from bot.probes import namespace_polling, namespace_websocket, outcome
from bot.probes.look import Look
from bot.probes.outcome import Judged
from bot.tasks import call_off

# Without the way there and back: client libraries give a namespace as little as a second.
SLOW_CONNECT_MS: Final = 1_500.0
_OF_OUR_LAG: Final = 5  # a join takes several turns; where we wait for ours, servers here do too

_REASONS: Final = {
    Outcome.REFUSED: Reason.CONNECT_REFUSED,
    Outcome.DISCONNECTED: Reason.DISCONNECTED,
    Outcome.SILENT: Reason.NO_ANSWER,
    Outcome.CLOSED: Reason.CLOSED,
}


async def probe(look: Look) -> Finding:
    """Join the namespace on every transport that the client uses and that opened a session."""
    started = time.monotonic()
    direct = asyncio.create_task(namespace_websocket.attempt(look))
    polled = asyncio.create_task(namespace_polling.attempt(look, beside=direct))
    try:
        attempts = (await direct, await polled)
    finally:
        await call_off(direct, polled)
    if any(a.outcome is Outcome.CONNECTED for a in attempts):
        look.joined.set()
    evidence = NamespaceEvidence(look.endpoint.namespace, look.auth is not None, attempts)
    way_ms = 4 * min(look.dialer.connects_ms, default=0.0)  # a POST, a GET, and their dials
    busy_ms = _OF_OUR_LAG * look.lag.worst_ms
    return outcome.found("namespace", _judge(attempts, way_ms + busy_ms), evidence, started)


def _judge(attempts: tuple[NamespaceAttempt, ...], allowed_ms: float) -> Judged:
    tried = [a for a in attempts if a.outcome is not Outcome.NOT_TRIED]
    if not tried:
        return outcome.NOT_REACHED
    failed = [a for a in tried if a.outcome is not Outcome.CONNECTED]
    if not failed:
        # The later one: a handler may have kept the server from it since the first has joined.
        slow = max(a.elapsed_ms for a in tried) >= SLOW_CONNECT_MS + allowed_ms
        return (Status.WARN, Reason.SLOW_ANSWER) if slow else outcome.OK
    return (Status.FAIL if failed == tried else Status.WARN), _reason(failed[0])


def _reason(attempt: NamespaceAttempt) -> Reason:
    answer = attempt.answer
    if attempt.outcome is not Outcome.CLOSED:
        return _REASONS[attempt.outcome]
    if answer is not None and answer.status is not None:
        unknown = attempt.transport is Transport.POLLING and '"code":1' in answer.body
        return Reason.SESSION_UNKNOWN if unknown else Reason.HTTP_STATUS
    return attempt.failure.reason if attempt.failure is not None else Reason.CLOSED

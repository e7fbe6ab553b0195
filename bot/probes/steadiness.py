"""Follow-up `steadiness`: the polling handshake and the health page, again and again for seconds.

One late answer says little on a busy machine, one that comes again says that the server is late.
Nothing here joins a namespace or opens a WebSocket, and every session is ended at once: a server
that goes down meanwhile does so without our doing.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.evidence import HttpAnswer, SteadinessEvidence
from bot.model import Finding, FollowUp, Reason
from bot.net import packets
from bot.net.http import Reply
from bot.probes import outcome
from bot.probes.look import DEFAULT_HEALTH, Look, PollingSession, cookies_of

ROUNDS: Final = 8
EVERY_S: Final = 0.3
ANSWER_S: Final = 3.0
LONGEST_S: Final = 4.0  # a slow server gets fewer rounds
_OUR_DOING: Final = 429  # a limiter that answers says nothing of the server; stop asking
ANSWERED: Final = "answered"


async def probe(look: Look) -> Finding:
    """Ask round after round, and say how each went."""
    started = time.monotonic()
    outcomes: list[str] = []
    handshakes: list[float | None] = []
    healths: list[float | None] = []
    for number in range(ROUNDS):
        wait = started + number * EVERY_S - time.monotonic()
        await asyncio.sleep(max(wait, 0.0))
        reply, health = await asyncio.gather(
            look.fetch(look.engine_request("GET"), to=look.polling_endpoint, timeout_s=ANSWER_S),
            look.fetch(look.get(look.target.health_path or DEFAULT_HEALTH), timeout_s=ANSWER_S),
        )
        if reply.answer.status == _OUR_DOING:
            break
        outcomes.append(_outcome(reply.answer))
        handshakes.append(outcome.own_time_ms(reply.answer))
        healths.append(outcome.own_time_ms(health.answer))
        await _end(look, reply)
        if time.monotonic() - started > LONGEST_S:
            break
    evidence = SteadinessEvidence(
        tuple(outcomes), tuple(handshakes), tuple(healths), look.lag.worst_ms
    )
    return outcome.found(FollowUp.STEADINESS.value, outcome.OK, evidence, started)


def _outcome(answer: HttpAnswer) -> str:
    if answer.status is not None:
        return ANSWERED if answer.status < 500 else Reason.HTTP_STATUS.value
    return answer.failure.reason.value if answer.failure is not None else Reason.NOT_HTTP.value


async def _end(look: Look, reply: Reply) -> None:
    """End the session, so that none haunts the server."""
    opened = packets.read_open(reply.text)
    if reply.answer.status != 200 or opened is None or opened.open.protocol != 4:
        return
    session = PollingSession(opened, cookies_of(reply), time.monotonic())
    request = look.engine_request("POST", body=packets.CLOSE, session=session)
    await look.fetch(request, to=look.polling_endpoint, timeout_s=1.0)

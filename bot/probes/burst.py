"""Follow-up `tcp_burst`: ten quick connections. Always cut off, or only some, and by what?"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.evidence import BurstEvidence, NoEvidence
from bot.model import Finding, FollowUp, Reason, Status
from bot.net.connection import Connection
from bot.net.errors import WireError, reason_of
from bot.probes import outcome
from bot.probes.look import DEFAULT_HEALTH, Look

TRIES: Final = 10
SILENT_TRIES: Final = 3
SILENT_S: Final = 0.4  # a limit closes at once; servers wait seconds for a request
ANSWER_S: Final = 1.5
_ENOUGH_TIMEOUTS: Final = 2


async def probe(look: Look) -> Finding:
    """Connect and say nothing, then connect and ask, again and again."""
    started = time.monotonic()
    name = FollowUp.TCP_BURST.value
    if look.dialer.proxy_for(look.endpoint) is not None:
        note = NoEvidence("the connections would be the proxy's")
        return outcome.found(name, (Status.SKIPPED, Reason.NOT_POSSIBLE), note, started)
    silent = [await _silent(look) for _ in range(SILENT_TRIES)]
    outcomes: list[str] = []
    for _ in range(TRIES):
        outcomes.append(await _asking(look))
        if outcomes.count(Reason.TIMEOUT) >= _ENOUGH_TIMEOUTS:
            break
    evidence = BurstEvidence(tuple(outcomes), tuple(silent))
    return outcome.found(name, outcome.OK, evidence, started)


async def _asking(look: Look) -> str:
    request = look.get(look.target.health_path or DEFAULT_HEALTH)
    answer = (await look.fetch(request, timeout_s=ANSWER_S)).answer
    if answer.status is not None or answer.failure is None:
        return "answered"
    return answer.failure.reason.value


async def _silent(look: Look) -> str:
    # Without TLS whatever the scheme: a TLS server waits for our hello just as long.
    try:
        with await look.dialer.reach(look.endpoint) as connection:
            return await _listen(connection)
    except WireError as exc:
        return exc.failure.reason.value


async def _listen(connection: Connection) -> str:
    try:
        async with asyncio.timeout(SILENT_S):
            data = await connection.read()
    except TimeoutError:
        return "open"
    except OSError as exc:
        return reason_of(exc).value
    return "open" if data else Reason.EOF.value

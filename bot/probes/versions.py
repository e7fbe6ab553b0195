"""Follow-up `older_version`: which Engine.IO versions answer, asked again and again?

One after another: a balancer in front of a rollout that is half done hands the requests out in
turns, and parallel ones would hide that. `EIO=3` last: a server that wants it refuses ours.
"""

from __future__ import annotations

import time
from typing import Final

from bot.evidence import VersionsEvidence, VersionTry
from bot.model import Finding, FollowUp
from bot.net import packets
from bot.probes import outcome
from bot.probes.look import Look

OURS, OLDER = 4, 3
AGAIN: Final = 5
ANSWER_S: Final = 2.0


async def probe(look: Look) -> Finding:
    """Shake hands over polling with our version several times, then with the older one."""
    started = time.monotonic()
    tries: list[VersionTry] = []
    for asked in (*([OURS] * AGAIN), OLDER):
        found = await _try(look, asked)
        tries.append(found)
        if found.status is None:
            break  # nobody answers any more: further waiting tells nothing of versions
    evidence = VersionsEvidence(tuple(tries))
    return outcome.found(FollowUp.OLDER_VERSION.value, outcome.OK, evidence, started)


async def _try(look: Look, asked: int) -> VersionTry:
    request = look.engine_request("GET", version=asked)
    reply = await look.fetch(request, to=look.polling_endpoint, timeout_s=ANSWER_S)
    body = reply.text
    opened = packets.read_open(body, look.scrub) if reply.answer.status == 200 else None
    return VersionTry(
        asked,
        reply.answer.status,
        opened.open if opened is not None else None,
        packets.read_error(body, look.scrub),
    )

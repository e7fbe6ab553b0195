"""Follow-up `recheck`: the same requests again after a pause. Still so?"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.evidence import RecheckEvidence
from bot.model import Finding, FollowUp
from bot.net import packets
from bot.net.errors import WireError
from bot.probes import outcome
from bot.probes.look import DEFAULT_HEALTH, Look

PAUSE_S: Final = 2.5  # a quick restart is over by then, and a person still waits
ANSWER_S: Final = 3.0
CONNECTS: Final = 2


async def probe(look: Look) -> Finding:
    """Wait, then connect, shake hands over polling and ask for the health path."""
    started = time.monotonic()
    await asyncio.sleep(PAUSE_S)
    health = look.get(look.target.health_path or DEFAULT_HEALTH)
    connects, polled, healthy = await asyncio.gather(
        _connects(look),
        look.fetch(look.engine_request("GET"), timeout_s=ANSWER_S),
        look.fetch(health, timeout_s=ANSWER_S),
    )
    opened = packets.read_open(polled.text)
    if polled.answer.status != 200:
        opened = None
    evidence = RecheckEvidence(
        pause_ms=PAUSE_S * 1_000,
        connects=connects,
        polling=polled.answer,
        polling_open=opened is not None,
        open=opened.open if opened is not None else None,
        health=healthy.answer,
    )
    return outcome.found(FollowUp.RECHECK.value, outcome.OK, evidence, started)


async def _connects(look: Look) -> tuple[str, ...]:
    results: list[str] = []
    for _ in range(CONNECTS):
        try:
            (await look.dialer.reach(look.endpoint)).close()
        except WireError as exc:
            results.append(exc.failure.reason.value)
        else:
            results.append("ok")
    return tuple(results)

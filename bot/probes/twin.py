"""Follow-up `twin` (deep): a session was lost. Is it again, and does one that talks live longer?

Three sessions side by side: one as quiet as the first, one that sends the guide's `keep-alive`
event, one that sends WebSocket pings; the latter two more often than the quiet time that the first
did not survive. An idle timeout spares both talkers, a lifetime cap nobody, an application that
wants its keep-alive only the first of them.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.evidence import HeldSession, Keep, NoEvidence, TwinEvidence
from bot.model import Finding, FollowUp, Reason, Status, Transport, say
from bot.probes import held_stream, outcome
from bot.probes.held_stream import Plan
from bot.probes.look import Look
from bot.tasks import call_off

_LONGER: Final = 1.3  # how much a twin must outlive the lost session
_LONGER_S: Final = 0.6
_OFTEN: Final = 3  # times within the quiet time that was not survived
_SHORTEST_S: Final = 0.1
_RESERVE_S: Final = 3.5


async def probe(look: Look) -> Finding:
    """Hold the twins until they have outlived the lost session, or are lost as well."""
    started = time.monotonic()
    name = FollowUp.TWIN.value
    lost = look.held
    if lost is None:
        note = NoEvidence("no WebSocket session was lost")
        return outcome.found(name, outcome.NOT_NEEDED, note, started)
    age = lost.age_ms / 1_000
    until = started + age * _LONGER + _LONGER_S
    ends = (look.ends or until + _RESERVE_S) - _RESERVE_S
    if ends < started + age * 1.1:
        note = NoEvidence("the time left is shorter than the lost session's age")
        return outcome.found(name, (Status.SKIPPED, Reason.DEADLINE), note, started)
    until = min(until, ends)
    sessions = await _hold(look, lost, started, until)
    evidence = TwinEvidence(lost.age_ms, sessions)
    judged = outcome.OK
    if any(s.lost for s in sessions):
        judged = (Status.FAIL, Reason.DISCONNECTED)
    return outcome.found(name, judged, evidence, started)


async def _hold(
    look: Look, lost: HeldSession, zero: float, until: float
) -> tuple[HeldSession, ...]:
    every = max((lost.quiet_ms or lost.age_ms) / 1_000 / _OFTEN, _SHORTEST_S)
    plans = [
        Plan(zero, until),
        Plan(zero, until, Keep.PING, every),
    ]
    if look.target.watch.keep_alive and look.target.client.keep_alive_s is not None:
        plans.append(Plan(zero, until, Keep.EVENT, every))
    telling = asyncio.create_task(_tell(look, zero, until))
    holding = [asyncio.create_task(held_stream.hold(look, plan)) for plan in plans]
    try:
        held = await asyncio.gather(*holding)
    finally:
        await call_off(telling, *holding)
    return tuple(s for s in held if s.transport is Transport.WEBSOCKET)


async def _tell(look: Look, zero: float, until: float) -> None:
    total = max(round(until - zero), 1)
    while True:
        done = min(round(time.monotonic() - zero), total)
        look.tell(say("{done} of {total} s", done=done, total=total))
        await asyncio.sleep(1.0)

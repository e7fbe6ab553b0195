"""Follow-up `hold` (deep): sessions held for two heartbeats of the server, the sampler beside them.

It runs alone. A WebSocket session, and a polling session where the client polls, only answer pings:
whatever cuts quiet connections gets its chance. The hold ends early when a session is lost and the
other has lived long enough to compare.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot import measured
from bot.evidence import HeldSession, HoldEvidence, Parted, Sample
from bot.model import Finding, FollowUp, Reason, Status, Transport, say
from bot.probes import held_polling, held_stream, outcome
from bot.probes.heartbeat import hold_s
from bot.probes.held_stream import Plan
from bot.probes.look import Look
from bot.probes.outcome import Judged
from bot.probes.sampler import EVERY_S, Sampler
from bot.tasks import call_off

_LEAD_S: Final = 0.6  # samples before our own sessions: did the server stand without us?
_TAIL_S: Final = 1.5  # after a loss: is the server gone?
_RECOVERY_S: Final = 7.0  # a handler that blocks for seconds is told from a frozen process
_LONGER: Final = 1.25  # the other session must outlive the lost one by so much
_RESERVE_S: Final = 3.5  # for the late echo and the goodbye, before the run's deadline


async def probe(look: Look) -> Finding:
    """Hold what the client uses, and watch."""
    started = time.monotonic()
    planned = hold_s(look.opened)
    until = started + _LEAD_S + planned
    ends = (look.ends or until + _RESERVE_S) - _RESERVE_S
    run = _Hold(look, started, min(until, ends))
    await run.run()
    evidence = HoldEvidence(
        planned_ms=round(planned * 1_000),
        sessions=tuple(run.sessions),
        samples=run.sampler.samples,
        limited=run.sampler.limited,
        cut_short=ends < until,
    )
    look.held = next(
        (s for s in run.sessions if s.transport is Transport.WEBSOCKET and s.lost), None
    )
    judged = _judge(evidence)
    if judged is outcome.OK and evidence.cut_short:
        judged = (Status.SKIPPED, Reason.DEADLINE)
    return outcome.found(FollowUp.HOLD.value, judged, evidence, started)


class _Hold:
    def __init__(self, look: Look, zero: float, until: float) -> None:
        self.sessions: list[HeldSession] = []
        self.sampler = Sampler(look, zero)
        self._look = look
        self._zero = zero
        self._until = until
        self._settled = asyncio.Event()

    async def run(self) -> None:
        look = self._look
        beside = [asyncio.create_task(self.sampler.run()), asyncio.create_task(self._tell())]
        try:
            await asyncio.sleep(min(_LEAD_S, max(self._until - time.monotonic(), 0.0)))
            holds = []
            if look.uses_websocket and look.stream.peek() is not None:
                holds.append(asyncio.create_task(self._socket()))
            shaken = look.shaken.peek()
            if look.uses_polling and shaken is not None and shaken.session is not None:
                holds.append(asyncio.create_task(self._polling()))
            try:
                await asyncio.gather(*holds)
            finally:
                await call_off(*holds)
            if any(s.parted is not Parted.HELD for s in self.sessions):
                await self._aftermath()
        finally:
            await call_off(*beside)

    async def _socket(self) -> None:
        held = await held_stream.hold(self._look, self._plan())
        self.sessions.append(held)
        if held.lost:
            self._settle_soon(held)

    async def _polling(self) -> None:
        held = await held_polling.hold(self._look, self._plan())
        self.sessions.append(held)
        if held.parted is Parted.REFUSED and not self._plan().over:
            # Once more: a limit on the way strikes at the same age again.
            again = await held_polling.hold(self._look, self._plan())
            self.sessions.append(again)

    def _plan(self) -> Plan:
        return Plan(self._zero, self._until, settled=self._settled)

    def _settle_soon(self, lost: HeldSession) -> None:
        """Give the other session the time to be lost at the same age, and then end."""
        began = self._zero + lost.began_ms / 1_000
        enough = began + lost.age_ms / 1_000 * _LONGER + EVERY_S - time.monotonic()
        asyncio.get_running_loop().call_later(max(enough, 0.0), self._settled.set)

    async def _aftermath(self) -> None:
        """Watch on after a loss: does the server still stand, or again?"""
        await self._sleep(_TAIL_S)
        give_up = time.monotonic() + _RECOVERY_S
        # A process that answers nobody may only be busy with what we brought it.
        while _hangs(self.sampler.last) and time.monotonic() < give_up:
            if not await self._sleep(EVERY_S):
                return

    async def _sleep(self, seconds: float) -> bool:
        left = (self._look.ends or time.monotonic() + seconds + 1) - time.monotonic() - 0.5
        await asyncio.sleep(min(seconds, max(left, 0.0)))
        return left > seconds

    async def _tell(self) -> None:
        total = round(self._until - self._zero)
        while True:
            done = min(round(time.monotonic() - self._zero), total)
            self._look.tell(say("{done} of {total} s", done=done, total=total))
            await asyncio.sleep(1.0)


def _hangs(sample: Sample | None) -> bool:
    return sample is not None and sample.reason is Reason.TIMEOUT


_LOST: dict[Parted, Reason] = {
    Parted.KICKED: Reason.DISCONNECTED,
    Parted.CLOSED: Reason.DISCONNECTED,
    Parted.CUT: Reason.EOF,
    Parted.SILENT: Reason.NO_ANSWER,
    Parted.REFUSED: Reason.HTTP_STATUS,
    Parted.NOT_OPENED: Reason.CLOSED,
}


def _judge(evidence: HoldEvidence) -> Judged:
    for held in evidence.sessions:
        if held.parted is not Parted.HELD:
            failure = held.failure if held.parted in (Parted.CUT, Parted.REFUSED) else None
            return Status.FAIL, failure.reason if failure else _LOST[held.parted]
    if any(measured.held_back_ms(s, evidence.samples) for s in evidence.sessions):
        return Status.WARN, Reason.SLOW_ANSWER
    return _judge_samples(evidence.samples) if not evidence.limited else outcome.OK


def _judge_samples(samples: tuple[Sample, ...]) -> Judged:
    if measured.falls(samples):
        return Status.FAIL, Reason.REFUSED
    if measured.stalls_now_and_then(samples) or measured.stands_still(samples):
        return Status.WARN, Reason.SLOW_ANSWER
    if measured.lost_syns(samples) or measured.jitter_ms(samples):
        return Status.WARN, Reason.UNSTABLE
    return outcome.OK

"""The sampler: connect time and first byte of the health path, every 250 ms on fresh sockets.

Beside a hold it shows whether the server stands while a session falls. Alone (follow-up `sampler`)
it shows whether the server falls without us. It stops when a rate limiter answers, and it never
has more than a few requests under way.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Final

from bot.evidence import Sample, SamplerEvidence
from bot.model import Finding, FollowUp, Reason, Status
from bot.probes import outcome
from bot.probes.look import DEFAULT_HEALTH, Look
from bot.tasks import call_off

EVERY_S: Final = 0.25
ANSWER_S: Final = 3.0
ALONE_S: Final = 6.0  # crash loops of a supervisor turn once in a few seconds
_AT_ONCE: Final = 4
_MOST: Final = 520  # 120 s and the moments around them
_LIMITED: Final = frozenset({429, 503})
_PATIENCE: Final = 2  # such answers, when earlier ones were good


class Sampler:
    """Use `run` as a task beside what is to be watched; cancel it when that is over."""

    def __init__(self, look: Look, zero: float) -> None:
        self.limited = False
        self._look = look
        self._zero = zero
        self._taken: list[Sample] = []
        self._late: list[tuple[float, float]] = []  # when, by how much, our own timer was late
        self._good = False
        self._refusals = 0

    @property
    def samples(self) -> tuple[Sample, ...]:
        """What was measured, in order, each with how busy we were ourselves meanwhile."""
        return tuple(self._with_our_part(s) for s in sorted(self._taken, key=lambda s: s.at_ms))

    @property
    def last(self) -> Sample | None:
        """The sample that was finished last."""
        return self._taken[-1] if self._taken else None

    async def run(self) -> None:
        """Sample until cancelled, or until a limiter answers."""
        running: set[asyncio.Task[None]] = set()
        due = time.monotonic()
        try:
            while not self.limited and len(self._taken) < _MOST:
                if len(running) < _AT_ONCE:
                    running.add(asyncio.create_task(self._sample()))
                due = max(due + EVERY_S, time.monotonic())
                await asyncio.sleep(due - time.monotonic())
                self._note_lateness(due)
                running = {task for task in running if not task.done()}
        finally:
            await call_off(*running)

    async def _sample(self) -> None:
        look, began = self._look, time.monotonic()
        path = look.target.health_path or DEFAULT_HEALTH
        reply = await look.fetch(look.get(path), timeout_s=ANSWER_S, body_bytes=2_048)
        answer = reply.answer
        ended = answer.failure if answer.status is None else None
        self._taken.append(
            Sample(
                at_ms=round((began - self._zero) * 1_000, 1),
                connect_ms=answer.connect_ms,
                ttfb_ms=answer.ttfb_ms,
                status=answer.status,
                phase=ended.phase if ended else None,
                reason=ended.reason if ended else None,
            )
        )
        self._watch_for_a_limiter(answer.status)

    def _watch_for_a_limiter(self, status: int | None) -> None:
        if status not in _LIMITED:
            self._good = self._good or (status is not None and status < 500)
            self._refusals = 0
            return
        self._refusals += 1
        if status == 429 or (self._good and self._refusals >= _PATIENCE):
            self.limited = True

    def _note_lateness(self, due: float) -> None:
        now = time.monotonic()
        if now - due > 0.02:
            self._late.append((now, (now - due) * 1_000))

    def _with_our_part(self, sample: Sample) -> Sample:
        began = self._zero + sample.at_ms / 1_000
        ended = began + ((sample.connect_ms or 0.0) + (sample.ttfb_ms or 0.0)) / 1_000
        late = [ms for at, ms in self._late if began <= at <= ended + EVERY_S + ms / 1_000]
        return replace(sample, busy_ms=round(max(late, default=0.0), 1))


async def probe(look: Look) -> Finding:
    """Watch the health path for a while without any session of ours."""
    started = time.monotonic()
    left = (look.ends or started + ALONE_S) - started
    sampler = Sampler(look, started)
    running = asyncio.create_task(sampler.run())
    try:
        await asyncio.wait({running}, timeout=min(ALONE_S, max(left - 0.5, 0.0)))
    finally:
        await call_off(running)
    evidence = SamplerEvidence(sampler.samples, sampler.limited)
    name = FollowUp.SAMPLER.value
    if left < ALONE_S:
        return outcome.found(name, (Status.SKIPPED, Reason.DEADLINE), evidence, started)
    return outcome.found(name, outcome.OK, evidence, started)

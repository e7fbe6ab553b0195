"""What a verdict costs: easy ones against their own base suite, hard ones against a limit.

A sample of the lab's faults on loopback, diagnosed in this process. A verdict is easy when no
follow-up was asked for; then the whole may take no longer than the suite itself.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest

from bench.figures import Figure, median
from bench.suite import Clock
from bot.diagnose import diagnose
from bot.model import FollowUp
from tests.lab.scenario import Bench, Scenario
from tests.lab.table import suite
from tests.servers.certificates import CertificateAuthority

HARD_LIMIT_MS = 8_000.0
_A_RUN = 3  # scenarios for each of the `times`
_SLACK_MS = 30.0  # the goodbye to the sessions, and the judging itself
_FOLLOW_UPS = frozenset(f.value for f in FollowUp)


async def figures(times: int) -> list[Figure]:
    """Two figures: easy verdicts beside their suite, and verdicts with follow-ups."""
    faults = [s for s in suite(network=False) if s.cause is not None]
    sample = random.Random(1).sample(faults, min(len(faults), times * _A_RUN))
    beyond: list[float] = []  # what an easy verdict took beyond its suite
    hard: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ca = CertificateAuthority(folder)
        for number, scenario in enumerate(sample):
            try:
                clock = await _look(scenario, folder / str(number), ca)
            except pytest.skip.Exception:
                continue  # a tool is missing here
            if _FOLLOW_UPS & set(clock.spans):
                hard.append(clock.now_ms)
            else:
                beyond.append(max(0.0, clock.now_ms - clock.base_ms))
    found = []
    if beyond:
        text = "the end of its base suite, and a moment for the goodbye"
        found.append(
            Figure("an easy verdict, beyond its suite", median(beyond), _SLACK_MS, text, beyond)
        )
    if hard:
        text = "without --deep"
        found.append(Figure("a verdict with follow-ups", median(hard), HARD_LIMIT_MS, text, hard))
    return found


class _Stopped(Clock):
    """A clock that keeps when the whole was over."""

    now_ms = 0.0


async def _look(scenario: Scenario, folder: Path, ca: CertificateAuthority) -> _Stopped:
    async with Bench(folder, ca) as bench:
        target = await scenario.start(bench)
        clock = _Stopped()
        await diagnose(target, controls=bench.controls, on_progress=clock)
        clock.now_ms = clock.now()
    return clock

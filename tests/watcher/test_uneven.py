"""Paths that one look finds lossy: told when it lasts, and not before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path

from bot.evidence import HistoryEvidence
from bot.model import (
    Confidence,
    Controls,
    Layer,
    Named,
    Report,
    Section,
    State,
    Target,
    TransitionKind,
    Verdict,
)
from bot.watcher.looks import uneven
from tests.watcher.conftest import WATCH, running, until

PERIODIC = replace(WATCH, mode="periodic", interval_s=0.1, confirm_s=0.05)


def a_report(code: str | None, *also: str) -> Report:
    cause = Named(code, Layer.NET, Section.NETWORK, Confidence.LIKELY) if code else None
    verdict = Verdict(State.DEGRADED if code else State.UP, cause, also=also)
    return Report("prod", "https://prod.example", "local", (), verdict, datetime.now(UTC), 1.0)


class Prober:
    """Gives these reports, one after the other."""

    def __init__(self, codes: Iterable[str | None]) -> None:
        self._codes = iter(codes)
        self.looks = 0

    async def __call__(
        self,
        _target: Target,
        *,
        controls: Controls,  # noqa: ARG002
        memory: HistoryEvidence | None,  # noqa: ARG002
    ) -> Report:
        await asyncio.sleep(0)
        self.looks += 1
        return a_report(next(self._codes))


def a_target() -> Target:
    return Target("prod", "https://prod.example", watch=PERIODIC)


def test_only_the_quality_of_the_path_is_doubted() -> None:
    assert uneven(a_report("net_loss"))
    assert uneven(a_report("net_jitter", "net_latency"))
    assert not uneven(a_report("net_loss", "ws_transport_disabled"))
    assert not uneven(a_report("ws_transport_disabled"))
    assert not uneven(a_report(None))
    assert not uneven(None)


async def test_a_loss_that_some_looks_show_is_told_to_nobody(tmp_path: Path) -> None:
    prober = Prober(chain.from_iterable(repeat([None, "net_loss", "net_loss", "net_loss"])))
    async with running(tmp_path, a_target(), diagnose=prober) as bot:
        await until(lambda: prober.looks >= 30)
        assert await bot.incidents() == []


async def test_a_loss_that_every_look_shows_is_an_incident(tmp_path: Path) -> None:
    prober = Prober(chain([None], repeat("net_loss")))
    async with running(tmp_path, a_target(), diagnose=prober) as bot:
        (opened,) = await bot.told(TransitionKind.OPENED)
        assert opened.state is State.DEGRADED
        assert prober.looks >= 7

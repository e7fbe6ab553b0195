"""How often targets are looked at, and which looks are believed."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import pytest

from bot.evidence import HistoryEvidence, NoEvidence
from bot.model import Controls, Finding, Reason, Report, State, Status, Target, Verdict
from bot.watcher.looks import Looks, Slots

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def a_report(state: State, *reasons: Reason) -> Report:
    findings = tuple(Finding("tcp", Status.FAIL, r, NoEvidence(""), 1.0) for r in reasons)
    return Report("prod", "https://prod.example", "local", findings, Verdict(state, None), NOW, 1.0)


def looks(*reports: Report, busy_s: float) -> tuple[Looks, list[Report]]:
    """Looks that yield these reports, while our own loop is blocked for `busy_s`."""
    left = list(reports)

    async def diagnose(
        _target: Target, *, controls: Controls, memory: HistoryEvidence | None
    ) -> Report:
        await asyncio.sleep(0)
        time.sleep(busy_s)  # noqa: ASYNC251 - that is the point
        return left.pop(0)

    subject = Looks(
        Target("prod", "https://prod.example"),
        diagnose=diagnose,
        controls=Controls(),
        slots=Slots.of(),
        now=lambda: NOW,
    )
    return subject, left


SILENT = a_report(State.DOWN, Reason.TIMEOUT)
REFUSED = a_report(State.DOWN, Reason.REFUSED)
UP = a_report(State.UP)


async def test_silence_while_we_were_late_ourselves_is_looked_at_again() -> None:
    subject, left = looks(SILENT, UP, busy_s=0.6)
    assert await subject.look(urgent=True) is UP
    assert left == []


async def test_silence_that_lasts_is_believed_however_late_we_are() -> None:
    subject, left = looks(SILENT, SILENT, SILENT, UP, busy_s=0.6)
    assert await subject.look(urgent=True) is SILENT
    assert left == [UP]


@pytest.mark.parametrize(("report", "busy_s"), [(SILENT, 0.0), (REFUSED, 0.6), (UP, 0.6)])
async def test_what_our_lateness_does_not_explain_is_believed_at_once(
    report: Report, busy_s: float
) -> None:
    subject, left = looks(report, UP, busy_s=busy_s)
    assert await subject.look(urgent=True) is report
    assert left == [UP]


def test_few_targets_are_looked_at_as_often_as_they_ask_and_many_as_often_as_one_core_bears() -> (
    None
):
    slots = Slots.of()
    slots.join("prod", 60.0)
    assert 54 <= slots.pause_s(60.0) <= 66
    for n in range(999):
        slots.join(f"t{n}", 60.0)
    assert 450 <= slots.pause_s(60.0) <= 550
    for n in range(999):
        slots.leave(f"t{n}")
    assert 54 <= slots.pause_s(60.0) <= 66

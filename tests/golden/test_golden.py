"""Every saved report gets the verdict that it must get."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.record import loads, scrubbed, was_cut_short
from bot.verdict import judge

FILES = sorted(Path(__file__).parent.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_saved_report_is_judged_as_it_must_be(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    saved = loads(text)
    assert saved.expected is not None, "a golden file says which verdict it must get"
    verdict = judge(saved.report.findings, saved.target, cut_short=was_cut_short(saved.report))
    assert saved.expected.met(verdict), (saved.expected, verdict)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_saved_report_holds_nothing_that_looks_like_a_secret(path: Path) -> None:
    report = json.loads(path.read_text(encoding="utf-8"))["report"]
    assert scrubbed(report) == report


def test_there_are_saved_reports() -> None:
    assert len(FILES) > 50

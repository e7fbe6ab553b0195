"""Every saved report gets the verdict that it must get."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.model import ClientSettings, Target, Transport
from bot.record import from_json
from bot.verdict import judge

FILES = sorted(Path(__file__).parent.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_saved_report_is_judged_as_it_was(path: Path) -> None:
    saved = json.loads(path.read_text(encoding="utf-8"))
    about = saved["target"]
    target = Target(
        "lab",
        about["url"],
        path=about["path"],
        namespace=about["namespace"],
        origin=about["origin"],
        client=ClientSettings(transports=tuple(Transport(t) for t in about["transports"])),
    )
    verdict = judge(from_json(saved["report"]).findings, target)
    cause = verdict.cause
    assert saved["verdict"] == {
        "state": verdict.state.value,
        "code": cause.code if cause else None,
        "confidence": cause.confidence.value if cause else None,
    }


def test_there_are_saved_reports() -> None:
    assert len(FILES) > 50

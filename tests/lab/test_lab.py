"""Each scenario through the real diagnosis: the verdict must be the one that the table says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.causes import UNRECOGNISED
from bot.diagnose import diagnose
from bot.model import Confidence, Reason, Report, State, Status
from bot.record import from_json, to_json
from bot.verdict import judge
from tests.lab.scenario import Bench, Scenario
from tests.lab.table import suite
from tests.servers.certificates import CertificateAuthority


def _slowed(report: Report) -> bool:
    """Whether this machine was so loaded that a healthy answer came late: worth a second look."""
    problems = {f.reason for f in report.findings if f.status in (Status.WARN, Status.FAIL)}
    return bool(problems) and problems <= {Reason.SLOW_ANSWER, Reason.UNSTABLE}


@pytest.mark.parametrize("scenario", suite(network=False), ids=lambda s: s.name.replace(" ", "-"))
async def test_the_verdict_names_the_fault(
    scenario: Scenario, tmp_path: Path, ca: CertificateAuthority
) -> None:
    async with Bench(tmp_path, ca) as bench:
        target = await scenario.start(bench)
        report = await diagnose(target, controls=bench.controls)
        if scenario.state is State.UP and _slowed(report):
            report = await diagnose(target, controls=bench.controls)
    cause = report.verdict.cause
    story = f"{report.verdict}\n" + "\n".join(map(str, report.findings))
    trouble = (State.DOWN, State.DEGRADED)
    allowed = (scenario.state,) if scenario.state else trouble
    assert report.verdict.state in allowed, story
    if scenario.cause is None:
        assert cause is None, story
    else:
        assert cause is not None, story
        assert cause.code in scenario.right, story
        named = cause.code != UNRECOGNISED
        assert (cause.confidence is not Confidence.POSSIBLE) is named, story
    saved = from_json(to_json(report))
    assert judge(saved.findings, target) == report.verdict

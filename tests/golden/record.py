"""`python -m tests.golden.record`: save a report for every cause of the lab that has none yet."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from bot.diagnose import diagnose
from bot.model import Report, Target
from bot.record import Expected, Saved, dumps
from tests.lab.scenario import Bench, Scenario
from tests.lab.table import suite
from tests.servers.certificates import CertificateAuthority

FOLDER = Path(__file__).parent


def saved(scenario: Scenario, target: Target, report: Report) -> str:
    """The text of a golden file: a saved report with the verdict that it must get for ever."""
    cause = report.verdict.cause
    expected = Expected(
        report.verdict.state.value,
        cause.code if cause else "",
        cause.confidence.value if cause else None,
    )
    return dumps(Saved(target, report, about=scenario.name, expected=expected))


async def _record() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ca").mkdir()
        ca = CertificateAuthority(folder / "ca")
        for number, scenario in enumerate(suite(network=False)):
            path = FOLDER / f"{scenario.cause or 'healthy'}.json"
            if path.exists():
                continue
            async with Bench(folder / str(number), ca) as bench:
                target = await scenario.start(bench)
                report = await diagnose(target)
            cause = report.verdict.cause
            code = cause.code if cause else None
            if code == scenario.cause and scenario.state in (None, report.verdict.state):
                path.write_text(saved(scenario, target, report), encoding="utf-8")
                sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    asyncio.run(_record())

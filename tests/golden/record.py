"""`python -m tests.golden.record`: save a report for every cause of the lab that has none yet."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from bot.diagnose import diagnose
from bot.model import Report, Target
from bot.record import to_json
from tests.lab.scenario import Bench, Scenario
from tests.lab.table import suite
from tests.servers.certificates import CertificateAuthority

FOLDER = Path(__file__).parent


def saved(scenario: Scenario, target: Target, report: Report) -> str:
    """The text of a golden file: what the verdict depends on, the evidence, the verdict."""
    cause = report.verdict.cause
    content = {
        "scenario": scenario.name,
        "target": {
            "url": target.url,
            "path": target.path,
            "namespace": target.namespace,
            "origin": target.origin,
            "transports": [t.value for t in target.client.transports],
        },
        "verdict": {
            "state": report.verdict.state.value,
            "code": cause.code if cause else None,
            "confidence": cause.confidence.value if cause else None,
        },
        "report": to_json(report),
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


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

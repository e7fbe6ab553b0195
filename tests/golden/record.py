"""`python -m tests.golden.record`: save a report for every cause of the lab that has none yet.

What loopback can show is looked at in this process. A scenario that needs a network of its own, an
environment or a deep check gets a process in fresh namespaces (`--in-namespaces NAME`), and
`tests.golden.look` looks from the near side of its link.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from bot.diagnose import diagnose
from bot.model import Report, Target
from bot.record import Expected, Saved, dumps, from_json
from tests.lab.isolation import Isolation
from tests.lab.scenario import Bench, Scenario
from tests.lab.table import named, scenarios, suite
from tests.servers.certificates import CertificateAuthority

FOLDER = Path(__file__).parent
_LOOK_S = 150.0  # a deep check holds for two heartbeats
_SEED = 1


def saved(scenario: Scenario, target: Target, report: Report) -> str:
    """The text of a golden file: a saved report with the verdict that it must get for ever."""
    cause = report.verdict.cause
    expected = Expected(
        report.verdict.state.value,
        cause.code if cause else "",
        cause.confidence.value if cause else None,
    )
    return dumps(Saved(target, report, about=scenario.name, expected=expected))


def _place(scenario: Scenario) -> Path:
    return FOLDER / f"{scenario.cause or 'healthy'}.json"


def _keep(scenario: Scenario, target: Target, report: Report) -> None:
    """Save a report whose verdict is the scenario's; a wrong one is for the lab to show."""
    cause = report.verdict.cause
    code = cause.code if cause else None
    if code == scenario.cause and scenario.state in (None, report.verdict.state):
        _place(scenario).write_text(saved(scenario, target, report), encoding="utf-8")
        sys.stdout.write(f"{_place(scenario).name}\n")


async def _on_loopback() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ca").mkdir()
        ca = CertificateAuthority(folder / "ca")
        for number, scenario in enumerate(suite(network=False)):
            if _place(scenario).exists():
                continue
            place = folder / str(number)
            place.mkdir()
            async with Bench(place, ca) as bench:
                target = await scenario.start(bench)
                report = await diagnose(target, controls=bench.controls)
            _keep(scenario, target, report)


async def _in_namespaces(scenario: Scenario, isolation: Isolation) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ca").mkdir()
        ca = CertificateAuthority(folder / "ca")
        chance = random.Random(f"{_SEED} {scenario.name}")
        async with Bench(folder, ca, chance, isolation) as bench:
            target = await scenario.start(bench)
            command = [sys.executable, "-m", "tests.golden.look"]
            process = await asyncio.create_subprocess_exec(
                *(bench.link.near(command) if bench.link else command),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=os.environ | bench.environment,
            )
            try:
                async with asyncio.timeout(_LOOK_S):
                    told = pickle.dumps((target, bench.controls, scenario.deep))
                    said, _ = await process.communicate(told)
            except TimeoutError:
                process.kill()
                await process.wait()
                raise
        _keep(scenario, target, from_json(pickle.loads(said)))


def _record() -> None:
    asyncio.run(_on_loopback())
    for scenario in scenarios():
        if (scenario.network or scenario.deep) and not _place(scenario).exists():
            command = [sys.executable, "-m", "tests.golden.record", "--in-namespaces"]
            subprocess.run([*command, scenario.name], check=False)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--in-namespaces"]:
        asyncio.run(_in_namespaces(named(sys.argv[2]), Isolation.enter()))
    else:
        _record()

"""One run of one scenario: namespaces, components, `wsdiag check`, what came of it."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import tempfile
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.model import FollowUp
from tests.lab import settings
from tests.lab.isolation import Isolation
from tests.lab.outcome import Kind, Outcome
from tests.lab.person import Answer, Person, words
from tests.lab.scenario import Bench, Scenario
from tests.lab.table import named
from tests.servers.certificates import CertificateAuthority
from tests.servers.tools import missing

# A hold of at most 120 s comes on top of the 20 s of a check (docs/design, command line).
DEEP_S = 140.0
_GRACE_S = 2.0  # from the end of the diagnosis to the end of the process, on a loaded machine
_KILL_AFTER_S = 15.0
_STATES = {0: "up", 1: "degraded", 2: "down", 3: "unknown"}
_FOLLOW_UPS = frozenset(f.value for f in FollowUp)


def run(name: str, seed: int) -> Outcome:
    """Run the scenario in namespaces of its own. For a fresh process with a single thread."""
    scenario = named(name)
    for tool in scenario.needs:
        if (reason := missing(tool)) is not None:
            return Outcome(name, seed, Kind.SKIPPED, story=reason)
    folder = Path(tempfile.mkdtemp(prefix="wsdiag-lab-"))
    folder.chmod(0o755)  # Apache's children are somebody else
    try:
        isolation = Isolation.enter()
        person = Person(folder)
        try:
            return asyncio.run(_run(scenario, seed, folder, isolation, person))
        finally:
            person.dismiss()
    except pytest.skip.Exception as skipped:
        return Outcome(name, seed, Kind.SKIPPED, story=str(skipped))
    except Exception:  # noqa: BLE001  told as the outcome, with its traceback
        return Outcome(name, seed, Kind.BROKEN, story=traceback.format_exc())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _run(
    scenario: Scenario, seed: int, folder: Path, isolation: Isolation, person: Person
) -> Outcome:
    (folder / "ca").mkdir()
    chance = random.Random(f"{seed} {scenario.name}")
    async with Bench(folder, CertificateAuthority(folder / "ca"), chance, isolation) as bench:
        target = replace(await scenario.start(bench), name="lab")
        limit_s = DEEP_S if scenario.deep else target.deadline_s
        environment = bench.environment | settings.write(target, bench.controls, folder)
        place = (bench.link.near_network, f"/proc/{bench.link.pid}/ns/mnt") if bench.link else None
        told = words(target, deep=scenario.deep, arguments=scenario.arguments)
        answer = await person.check(told, environment, place, limit_s + _KILL_AFTER_S)
    return _outcome(scenario, seed, answer, limit_s)


def _outcome(scenario: Scenario, seed: int, answer: Answer, limit_s: float) -> Outcome:
    def ended(kind: Kind, story: str, **more: Any) -> Outcome:
        return Outcome(scenario.name, seed, kind, wall_s=answer.wall_s, story=story, **more)

    tail = answer.errors[-3_000:]
    if answer.code < 0:
        return ended(Kind.LATE, f"killed after {answer.wall_s:.1f} s\n{tail}")
    if answer.code not in _STATES or "Traceback" in answer.errors:
        return ended(Kind.CRASHED, f"exit code {answer.code}\n{tail}")
    try:
        found = json.loads(answer.out)
        cause = found["cause"] or {}
        seen = {
            "state": found["state"],
            "code": cause.get("code"),
            "layer": cause.get("layer"),
            "section": cause.get("section"),
            "confidence": cause.get("confidence"),
            "alternatives": tuple(found["alternatives"]),
            "follow_ups": tuple(
                dict.fromkeys(f["probe"] for f in found["findings"] if f["probe"] in _FOLLOW_UPS)
            ),
            "duration_ms": found["duration_ms"],
        }
    except (ValueError, KeyError, TypeError) as error:
        return ended(Kind.CRASHED, f"no report: {error!r}\n{answer.out[:500]}\n{tail}")
    if found["state"] != _STATES[answer.code]:
        return ended(Kind.CRASHED, f"exit code {answer.code} for {found['state']}", **seen)
    late = answer.wall_s > limit_s + _GRACE_S
    return ended(Kind.LATE if late else Kind.JUDGED, _story(found), **seen)


def _story(found: dict[str, Any]) -> str:
    cause = found["cause"] or {}
    named = f"{cause.get('code')} ({cause.get('confidence')})"
    others = ", ".join(found["alternatives"]) or "nothing else"
    url = found["target"]["url"]
    lines = [f"{url}: {found['state']}, {named}, or {others}", f"  {cause.get('why', '')}"]
    for f in found["findings"]:
        if f["status"] != "skipped" or f["reason"] == "deadline":
            seen = json.dumps(f["evidence"], ensure_ascii=False)
            spent = f"{f['duration_ms']:.0f} ms"
            lines.append(f"  {f['probe']:16} {f['status']} {f['reason']} {spent} {seen[:700]}")
    return "\n".join(lines)

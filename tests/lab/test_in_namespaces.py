"""Scenarios that need a network of their own: each is run as `make lab` runs it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from pathlib import Path

import pytest

from tests.lab.outcome import Kind, Outcome
from tests.lab.scenario import Scenario
from tests.lab.table import suite
from tests.servers.tools import required_all

pytestmark = [pytest.mark.netns, pytest.mark.node]
_DEADLINE_S = 90.0


@pytest.mark.parametrize("scenario", suite(network=True), ids=lambda s: s.name.replace(" ", "-"))
async def test_the_network_s_fault_is_named(scenario: Scenario, tmp_path: Path) -> None:
    file = tmp_path / "outcomes.json"
    command = [sys.executable, "-m", "tests.lab", "--exactly", scenario.name, "--json", str(file)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(_DEADLINE_S):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert file.exists(), said.decode()
    (outcome,) = json.loads(file.read_text(encoding="utf-8"))
    if outcome["kind"] == Kind.SKIPPED and not required_all():
        pytest.skip(outcome["story"])
    # The time that it took is `make lab`'s to judge.
    fields = {field.name for field in dataclasses.fields(Outcome)}
    known = {name: value for name, value in outcome.items() if name in fields}
    run = Outcome(**{**known, "kind": Kind(outcome["kind"])})
    assert run.right(scenario), said.decode()
    assert run.state_right(scenario), said.decode()

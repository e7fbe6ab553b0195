"""The custom step of Workflow Builder, held by the second manifest and the strict workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from bot.demo.workspace import AppConfig, Workspace
from bot.model import State
from bot.slack.asking.workflow import STEP
from bot.slack.way.access import Policy, Rule
from bot.slack.way.client import Mode
from tests.slack.conftest import WORKFLOW_MANIFEST, Scene, Stage, manifest

Start = Callable[[], Awaitable[Scene]]


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    app = AppConfig.from_manifest(manifest(WORKFLOW_MANIFEST))
    made = Workspace(app=app, rate_limits=False)
    people = [made.add_user("mira"), made.add_user("jonas")]
    made.add_channel("ops", members=people)
    async with made:
        yield made


async def ended(scene: Scene, inputs: dict[str, Any]) -> Any:
    """The step, run to its end."""
    run = await scene.workspace.run_step("mira", STEP, inputs)
    await scene.workspace.wait_for(lambda: run.status != "running", timeout=10)
    return run


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_step_gives_state_cause_summary_and_fix(
    stage: Stage, running: Start, mode: Mode
) -> None:
    stage.mode = mode
    stage.script.gate.set()
    scene = await running()
    run = await ended(scene, {"target": "PROD"})
    assert run.status == "completed"
    assert (run.outputs["state"], run.outputs["cause"]) == ("down", "tcp_refused")
    assert run.outputs["summary"].startswith("prod is down: ")
    assert run.outputs["fix"]
    assert scene.script.deep == [False]


async def test_what_is_up_has_no_cause_and_no_fix(scene: Scene) -> None:
    scene.script.state = State.UP
    scene.script.gate.set()
    run = await ended(scene, {"target": "prod", "deep": True})
    assert run.outputs == {"state": "up", "summary": "prod is up."}
    assert scene.script.deep == [True]


async def test_an_unknown_target_fails_the_step_with_a_sentence(scene: Scene) -> None:
    run = await ended(scene, {"target": "prodd"})
    assert (run.status, run.error) == ("failed", "There is no target called “prodd”.")


async def test_a_step_of_nobodys_needs_a_rule_for_everybody(stage: Stage, running: Start) -> None:
    stage.policy = Policy(check=Rule.of(users=[stage.workspace.user("jonas").id]))
    stage.script.gate.set()
    scene = await running()
    assert "give the step the person" in (await ended(scene, {"target": "prod"})).error
    mira, jonas = (scene.workspace.user(name).id for name in ("mira", "jonas"))
    assert "not on the list" in (await ended(scene, {"target": "prod", "user": mira})).error
    assert (await ended(scene, {"target": "prod", "user": jonas})).status == "completed"


async def test_an_error_of_our_own_ends_the_step(scene: Scene) -> None:
    scene.script.error = RuntimeError("a bug")
    scene.script.gate.set()
    run = await ended(scene, {"target": "prod"})
    assert (run.status, "error of the bot's own" in run.error) == ("failed", True)


async def test_a_step_that_a_restart_cuts_off_is_ended(stage: Stage, running: Start) -> None:
    scene = await running()
    run = await scene.workspace.run_step("mira", STEP, {"target": "prod"})
    await scene.script.started.wait()
    await scene.bot.stop()
    await scene.workspace.wait_for(lambda: run.status != "running", timeout=10)
    assert "restarting" in (run.error or "")

"""Custom steps of Workflow Builder: who hears of them, and how they end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.complete.async_complete import AsyncComplete
from slack_bolt.context.fail.async_fail import AsyncFail
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import (
    AppConfig,
    CustomStep,
    Parameter,
    SlackError,
    User,
    Workspace,
)
from tests.demo.conftest import Refusal
from tests.demo.test_workspace_sockets import connected

STEP = CustomStep(
    "diagnose",
    "Diagnose a backend",
    inputs=(Parameter("target", required=True), Parameter("deep", kind="boolean")),
    outputs=(Parameter("state", required=True), Parameter("rtt", kind="number")),
)
APP = AppConfig(steps=(STEP,), bot_events=("function_executed",))


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with Workspace(rate_limits=False, app=APP) as made:
        yield made


async def test_a_step_is_an_event_with_its_inputs_and_a_token(
    workspace: Workspace, mira: User
) -> None:
    """https://docs.slack.dev/reference/events/function_executed"""
    async with connected(workspace) as socket:
        run = await workspace.run_step(mira, "diagnose", {"target": "prod"})
        frame = await socket.frame()
        await socket.ack(frame)
    event = frame["payload"]["event"]
    assert event["type"] == "function_executed"
    assert event["function"]["callback_id"] == "diagnose"
    assert event["inputs"] == {"target": "prod"}
    assert event["function_execution_id"] == run.id
    assert event["bot_access_token"].startswith("xwfp-")


async def test_a_step_reaches_only_an_app_that_listens_for_it(
    workspace: Workspace, mira: User
) -> None:
    """https://docs.slack.dev/workflows/creating-custom-steps-dynamic-options and
    https://docs.slack.dev/tools/bolt-python/concepts/custom-steps"""
    workspace.app = replace(APP, bot_events=())
    await workspace.run_step(mira, "diagnose", {"target": "prod"})
    assert workspace.events == []


async def test_a_step_is_given_the_inputs_it_declares(workspace: Workspace, mira: User) -> None:
    """https://docs.slack.dev/reference/app-manifest#functions"""
    for inputs in ({}, {"target": 7}, {"target": "prod", "depth": "all"}):
        with pytest.raises(SlackError, match="parameter_validation_failed"):
            await workspace.run_step(mira, "diagnose", inputs)


@pytest.mark.parametrize("outputs", [{}, {"state": 1}, {"state": "up", "rtt": "fast"}, {"x": "y"}])
async def test_a_step_gives_the_outputs_it_declares(
    workspace: Workspace,
    client: AsyncWebClient,
    mira: User,
    refused: type[Refusal],
    outputs: dict[str, Any],
) -> None:
    """https://docs.slack.dev/reference/methods/functions.completeSuccess#errors"""
    run = await workspace.run_step(mira, "diagnose", {"target": "prod"})
    async with refused("parameter_validation_failed"):
        await client.functions_completeSuccess(function_execution_id=run.id, outputs=outputs)
    assert run.status == "running"


async def test_a_step_ends_once_and_its_token_with_it(
    workspace: Workspace, client: AsyncWebClient, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/functions.completeSuccess#errors"""
    run = await workspace.run_step(mira, "diagnose", {"target": "prod"})
    own = AsyncWebClient(run.token, base_url=workspace.api_url)
    await own.functions_completeSuccess(function_execution_id=run.id, outputs={"state": "up"})
    assert (run.status, run.outputs) == ("completed", {"state": "up"})
    async with refused("execution_not_in_running_state"):
        await client.functions_completeError(function_execution_id=run.id, error="too late")
    async with refused("invalid_auth"):
        await own.auth_test()


async def test_a_step_that_nobody_runs_cannot_end(
    client: AsyncWebClient, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/functions.completeError#errors"""
    async with refused("function_execution_not_found"):
        await client.functions_completeError(function_execution_id="Fx1", error="no")


async def test_bolt_completes_and_fails_steps(workspace: Workspace, mira: User) -> None:
    """https://docs.slack.dev/tools/bolt-python/concepts/custom-steps"""
    app = AsyncApp(client=AsyncWebClient(workspace.bot_token, base_url=workspace.api_url))

    @app.function("diagnose")
    async def diagnose(inputs: dict[str, Any], complete: AsyncComplete, fail: AsyncFail) -> None:
        if inputs["target"] == "prod":
            await complete({"state": "down"})
        else:
            await fail("no such target")

    handler = AsyncSocketModeHandler(app, workspace.app_token)
    await handler.connect_async()
    try:
        good = await workspace.run_step(mira, "diagnose", {"target": "prod"})
        bad = await workspace.run_step(mira, "diagnose", {"target": "x"})
        await workspace.wait_for(lambda: "running" not in (good.status, bad.status))
    finally:
        await handler.close_async()
    assert (good.status, good.outputs) == ("completed", {"state": "down"})
    assert (bad.status, bad.error) == ("failed", "no such target")


def test_a_manifest_with_functions_says_where_they_run() -> None:
    """https://docs.slack.dev/tools/bolt-python/concepts/custom-steps (manifest)"""
    functions = {
        "diagnose": {
            "title": "Diagnose a backend",
            "description": "Says why",
            "input_parameters": {"target": {"type": "string", "is_required": True}},
            "output_parameters": {},
        }
    }
    settings = {"function_runtime": "remote", "org_deploy_enabled": True}
    (step,) = AppConfig.from_manifest({"functions": functions, "settings": settings}).steps
    assert (step.callback_id, step.inputs[0].required) == ("diagnose", True)
    with pytest.raises(ValueError, match="function_runtime"):
        AppConfig.from_manifest({"functions": functions, "settings": {}})

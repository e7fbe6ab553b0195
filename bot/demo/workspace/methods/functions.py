"""functions.*: how an app ends a step of a workflow that was given to it.

https://docs.slack.dev/workflows/workflow-steps and
https://docs.slack.dev/reference/methods/functions.completeSuccess
"""

from __future__ import annotations

from typing import Any

from bot.demo.workspace.arguments import Arguments
from bot.demo.workspace.core import Core
from bot.demo.workspace.errors import SlackError, explained
from bot.demo.workspace.records import Json, Parameter, StepRun


def _running(core: Core, arguments: Arguments) -> StepRun:
    run = core.state.runs.get(arguments.required("function_execution_id"))
    if run is None:
        raise SlackError("function_execution_not_found")
    if run.status != "running":
        raise SlackError("execution_not_in_running_state")
    return run


async def complete_success(core: Core, arguments: Arguments) -> Json:
    """functions.completeSuccess: the outputs must be those that the manifest declares."""
    run = _running(core, arguments)
    outputs = arguments.json("outputs")
    if not isinstance(outputs, dict):
        raise explained("invalid_arguments", ["missing required field: outputs"])
    if problems := parameter_problems(run.step.outputs, outputs, "/outputs"):
        raise explained("parameter_validation_failed", problems)
    run.outputs = outputs
    _end(core, run, "completed")
    return {}


async def complete_error(core: Core, arguments: Arguments) -> Json:
    """functions.completeError: the workflow stops and its maintainers read the error."""
    run = _running(core, arguments)
    run.error = arguments.required("error")
    _end(core, run, "failed")
    return {}


def _end(core: Core, run: StepRun, status: str) -> None:
    run.status = status
    core.tokens.just_in_time.discard(run.token)
    core.changes.publish("step", user=run.user, run=run.id)


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
}


def parameter_problems(parameters: tuple[Parameter, ...], values: Json, at: str) -> list[str]:
    """What is wrong with the values of a step's inputs or outputs; empty when they fit."""
    known = {one.name: one for one in parameters}
    problems = [
        f"missing required field: {one.name} [json-pointer:{at}]"
        for one in parameters
        if one.required and values.get(one.name) in (None, "")
    ]
    for name, value in values.items():
        if name not in known:
            problems.append(f"invalid additional property: {name} [json-pointer:{at}]")
        elif value is not None and not _fits(known[name].kind, value):
            problems.append(f"must be of type {known[name].kind} [json-pointer:{at}/{name}]")
    return problems


def _fits(kind: str, value: Any) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _TYPES.get(kind, (str,)))  # slack#/types/user_id and its like: ids

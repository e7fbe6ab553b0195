"""The custom step "Diagnose a backend" of Workflow Builder (manifest.workflow.yml).

A step has no conversation: it is given inputs, and Slack waits until it is completed or failed
(docs.slack.dev/tools/bolt-python/concepts/custom-steps). Who may use it is asked as for a command:
of the person that the workflow names, else of everybody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.jobs import JobsBusyError, JobsClosedError
from bot.locales import translate
from bot.model import Message, Report, Target, say
from bot.slack.asking.parse import target_named
from bot.slack.blocks.common import row
from bot.slack.desk import Desk
from bot.slack.way.access import Deed, Where
from bot.slack.way.client import REACHING
from bot.slack.way.errors import Trouble, understand
from bot.slack.way.posting import Place
from bot.wording import headline

STEP: Final = "diagnose_backend"

_CALL_S: Final = 30.0
_FAREWELL_S: Final = 1.5
_ERROR: Final = 1_000  # characters

_log = logging.getLogger("wsdiag.slack")


@dataclass(frozen=True, slots=True)
class Step:
    """One run of the step. `token` is Slack's for this run alone."""

    id: str
    token: str | None
    target: str
    deep: bool
    user: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Step:
        """Read a `function_executed` event."""
        inputs: Mapping[str, Any] = event.get("inputs") or {}
        token = event.get("bot_access_token")
        return cls(
            id=str(event.get("function_execution_id") or ""),
            token=str(token) if token else None,
            target=str(inputs.get("target") or "").strip(),
            deep=bool(inputs.get("deep")),
            user=str(inputs.get("user") or ""),
        )


def register(app: AsyncApp, desk: Desk, web: AsyncWebClient) -> None:
    """Let `app` take the step."""

    async def on_step(event: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        if not desk.first_time(body):
            return
        step = Step.of(event)
        try:
            desk.jobs.start(f"workflow step {step.id}", run(desk, web, step))
        except (JobsBusyError, JobsClosedError):
            await _fail(web, step, _BUSY, desk.language(None, step.user or None))

    app.function(STEP)(on_step)


async def run(desk: Desk, web: AsyncWebClient, step: Step) -> None:
    """Check the target and end the step, whatever happens."""
    lang = desk.language(None, step.user or None)
    try:
        found = await _target(desk, step)
        if isinstance(found, Message):
            await _fail(web, step, found, lang)
            return
        done = await desk.checks.report(found, deep=step.deep)
    except asyncio.CancelledError:
        await _fail(web, step, _RESTARTING, lang, deadline_s=_FAREWELL_S)
        raise
    except (JobsBusyError, JobsClosedError):
        await _fail(web, step, _BUSY, lang)
    except Exception:  # noqa: BLE001 - a step that nobody ends keeps its workflow waiting
        _log.exception("the workflow step for %s failed", step.target)
        await _fail(web, step, _OURS, lang)
    else:
        await _complete(web, step, outputs(done.report, lang), lang)


def outputs(report: Report, lang: str) -> dict[str, str]:
    """What the next step of the workflow can use; without `cause` and `fix` where none is named."""
    state, cause = report.verdict.state.value, report.verdict.cause
    words = translate(headline(report.target_name, report.verdict.state), lang)
    if cause is None:
        return {"state": state, "summary": f"{words}."}
    title, fix = translate(row(cause).title, lang), translate(row(cause).fix, lang)
    return {"state": state, "summary": f"{words}: {title}.", "cause": cause.code, "fix": fix}


async def _target(desk: Desk, step: Step) -> Target | Message:
    refused = await _refusal(desk, step)
    if refused is not None:
        return refused
    if not step.target:
        home = desk.home_target(Place(channel="", user=step.user))
        return home or say("Name a target in the step.")
    name = target_named(step.target, desk.targets)
    if name is None:
        return say("There is no target called “{typed}”.", typed=step.target)
    return desk.targets[name]


async def _refusal(desk: Desk, step: Step) -> Message | None:
    """A step of nobody's is for everybody, and so only where everybody may."""
    if step.user:
        return await desk.door.refusal(Deed.CHECK, step.user, Where(""))
    if desk.door.open_to_all(Deed.CHECK):
        return None
    return say("Not everybody may check here: give the step the person who runs the workflow.")


async def _complete(web: AsyncWebClient, step: Step, given: Mapping[str, str], lang: str) -> None:
    try:
        async with asyncio.timeout(_CALL_S):
            await web.functions_completeSuccess(
                function_execution_id=step.id, outputs=dict(given), token=step.token
            )
    except REACHING as error:
        trouble = understand(error)
        _log.error("a workflow step could not be completed: %s", trouble.code)
        if trouble.kind is Trouble.CONTENT:
            await _fail(web, step, _OURS, lang)  # so that its workflow does not wait for ever


async def _fail(
    web: AsyncWebClient, step: Step, words: Message, lang: str, *, deadline_s: float = _CALL_S
) -> None:
    try:
        async with asyncio.timeout(deadline_s):
            await web.functions_completeError(
                function_execution_id=step.id,
                error=translate(words, lang)[:_ERROR],
                token=step.token,
            )
    except REACHING as error:
        _log.error("a workflow step could not be ended: %s", understand(error).code)


_BUSY: Final = say("I am too busy to start another check, or about to restart.")
_RESTARTING: Final = say("The check was stopped, because the bot is restarting.")
_OURS: Final = say("The check failed through an error of the bot's own.")

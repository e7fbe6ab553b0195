"""`/wsdiag …` and `@wsdiag …`: acknowledged at once, understood, answered in the background."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.jobs import JobsBusyError, JobsClosedError
from bot.locales import translate
from bot.model import Message, Target, say
from bot.quiet import Silence
from bot.slack.acting import quieting
from bot.slack.acting.reading import answer_guide
from bot.slack.asking.explaining import explain_to
from bot.slack.asking.parse import parse, parse_mention
from bot.slack.asking.past import answer_chart, answer_digest, answer_history
from bot.slack.asking.requests import (
    Acknowledge,
    CheckTarget,
    CheckUrl,
    ExplainText,
    Misunderstood,
    MuteTarget,
    Request,
    ShowChart,
    ShowDigest,
    ShowGuide,
    ShowHelp,
    ShowHistory,
    ShowStatus,
    ShowTargets,
    UnmuteTarget,
)
from bot.slack.blocks.progress import busy, notice
from bot.slack.blocks.status import status
from bot.slack.blocks.targets import targets
from bot.slack.blocks.usage import misunderstood, usage
from bot.slack.desk import COMMAND, Desk
from bot.slack.way.access import Deed
from bot.slack.way.posting import Place, ResponseUrl
from bot.store import StoreError

_log = logging.getLogger("wsdiag.slack")


def register(app: AsyncApp, desk: Desk, web: AsyncWebClient) -> None:
    """Let `app` take the slash command and mentions of the bot."""

    async def on_command(ack: AsyncAck, command: Mapping[str, Any]) -> None:
        place = Place(
            channel=str(command.get("channel_id", "")),
            user=str(command.get("user_id", "")),
            channel_name=command.get("channel_name"),
            response=_response_url(command),
        )
        request = parse(str(command.get("text") or ""), desk.targets)
        try:
            trigger_id = str(command.get("trigger_id") or "") or None
            work = answer(desk, web, request, place, trigger_id)
            desk.jobs.start(f"{COMMAND} of {place.user}", work)
        except (JobsBusyError, JobsClosedError):
            sorry = busy(desk.reader(place).lang)
            await ack(text=sorry.text, response_type="ephemeral")
        else:
            await ack()

    async def on_mention(event: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        if event.get("bot_id") or not event.get("user") or not desk.first_time(body):
            return
        place = Place(
            channel=str(event.get("channel", "")),
            user=str(event["user"]),
            thread_ts=event.get("thread_ts") or event.get("ts"),
        )
        request = parse_mention(str(event.get("text") or ""), desk.targets)
        try:
            desk.jobs.start(f"mention by {place.user}", answer(desk, web, request, place))
        except (JobsBusyError, JobsClosedError):
            _log.warning("a mention was left unanswered: too many jobs, or the process ends")

    app.command(COMMAND)(on_command)
    app.event("app_mention")(on_mention)


async def answer(
    desk: Desk, web: AsyncWebClient, request: Request, place: Place, trigger_id: str | None = None
) -> None:
    """Do what was asked, or say why not. `trigger_id` lets a modal be opened within 3 s."""
    if isinstance(request, Acknowledge | MuteTarget | UnmuteTarget):
        await _quieten(desk, request, place)
        return
    if not await desk.admitted(Deed.CHECK, place):
        return
    reader = desk.reader(place)
    match request:
        case ShowHelp():
            await desk.poster.whisper(place, usage(COMMAND, tuple(desk.targets), reader.lang))
        case ShowStatus():
            shown = status(desk.statuses(), reader.lang, await _silences(desk))
            await desk.poster.whisper(place, shown)
        case ShowTargets():
            shown = targets(tuple(desk.targets.values()), reader.lang)
            await desk.poster.whisper(place, shown)
        case ShowGuide(words=words):
            await answer_guide(desk, web, words, trigger_id, place)
        case Misunderstood(problem=problem, suggestion=suggestion):
            await desk.poster.whisper(
                place,
                misunderstood(problem, suggestion, COMMAND, tuple(desk.targets), reader.lang),
            )
        case ExplainText(text=text):
            await explain_to(desk, text, place)
        case ShowDigest():
            await answer_digest(desk, place)
        case ShowChart() | ShowHistory():
            await _look_back(desk, request, place)
        case CheckTarget() | CheckUrl():
            await _check(desk, request, place)


async def _check(desk: Desk, request: CheckTarget | CheckUrl, place: Place) -> None:
    target = await _target(desk, request, place)
    if isinstance(target, Message):
        await desk.poster.whisper(place, notice(target, desk.reader(place).lang))
    else:
        await desk.checks.answer(target, place, desk.audience(place), deep=request.deep)


async def _look_back(desk: Desk, request: ShowChart | ShowHistory, place: Place) -> None:
    lang = desk.reader(place).lang
    if isinstance(request, ShowChart):
        example = say("{command} chart NAME 24h", command=COMMAND)
    else:
        example = say("{command} history NAME 30d", command=COMMAND)
    target = _named(desk, request.name, place, translate(example, lang))
    if isinstance(target, Message):
        await desk.poster.whisper(place, notice(target, lang))
    elif isinstance(request, ShowChart):
        await answer_chart(desk, target.name, request.back, place)
    else:
        await answer_history(desk, target, request.back, place)


async def _silences(desk: Desk) -> Mapping[str, Silence]:
    """What is quiet; a status without it is better than none."""
    try:
        return await desk.quiet(desk.now())
    except StoreError as error:
        _log.error("the mutes could not be read: %s", error)
        return {}


async def _quieten(
    desk: Desk, request: Acknowledge | MuteTarget | UnmuteTarget, place: Place
) -> None:
    """Change something, which not everybody may who may look."""
    if not await desk.admitted(Deed.MANAGE, place):
        return
    lang = desk.reader(place).lang
    example = {
        Acknowledge: say("{command} ack NAME", command=COMMAND),
        MuteTarget: say("{command} mute NAME 2h", command=COMMAND),
        UnmuteTarget: say("{command} unmute NAME", command=COMMAND),
    }[type(request)]
    target = _named(desk, request.name, place, translate(example, lang))
    if isinstance(target, Message):
        await desk.poster.whisper(place, notice(target, lang))
        return
    match request:
        case Acknowledge():
            await quieting.acknowledge_target(desk, target.name, place)
        case MuteTarget(lasts=lasts):
            await quieting.mute(desk, target.name, lasts, place)
        case UnmuteTarget():
            await quieting.unmute(desk, target.name, place)


async def _target(desk: Desk, request: CheckTarget | CheckUrl, place: Place) -> Target | Message:
    """What is to be checked, or why nothing is."""
    if isinstance(request, CheckUrl):
        named = next((t for t in desk.targets.values() if t.url == request.url), None)
        return named or await desk.adhoc(request.url)
    lang = desk.reader(place).lang
    example = (
        say("{command} deep NAME", command=COMMAND)
        if request.deep
        else say("{command} check NAME", command=COMMAND)
    )
    return _named(desk, request.name, place, translate(example, lang))


def _named(desk: Desk, name: str | None, place: Place, example: str) -> Target | Message:
    """The target of this name; without one that of the place, or the question which is meant."""
    if name is not None:
        return desk.targets[name]
    target = desk.home_target(place)
    if target is not None:
        return target
    if not desk.targets:
        return say("No target is configured yet. The README says how to add one.")
    return say(
        "Which one? {example} (targets: {names})",
        example=example,
        names=", ".join(list(desk.targets)[:20]),
    )


def _response_url(body: Mapping[str, Any]) -> ResponseUrl | None:
    url = body.get("response_url")
    return ResponseUrl(str(url)) if url else None

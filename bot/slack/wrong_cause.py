"""*Wrong cause?*: the button, the modal, and what becomes of the answer."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.locales import translate
from bot.model import Report, Target, say
from bot.record import Saved, target_of
from bot.slack.access import Deed
from bot.slack.blocks.progress import notice
from bot.slack.blocks.wrong_cause import (
    CAUSE_BLOCK,
    CHOICE,
    NOTE_BLOCK,
    NOTE_LENGTH,
    TEXT,
    WRONG_CAUSE,
    answers,
    modal,
)
from bot.slack.clicks import place_of, report_of, start
from bot.slack.client import REACHING
from bot.slack.desk import Desk
from bot.slack.errors import understand
from bot.slack.posting import Place, ResponseUrl
from bot.store import Feedback, StoreError, expected
from bot.urls import without_secrets

_log = logging.getLogger("wsdiag.slack")


def register(app: AsyncApp, desk: Desk, web: AsyncWebClient) -> None:
    """Let `app` ask what it really was, and take the answer."""

    async def on_click(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        await ack()
        place = place_of(body)
        work = ask(
            desk, web, str(action.get("value") or ""), str(body.get("trigger_id") or ""), place
        )
        await start(desk, place, "ask for the cause", work)

    async def on_answer(ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        asked = _asked(view, str((body.get("user") or {}).get("id", "")))
        answer, note = _given(view)
        if answer == asked.named or answer not in answers():
            words = say("This is the cause that I named. Choose another one.")
            lang = desk.reader(asked.place).lang
            await ack(response_action="errors", errors={CAUSE_BLOCK: translate(words, lang)})
            return
        await ack()
        work = keep(desk, asked.report_id, answer, note, asked.place)
        await start(desk, asked.place, "keep an answer", work)

    app.action(WRONG_CAUSE)(on_click)
    app.view(WRONG_CAUSE)(on_answer)


async def ask(
    desk: Desk, web: AsyncWebClient, report_id: str, trigger_id: str, place: Place
) -> None:
    """Open the modal (within 3 s of the click)."""
    if not await desk.admitted(Deed.CHECK, place):
        return
    report = await report_of(desk, report_id, place)
    if report is None:
        return
    lang = desk.reader(place).lang
    view = modal(report, _metadata(report, report_id, place), lang)
    try:
        await web.views_open(trigger_id=trigger_id, view=view)
    except REACHING as error:
        _log.warning("the modal for another cause was refused: %s", understand(error).code)
        words = say("Slack did not open the form. Click once more.")
        await desk.poster.whisper(place, notice(words, lang))


async def keep(desk: Desk, report_id: str, answer: str, note: str, place: Place) -> None:
    """Store the answer with its report, and say thanks to whom it is from."""
    if not await desk.admitted(Deed.CHECK, place):
        return
    report = await report_of(desk, report_id, place)
    if report is None:
        return
    lang = desk.reader(place).lang
    cause = report.verdict.cause
    saved = Saved(
        _target(desk, report),
        report,
        about=note,
        expected=expected(answer, cause.code if cause else ""),
    )
    given = Feedback(report_id, place.user, datetime.now(UTC), answer, note, saved)
    try:
        await desk.store.save_feedback(given)
    except StoreError as error:
        _log.error("an answer could not be kept: %s", error)
        words = say("The bot's database does not answer. Try again in a moment.")
        await desk.poster.whisper(place, notice(words, lang))
        return
    words = say("Thank you. Your answer is kept with the evidence of this check.")
    hint = say("Whoever looks after the bot finds it with {command}.", command="wsdiag feedback")
    await desk.poster.whisper(place, notice(words, lang, hint=hint))


def _target(desk: Desk, report: Report) -> Target:
    """The settings that the report was made with, if they are still those of the target."""
    target = desk.targets.get(report.target_name)
    if target is not None and without_secrets(target.url) == report.target_url:
        return target
    return target_of(report)


# ---------------------------------------------------------------- through the modal and back


class _Asked:
    """What the modal was opened about, and where its answer is thanked for."""

    def __init__(self, report_id: str, named: str, place: Place) -> None:
        self.report_id, self.named, self.place = report_id, named, place


def _metadata(report: Report, report_id: str, place: Place) -> str:
    cause = report.verdict.cause
    return json.dumps(
        {
            "report": report_id,
            "named": cause.code if cause else "",
            "channel": place.channel,
            "channel_name": place.channel_name,
            "thread": place.thread_ts,
            "answer_to": place.response.url if place.response else None,
        }
    )


def _asked(view: Mapping[str, Any], user: str) -> _Asked:
    """Slack gives the metadata back as it was; of an older version it may lack something."""
    try:
        kept = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        kept = {}
    answer_to = kept.get("answer_to")
    place = Place(
        channel=str(kept.get("channel") or user),
        user=user,
        channel_name=kept.get("channel_name"),
        thread_ts=kept.get("thread"),
        response=ResponseUrl(str(answer_to)) if answer_to else None,
    )
    return _Asked(str(kept.get("report") or ""), str(kept.get("named") or ""), place)


def _given(view: Mapping[str, Any]) -> tuple[str, str]:
    values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
    option = values.get(CAUSE_BLOCK, {}).get(CHOICE, {}).get("selected_option") or {}
    note = values.get(NOTE_BLOCK, {}).get(TEXT, {}).get("value") or ""
    return str(option.get("value") or ""), str(note)[:NOTE_LENGTH]

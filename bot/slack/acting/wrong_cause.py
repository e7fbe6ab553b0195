"""*Wrong cause?*: the button, the modal, and what becomes of the answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.locales import translate
from bot.model import Report, Target, say
from bot.record import Saved, target_of
from bot.slack import forms
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
from bot.slack.clicks import admitted_report, start
from bot.slack.desk import Desk
from bot.slack.way.posting import Place
from bot.store import Feedback, StoreError, expected
from bot.urls import without_secrets

_log = logging.getLogger("wsdiag.slack")


def register(app: AsyncApp, desk: Desk) -> None:
    """Let `app` take the answer."""

    async def on_answer(ack: AsyncAck, body: Mapping[str, Any]) -> None:
        asked = forms.asked(body)
        answer, note = _given(body)
        if answer == asked.id("named") or answer not in answers():
            words = say("This is the cause that I named. Choose another one.")
            lang = desk.reader(asked.place).lang
            await ack(response_action="errors", errors={CAUSE_BLOCK: translate(words, lang)})
            return
        await ack()
        work = keep(desk, asked.id("report"), answer, note, asked.place)
        await start(desk, asked.place, "keep an answer", work)

    app.view(WRONG_CAUSE)(on_answer)


async def ask(
    desk: Desk, web: AsyncWebClient, report_id: str, trigger_id: str, place: Place
) -> None:
    """Open the modal (within 3 s of the click)."""
    report = await admitted_report(desk, report_id, place)
    if report is None:
        return
    cause = report.verdict.cause
    kept = forms.metadata(place, report=report_id, named=cause.code if cause else "")
    view = modal(report, kept, desk.reader(place).lang)
    await forms.show(desk, web, view, trigger_id, place)


async def keep(desk: Desk, report_id: str, answer: str, note: str, place: Place) -> None:
    """Store the answer with its report, and say thanks to whom it is from."""
    report = await admitted_report(desk, report_id, place)
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


def _given(body: Mapping[str, Any]) -> tuple[str, str]:
    option = forms.answer(body, CAUSE_BLOCK, CHOICE).get("selected_option") or {}
    note = forms.answer(body, NOTE_BLOCK, TEXT).get("value") or ""
    return str(option.get("value") or ""), str(note)[:NOTE_LENGTH]

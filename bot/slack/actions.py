"""Buttons. Each click is a new request: authorised again, and safe on a message that is old."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.guide import slack_blocks
from bot.guide import title as section_title
from bot.model import Section, Target, say
from bot.slack.access import Deed
from bot.slack.blocks.common import GUIDE_LINK, GUIDE_MODAL, RUN_AGAIN, RUN_AGAIN_IN_THREAD
from bot.slack.blocks.kit import VIEW_BLOCKS, plain_text
from bot.slack.blocks.progress import notice
from bot.slack.clicks import place_of, report_of, start, whisper_stale
from bot.slack.client import REACHING
from bot.slack.desk import Desk
from bot.slack.errors import understand
from bot.slack.mrkdwn import clean, plain
from bot.slack.posting import Place

_MODAL_TITLE = 24  # docs.slack.dev/reference/views/modal-views

_log = logging.getLogger("wsdiag.slack")


def register(app: AsyncApp, desk: Desk, web: AsyncWebClient) -> None:
    """Let `app` take every click; what no other listener knows is answered as stale."""

    async def on_run_again(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        place = place_of(body, threaded=action.get("action_id") == RUN_AGAIN_IN_THREAD)
        await start(
            desk, place, "run again", run_again(desk, str(action.get("value") or ""), place)
        )

    async def on_guide(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        await ack()
        place = place_of(body)
        work = open_guide(
            desk, web, str(action.get("value") or ""), str(body.get("trigger_id") or ""), place
        )
        await start(desk, place, "open the guide", work)

    async def on_link(ack: AsyncAck) -> None:
        await ack()  # the browser has opened it; Slack wants to hear that we know

    async def on_stale(ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        place = place_of(body)
        await start(desk, place, "stale button", whisper_stale(desk, place))

    app.action(RUN_AGAIN)(on_run_again)
    app.action(RUN_AGAIN_IN_THREAD)(on_run_again)
    app.action(GUIDE_MODAL)(on_guide)
    app.action(GUIDE_LINK)(on_link)
    app.action(re.compile(".*"))(on_stale)  # last: listeners are asked in this order


async def run_again(desk: Desk, report_id: str, place: Place) -> None:
    """Check again what the report was about."""
    if not await desk.admitted(Deed.CHECK, place):
        return
    report = await report_of(desk, report_id, place)
    if report is None:
        return
    reader = desk.reader(place)
    target = desk.targets.get(report.target_name) or await desk.adhoc(report.target_url)
    if isinstance(target, Target):
        await desk.checks.answer(target, place, reader)
    else:
        await desk.poster.whisper(place, notice(target, reader.lang))


async def open_guide(
    desk: Desk, web: AsyncWebClient, report_id: str, trigger_id: str, place: Place
) -> None:
    """Show the guide's section for the report's cause in a modal (within 3 s of the click)."""
    if not await desk.admitted(Deed.CHECK, place):
        return
    report = await report_of(desk, report_id, place)
    if report is None:
        return
    lang = desk.reader(place).lang
    cause = report.verdict.cause
    section = cause.section if cause else Section.DIAGNOSTICS
    blocks = slack_blocks(section, lang, cause.code if cause else None)
    view = {
        "type": "modal",
        "title": plain_text(clean(section_title(section, lang), _MODAL_TITLE)),
        "close": plain_text(plain(say("Close"), lang, limit=_MODAL_TITLE)),
        "blocks": blocks[:VIEW_BLOCKS],
    }
    try:
        await web.views_open(trigger_id=trigger_id, view=view)
    except REACHING as error:
        _log.warning("the guide's modal was refused: %s", understand(error).code)
        words = say("Slack did not open the guide. Click once more.")
        await desk.poster.whisper(place, notice(words, lang))

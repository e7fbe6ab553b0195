"""Buttons. Each click is a new request: authorised again, and safe on a message that is old."""

from __future__ import annotations

import re
from collections.abc import Coroutine, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Target
from bot.slack.acting import noting, sharing, wrong_cause
from bot.slack.acting.reading import open_guide
from bot.slack.blocks.buttons import (
    DEEP_CHECK,
    GUIDE_LINK,
    GUIDE_MODAL,
    MORE,
    RUN_AGAIN,
    RUN_AGAIN_IN_THREAD,
    More,
    chosen,
)
from bot.slack.blocks.progress import notice
from bot.slack.clicks import (
    admitted_report,
    option_of,
    place_of,
    start,
    trigger_of,
    value_of,
    whisper_stale,
)
from bot.slack.desk import Desk
from bot.slack.way.posting import Place

Json = Mapping[str, Any]


def register(app: AsyncApp, desk: Desk, web: AsyncWebClient) -> None:
    """Let `app` take every click; what no other listener knows is answered as stale."""

    async def on_run_again(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        place = place_of(body, threaded=action.get("action_id") == RUN_AGAIN_IN_THREAD)
        deep = action.get("action_id") == DEEP_CHECK
        await start(desk, place, "run again", run_again(desk, value_of(action), place, deep=deep))

    async def on_guide(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        place = place_of(body)
        work = open_guide(desk, web, value_of(action), trigger_of(body), place)
        await start(desk, place, "open the guide", work)

    async def on_more(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        picked = chosen(option_of(action))
        place = place_of(body, threaded=picked is not None and picked[0] is More.DEEP_IN_THREAD)
        if picked is None:
            await start(desk, place, "stale button", whisper_stale(desk, place))
            return
        await start(desk, place, picked[0].value, _more(desk, web, picked, body, place))

    async def on_link(ack: AsyncAck) -> None:
        await ack()  # the browser has opened it; Slack wants to hear that we know

    async def on_stale(ack: AsyncAck, body: Json) -> None:
        await ack()
        place = place_of(body)
        await start(desk, place, "stale button", whisper_stale(desk, place))

    for action_id in (RUN_AGAIN, RUN_AGAIN_IN_THREAD, DEEP_CHECK):
        app.action(action_id)(on_run_again)
    app.action(GUIDE_MODAL)(on_guide)
    app.action(GUIDE_LINK)(on_link)
    app.action(MORE)(on_more)
    app.action(re.compile(".*"))(on_stale)  # last: listeners are asked in this order


def _more(
    desk: Desk, web: AsyncWebClient, picked: tuple[More, str], body: Json, place: Place
) -> Coroutine[Any, Any, None]:
    """The work behind a choice of the menu."""
    word, about = picked
    trigger_id = trigger_of(body)
    match word:
        case More.DEEP_IN_THREAD:
            return run_again(desk, about, place, deep=True)
        case More.NOTE:
            return noting.ask(desk, web, about, trigger_id, place)
        case More.SHARE:
            return sharing.ask(desk, web, about, trigger_id, place)
        case More.SHARE_INCIDENT:
            return sharing.ask_of_incident(desk, web, about, trigger_id, place)
        case More.WRONG_CAUSE:
            return wrong_cause.ask(desk, web, about, trigger_id, place)


async def run_again(desk: Desk, report_id: str, place: Place, *, deep: bool = False) -> None:
    """Check again what the report was about."""
    report = await admitted_report(desk, report_id, place)
    if report is None:
        return
    target = desk.targets.get(report.target_name) or await desk.adhoc(report.target_url)
    if isinstance(target, Target):
        await desk.checks.answer(target, place, desk.audience(place), deep=deep)
    else:
        await desk.poster.whisper(place, notice(target, desk.reader(place).lang))

"""What every click needs: where it was, its report, and room to work in."""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from bot.jobs import JobsBusyError, JobsClosedError
from bot.model import Report, say
from bot.slack.blocks.progress import busy, notice
from bot.slack.desk import Desk
from bot.slack.way.access import Deed
from bot.slack.way.posting import Place, ResponseUrl
from bot.store import StoreError

_log = logging.getLogger("wsdiag.slack")


def place_of(body: Mapping[str, Any], *, threaded: bool = False) -> Place:
    """Where a button was, and so where its answer goes.

    `threaded`: below the button's message, even if that is in no thread yet.
    """
    channel: Mapping[str, Any] = body.get("channel") or {}
    container: Mapping[str, Any] = body.get("container") or {}
    message: Mapping[str, Any] = body.get("message") or {}
    user: Mapping[str, Any] = body.get("user") or {}
    ts = message.get("ts") or container.get("message_ts")
    thread_ts = message.get("thread_ts") or container.get("thread_ts")
    if thread_ts == ts:  # the head of a thread stands in the channel itself
        thread_ts = None
    if thread_ts is None and threaded:
        thread_ts = ts
    response_url = body.get("response_url")
    return Place(
        channel=str(channel.get("id") or container.get("channel_id") or user.get("id", "")),
        user=str(user.get("id", "")),
        channel_name=channel.get("name"),
        thread_ts=thread_ts,
        response=ResponseUrl(str(response_url)) if response_url else None,
    )


def value_of(action: Mapping[str, Any]) -> str:
    """What a button carries."""
    return str(action.get("value") or "")


def option_of(action: Mapping[str, Any]) -> str:
    """What was picked from a menu."""
    option: Mapping[str, Any] = action.get("selected_option") or {}
    return str(option.get("value") or "")


def trigger_of(body: Mapping[str, Any]) -> str:
    """What lets a modal be opened, for three seconds."""
    return str(body.get("trigger_id") or "")


async def report_of(desk: Desk, report_id: str, place: Place) -> Report | None:
    """The report of a button; if it is gone, the person has been told."""
    lang = desk.reader(place).lang
    try:
        report = await desk.store.report(report_id)
    except StoreError as error:
        _log.error("a report could not be read: %s", error)
        words = say("The bot's database does not answer. Try again in a moment.")
        await desk.poster.whisper(place, notice(words, lang))
        return None
    if report is None:
        await whisper_stale(desk, place)
    return report


async def admitted_report(desk: Desk, report_id: str, place: Place) -> Report | None:
    """The same for who may check; whoever may not has been told."""
    return (
        await report_of(desk, report_id, place) if await desk.admitted(Deed.CHECK, place) else None
    )


async def whisper_stale(desk: Desk, place: Place) -> None:
    """Say that the report behind a button is gone."""
    words = say("This report has expired, so the button no longer works.")
    hint = say("Type {command} to check again.", command="/wsdiag")
    await desk.poster.whisper(place, notice(words, desk.reader(place).lang, hint=hint))


async def start(desk: Desk, place: Place, name: str, work: Coroutine[Any, Any, None]) -> None:
    """Go on in the background, or say that there is no room for it."""
    try:
        desk.jobs.start(name, work)
    except (JobsBusyError, JobsClosedError):
        await desk.poster.whisper(place, busy(desk.reader(place).lang))

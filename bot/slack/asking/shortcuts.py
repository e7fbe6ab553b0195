"""The shortcuts: "Explain this error" on a message, "Diagnose a backend" from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.locales import translate
from bot.model import say
from bot.slack import forms
from bot.slack.asking.explaining import explain_to
from bot.slack.asking.parse import pasted
from bot.slack.asking.requests import (
    ExplainText,
)
from bot.slack.blocks.diagnose import (
    CHOICE,
    DEEP_BLOCK,
    DIAGNOSE,
    TARGET_BLOCK,
    WHERE_BLOCK,
    diagnose_modal,
)
from bot.slack.blocks.progress import notice
from bot.slack.clicks import place_of, start
from bot.slack.desk import Desk
from bot.slack.way.access import Deed
from bot.slack.way.posting import Place, ResponseUrl

EXPLAIN: Final = "explain_error"
_LONGEST: Final = 100_000  # characters of a message with all its attachments

Json = Mapping[str, Any]


def register(app: AsyncApp, desk: Desk, web: AsyncWebClient) -> None:
    """Let `app` take both shortcuts and the modal's answer."""

    async def on_explain(ack: AsyncAck, body: Json) -> None:
        await ack()
        place = place_of(body)
        await start(desk, place, "explain a message", explain_message(desk, body, place))

    async def on_diagnose(ack: AsyncAck, body: Json) -> None:
        await ack()
        place = place_of(body)
        work = ask(desk, web, str(body.get("trigger_id") or ""), place)
        await start(desk, place, "ask what to diagnose", work)

    async def on_answer(ack: AsyncAck, body: Json) -> None:
        place, name, deep = answered(body)
        if name not in desk.targets:
            words = say("This target is gone from the settings. Choose another one.")
            text = translate(words, desk.reader(place).lang)
            await ack(response_action="errors", errors={TARGET_BLOCK: text})
            return
        await ack()
        await start(desk, place, "diagnose", diagnose(desk, name, place, deep=deep))

    app.shortcut({"type": "message_action", "callback_id": EXPLAIN})(on_explain)
    app.shortcut({"type": "shortcut", "callback_id": DIAGNOSE})(on_diagnose)
    app.view(DIAGNOSE)(on_answer)


async def explain_message(desk: Desk, body: Json, place: Place) -> None:
    """Say what a message means, to the asking person alone."""
    if not await desk.admitted(Deed.CHECK, place):
        return
    found = pasted("\n".join(texts(body.get("message") or {}))[:_LONGEST])
    if isinstance(found, ExplainText):
        await explain_to(desk, found.text, place)
        return
    words = say("There is no text in this message that I could explain.")
    await desk.poster.whisper(place, notice(words, desk.reader(place).lang))


def texts(message: Json) -> Iterator[str]:
    """What people read in a message, as Slack marked it up: its text, and what bots add to it."""
    if message.get("text"):
        yield str(message["text"])
    for attachment in message.get("attachments") or ():
        for key in ("pretext", "title", "text"):
            if attachment.get(key):
                yield str(attachment[key])
        for entry in attachment.get("fields") or ():
            yield f"{entry.get('title', '')}: {entry.get('value', '')}"
        yield from _in_blocks(attachment.get("blocks"))
    if not message.get("text"):
        yield from _in_blocks(message.get("blocks"))


def _in_blocks(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _in_blocks(inner)
    elif isinstance(value, Mapping):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for inner in value.values():
            if isinstance(inner, list | Mapping):
                yield from _in_blocks(inner)


async def ask(desk: Desk, web: AsyncWebClient, trigger_id: str, place: Place) -> None:
    """Open the modal (within 3 s of the shortcut). A global shortcut has no conversation: what is
    to be said before one is chosen goes to the person's own conversation with the bot."""
    if not await desk.admitted(Deed.CHECK, place):
        return
    lang = desk.reader(place).lang
    if not desk.targets:
        words = say("No target is configured yet. The README says how to add one.")
        await desk.poster.whisper(place, notice(words, lang))
        return
    view = diagnose_modal(tuple(desk.targets), forms.metadata(place), lang)
    await forms.show(desk, web, view, trigger_id, place)


def answered(body: Json) -> tuple[Place, str, bool]:
    """Where to answer, the target's name, and whether to hold connections."""
    user = str((body.get("user") or {}).get("id", ""))
    target = forms.answer(body, TARGET_BLOCK, CHOICE).get("selected_option") or {}
    where = forms.answer(body, WHERE_BLOCK, CHOICE).get("selected_conversation")
    deep = forms.answer(body, DEEP_BLOCK, CHOICE).get("selected_options")
    urls = body.get("response_urls") or ()
    response = ResponseUrl(str(urls[0]["response_url"])) if urls else None
    place = Place(channel=str(where or user), user=user, response=response)
    return place, str(target.get("value") or ""), bool(deep)


async def diagnose(desk: Desk, name: str, place: Place, *, deep: bool) -> None:
    """Check a target for the person who chose it, where they chose to be answered."""
    if not await desk.admitted(Deed.CHECK, place):
        return
    target = desk.targets.get(name)
    if target is not None:
        await desk.checks.answer(target, place, desk.reader(place), deep=deep)

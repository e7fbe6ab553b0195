"""`/wsdiag chart`: what happened to a target, answered where it was asked."""

from __future__ import annotations

import logging
from datetime import timedelta

from bot.charts import DrawingError, alt_text, empty
from bot.model import say
from bot.slack.blocks.progress import notice
from bot.slack.client import REACHING
from bot.slack.desk import Desk
from bot.slack.errors import understand
from bot.slack.pictures import Viewer
from bot.slack.posting import Place
from bot.slack.uploads import refusal
from bot.store import StoreError

_log = logging.getLogger("wsdiag.slack")


async def answer_chart(desk: Desk, target: str, length: timedelta, place: Place) -> None:
    """Upload a chart where it was asked for; if that cannot be, say why and give the figures."""
    lang = desk.reader(place).lang
    viewer = Viewer(lang, desk.zone(place.user))
    try:
        picture = await desk.pictures.compose(target, length)
    except StoreError as error:
        _log.error("the history cannot be read: %s", error)
        words = say("The bot's database does not answer. Try again in a moment.")
        await desk.poster.whisper(place, notice(words, lang))
        return
    if picture.blank:
        await desk.poster.whisper(place, notice(empty(picture), lang))
        return
    try:
        await desk.pictures.share(picture, viewer, place.channel, place.thread_ts)
    except DrawingError as error:
        _log.error("a chart of %s was not drawn: %s", target, error)
        words = say("I could not draw the chart; the bot's log says why. Its figures are these.")
    except REACHING as error:
        trouble = understand(error)
        _log.warning("a chart of %s did not reach %s: %s", target, place.channel, trouble.code)
        words = refusal(trouble)
    else:
        return
    figures = say("{text}", text=alt_text(picture, viewer.clock))
    await desk.poster.whisper(place, notice(words, lang, hint=figures))

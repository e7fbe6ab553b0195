"""The guide in Slack: a topic as a modal, or in a message where no modal can be opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.guide import Topic, cause_title, slack_blocks, title
from bot.locales import translate
from bot.model import say
from bot.slack.blocks.buttons import GUIDE_LINK
from bot.slack.blocks.common import Reader
from bot.slack.blocks.kit import (
    BUTTON_TEXT,
    VIEW_BLOCKS,
    Block,
    Post,
    actions,
    button,
    context,
    paragraphs,
    plain_text,
    post,
    section,
)
from bot.slack.blocks.mrkdwn import clean, escape, link, plain, sentence

_MODAL_TITLE: Final = 24  # docs.slack.dev/reference/views/modal-views
_LISTED: Final = 40


def guide_modal(topic: Topic, reader: Reader) -> Block:
    """The view for views.open: the cause's entry first, then its section, then the way out."""
    blocks = slack_blocks(topic.section, reader.lang, topic.code)
    closing = _way_out(topic, reader)
    return {
        "type": "modal",
        "title": plain_text(clean(title(topic.section, reader.lang), _MODAL_TITLE)),
        "close": plain_text(plain(say("Close"), reader.lang, limit=_MODAL_TITLE)),
        "blocks": [*blocks[: VIEW_BLOCKS - len(closing)], *closing],
    }


def guide_text(topic: Topic, reader: Reader) -> Post:
    """As much of the same as a message holds."""
    words = say("The guide on “{title}”.", title=_name(topic, reader.lang))
    first, *rest = slack_blocks(topic.section, reader.lang, topic.code)
    return post(sentence(words, reader.lang), [first], rest, _way_out(topic, reader))


def guide_topics(topics: Sequence[Topic], command: str, reader: Reader) -> Post:
    """Several topics to choose from, each a link where the guide has an address."""
    lang = reader.lang
    words = say("The guide has this to offer:")
    lines = [_line(topic, command, reader) for topic in topics[:_LISTED]]
    hint = say("Type {command} and a number, a code or words.", command=f"{command} guide")
    return post(
        translate(words, lang),
        [section(f"*{translate(words, lang)}*")],
        [*paragraphs(lines, section), context(sentence(hint, lang))],
    )


def _name(topic: Topic, lang: str) -> str:
    return (topic.code and cause_title(topic.code, lang)) or title(topic.section, lang)


def _line(topic: Topic, command: str, reader: Reader) -> str:
    name = _name(topic, reader.lang)
    url = reader.links.url(topic.section, topic.code, reader.lang)
    typed = f"`{escape(command)} guide {topic.code or topic.section.value}`"
    return f"• {link(url, name) if url else escape(name)}  {typed}"


def _way_out(topic: Topic, reader: Reader) -> tuple[Block, ...]:
    url = reader.links.url(topic.section, topic.code, reader.lang)
    if url is None:
        return ()
    label = plain(say("Open in the browser"), reader.lang, limit=BUTTON_TEXT)
    return actions(button(label, GUIDE_LINK, url=url))

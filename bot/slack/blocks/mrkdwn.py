"""Text on its way into Slack: cleaned, escaped, bounded.

Everything that came from outside (names, addresses, headers, bodies, what a person typed) passes
through here, so that `<!channel>` in an HTTP body pings nobody and a control character breaks no
layout. Slack asks for exactly `&`, `<` and `>` to be escaped (docs.slack.dev, "Formatting message
text"); everything else is left readable.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

from bot.locales import moment, translate
from bot.model import Message

_JOINERS = "\u200c\u200d"  # parts of emoji and of several scripts' spelling
_ENTITY_CUT = re.compile(r"&[a-z]{0,3}$")
_LINK_CUT = re.compile(r"<[^>]*$")
ELLIPSIS = "…"


def length(text: str) -> int:
    """Length in UTF-16 units, the strictest way in which a limit may be counted."""
    return len(text) + sum(1 for c in text if ord(c) > 0xFFFF)


def clean(text: str, limit: int = 500) -> str:
    """One line of printable text of at most `limit` characters.

    Control and direction-changing characters and lone surrogates become a space or disappear, so
    that text from outside can neither break the layout nor show as something else.
    """
    kept: list[str] = []
    for char in text[: limit * 4]:
        category = unicodedata.category(char)
        if category in ("Cc", "Zl", "Zp", "Zs"):
            kept.append(" ")
        elif category == "Cs":
            kept.append("\ufffd")
        elif category not in ("Cf", "Co", "Cn") or char in _JOINERS:
            kept.append(char)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + ELLIPSIS


def escape(text: str, limit: int = 500) -> str:
    """`clean`, with Slack's three special characters as entities: safe inside mrkdwn."""
    return _entities(clean(text, limit))


def sentence(message: Message, lang: str, *, limit: int = 500) -> str:
    """A message in `lang` for mrkdwn: escaped, the values cleaned and cut to `limit` characters."""
    return _entities(translate(_with_values(message, limit), lang))


def marked(message: Message, lang: str, **markup: str) -> str:
    """`sentence`, with our own markup (a mention, a moment) in the places that have no value."""
    text = sentence(message, lang)
    for name, value in markup.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def person(user: str) -> str:
    """A mention of somebody by id, which Slack shows by name and notifies of."""
    return f"<@{user}>"


def plain(message: Message, lang: str, *, limit: int = 150) -> str:
    """A message in `lang` for plain_text objects, which parse nothing; at most `limit` units."""
    text = translate(_with_values(message, limit), lang)
    while length(text) > limit:
        text = text[: len(text) - max(1, (length(text) - limit) // 2) - 1].rstrip() + ELLIPSIS
    return text


def clip(text: str, limit: int) -> str:
    """mrkdwn of at most `limit` units, cut at the end of a line where possible.

    Never cut inside an entity or a link, which would show as garbage or swallow what follows.
    """
    if length(text) <= limit:
        return text
    cut = text[: limit - 1]
    while length(cut) > limit - 1:
        cut = cut[:-1]
    newline = cut.rfind("\n")
    if newline > limit // 2:
        cut = cut[:newline]
    cut = _LINK_CUT.sub("", _ENTITY_CUT.sub("", cut))
    return cut.rstrip() + ELLIPSIS


def link(url: str, label: str) -> str:
    """A link with escaped words. What would end the markup of `url` is percent-encoded."""
    safe = url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
    return f"<{safe}|{escape(label)}>"


def when(at: datetime, lang: str, *, dated: bool = False) -> str:
    """A moment that Slack shows in each reader's own time zone, with UTC where it cannot.

    It reads “today 9:35:32 PM”, or, `dated`, as a date that fits behind “since” in any language.
    See "Date formatting" in docs.slack.dev/messaging/formatting-message-text.
    """
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    style = "{date_short} {time}" if dated else "{date_short_pretty} {time_secs}"
    return f"<!date^{int(at.timestamp())}^{style}|{moment(at, lang)}>"


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _with_values(message: Message, limit: int) -> Message:
    values = {
        name: clean(value, limit) if isinstance(value, str) else value
        for name, value in message.values.items()
    }
    return Message(message.text, values, message.plural)

"""What people did with an incident beside keeping it quiet, told in its thread."""

from __future__ import annotations

from bot.model import Act, Message, say
from bot.slack.blocks.kit import Post, post, section
from bot.slack.blocks.mrkdwn import escape, marked, person, when

_NOTE = 2_000  # characters; what is kept is no longer
_NOTE_LINE = 300


def noted(act: Act, lang: str) -> Post:
    """How it was resolved."""
    text = marked(
        say("{person} says what it was: {note}"),
        lang,
        person=person(act.user or ""),
        note=escape(act.note, _NOTE),
    )
    head = marked(say("{person} says what it was:"), lang, person=person(act.user or ""))
    return post(text, [section(f"📝 {head}\n{quoted(act.note)}")])


def note_line(act: Act, lang: str) -> str:
    """The same for the incident's message, cut short: mrkdwn."""
    who = person(act.user or "")
    words = say("{person} says what it was: {note}")
    return "📝 " + marked(words, lang, person=who, note=escape(act.note, _NOTE_LINE))


def handed_over(act: Act, link: str, lang: str) -> Post:
    """Somebody has handed it over elsewhere."""
    return _said("🆘", say("{person} has handed it over to {channel}."), act, link, lang)


def handed_over_line(act: Act, lang: str) -> str:
    """The same for the incident's message: mrkdwn."""
    words = say("Handed over by {person}, {at}.")
    return "🆘 " + marked(words, lang, person=person(act.user or ""), at=when(act.at, lang))


def shared(act: Act, link: str, lang: str) -> Post:
    """Somebody has shown it elsewhere as well."""
    return _said("↗️", say("{person} has shared it to {channel}."), act, link, lang)


def quoted(words: str) -> str:
    """A person's words, each line of them, as a quotation in mrkdwn."""
    return "\n".join(f"> {escape(line, _NOTE)}" for line in words.strip().splitlines())


def _said(mark: str, words: Message, act: Act, link: str, lang: str) -> Post:
    text = marked(words, lang, person=person(act.user or ""), channel=link)
    return post(text, [section(f"{mark} {text}")])

"""What differs between two verdicts or reports: rows for a person, objects for a script."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bot.compare import Difference
from bot.locales import translate
from bot.model import Json, Message
from bot.terminal.summary import clean, laid_out


def print_differences(console: Console, differences: Sequence[Difference], lang: str) -> None:
    """A row per difference: what it is, then `before → after`."""
    rows = [(_name(d, lang), _change(d, lang)) for d in differences]
    console.print(laid_out(rows, console.width))


def as_json(differences: Sequence[Difference], lang: str) -> list[Json]:
    """The same as objects: `about` and `key` are stable, the rest is text in `lang`."""
    return [
        {
            "about": d.about,
            "key": d.key,
            "subject": d.subject or None,
            "label": translate(d.label, lang),
            "before": translate(d.before, lang),
            "after": translate(d.after, lang),
        }
        for d in differences
    ]


def _name(difference: Difference, lang: str) -> Text:
    name = Text(_say(difference.label, lang), style="bold")
    if difference.subject and difference.about != "verdict":
        name.append(f" {clean(difference.subject)}", style="dim")
    return name


def _change(difference: Difference, lang: str) -> Text:
    text = Text(_say(difference.before, lang), style="dim")
    text.append(" → ", style="dim")
    text.append(_say(difference.after, lang), style="not dim")
    return text


def _say(message: Message, lang: str) -> str:
    return clean(translate(message, lang))

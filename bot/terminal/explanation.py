"""What `wsdiag explain` prints: meaning, likely causes, what to run next; and its `--json` object.

Nothing of the paste is printed but the backend's address and the page's Origin.
"""

from __future__ import annotations

import shlex
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bot import causes
from bot.explain import Action, Explanation, Suspect, Told
from bot.locales import translate
from bot.model import Confidence, Json, Message, Named, say
from bot.terminal.contract import GuideUrl
from bot.wording.explanations import (
    NOT_CERTAIN,
    NOT_RECOGNISED,
    PASTE_INSTEAD,
    facts,
    told_times,
)

_TOLD: Final = 8


def print_explanation(console: Console, found: Explanation, lang: str, guide_url: GuideUrl) -> None:
    """Write it for a person: what it means first, then why it may be so, then what to run."""
    if not found.recognised:
        console.print(Text(_said(NOT_RECOGNISED, lang), style="bold"))
        console.print(Text(_said(PASTE_INSTEAD, lang)))
    for told in found.told[:_TOLD]:
        _print_told(console, told, lang)
    for fact in facts(found):
        console.print(Text(_said(fact, lang)))
    if found.suspects:
        _print_suspects(console, found, lang, guide_url)
    if found.actions:
        _heading(console, say("Next:"), lang)
        for action in found.actions:
            _print_action(console, action, lang)


def _print_told(console: Console, told: Told, lang: str) -> None:
    line = Text(f"{told.who}: ", style="bold")
    line.append(_said(told.reading.means, lang), style="not bold")
    if (times := told_times(told)) is not None:
        line.append(f"  ({_said(times, lang)})", style="not bold dim")
    console.print(line)


def _print_suspects(console: Console, found: Explanation, lang: str, guide_url: GuideUrl) -> None:
    _heading(console, say("Likely causes:"), lang)
    for number, suspect in enumerate(found.suspects, 1):
        row = causes.describe(suspect.code)
        title = Text(f"{number}. {_said(row.title, lang)}")
        title.append(f"  [{suspect.code}]", style="dim")
        console.print(_indented(title, 2))
        if number == 1:
            console.print(_indented(Text(_said(row.fix, lang)), 5))
        console.print(_indented(Text(_place(suspect, lang, guide_url), style="dim"), 5))
    console.print(_indented(Text(_said(NOT_CERTAIN, lang), style="dim"), 2))


def _place(suspect: Suspect, lang: str, guide_url: GuideUrl) -> str:
    row = causes.describe(suspect.code)
    where = guide_url(_named(suspect), lang)
    return where or _said(say("guide, section {section}", section=row.section.value), lang)


def _print_action(console: Console, action: Action, lang: str) -> None:
    console.print(_indented(Text(_said(action.words, lang)), 2))
    if action.argv:
        # No wrapping: a command that was broken into lines cannot be copied.
        console.print(Text(f"    {shlex.join(action.argv)}", style="cyan"), soft_wrap=True)


def _indented(text: Text, columns: int) -> Padding:
    return Padding(text, (0, 0, 0, columns), expand=False)


def _heading(console: Console, words: Message, lang: str) -> None:
    console.print(Text(f"\n{_said(words, lang)}", style="bold"))


def _said(message: Message, lang: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in translate(message, lang))


def _named(suspect: Suspect) -> Named:
    row = causes.describe(suspect.code)
    return Named(suspect.code, row.layer, row.section, Confidence.POSSIBLE)


def explanation_contract(found: Explanation, lang: str, guide_url: GuideUrl) -> Json:
    """The one object that `wsdiag explain --json` prints. Moments are text, as far as dated."""
    timer = found.sessions.timer
    return {
        "recognised": found.recognised,
        "lines": found.lines,
        "recognised_lines": found.recognised_lines,
        "cut": found.cut,
        "first": found.first.text() if found.first else None,
        "last": found.last.text() if found.last else None,
        "target": {
            "url": found.address.url if found.address else None,
            "path": found.address.path if found.address else None,
            "origin": found.origin,
        },
        "meanings": [
            {
                "key": told.reading.key,
                "printed_by": told.who,
                "means": translate(told.reading.means, lang),
                "count": told.count,
                "first": told.first.text() if told.first else None,
                "last": told.last.text() if told.last else None,
                "causes": list(told.reading.causes),
                "source": told.source,
            }
            for told in found.told
        ],
        "causes": [_cause(suspect, lang, guide_url) for suspect in found.suspects],
        "connections": {
            "connected": found.sessions.connects,
            "disconnected": found.sessions.disconnects,
            "reconnect_attempts": found.sessions.retries,
            "drop_ages_s": [round(age, 3) for age in found.sessions.ages_s[:1_000]],
            "timer": {
                "drops": timer.count,
                "of": timer.total,
                "age_s": round(timer.age_s, 3),
                "spread_s": round(timer.spread_s, 3),
            }
            if timer
            else None,
        },
        "next": [
            {
                "why": translate(action.words, lang),
                "command": shlex.join(action.argv) if action.argv else None,
            }
            for action in found.actions
        ],
        "instead": None if found.recognised else translate(PASTE_INSTEAD, lang),
    }


def _cause(suspect: Suspect, lang: str, guide_url: GuideUrl) -> Json:
    row = causes.describe(suspect.code)
    return {
        "code": suspect.code,
        "layer": row.layer.value,
        "section": row.section.value,
        "lines": suspect.lines,
        "title": translate(row.title, lang),
        "fix": translate(row.fix, lang),
        "guide_url": guide_url(_named(suspect), lang),
    }

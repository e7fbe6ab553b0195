"""The answer to `/wsdiag explain`: what the words mean, what is likely behind them, what to do."""

from __future__ import annotations

import shlex
from typing import Final

from bot import causes
from bot.explain import Action, Explanation, Suspect, Told
from bot.locales import translate
from bot.model import say
from bot.slack.blocks.common import Reader, labelled
from bot.slack.blocks.kit import Block, Post, context, paragraphs, post, section
from bot.slack.blocks.mrkdwn import escape, link, sentence
from bot.wording.explanations import (
    NOT_CERTAIN,
    NOT_RECOGNISED,
    PASTE_INSTEAD,
    facts,
    told_times,
)

_TOLD: Final = 5
_SUSPECTS: Final = 5


def explanation(found: Explanation, command: str, target: str | None, reader: Reader) -> Post:
    """target: the name of the configured target that the text is about, if it is about one.

    Nothing of the paste is repeated but the backend's address and the page's Origin.
    """
    lang = reader.lang
    if not found.recognised:
        text = sentence(NOT_RECOGNISED, lang)
        return post(
            text, [section(f"{text}\n{sentence(PASTE_INSTEAD, lang)}"), *_facts(found, lang)]
        )
    told = [_told(one, lang) for one in found.told[:_TOLD]]
    counted = [sentence(fact, lang) for fact in facts(found)]
    essential = [section("\n".join(told or counted))]
    optional = [
        *(_facts(found, lang) if told else ()),
        *_suspects(found.suspects[:_SUSPECTS], reader),
        *_actions(found.actions, command, target, lang),
    ]
    first = found.told[0].reading.means if found.told else next(facts(found))
    return post(sentence(first, lang), essential, optional)


def _told(told: Told, lang: str) -> str:
    line = labelled(f"{escape(told.who)}:", sentence(told.reading.means, lang))
    times = told_times(told)
    return f"{line} _({sentence(times, lang)})_" if times else line


def _facts(found: Explanation, lang: str) -> list[Block]:
    return paragraphs(sentence(fact, lang) for fact in facts(found))


def _suspects(suspects: tuple[Suspect, ...], reader: Reader) -> list[Block]:
    if not suspects:
        return []
    lang = reader.lang
    lines = [f"*{sentence(say('Likely causes:'), lang)}*"]
    for number, suspect in enumerate(suspects, 1):
        row = causes.describe(suspect.code)
        title = translate(row.title, lang)
        url = reader.links.url(row.section, row.code, lang)
        shown = link(url, title) if url else f"{escape(title)} ({row.section.value})"
        lines.append(
            f"{number}. {shown}" + (f" — {sentence(row.fix, lang)}" if number == 1 else "")
        )
    return [section("\n".join(lines)), context(sentence(NOT_CERTAIN, lang))]


def _actions(
    actions: tuple[Action, ...], command: str, target: str | None, lang: str
) -> list[Block]:
    if not actions:
        return []
    lines = [f"*{sentence(say('Next:'), lang)}*"]
    for action in actions:
        typed = _typed(action, command, target)
        words = sentence(action.words, lang)
        lines.append(f"• {words} `{escape(typed, 400)}`" if typed else f"• {words}")
    return paragraphs(lines, section)


def _typed(action: Action, command: str, target: str | None) -> str:
    """A command as it is typed: a check here in Slack, which knows targets and no options."""
    if not action.target:
        return shlex.join(action.argv)
    checked = target or action.argv[2]
    return f"{command} check {checked}"

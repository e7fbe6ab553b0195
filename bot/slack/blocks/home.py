"""The App Home: what is wrong, how every target is and was, and what a person sets for themselves.

A view holds 100 blocks (docs.slack.dev/surfaces/app-home), so targets come in pages, the troubled
ones first. Values are opaque: a target is named by `target_key`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot import causes
from bot.incidents import Incident
from bot.locales import duration, percent, translate
from bot.model import Act, Message, State, say
from bot.quiet import Silence
from bot.slack.blocks.common import FACES
from bot.slack.blocks.kit import (
    BUTTON_TEXT,
    HEADER_TEXT,
    Block,
    actions,
    button,
    context,
    divider,
    header,
    plain_text,
    section,
)
from bot.slack.blocks.mrkdwn import marked, plain, sentence, when
from bot.slack.blocks.quiet import acknowledged_line, silence_lines
from bot.slack.blocks.status import TargetStatus, in_words, line, worst_first
from bot.wording import headline

CHECK: Final = "home_check"
CHART: Final = "home_chart"
ACKNOWLEDGE: Final = "home_acknowledge"
MUTE: Final = "home_mute"
TURN: Final = "home_turn"  # to another page, which is its value
TURN_BACK: Final = "home_turn_back"
LANGUAGE: Final = "home_language"
FOLLOW: Final = "home_follow"

AS_IN_SLACK: Final = "slack"
NAMES_OF_LANGUAGES: Final = {"en": "English", "ru": "Русский"}  # each in itself

_PAGE: Final = 15  # targets, of two or three blocks each
_INCIDENTS: Final = 8
_OPTIONS: Final = 100  # of a menu, or of a group of one
_OPTION_TEXT: Final = 75


@dataclass(frozen=True, slots=True)
class Uptime:
    """Shares of the watched time, 0 to 1; None: nobody watched."""

    day: float | None
    week: float | None
    month: float | None


@dataclass(frozen=True, slots=True)
class Home:
    """What the tab shows to one person.

    incidents: the open ones, with who acknowledged them. uptimes: by target, those of the page at
    least. follows: names of targets. lang: their own choice, None where there is none.
    """

    targets: Sequence[TargetStatus]
    incidents: Sequence[tuple[Incident, Act | None]]
    uptimes: Mapping[str, Uptime]
    quiet: Mapping[str, Silence]
    follows: frozenset[str]
    lang: str | None
    now: datetime
    page: int = 0


def target_key(name: str) -> str:
    """What stands for a target in buttons and menus."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def on_page(targets: Sequence[TargetStatus], page: int) -> Sequence[TargetStatus]:
    """The targets of a page, the worst first; of the nearest page that there is."""
    last = max(0, (len(targets) - 1) // _PAGE)
    first = min(max(0, page), last) * _PAGE
    return worst_first(targets)[first : first + _PAGE]


def home(shown: Home, lang: str) -> list[Block]:
    """The blocks of the view; at most 100."""
    if not shown.targets:
        words = say("No target is configured yet. The README says how to add one.")
        return [section(translate(words, lang)), divider(), *_settings(shown, lang)]
    updated = marked(say("As of {at}."), lang, at=when(shown.now, lang))
    blocks = [header(plain(in_words(shown.targets), lang, limit=HEADER_TEXT)), context(updated)]
    for incident, act in shown.incidents[:_INCIDENTS]:
        blocks += _incident(incident, act, lang)
    if shown.incidents:
        blocks.append(divider())
    for target in on_page(shown.targets, shown.page):
        blocks += _target(target, shown, lang)
    blocks += _turning(shown, lang)
    return [*blocks, divider(), *_settings(shown, lang)]


# ---------------------------------------------------------------- incidents and targets


def _incident(incident: Incident, act: Act | None, lang: str) -> list[Block]:
    title = causes.describe(incident.cause.code).title if incident.cause else say("no cause named")
    since = f"{translate(say('since'), lang)} {when(incident.opened_at, lang, dated=True)}"
    state = sentence(headline(incident.target, incident.state), lang)
    face = FACES.get(incident.state, FACES[State.DOWN])
    lines = [f"{face} *{state}*", f"{sentence(title, lang)} · {since}"]
    if act is not None:
        lines.append(acknowledged_line(act, lang))
    key = target_key(incident.target)
    buttons = [
        _button(say("Check"), CHECK, key, lang),
        _button(say("Chart"), CHART, key, lang),
        _button(say("Mute 2 h"), MUTE, key, lang),
    ]
    if act is None:
        buttons.insert(0, _button(say("Acknowledge"), ACKNOWLEDGE, incident.id, lang))
    return [section("\n".join(lines)), *actions(*buttons)]


def _target(target: TargetStatus, shown: Home, lang: str) -> list[Block]:
    lines = [line(target, lang)]
    if facts := _facts(target, shown, lang):
        lines.append(" · ".join(facts))
    silence = shown.quiet.get(target.name)
    lines += list(silence_lines(silence, lang)) if silence else []
    block = section("\n".join(lines))
    block["accessory"] = _button(say("Chart"), CHART, target_key(target.name), lang)
    return [block]


def _facts(target: TargetStatus, shown: Home, lang: str) -> list[str]:
    """`up 99.9% in 24 h, 99.98% in 7 d, 99.95% in 30 d` and the certificate's days."""
    facts = []
    uptime = shown.uptimes.get(target.name)
    if uptime is not None:
        spans = ((24 * 3_600.0, uptime.day), (7 * 86_400.0, uptime.week),
                 (30 * 86_400.0, uptime.month))  # fmt: skip
        told = [
            f"{percent(share, lang)} ({_span(seconds, lang)})"
            for seconds, share in spans
            if share is not None
        ]
        if told:
            facts.append(sentence(say("uptime {shares}", shares=", ".join(told)), lang))
    if target.certificate_until is not None:
        left_s = (target.certificate_until - shown.now).total_seconds()
        if left_s <= 0:
            facts.append(f"⚠️ {translate(say('the certificate has expired'), lang)}")
        else:
            left = duration(max(86_400.0, left_s // 86_400 * 86_400), lang)
            facts.append(sentence(say("certificate for {left}", left=left), lang))
    return facts


def _span(seconds: float, lang: str) -> str:
    return translate(say("{h} h", h=24), lang) if seconds <= 86_400 else duration(seconds, lang)


def _turning(shown: Home, lang: str) -> tuple[Block, ...]:
    last = (len(shown.targets) - 1) // _PAGE
    page = min(max(0, shown.page), last)
    buttons = []
    if page > 0:
        buttons.append(_button(say("Back"), TURN_BACK, str(page - 1), lang))
    if page < last:
        left = len(shown.targets) - (page + 1) * _PAGE
        buttons.append(_button(say("{n} more", n=left), TURN, str(page + 1), lang))
    return actions(*buttons)


# ---------------------------------------------------------------- what a person sets


def _settings(shown: Home, lang: str) -> list[Block]:
    blocks = [
        header(translate(say("For you alone"), lang)),
        _row(say("Language of what only you see"), _languages(shown.lang, lang), lang),
    ]
    if shown.targets:
        words = say("Targets you are told of by direct message")
        blocks.append(_row(words, _targets(shown, lang), lang))
    return blocks


def _row(words: Message, accessory: Block, lang: str) -> Block:
    return {**section(sentence(words, lang)), "accessory": accessory}


def _languages(own: str | None, lang: str) -> Block:
    options = [_option(translate(say("As in Slack"), lang), AS_IN_SLACK)]
    options += [_option(name, code) for code, name in NAMES_OF_LANGUAGES.items()]
    chosen = next((o for o in options if o["value"] == own), options[0])
    return {
        "type": "static_select",
        "action_id": LANGUAGE,
        "options": options,
        "initial_option": chosen,
    }


def _targets(shown: Home, lang: str) -> Block:
    """A menu of every target: up to 100 as they are, beyond that in groups of 100."""
    names = sorted(target.name for target in shown.targets)
    options = [_option(name, target_key(name)) for name in names]
    chosen = [o for o, name in zip(options, names, strict=True) if name in shown.follows]
    menu: Block = {
        "type": "multi_static_select",
        "action_id": FOLLOW,
        "placeholder": plain_text(translate(say("None"), lang)),
    }
    if len(options) <= _OPTIONS:
        menu["options"] = options
    else:
        starts = range(0, min(len(options), _OPTIONS * _OPTIONS), _OPTIONS)
        menu["option_groups"] = [
            {
                "label": plain_text(_clipped(f"{names[start]} …")),
                "options": options[start : start + _OPTIONS],
            }
            for start in starts
        ]
    if chosen:
        menu["initial_options"] = chosen
    return menu


def _option(text: str, value: str) -> Block:
    return {"text": plain_text(_clipped(text)), "value": value}


def _clipped(text: str) -> str:
    return plain(say("{text}", text=text), "en", limit=_OPTION_TEXT)


def _button(label: Message, action_id: str, value: str, lang: str) -> Block:
    return button(plain(label, lang, limit=BUTTON_TEXT), action_id, value=value)

"""The rows of buttons: below a report, below an incident that lasts, below one that is over.

At 3 a.m. on a phone few are better: what is pressed most stands as a button, the rest behind “⋯”.
A value is an opaque id, of a report or an incident, and at most a word of ours before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.model import Message, Named, say
from bot.slack.blocks.kit import BUTTON_TEXT, Block, actions, button, plain_text
from bot.slack.blocks.mrkdwn import plain

RUN_AGAIN: Final = "run_again"
RUN_AGAIN_IN_THREAD: Final = "run_again_in_thread"  # an incident's thread holds what was tried
DEEP_CHECK: Final = "deep_check"
GUIDE_MODAL: Final = "guide_modal"
GUIDE_LINK: Final = "guide_link"  # inside the guide's modal; the browser opens it
ACKNOWLEDGE: Final = "acknowledge"
MUTE: Final = "mute"
ESCALATE: Final = "escalate"
RESOLVE_NOTE: Final = "resolve_note"
MORE: Final = "more"

_LONGEST_PLACEHOLDER: Final = 150


class More(StrEnum):
    """What stands behind “⋯”."""

    DEEP_IN_THREAD = "deep_in_thread"
    NOTE = "note"
    SHARE = "share"
    SHARE_INCIDENT = "share_incident"
    WRONG_CAUSE = "wrong_cause"


_MORE_LABELS: Final[dict[More, Message]] = {
    More.DEEP_IN_THREAD: say("Deep check"),
    More.NOTE: say("Resolve note"),
    More.SHARE: say("Share to a channel"),
    More.SHARE_INCIDENT: say("Share to a channel"),
    More.WRONG_CAUSE: say("Wrong cause?"),
}


class MuteFor(StrEnum):
    """What the menu of mutes offers."""

    HALF_AN_HOUR = "30m"
    TWO_HOURS = "2h"
    UNTIL_UP = "until_up"
    NO_MORE = "unmute"


MUTES: Final[dict[MuteFor, timedelta]] = {
    MuteFor.HALF_AN_HOUR: timedelta(minutes=30),
    MuteFor.TWO_HOURS: timedelta(hours=2),
}
_MUTE_LABELS: Final[dict[MuteFor, Message]] = {
    MuteFor.HALF_AN_HOUR: say("Mute for 30 min"),
    MuteFor.TWO_HOURS: say("Mute for 2 h"),
    MuteFor.UNTIL_UP: say("Mute until it is up"),
    MuteFor.NO_MORE: say("Unmute"),
}


def report_buttons(cause: Named | None, report_id: str, lang: str) -> tuple[Block, ...]:
    """Below the answer to a check."""
    menu = [(More.SHARE, report_id)]
    if cause is not None:
        menu.append((More.WRONG_CAUSE, report_id))
    return actions(
        _button(say("Run again"), RUN_AGAIN, report_id, lang),
        _button(say("Guide"), GUIDE_MODAL, report_id, lang),
        _button(say("Deep check"), DEEP_CHECK, report_id, lang),
        _more(menu, lang),
    )


def incident_buttons(
    incident_id: str,
    cause: Named | None,
    report_id: str | None,
    lang: str,
    *,
    lasting: bool,
    taken: bool = False,
) -> tuple[Block, ...]:
    """Below an incident. `report_id`: None where its report is not kept.

    lasting: it is not over, so that there is something to take on. taken: somebody has.
    """
    checks: list[Block] = []
    menu = [(More.NOTE, incident_id)] if lasting else []
    if report_id is not None:
        checks = [
            _button(say("Guide"), GUIDE_MODAL, report_id, lang),
            _button(say("Run again"), RUN_AGAIN_IN_THREAD, report_id, lang),
        ]
        menu = [(More.DEEP_IN_THREAD, report_id), *menu, (More.SHARE_INCIDENT, incident_id)]
        if cause is not None:
            menu.append((More.WRONG_CAUSE, report_id))
    more = [_more(menu, lang)] if menu else []
    if not lasting:
        note = _button(say("Resolve note"), RESOLVE_NOTE, incident_id, lang)
        return actions(note, *checks, *more)
    acknowledge = _button(say("Acknowledge"), ACKNOWLEDGE, incident_id, lang)
    first: list[Block] = [] if taken else [{**acknowledge, "style": "primary"}]
    escalate = _button(say("Escalate"), ESCALATE, incident_id, lang)
    return actions(*first, *checks, _mute(incident_id, lang), escalate, *more)


def reminder_buttons(incident_id: str, lang: str) -> tuple[Block, ...]:
    """Below a reminder: the two things that end it."""
    acknowledge = _button(say("Acknowledge"), ACKNOWLEDGE, incident_id, lang)
    return actions({**acknowledge, "style": "primary"}, _mute(incident_id, lang))


def chosen(value: str) -> tuple[More, str] | None:
    """What was picked behind “⋯”, and the id it carries; None for what this version has not."""
    word, _, about = value.partition(":")
    try:
        return (More(word), about) if about else None
    except ValueError:
        return None


def mute_chosen(value: str) -> tuple[MuteFor, str] | None:
    """What was picked from the menu of mutes, and the incident's id; None as above."""
    word, _, about = value.partition(":")
    try:
        return (MuteFor(word), about) if about else None
    except ValueError:
        return None


def _button(label: Message, action_id: str, value: str, lang: str) -> Block:
    return button(plain(label, lang, limit=BUTTON_TEXT), action_id, value=value)


def _mute(incident_id: str, lang: str) -> Block:
    return {
        "type": "static_select",
        "action_id": MUTE,
        "placeholder": plain_text(plain(say("Mute…"), lang, limit=_LONGEST_PLACEHOLDER)),
        "options": [_option(_MUTE_LABELS[word], word, incident_id, lang) for word in MuteFor],
    }


def _more(menu: Sequence[tuple[More, str]], lang: str) -> Block:
    """At most five; at least one."""
    options = [_option(_MORE_LABELS[word], word, about, lang) for word, about in menu]
    return {"type": "overflow", "action_id": MORE, "options": options}


def _option(label: Message, word: StrEnum, about: str, lang: str) -> Block:
    return {
        "text": plain_text(plain(label, lang, limit=BUTTON_TEXT)),
        "value": f"{word}:{about}",
    }

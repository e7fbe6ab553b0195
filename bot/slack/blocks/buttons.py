"""The rows of buttons: below a report, below an incident that lasts, below one that is over.

At 3 a.m. on a phone few are better: what is pressed most stands as a button, the rest behind “⋯”.
Every button carries an opaque id and nothing else. Those on an incident answer in its thread, which
holds what was tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from bot.model import Message, Named, say
from bot.slack.blocks.kit import BUTTON_TEXT, Block, actions, button, plain_text
from bot.slack.mrkdwn import plain

RUN_AGAIN: Final = "run_again"
RUN_AGAIN_IN_THREAD: Final = "run_again_in_thread"
DEEP_CHECK: Final = "deep_check"
GUIDE_MODAL: Final = "guide_modal"
GUIDE_LINK: Final = "guide_link"  # inside the guide's modal; the browser opens it
MORE: Final = "more"


class More(StrEnum):
    """What stands behind “⋯”; a choice's value is the word, a colon and an id."""

    DEEP_IN_THREAD = "deep_in_thread"
    WRONG_CAUSE = "wrong_cause"


_MORE_LABELS: Final[dict[More, Message]] = {
    More.DEEP_IN_THREAD: say("Deep check"),
    More.WRONG_CAUSE: say("Wrong cause?"),
}


def report_buttons(cause: Named | None, report_id: str, lang: str) -> tuple[Block, ...]:
    """Below the answer to a check."""
    return actions(
        _button(say("Run again"), RUN_AGAIN, report_id, lang),
        _button(say("Guide"), GUIDE_MODAL, report_id, lang),
        _button(say("Deep check"), DEEP_CHECK, report_id, lang),
        *_more([(More.WRONG_CAUSE, report_id)] if cause else [], lang),
    )


def incident_buttons(cause: Named | None, report_id: str, lang: str) -> tuple[Block, ...]:
    """Below an incident."""
    menu = [(More.DEEP_IN_THREAD, report_id)]
    if cause is not None:
        menu.append((More.WRONG_CAUSE, report_id))
    return actions(
        _button(say("Run again"), RUN_AGAIN_IN_THREAD, report_id, lang),
        _button(say("Guide"), GUIDE_MODAL, report_id, lang),
        *_more(menu, lang),
    )


def chosen(value: str) -> tuple[More, str] | None:
    """What was picked behind “⋯”, and the id it carries; None for what this version has not."""
    word, _, about = value.partition(":")
    try:
        return (More(word), about) if about else None
    except ValueError:
        return None


def _button(label: Message, action_id: str, value: str, lang: str) -> Block:
    return button(plain(label, lang, limit=BUTTON_TEXT), action_id, value=value)


def _more(menu: Sequence[tuple[More, str]], lang: str) -> tuple[Block, ...]:
    options = [
        {
            "text": plain_text(plain(_MORE_LABELS[word], lang, limit=BUTTON_TEXT)),
            "value": f"{word}:{about}",
        }
        for word, about in menu
    ]
    return ({"type": "overflow", "action_id": MORE, "options": options},) if options else ()

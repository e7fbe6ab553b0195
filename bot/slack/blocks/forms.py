"""The modals of the buttons: share a report, note how an incident was resolved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.model import Message, say
from bot.slack.blocks.kit import Block, plain_text
from bot.slack.blocks.mrkdwn import plain

SHARE: Final = "share"  # callback_ids
NOTE: Final = "note"
WHERE_BLOCK: Final = "where"  # ids inside the modals, the same in every version of them
WORDS_BLOCK: Final = "words"
FIELD: Final = "field"
WORDS_LENGTH: Final = 2_000

_TITLE: Final = 24  # docs.slack.dev/reference/views/modal-views


def share_form(metadata: str, channel: str | None, lang: str) -> Block:
    """Where a report is to be shown as well. `channel`: the id of the most likely one."""
    return form(
        SHARE,
        (say("Share the report"), say("Share")),
        [
            where_input(say("Where to?"), channel, lang),
            words_input(say("Say something about it"), None, lang, optional=True),
        ],
        metadata,
        lang,
    )


def note_form(metadata: str, lang: str) -> Block:
    """How an incident was resolved, in a person's words."""
    return form(
        NOTE,
        (say("Resolve note"), say("Keep")),
        [
            words_input(
                say("What was it, and what helped?"),
                say("It stays with the incident, for whoever sees this again."),
                lang,
            )
        ],
        metadata,
        lang,
    )


def where_input(label: Message, channel: str | None, lang: str, *, optional: bool = False) -> Block:
    """A menu of conversations: `channel` first, else the one that the person is in."""
    element: Block = {
        "type": "conversations_select",
        "action_id": FIELD,
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if channel is not None:
        element["initial_conversation"] = channel
    elif not optional:
        element["default_to_current_conversation"] = True
    return {
        "type": "input",
        "block_id": WHERE_BLOCK,
        "optional": optional,
        "label": plain_text(plain(label, lang)),
        "element": element,
    }


def words_input(
    label: Message, hint: Message | None, lang: str, *, optional: bool = False
) -> Block:
    """A few lines of text."""
    made: Block = {
        "type": "input",
        "block_id": WORDS_BLOCK,
        "optional": optional,
        "label": plain_text(plain(label, lang)),
        "element": {
            "type": "plain_text_input",
            "action_id": FIELD,
            "multiline": True,
            "max_length": WORDS_LENGTH,
        },
    }
    if hint is not None:
        made["hint"] = plain_text(plain(hint, lang))
    return made


def form(
    callback_id: str,
    titles: tuple[Message, Message],
    blocks: Sequence[Block],
    metadata: str,
    lang: str,
) -> Block:
    """A modal with a button that sends it. `titles`: of the modal, and of that button."""
    title, submit = titles
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata,
        "title": plain_text(plain(title, lang, limit=_TITLE)),
        "submit": plain_text(plain(submit, lang, limit=_TITLE)),
        "close": plain_text(plain(say("Cancel"), lang, limit=_TITLE)),
        "blocks": list(blocks),
    }

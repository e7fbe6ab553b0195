"""The modal of the shortcut "Diagnose a backend": which target, how deep, and where to answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.model import say
from bot.slack.blocks.kit import Block, plain_text
from bot.slack.blocks.mrkdwn import clean, plain

DIAGNOSE: Final = "diagnose"  # the shortcut's callback_id, and the modal's
TARGET_BLOCK: Final = "target"
DEEP_BLOCK: Final = "deep"
WHERE_BLOCK: Final = "where"
CHOICE: Final = "choice"
DEEP: Final = "deep"

# docs.slack.dev/reference: views/modal-views, block-kit/composition-objects
_TITLE: Final = 24
_OPTION: Final = 75
_VALUE: Final = 150
_GROUP: Final = 100


def diagnose_modal(names: Sequence[str], metadata: str, lang: str) -> Block:
    """The view for views.open. `names`: of the targets, at least one."""
    return {
        "type": "modal",
        "callback_id": DIAGNOSE,
        "private_metadata": metadata,
        "title": plain_text(plain(say("Diagnose a backend"), lang, limit=_TITLE)),
        "submit": plain_text(plain(say("Check"), lang, limit=_TITLE)),
        "close": plain_text(plain(say("Cancel"), lang, limit=_TITLE)),
        "blocks": [
            {
                "type": "input",
                "block_id": TARGET_BLOCK,
                "label": plain_text(plain(say("Target"), lang)),
                "element": _menu(names, lang),
            },
            {
                "type": "input",
                "block_id": WHERE_BLOCK,
                "label": plain_text(plain(say("Where shall I answer?"), lang)),
                "element": {
                    "type": "conversations_select",
                    "action_id": CHOICE,
                    "default_to_current_conversation": True,
                    "response_url_enabled": True,
                },
            },
            {
                "type": "input",
                "block_id": DEEP_BLOCK,
                "optional": True,
                "label": plain_text(plain(say("How thoroughly?"), lang)),
                "element": {
                    "type": "checkboxes",
                    "action_id": CHOICE,
                    "options": [
                        {
                            "text": plain_text(plain(say("Deep check"), lang, limit=_OPTION)),
                            "value": DEEP,
                            "description": plain_text(
                                plain(
                                    say("Holds connections: up to two and a half minutes"),
                                    lang,
                                    limit=_OPTION,
                                )
                            ),
                        }
                    ],
                },
            },
        ],
    }


def _menu(names: Sequence[str], lang: str) -> Block:
    """All targets: in groups where they are more than one menu takes."""
    fitting = [name for name in names if len(name) <= _VALUE]
    options = [{"text": plain_text(clean(name, _OPTION)), "value": name} for name in fitting]
    menu: Block = {
        "type": "static_select",
        "action_id": CHOICE,
        "placeholder": plain_text(plain(say("Choose, or type to search"), lang)),
    }
    if len(options) == 1:
        menu["initial_option"] = options[0]
    if len(options) <= _GROUP:
        return {**menu, "options": options}
    starts = range(0, len(options), _GROUP)[:_GROUP]
    groups = [
        {
            "label": plain_text(clean(f"{fitting[n][:60]} …", _OPTION)),
            "options": options[n : n + _GROUP],
        }
        for n in starts
    ]
    return {**menu, "option_groups": groups}

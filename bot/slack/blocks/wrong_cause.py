"""The modal in which a person says what it really was."""

from __future__ import annotations

from bot import causes
from bot.causes import Cause
from bot.locales import translate
from bot.model import Layer, Report, say
from bot.slack.blocks.common import labelled, row
from bot.slack.blocks.kit import Block, plain_text, section
from bot.slack.blocks.mrkdwn import clean, escape, plain, sentence
from bot.store import HEALTHY, OTHER
from bot.wording import LAYERS

WRONG_CAUSE = "wrong_cause"  # the modal's callback_id
CAUSE_BLOCK = "cause"  # ids inside the modal, the same in every version of it
NOTE_BLOCK = "note"
CHOICE = "choice"
TEXT = "text"

# docs.slack.dev/reference: views/modal-views, block-kit/composition-objects
_TITLE = 24
_OPTION = 75
_GROUP = 100
NOTE_LENGTH = 2_000


def modal(report: Report, metadata: str, lang: str) -> Block:
    """The view for views.open. `metadata` comes back with the answer (at most 3000 characters)."""
    cause = report.verdict.cause
    title = sentence(row(cause).title, lang) if cause else "–"
    return {
        "type": "modal",
        "callback_id": WRONG_CAUSE,
        "private_metadata": metadata,
        "title": plain_text(plain(say("Wrong cause?"), lang, limit=_TITLE)),
        "submit": plain_text(plain(say("Send"), lang, limit=_TITLE)),
        "close": plain_text(plain(say("Cancel"), lang, limit=_TITLE)),
        "blocks": [
            section(
                "\n".join(
                    [
                        f"*{escape(report.target_name, 150)}*",
                        labelled(translate(say("I said:"), lang), title),
                    ]
                )
            ),
            {
                "type": "input",
                "block_id": CAUSE_BLOCK,
                "label": plain_text(plain(say("What was it really?"), lang)),
                "element": {
                    "type": "static_select",
                    "action_id": CHOICE,
                    "placeholder": plain_text(plain(say("Choose, or type to search"), lang)),
                    "option_groups": _groups(lang),
                },
            },
            {
                "type": "input",
                "block_id": NOTE_BLOCK,
                "optional": True,
                "label": plain_text(plain(say("How do you know?"), lang)),
                "hint": plain_text(
                    plain(
                        say("It is kept with the evidence of this check. Write no passwords here."),
                        lang,
                    )
                ),
                "element": {
                    "type": "plain_text_input",
                    "action_id": TEXT,
                    "multiline": True,
                    "max_length": NOTE_LENGTH,
                },
            },
        ],
    }


def answers() -> frozenset[str]:
    """Every value that the menu offers."""
    return frozenset({HEALTHY, OTHER, *causes.CATALOGUE})


def _groups(lang: str) -> list[Block]:
    """The catalogue by layer, below what is no cause: at most 100 groups of 100 options."""
    groups = [
        _group(
            plain(say("None of the causes"), lang, limit=_OPTION),
            [
                _option(plain(say("Nothing was wrong"), lang, limit=_OPTION), HEALTHY),
                _option(plain(say("Something that is not listed"), lang, limit=_OPTION), OTHER),
            ],
        )
    ]
    for layer in Layer:
        rows = [cause for cause in causes.CATALOGUE.values() if cause.layer is layer]
        options = [_option(_title(cause, lang), cause.code) for cause in rows[:_GROUP]]
        if options:
            label = plain(LAYERS[layer], lang, limit=_OPTION)
            groups.append(_group(label, sorted(options, key=lambda o: str(o["text"]["text"]))))
    return groups


def _title(cause: Cause, lang: str) -> str:
    return plain(cause.title, lang, limit=_OPTION)


def _group(label: str, options: list[Block]) -> Block:
    return {"label": plain_text(label), "options": options}


def _option(text: str, value: str) -> Block:
    return {"text": plain_text(clean(text, _OPTION)), "value": value}

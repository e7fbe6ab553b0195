"""What Slack accepts as blocks and views, and the identifiers it fills in.

`blocks_problems` and `view_problems` return Slack's complaints, empty when there are none;
`text_length` measures what `msg_blocks_too_long` is about.
"""

from __future__ import annotations

import copy
import re
import secrets
from collections.abc import Iterator
from typing import Any

from bot.demo.workspace.blockkit.blocks import MOST_BLOCKS, Surface, block
from bot.demo.workspace.blockkit.elements import NOT_INTERACTIVE, plain_text
from bot.demo.workspace.blockkit.rules import (
    Json,
    Notes,
    array,
    boolean,
    choice,
    shape,
    string,
)

__all__ = [
    "Surface",
    "blocks_problems",
    "elements_of",
    "fallback_text",
    "text_length",
    "too_long",
    "view_problems",
    "with_ids",
]

# Documented for markdown blocks alone, together in a message.
MOST_MARKDOWN = 12_000
# Not documented. Slack's people speak of 12,000 characters "with a buffer for block containers",
# and others were refused with 11,341 in many blocks: slackapi/bolt-js issues 2509 and 2867.
MOST_TEXT_OF_A_MESSAGE = 11_000
MOST_OF_BOTH = 13_000


def blocks_problems(blocks: Any, surface: Surface, at: str = "/blocks") -> list[str]:
    """Everything Slack would refuse about these blocks, each with its JSON pointer."""
    notes = Notes()
    array(block(surface), most=MOST_BLOCKS[surface])(notes, blocks, at)
    if isinstance(blocks, list):
        _unique_ids(notes, [b for b in blocks if isinstance(b, dict)], at)
        tables = [
            i for i, b in enumerate(blocks) if isinstance(b, dict) and b.get("type") == "table"
        ]
        if len(tables) > 1:
            notes.add("only_one_table_allowed", f"{at}/{tables[1]}")
    return notes.problems


def _unique_ids(notes: Notes, blocks: list[Json], at: str) -> None:
    seen: set[str] = set()
    for index, one in enumerate(blocks):
        block_id = one.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen:
                notes.add(f'`block_id` "{block_id[:80]}" already exists', f"{at}/{index}/block_id")
            seen.add(block_id)
        actions: set[str] = set()
        for element in elements_of(one):
            action_id = element.get("action_id")
            if not isinstance(action_id, str):
                continue
            if action_id in actions:
                notes.add(
                    f'`action_id` "{action_id[:80]}" already exists for block_id "{block_id}"',
                    f"{at}/{index}",
                )
            actions.add(action_id)


def elements_of(one: Json) -> Iterator[Json]:
    """The interactive elements of a block, in order."""
    candidates: list[Any] = []
    for place in ("elements", "actions"):
        if isinstance(one.get(place), list):
            candidates += one[place]
    candidates += [one.get("accessory"), one.get("element")]
    for candidate in candidates:
        if isinstance(candidate, dict):
            if candidate.get("type") == "card":
                yield from elements_of(candidate)
            elif candidate.get("type") not in NOT_INTERACTIVE and not str(
                candidate.get("type")
            ).startswith("rich_text_"):
                yield candidate
    for child in one.get("child_blocks") or ():
        if isinstance(child, dict):
            yield from elements_of(child)


_VIEW_COMMON = {
    "private_metadata": string(3000, shortest=0),
    "callback_id": string(255),
    "external_id": string(255, shortest=0),
}


def view_problems(view: Any) -> list[str]:
    """Everything Slack would refuse about a view (views.open, views.publish)."""
    notes = Notes()
    if not isinstance(view, dict):
        notes.add("must provide an object", "/view")
        return notes.problems
    kind = view.get("type")
    if kind not in {"modal", "home"}:
        problem = "missing required field: type" if kind is None else f"unsupported type: {kind}"
        notes.add(problem, "/view")
        return notes.problems
    surface = Surface.MODAL if kind == "modal" else Surface.HOME
    required = {"type": choice("modal", "home"), "blocks": array(lambda *_: None)}
    optional = dict(_VIEW_COMMON)
    if surface is Surface.MODAL:
        required["title"] = plain_text(24)
        optional |= {
            "submit": plain_text(24),
            "close": plain_text(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
        }
    shape(required, optional)(notes, view, "/view")
    problems = notes.problems
    if isinstance(view.get("blocks"), list):
        problems += blocks_problems(view["blocks"], surface, "/view/blocks")
        has_input = any(isinstance(b, dict) and b.get("type") == "input" for b in view["blocks"])
        if surface is Surface.MODAL and has_input and not view.get("submit"):
            problems.append(
                "`submit` is required when an input block is within the blocks array"
                " [json-pointer:/view/submit]"
            )
    return problems


def too_long(blocks: list[Json]) -> bool:
    """Whether a message with these blocks is `msg_blocks_too_long`."""
    markdown = sum(len(b["text"]) for b in blocks if b.get("type") == "markdown")
    other = text_length([b for b in blocks if b.get("type") != "markdown"])
    return (
        markdown > MOST_MARKDOWN
        or other > MOST_TEXT_OF_A_MESSAGE
        or markdown + other > MOST_OF_BOTH
    )


def text_length(value: Any) -> int:
    """Characters of all texts in blocks: what the cumulative limit counts."""
    if isinstance(value, list):
        return sum(text_length(entry) for entry in value)
    if not isinstance(value, dict):
        return 0
    return sum(
        len(entry) if key in {"text", "title"} and isinstance(entry, str) else text_length(entry)
        for key, entry in value.items()
    )


def with_ids(blocks: list[Json]) -> list[Json]:
    """A copy with the block_ids and action_ids that Slack makes up where the app gave none."""
    filled = copy.deepcopy(blocks)
    for one in filled:
        one.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements_of(one):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return filled


def fallback_text(blocks: list[Json]) -> str:
    """The text Slack makes of blocks that came without any."""
    texts: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, list):
            for entry in value:
                collect(entry)
        elif isinstance(value, dict):
            if isinstance(value.get("text"), str):
                texts.append(value["text"])
            for key, entry in value.items():
                if key not in {"accessory", "element"} and not isinstance(entry, str):
                    collect(entry)

    collect([b for b in blocks if b.get("type") != "actions"])
    return re.sub(r"\s+", " ", " ".join(texts)).strip()

"""The few Block Kit elements that are used, and a message that keeps Slack's limits.

Limits: 50 blocks a message, 100 a view; section text 3000, header 150, button text 75, button
value 2000; all texts of a message together near 13k characters, of which 9k are budgeted
(docs.slack.dev/reference/block-kit, `msg_blocks_too_long`). No block_id is set: Slack makes one
for each version of a message, as an edit needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack.blocks.mrkdwn import clip, length

Block = dict[str, Any]

TEXT_BUDGET = 9_000
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
SECTION_TEXT = 3_000
HEADER_TEXT = 150
CONTAINER_BLOCKS = 10
PLAN_TASKS = 50
BUTTON_TEXT = 75
_TEXTS = ("text", "title")
FALLBACK_TEXT = 3_000  # of the 4,000 that chat.postMessage takes as `text`


@dataclass(frozen=True, slots=True)
class Post:
    """What a message shows. `text` is the whole in a sentence, for notifications and readers."""

    text: str
    blocks: tuple[Block, ...] = ()

    def arguments(self) -> dict[str, Any]:
        """Arguments for chat.postMessage and for a response_url."""
        return {
            "text": self.text,
            "blocks": list(self.blocks),
            "unfurl_links": False,
            "unfurl_media": False,
        }

    def edit_arguments(self) -> dict[str, Any]:
        """Arguments for chat.update, whose `parse` differs from postMessage's by default."""
        return {"text": self.text, "blocks": list(self.blocks), "parse": "none"}


def post(
    text: str,
    essential: Sequence[Block],
    optional: Iterable[Block] = (),
    closing: Sequence[Block] = (),
) -> Post:
    """A message within the limits: what is essential and closing always, optional as room allows.

    Essential blocks that are too long together are clipped from the last one backwards.
    """
    head, tail = [dict(block) for block in essential], list(closing)
    budget = TEXT_BUDGET - sum(map(text_length, tail))
    for block in reversed(head):
        excess = sum(map(text_length, head)) - budget
        if excess <= 0:
            break
        _shorten(block, excess)
    used = sum(map(text_length, head))
    for wanted in optional:
        block = _fitting(wanted, budget - used)
        if block is None or len(head) + len(tail) >= MESSAGE_BLOCKS:
            break
        head.append(block)
        used += text_length(block)
    return Post(clip(text, FALLBACK_TEXT), tuple(head + tail))


def _fitting(block: Block, room: int) -> Block | None:
    """The block if there is room for it; of a container, as much as there is room for."""
    if text_length(block) <= room:
        return block
    children = list(block.get("child_blocks") or ())
    while len(children) > 1:
        children.pop()
        shorter = {**block, "child_blocks": children}
        if text_length(shorter) <= room:
            return shorter
    return None


def text_length(value: Any) -> int:
    """Characters of every text inside a block, the way the cumulative limit counts them."""
    if isinstance(value, dict):
        own = sum(length(v) for k, v in value.items() if k in _TEXTS and isinstance(v, str))
        return own + sum(text_length(v) for v in value.values() if not isinstance(v, str))
    if isinstance(value, list):
        return sum(map(text_length, value))
    return 0


def _shorten(block: Block, excess: int) -> None:
    text = block.get("text")
    if isinstance(text, dict) and text.get("type") == "mrkdwn":
        room = max(200, length(text["text"]) - excess)
        block["text"] = {**text, "text": clip(text["text"], room)}


def mrkdwn(text: str, limit: int = SECTION_TEXT) -> Block:
    """A text object in which nothing is parsed but our own markup."""
    return {"type": "mrkdwn", "text": clip(text, limit) or " ", "verbatim": True}


def plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": text or " ", "emoji": True}


def header(text: str) -> Block:
    """`text` as `mrkdwn.plain(…, limit=HEADER_TEXT)` gives it."""
    return {"type": "header", "text": plain_text(text)}


def section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}


def context(text: str) -> Block:
    """Small grey text; several lines may be in it."""
    return {"type": "context", "elements": [mrkdwn(text)]}


def divider() -> Block:
    return {"type": "divider"}


def button(
    label: str, action_id: str, *, value: str | None = None, url: str | None = None
) -> Block:
    """A button; `label` as `mrkdwn.plain(…, limit=BUTTON_TEXT)` gives it, `value` an opaque id."""
    made: Block = {"type": "button", "action_id": action_id, "text": plain_text(label)}
    if value is not None:
        made["value"] = value
    if url is not None:
        made["url"] = url
    return made


def actions(*buttons: Block) -> tuple[Block, ...]:
    """A row of buttons, or nothing when there is none."""
    return ({"type": "actions", "elements": list(buttons)},) if buttons else ()


def container(title: str, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks behind a line that opens them; nothing where there are none, ten at most.

    `title` as `mrkdwn.plain(…, limit=HEADER_TEXT)` gives it. Where Slack does not take containers
    the blocks stand below the line (`blocks.older`).
    """
    if not blocks:
        return ()
    return (
        {
            "type": "container",
            "title": plain_text(title),
            "is_collapsible": True,
            "default_collapsed": True,
            "child_blocks": list(blocks[:CONTAINER_BLOCKS]),
        },
    )


def plan(title: str, tasks: Mapping[str, tuple[str, str]]) -> Block:
    """Tasks by their id, each with what it is called and its status: pending, in_progress,
    complete or error. All texts are plain."""
    cards = [
        {"type": "task_card", "task_id": f"{n} {task_id}"[:255], "title": name or " ", "status": s}
        for n, (task_id, (name, s)) in enumerate(list(tasks.items())[:PLAN_TASKS])
    ]
    return {"type": "plan", "title": title or " ", "tasks": cards}


_LINE = re.compile(r"\n+")


def paragraphs(lines: Iterable[str], make: Any = context, limit: int = 1_500) -> list[Block]:
    """Lines gathered into as few blocks as hold them, so that a long list may be cut by block."""
    blocks: list[Block] = []
    gathered: list[str] = []
    size = 0
    for line in lines:
        if gathered and size + length(line) + 1 > limit:
            blocks.append(make("\n".join(gathered)))
            gathered, size = [], 0
        gathered.append(_LINE.sub(" ", line))
        size += length(line) + 1
    if gathered:
        blocks.append(make("\n".join(gathered)))
    return blocks

"""Blocks that not every Slack takes, said in older ones. Pure.

A plan becomes a line of marks, a container its title with what is in it below. Workspaces get new
kinds of blocks one after the other; `bot.slack.way.dialect` learns which of them this one refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bot.slack.blocks.kit import MESSAGE_BLOCKS, Block, context
from bot.slack.blocks.mrkdwn import escape

NEWER: Final = frozenset({"plan", "container"})

_MARKS: Final = {"complete": "✅", "error": "❌", "in_progress": "⏳", "pending": "▫️"}


def newer_kinds(blocks: Iterable[Block]) -> frozenset[str]:
    """The kinds among these blocks that can be said in older ones."""
    return NEWER & {str(block.get("type")) for block in blocks}


def older(blocks: Sequence[Block], kinds: frozenset[str] = NEWER) -> list[Block]:
    """The same without blocks of these kinds."""
    made = [one for block in blocks for one in _said(block, kinds)]
    return made[:MESSAGE_BLOCKS]


def _said(block: Block, kinds: frozenset[str]) -> Iterator[Block]:
    kind = block.get("type")
    if kind not in kinds:
        yield block
    elif kind == "plan":
        tasks = [f"{_MARKS[task['status']]} {escape(task['title'])}" for task in block["tasks"]]
        yield context("   ".join([f"*{escape(block['title'])}*", *tasks]))
    else:
        yield context(f"*{escape(block['title']['text'])}*")
        yield from block["child_blocks"]

"""Slack's rules, asked of the SDK's own block models and of the strict workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import Block

from bot.demo.workspace.blockkit import Surface, blocks_problems, text_length
from bot.demo.workspace.content import pings
from bot.slack.blocks.kit import TEXT_BUDGET, Post


def assert_acceptable(blocks: Sequence[dict[str, Any]], surface: Surface = Surface.MESSAGE) -> None:
    """Slack takes these blocks."""
    assert blocks_problems(list(blocks), surface) == []
    for block in blocks:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.to_dict()  # where the SDK validates


def assert_postable(post: Post) -> None:
    """Slack takes this message, nobody is pinged, and readers get a sentence."""
    assert_acceptable(post.blocks)
    assert text_length(list(post.blocks)) <= TEXT_BUDGET + 200
    assert post.text.strip()
    assert len(post.text) <= 4_000
    assert pings(post.text) == []
    assert pings(list(post.blocks)) == []
    edit = post.edit_arguments()
    assert (edit["text"], edit["blocks"]) == (post.text, list(post.blocks))


def shown(post: Post) -> str:
    """All that a person reads in a message, block by block."""

    def texts(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["text"]] if isinstance(value.get("text"), str) else []
            return own + [t for v in value.values() if not isinstance(v, str) for t in texts(v)]
        if isinstance(value, list):
            return [t for v in value for t in texts(v)]
        return []

    return "\n".join(texts(list(post.blocks)))

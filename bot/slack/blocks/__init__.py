"""Blocks for every surface in Slack. Pure: records in, `Post`s out, Slack's limits kept."""

from bot.slack.blocks.kit import Block, Post

__all__ = ["Block", "Post"]

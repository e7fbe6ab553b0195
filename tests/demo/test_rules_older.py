"""A Slack that is older than the documentation: kinds of blocks it does not know yet."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Channel, Workspace
from tests.demo.conftest import Refusal

TASK = {"type": "task_card", "task_id": "dns", "title": "DNS", "status": "complete"}
PLAN = {"type": "plan", "title": "Checking prod", "tasks": [TASK]}


@pytest.mark.parametrize("block", [PLAN, TASK], ids=["plan", "task_card"])
async def test_blocks_can_be_unknown_to_a_workspace(
    workspace: Workspace,
    client: AsyncWebClient,
    ops: Channel,
    refused: type[Refusal],
    block: dict[str, Any],
) -> None:
    """https://docs.slack.dev/reference/block-kit/blocks/plan-block: blocks reach workspaces one
    after the other; what a workspace does not know is `invalid_blocks`, to post and to edit."""
    ts = (await client.chat_postMessage(channel=ops.id, text="Checking.", blocks=[block]))["ts"]
    workspace.refuse_blocks("plan", "task_card")
    async with refused("invalid_blocks") as refusal:
        await client.chat_postMessage(channel=ops.id, text="Checking.", blocks=[block])
    kind = block["type"]
    assert f"[ERROR] unsupported type: {kind} [json-pointer:/blocks/0/type]" in refusal.messages
    async with refused("invalid_blocks"):
        await client.chat_update(channel=ops.id, ts=ts, text="Checking.", blocks=[block])
    assert len(workspace.messages(ops)) == 1

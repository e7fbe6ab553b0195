"""Rate limits, on a clock that the tests move."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Channel, ManualClock, Workspace
from tests.demo.conftest import Refusal


@pytest.fixture(autouse=True)
def limited(workspace: Workspace) -> None:
    workspace.limits.enabled = True


async def test_a_channel_takes_one_message_a_second(
    client: AsyncWebClient, ops: Channel, clock: ManualClock, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/apis/web-api/rate-limits#posting-messages"""
    await client.chat_postMessage(channel=ops.id, text="1")
    async with refused("ratelimited") as refusal:
        await client.chat_postMessage(channel=ops.id, text="2")
    assert refusal.status == 429
    assert refusal.headers["Retry-After"] == "1"
    clock.advance(1)
    await client.chat_postMessage(channel=ops.id, text="2")


async def test_channels_do_not_share_their_second(
    client: AsyncWebClient, workspace: Workspace, ops: Channel
) -> None:
    """https://docs.slack.dev/apis/web-api/rate-limits#posting-messages"""
    other = workspace.add_channel("other")
    await client.chat_postMessage(channel=ops.id, text="1")
    await client.chat_postMessage(channel=other.id, text="1")


async def test_edits_are_tier_3(
    client: AsyncWebClient, ops: Channel, clock: ManualClock, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.update (Tier 3: 50+ per minute)"""
    ts = (await client.chat_postMessage(channel=ops.id, text="0"))["ts"]
    for number in range(50):
        await client.chat_update(channel=ops.id, ts=ts, text=str(number))
    async with refused("ratelimited") as refusal:
        await client.chat_update(channel=ops.id, ts=ts, text="one too many")
    clock.advance(float(refusal.headers["Retry-After"]))
    await client.chat_update(channel=ops.id, ts=ts, text="waited as told")


async def test_lists_are_tier_2(client: AsyncWebClient, refused: type[Refusal]) -> None:
    """https://docs.slack.dev/reference/methods/users.list (Tier 2: 20+ per minute)"""
    for _ in range(20):
        await client.users_list()
    async with refused("ratelimited") as refusal:
        await client.users_list()
    assert refusal.headers["Retry-After"] == "3"


async def test_methods_do_not_share_their_buckets(
    client: AsyncWebClient, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/apis/web-api/rate-limits ("per API method per workspace per app")"""
    for _ in range(20):
        await client.users_list()
    async with refused("ratelimited"):
        await client.users_list()
    await client.conversations_list()


async def test_limits_can_be_switched_off(
    client: AsyncWebClient, workspace: Workspace, ops: Channel
) -> None:
    workspace.limits.enabled = False
    for number in range(5):
        await client.chat_postMessage(channel=ops.id, text=str(number))
    assert len(workspace.messages(ops)) == 5

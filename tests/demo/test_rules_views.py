"""Modals and the Home tab: what menus of conversations add, and what a Home tab is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.demo.workspace import AppConfig, Channel, User, Workspace
from tests.demo.conftest import Refusal
from tests.demo.test_workspace_sockets import RawSocket, connected

Json = dict[str, Any]


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def _where(**fields: Any) -> Json:
    return {
        "type": "input",
        "block_id": "where",
        "label": _plain("Channel"),
        "element": {"type": "conversations_select", "action_id": "chosen", **fields},
    }


def _modal(*blocks: Json, **fields: Any) -> Json:
    return {
        "type": "modal",
        "title": _plain("Share"),
        "submit": _plain("Share"),
        "blocks": list(blocks),
        **fields,
    }


async def _asked(workspace: Workspace, socket: RawSocket, user: User, channel: Channel) -> Json:
    """A command whose trigger opens modals: its payload."""
    typing = asyncio.create_task(workspace.command(user, channel, "/wsdiag"))
    frame = await socket.frame()
    await socket.ack(frame)
    await typing
    payload: Json = frame["payload"]
    return payload


async def test_a_menu_of_conversations_begins_with_the_current_one(
    workspace: Workspace, client: AsyncWebClient, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
    (`default_to_current_conversation`)"""
    async with connected(workspace) as socket:
        asked = await _asked(workspace, socket, mira, ops)
        await client.views_open(
            trigger_id=asked["trigger_id"],
            view=_modal(_where(default_to_current_conversation=True)),
        )
    (view,) = workspace.views(mira)
    assert view.state["where"]["chosen"]["selected_conversation"] == ops.id


async def test_an_initial_conversation_counts_more_than_the_current_one(
    workspace: Workspace, client: AsyncWebClient, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element: "If
    `initial_conversation` is also supplied, this will take precedence" """
    other = workspace.add_channel("other", members=[mira])
    async with connected(workspace) as socket:
        asked = await _asked(workspace, socket, mira, ops)
        menu = _where(default_to_current_conversation=True, initial_conversation=other.id)
        await client.views_open(trigger_id=asked["trigger_id"], view=_modal(menu))
    (view,) = workspace.views(mira)
    assert view.state["where"]["chosen"]["selected_conversation"] == other.id


async def test_a_submission_brings_a_response_url_for_the_conversation_that_was_chosen(
    workspace: Workspace, client: AsyncWebClient, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/surfaces/modals#modal_response_url"""
    async with connected(workspace) as socket:
        asked = await _asked(workspace, socket, mira, ops)
        await client.views_open(
            trigger_id=asked["trigger_id"], view=_modal(_where(response_url_enabled=True))
        )
        submitting = asyncio.create_task(workspace.submit(mira, {"chosen": ops.id}))
        frame = await socket.frame()
        await socket.ack(frame)
        await submitting
    (url,) = frame["payload"]["response_urls"]
    assert (url["block_id"], url["action_id"], url["channel_id"]) == ("where", "chosen", ops.id)
    answer = await AsyncWebhookClient(url["response_url"]).send(
        text="shared", response_type="in_channel"
    )
    assert answer.status_code == 200
    assert [m.text for m in workspace.messages(ops)] == ["shared"]


async def test_a_home_tab_takes_a_hash_only_while_it_is_current(
    workspace: Workspace, client: AsyncWebClient, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/views.publish#errors (`hash_conflict`)"""
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    first = (await client.views_publish(user_id=mira.id, view=home))["view"]["hash"]
    await client.views_publish(user_id=mira.id, view=home, hash=first)
    async with refused("hash_conflict"):
        await client.views_publish(user_id=mira.id, view=home, hash=first)


async def test_a_home_tab_that_is_off_is_not_enabled(
    workspace: Workspace, client: AsyncWebClient, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/views.publish#errors (`not_enabled`)"""
    workspace.app = AppConfig(home_tab=False)
    async with refused("not_enabled"):
        await client.views_publish(user_id=mira.id, view={"type": "home", "blocks": []})


async def test_a_click_on_the_home_tab_comes_with_the_view_and_what_is_chosen_there(
    workspace: Workspace, client: AsyncWebClient, mira: User
) -> None:
    """https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
    option = {"text": _plain("prod"), "value": "prod"}
    other = {"text": _plain("staging"), "value": "staging"}
    menu = {"type": "multi_static_select", "action_id": "mine", "options": [option, other]}
    block = {"type": "section", "block_id": "told", "text": _plain("Tell me of"), "accessory": menu}
    await client.views_publish(user_id=mira.id, view={"type": "home", "blocks": [block]})
    home = workspace.home(mira)
    assert home is not None
    async with connected(workspace) as socket:
        clicking = asyncio.create_task(workspace.click(mira, home, "mine", ["staging"]))
        frame = await socket.frame()
        await socket.ack(frame)
        await clicking
    payload = frame["payload"]
    assert payload["container"] == {"type": "view", "view_id": home.id}
    assert payload["actions"][0]["selected_options"] == [other]
    assert payload["view"]["state"]["values"]["told"]["mine"]["selected_options"] == [other]
    assert "response_url" not in payload
    await client.views_open(trigger_id=payload["trigger_id"], view=_modal())


@pytest.mark.parametrize(
    "block",
    [
        {"type": "alert", "text": _plain("x")},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]},
        {"type": "plan", "title": "x"},
        {"type": "markdown", "text": "x"},
    ],
    ids=lambda b: b["type"],
)
async def test_a_home_tab_does_not_take(
    client: AsyncWebClient, mira: User, refused: type[Refusal], block: Json
) -> None:
    """https://docs.slack.dev/reference/block-kit/blocks: "Available in surfaces" """
    async with refused("invalid_arguments") as refusal:
        await client.views_publish(user_id=mira.id, view={"type": "home", "blocks": [block]})
    kind = block["type"]
    assert refusal.messages == [
        f"[ERROR] unsupported type: {kind} [json-pointer:/view/blocks/0/type]"
    ]

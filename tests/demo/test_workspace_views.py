"""Modals and the Home tab: triggers, stacks, limits, submissions."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Channel, ManualClock, User, View, Workspace
from tests.demo.conftest import Refusal

Json = dict[str, Any]


SUBMIT_NEEDED = (
    "`submit` is required when an input block is within the blocks array"
    " [json-pointer:/view/submit]"
)


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def _input(block_id: str = "url", **fields: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": _plain("URL"),
        "element": {"type": "plain_text_input", "action_id": "typed"},
        **fields,
    }


def _modal(**fields: Any) -> Json:
    return {"type": "modal", "title": _plain("Watch"), "blocks": [], **fields}


def _home(**fields: Any) -> Json:
    return {"type": "home", "blocks": [{"type": "divider"}], **fields}


async def _opened(client: AsyncWebClient, workspace: Workspace, user: User, view: Json) -> View:
    await client.views_open(trigger_id=workspace.core.triggers.issue(user.id), view=view)
    return workspace.views(user)[-1]


async def test_a_trigger_expires_after_three_seconds(
    client: AsyncWebClient,
    workspace: Workspace,
    mira: User,
    clock: ManualClock,
    refused: type[Refusal],
) -> None:
    """https://docs.slack.dev/surfaces/modals#modal_lifecycle"""
    trigger_id = workspace.core.triggers.issue(mira.id)
    clock.advance(3)
    async with refused("expired_trigger_id"):
        await client.views_open(trigger_id=trigger_id, view=_modal())


async def test_a_trigger_opens_one_modal(
    client: AsyncWebClient, workspace: Workspace, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/views.open#errors"""
    trigger_id = workspace.core.triggers.issue(mira.id)
    await client.views_open(trigger_id=trigger_id, view=_modal())
    async with refused("exchanged_trigger_id"):
        await client.views_open(trigger_id=trigger_id, view=_modal())


async def test_a_made_up_trigger_is_invalid(client: AsyncWebClient, refused: type[Refusal]) -> None:
    """https://docs.slack.dev/reference/methods/views.open#errors"""
    async with refused("invalid_trigger_id"):
        await client.views_open(trigger_id="1.2.3", view=_modal())


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(
            (
                _modal(title=_plain("x" * 25)),
                "must be less than 25 characters [json-pointer:/view/title/text]",
            ),
            id="title",
        ),
        pytest.param(
            (
                _modal(submit=_plain("x" * 25)),
                "must be less than 25 characters [json-pointer:/view/submit/text]",
            ),
            id="submit",
        ),
        pytest.param(
            (
                _modal(close=_plain("x" * 25)),
                "must be less than 25 characters [json-pointer:/view/close/text]",
            ),
            id="close",
        ),
        pytest.param(
            (
                _modal(private_metadata="x" * 3001),
                "must be less than 3001 characters [json-pointer:/view/private_metadata]",
            ),
            id="private_metadata",
        ),
        pytest.param(
            (
                _modal(callback_id="x" * 256),
                "must be less than 256 characters [json-pointer:/view/callback_id]",
            ),
            id="callback_id",
        ),
        pytest.param(
            (
                _modal(blocks=[{"type": "divider"}] * 101),
                "no more than 100 items allowed [json-pointer:/view/blocks]",
            ),
            id="blocks",
        ),
        pytest.param(
            ({"type": "modal", "blocks": []}, "missing required field: title [json-pointer:/view]"),
            id="no_title",
        ),
        pytest.param(
            (
                _modal(blocks=[_input()]),
                SUBMIT_NEEDED,
            ),
            id="input_without_submit",
        ),
        pytest.param(
            (
                _modal(blocks=[{"type": "markdown", "text": "x"}]),
                "unsupported type: markdown [json-pointer:/view/blocks/0/type]",
            ),
            id="markdown_is_for_messages",
        ),
        pytest.param(
            (_modal(text="x"), "invalid additional property: text [json-pointer:/view]"), id="extra"
        ),
    ],
)
async def test_slack_refuses_a_modal_beyond_the_limits_of_its(
    client: AsyncWebClient,
    workspace: Workspace,
    mira: User,
    refused: type[Refusal],
    broken: tuple[Json, str],
) -> None:
    """https://docs.slack.dev/reference/views/modal-views"""
    view, complaint = broken
    async with refused("invalid_arguments") as refusal:
        await client.views_open(trigger_id=workspace.core.triggers.issue(mira.id), view=view)
    assert f"[ERROR] {complaint}" in refusal.messages


async def test_a_stack_is_three_modals_deep(
    client: AsyncWebClient, workspace: Workspace, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/surfaces/modals#view_stack"""
    await _opened(client, workspace, mira, _modal())
    for _ in range(2):
        await client.views_push(trigger_id=workspace.core.triggers.issue(mira.id), view=_modal())
    async with refused("push_limit_reached"):
        await client.views_push(trigger_id=workspace.core.triggers.issue(mira.id), view=_modal())
    assert len(workspace.views(mira)) == 3


async def test_a_modal_is_updated_while_it_is_open(
    client: AsyncWebClient, workspace: Workspace, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/views.update#errors"""
    view = await _opened(client, workspace, mira, _modal())
    await client.views_update(view_id=view.id, view=_modal(title=_plain("Later")))
    assert workspace.views(mira)[0].payload["title"]["text"] == "Later"
    await workspace.close_modal(mira)
    async with refused("not_found"):
        await client.views_update(view_id=view.id, view=_modal())


async def test_an_outdated_hash_conflicts(
    client: AsyncWebClient, workspace: Workspace, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/surfaces/modals#handling_race_conditions"""
    view = await _opened(client, workspace, mira, _modal())
    old = view.hash
    await client.views_update(view_id=view.id, view=_modal(), hash=old)
    async with refused("hash_conflict"):
        await client.views_update(view_id=view.id, view=_modal(), hash=old)


async def test_an_external_id_is_unique(
    client: AsyncWebClient, workspace: Workspace, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/views.open#errors"""
    leo = workspace.add_user("leo")
    await _opened(client, workspace, mira, _modal(external_id="report"))
    async with refused("duplicate_external_id"):
        await _opened(client, workspace, leo, _modal(external_id="report"))
    await client.views_update(external_id="report", view=_modal(title=_plain("Found")))


async def test_the_home_tab_is_one_persons(
    client: AsyncWebClient, workspace: Workspace, mira: User
) -> None:
    """https://docs.slack.dev/reference/methods/views.publish"""
    leo = workspace.add_user("leo")
    await client.views_publish(user_id=mira.id, view=_home())
    assert workspace.home(mira) is not None
    assert workspace.home(leo) is None


async def test_a_modal_is_no_home_tab(
    client: AsyncWebClient, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/views.publish#errors"""
    async with refused("invalid_arguments"):
        await client.views_publish(user_id=mira.id, view=_modal())


async def _answering(
    workspace: Workspace, client: AsyncWebClient, payload: Json | None
) -> tuple[SocketModeClient, list[Json]]:
    """A socket of the app that acknowledges everything with this payload."""
    seen: list[Json] = []

    async def answer(socket: SocketModeClient, request: SocketModeRequest) -> None:
        seen.append(request.payload)
        frame: Json = {"envelope_id": request.envelope_id}
        if payload is not None and request.payload["type"] == "view_submission":
            frame["payload"] = payload
        await socket.send_socket_mode_response(frame)

    socket = SocketModeClient(workspace.app_token, web_client=client)
    socket.socket_mode_request_listeners.append(answer)
    await socket.connect()
    return socket, seen


async def test_a_submission_carries_what_was_typed_and_closes_the_modal(
    client: AsyncWebClient, workspace: Workspace, mira: User
) -> None:
    """https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload"""
    socket, seen = await _answering(workspace, client, None)
    view = _modal(submit=_plain("Go"), blocks=[_input()], private_metadata="kept")
    await _opened(client, workspace, mira, view)
    outcome = await workspace.submit(mira, {"url": "https://example.com"})
    assert outcome.error is None
    assert workspace.views(mira) == []
    values = seen[0]["view"]["state"]["values"]
    assert values["url"]["typed"] == {"type": "plain_text_input", "value": "https://example.com"}
    assert seen[0]["view"]["private_metadata"] == "kept"
    await socket.close()


async def test_an_empty_required_field_never_reaches_the_app(
    client: AsyncWebClient, workspace: Workspace, mira: User
) -> None:
    """https://docs.slack.dev/reference/block-kit/blocks/input-block (`optional`)"""
    socket, seen = await _answering(workspace, client, None)
    await _opened(client, workspace, mira, _modal(submit=_plain("Go"), blocks=[_input()]))
    assert (await workspace.submit(mira)).error == "incomplete"
    assert seen == []
    await socket.close()


async def test_errors_of_a_submission_are_shown_at_their_fields(
    client: AsyncWebClient, workspace: Workspace, mira: User
) -> None:
    """https://docs.slack.dev/surfaces/modals#displaying_errors"""
    socket, _ = await _answering(
        workspace, client, {"response_action": "errors", "errors": {"url": "No such host"}}
    )
    await _opened(client, workspace, mira, _modal(submit=_plain("Go"), blocks=[_input()]))
    assert (await workspace.submit(mira, {"url": "x"})).error == "errors"
    assert workspace.views(mira)[0].errors == {"url": "No such host"}
    await socket.close()


async def test_errors_for_a_field_that_is_not_there_are_an_error_of_the_app(
    client: AsyncWebClient, workspace: Workspace, mira: User
) -> None:
    """https://docs.slack.dev/surfaces/modals#displaying_errors"""
    socket, _ = await _answering(
        workspace, client, {"response_action": "errors", "errors": {"host": "?"}}
    )
    await _opened(client, workspace, mira, _modal(submit=_plain("Go"), blocks=[_input()]))
    assert (await workspace.submit(mira, {"url": "x"})).error == "invalid_arguments"
    await socket.close()


@pytest.mark.parametrize(("action", "depth"), [("update", 1), ("push", 2), ("clear", 0)])
async def test_a_submission_may_update_push_or_clear(
    client: AsyncWebClient, workspace: Workspace, mira: User, action: str, depth: int
) -> None:
    """https://docs.slack.dev/surfaces/modals#updating_views"""
    payload: Json = {"response_action": action}
    if action != "clear":
        payload["view"] = _modal(title=_plain("Next"))
    socket, _ = await _answering(workspace, client, payload)
    await _opened(client, workspace, mira, _modal(submit=_plain("Go"), blocks=[_input()]))
    assert (await workspace.submit(mira, {"url": "x"})).error is None
    assert len(workspace.views(mira)) == depth
    if depth:
        assert workspace.views(mira)[-1].payload["title"]["text"] == "Next"
    await socket.close()


async def test_closing_is_told_only_to_those_who_asked(
    client: AsyncWebClient, workspace: Workspace, mira: User
) -> None:
    """https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload#view_closed"""
    socket, seen = await _answering(workspace, client, None)
    await _opened(client, workspace, mira, _modal())
    await workspace.close_modal(mira)
    assert seen == []
    await _opened(client, workspace, mira, _modal(notify_on_close=True))
    await workspace.close_modal(mira)
    assert [payload["type"] for payload in seen] == ["view_closed"]
    await socket.close()


async def test_a_click_in_a_modal_comes_with_the_view_and_no_response_url(
    client: AsyncWebClient, workspace: Workspace, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
    socket, seen = await _answering(workspace, client, None)
    button = {"type": "button", "action_id": "go", "text": _plain("Go")}
    view = await _opened(
        client, workspace, mira, _modal(blocks=[{"type": "actions", "elements": [button]}])
    )
    await workspace.click(mira, view, "go")
    assert seen[0]["view"]["id"] == view.id
    assert "response_url" not in seen[0]
    await socket.close()

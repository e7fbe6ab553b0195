"""Response URLs, faults on demand, going away and coming back."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.demo.workspace import Channel, ManualClock, User, Workspace
from bot.demo.workspace.payloads import response_address
from tests.demo.conftest import Refusal


@pytest.fixture
def command_url(workspace: Workspace, ops: Channel, mira: User) -> str:
    """The response URL of a slash command in #ops."""
    core = workspace.core
    return response_address(core, core.response_urls.issue(ops.id, mira.id))


async def test_a_response_url_is_good_for_five_answers(
    workspace: Workspace, mira: User, command_url: str
) -> None:
    """https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""
    hook = AsyncWebhookClient(command_url)
    for number in range(5):
        assert (await hook.send(text=str(number))).status_code == 200
    sixth = await hook.send(text="six")
    assert sixth.status_code == 404
    assert "used_url" in sixth.body
    assert len(workspace.ephemerals(mira)) == 5


async def test_a_response_url_expires_after_half_an_hour(
    command_url: str, clock: ManualClock
) -> None:
    """https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""
    clock.advance(30 * 60)
    answer = await AsyncWebhookClient(command_url).send(text="late")
    assert answer.status_code == 404
    assert "expired_url" in answer.body


async def test_an_answer_is_private_unless_it_says_in_channel(
    workspace: Workspace, ops: Channel, mira: User, command_url: str
) -> None:
    """https://docs.slack.dev/interactivity/implementing-slash-commands#message_visibility"""
    hook = AsyncWebhookClient(command_url)
    await hook.send(text="for you")
    await hook.send(text="for all", response_type="in_channel")
    assert [m.text for m in workspace.ephemerals(mira)] == ["for you"]
    assert [m.text for m in workspace.messages(ops)] == ["for all"]


async def test_answers_work_where_the_bot_is_no_member(workspace: Workspace, mira: User) -> None:
    """https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""
    other = workspace.add_channel("other", members=[mira], installed=False)
    core = workspace.core
    url = response_address(core, core.response_urls.issue(other.id, mira.id))
    assert (await AsyncWebhookClient(url).send(text="hello")).status_code == 200


async def test_a_commands_response_url_replaces_nothing(
    workspace: Workspace, mira: User, command_url: str
) -> None:
    """https://docs.slack.dev/interactivity/handling-user-interaction#updating_message_response"""
    hook = AsyncWebhookClient(command_url)
    await hook.send(text="one")
    await hook.send(text="two", replace_original=True)
    assert [m.text for m in workspace.ephemerals(mira)] == ["one", "two"]


async def test_a_buttons_response_url_replaces_or_deletes_the_ephemeral_it_was_on(
    workspace: Workspace, client: AsyncWebClient, ops: Channel, mira: User
) -> None:
    """https://docs.slack.dev/interactivity/handling-user-interaction#updating_message_response"""
    await client.chat_postEphemeral(channel=ops.id, user=mira.id, text="one")
    (message,) = workspace.ephemerals(mira)
    core = workspace.core
    url = response_address(
        core,
        core.response_urls.issue(ops.id, mira.id, origin_ts=message.ts, origin_ephemeral=True),
    )
    hook = AsyncWebhookClient(url)
    await hook.send(text="two", replace_original=True)
    assert [m.text for m in workspace.ephemerals(mira)] == ["two"]
    await hook.send(delete_original=True)
    assert workspace.ephemerals(mira) == []


async def test_wrong_blocks_are_refused_here_too(
    workspace: Workspace, mira: User, command_url: str
) -> None:
    """https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""
    answer = await AsyncWebhookClient(command_url).send(text="x", blocks=[{"type": "banner"}])
    assert answer.status_code == 400
    assert "invalid_blocks" in answer.body
    assert workspace.ephemerals(mira) == []


async def test_a_forced_429_comes_as_often_as_asked(
    workspace: Workspace, client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/apis/web-api/rate-limits#responding_to_rate_limiting_conditions"""
    workspace.faults.rate_limit(2, method="chat.postMessage", retry_after=7)
    for _ in range(2):
        async with refused("ratelimited") as refusal:
            await client.chat_postMessage(channel=ops.id, text="x")
        assert refusal.headers["Retry-After"] == "7"
    await client.chat_postMessage(channel=ops.id, text="x")
    assert len(workspace.messages(ops)) == 1


async def test_an_http_error_is_no_json(workspace: Workspace, ops: Channel) -> None:
    workspace.faults.server_error(status=503)
    async with (
        aiohttp.ClientSession() as session,
        session.post(workspace.api_url + "auth.test") as answer,
    ):
        assert answer.status == 503
        assert answer.content_type == "text/html"


async def test_an_internal_error_of_slack_is_answered_with_200(
    workspace: Workspace, client: AsyncWebClient, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postMessage#errors (internal_error)"""
    workspace.faults.error("internal_error")
    async with refused("internal_error") as refusal:
        await client.auth_test()
    assert refusal.status == 200


@pytest.mark.parametrize(("after", "posted"), [(False, 0), (True, 1)])
async def test_a_connection_is_cut_before_or_after_the_message_is_posted(
    workspace: Workspace, client: AsyncWebClient, ops: Channel, after: bool, posted: int
) -> None:
    workspace.faults.drop(method="chat.postMessage", after=after)
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=ops.id, text="x")
    assert len(workspace.messages(ops)) == posted


async def test_a_call_that_hangs_goes_on_once_the_fault_is_lifted(
    workspace: Workspace, client: AsyncWebClient, ops: Channel
) -> None:
    fault = workspace.faults.hang(method="chat.postMessage")
    call = asyncio.create_task(client.chat_postMessage(channel=ops.id, text="x"))
    await workspace.wait_for(lambda: fault.met)
    assert workspace.messages(ops) == []
    workspace.faults.clear()
    assert (await call)["ok"] is True


async def test_slack_goes_away_and_comes_back_with_all_messages(
    workspace: Workspace, client: AsyncWebClient, ops: Channel
) -> None:
    await client.chat_postMessage(channel=ops.id, text="before")
    address = workspace.base_url
    await workspace.go_away()
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.chat_postMessage(channel=ops.id, text="meanwhile")
    await workspace.come_back()
    assert workspace.base_url == address
    await client.chat_postMessage(channel=ops.id, text="after")
    assert [m.text for m in workspace.messages(ops)] == ["before", "after"]


async def test_waiting_in_vain_says_what_there_is_instead(
    workspace: Workspace, client: AsyncWebClient, ops: Channel
) -> None:
    await client.chat_postMessage(channel=ops.id, text="something else")
    with pytest.raises(TimeoutError, match="something else"):
        await workspace.wait_for(lambda: False, timeout=0.05)

"""Tokens, scopes, bodies and channels: what Slack checks before any method runs."""

from __future__ import annotations

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Channel, User, Workspace
from tests.demo.conftest import Refusal


async def _post(workspace: Workspace, method: str, **request: object) -> dict[str, object]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(workspace.api_url + method, **request) as answer,
    ):
        return await answer.json()


async def test_the_token_says_who_the_bot_is(workspace: Workspace, client: AsyncWebClient) -> None:
    """https://docs.slack.dev/reference/methods/auth.test"""
    answer = await client.auth_test()
    assert answer["user_id"] == workspace.bot.id
    assert answer["team_id"] == workspace.team_id
    assert "chat:write" in answer.headers["x-oauth-scopes"]


async def test_a_call_without_a_token_is_not_authed(workspace: Workspace) -> None:
    """https://docs.slack.dev/reference/methods/auth.test#errors"""
    assert (await _post(workspace, "auth.test"))["error"] == "not_authed"


async def test_a_token_in_the_query_is_not_looked_at(workspace: Workspace) -> None:
    """https://docs.slack.dev/changelog/2020-11-no-more-tokens-in-querystrings-for-newly-created-apps"""
    answer = await _post(workspace, f"auth.test?token={workspace.bot_token}")
    assert answer["error"] == "not_authed"


async def test_a_token_in_a_form_is_taken(workspace: Workspace) -> None:
    """https://docs.slack.dev/apis/web-api/#authentication"""
    answer = await _post(workspace, "auth.test", data={"token": workspace.bot_token})
    assert answer["ok"] is True


async def test_a_wrong_token_is_invalid_auth(workspace: Workspace, refused: type[Refusal]) -> None:
    """https://docs.slack.dev/reference/methods/auth.test#errors"""
    async with refused("invalid_auth"):
        await AsyncWebClient("xoxb-wrong", base_url=workspace.api_url).auth_test()


@pytest.mark.parametrize("code", ["token_revoked", "account_inactive"])
async def test_a_revoked_token_is_refused_with_its_reason(
    workspace: Workspace, client: AsyncWebClient, refused: type[Refusal], code: str
) -> None:
    """https://docs.slack.dev/reference/methods/auth.test#errors"""
    workspace.revoke(code=code)
    async with refused(code):
        await client.auth_test()


async def test_the_bot_token_opens_no_socket(
    client: AsyncWebClient, workspace: Workspace, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/apps.connections.open#errors"""
    async with refused("not_allowed_token_type"):
        await client.apps_connections_open(app_token=workspace.bot_token)


async def test_the_app_token_posts_no_message(
    workspace: Workspace, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postMessage#errors"""
    async with refused("not_allowed_token_type"):
        await AsyncWebClient(workspace.app_token, base_url=workspace.api_url).chat_postMessage(
            channel=ops.id, text="hello"
        )


async def test_a_method_slack_does_not_have_is_unknown(
    client: AsyncWebClient, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/apis/web-api/"""
    async with refused("unknown_method") as refusal:
        await client.api_call("chat.postMassage")
    assert refusal.body["req_method"] == "chat.postMassage"


async def test_a_missing_scope_is_named_with_those_there_are(
    workspace: Workspace, client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/scopes/chat.write"""
    workspace.remove_scope("chat:write")
    async with refused("missing_scope") as refusal:
        await client.chat_postMessage(channel=ops.id, text="hello")
    assert refusal.body["needed"] == "chat:write"
    assert "channels:read" in str(refusal.body["provided"])


async def test_reading_a_private_channel_takes_its_own_scope(
    workspace: Workspace, client: AsyncWebClient, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/conversations.info"""
    secret = workspace.add_channel("secret", private=True)
    workspace.remove_scope("groups:read")
    async with refused("missing_scope") as refusal:
        await client.conversations_info(channel=secret.id)
    assert refusal.body["needed"] == "groups:read"


async def test_json_that_does_not_parse_is_invalid_json(workspace: Workspace) -> None:
    """https://docs.slack.dev/apis/web-api/#post_bodies"""
    answer = await _post(
        workspace,
        "chat.postMessage",
        data="{",
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {workspace.bot_token}",
        },
    )
    assert answer["error"] == "invalid_json"


async def test_json_without_a_charset_is_warned_of(workspace: Workspace) -> None:
    """https://docs.slack.dev/apis/web-api/#post_bodies"""
    answer = await _post(
        workspace,
        "auth.test",
        data="{}",
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {workspace.bot_token}",
        },
    )
    assert answer["ok"] is True
    assert answer["response_metadata"] == {"warnings": ["missing_charset"]}


async def test_a_form_only_method_does_not_see_json(workspace: Workspace) -> None:
    """https://docs.slack.dev/reference/methods/files.getUploadURLExternal"""
    answer = await _post(
        workspace,
        "files.getUploadURLExternal",
        json={"filename": "report.txt", "length": 3},
        headers={"Authorization": f"Bearer {workspace.bot_token}"},
    )
    assert answer["error"] == "invalid_arguments"


async def test_blocks_come_as_a_json_string_in_a_form(workspace: Workspace, ops: Channel) -> None:
    """https://docs.slack.dev/apis/web-api/#post_bodies"""
    answer = await _post(
        workspace,
        "chat.postMessage",
        data={"channel": ops.id, "text": "line", "blocks": '[{"type": "divider"}]'},
        headers={"Authorization": f"Bearer {workspace.bot_token}"},
    )
    assert answer["ok"] is True
    assert workspace.messages(ops)[0].blocks[0]["type"] == "divider"


async def test_an_unknown_channel_is_not_found(
    client: AsyncWebClient, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postMessage#errors"""
    async with refused("channel_not_found"):
        await client.chat_postMessage(channel="C0000000000", text="hello")


async def test_a_private_channel_without_the_bot_does_not_exist_for_it(
    workspace: Workspace, client: AsyncWebClient, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/conversations.info#errors"""
    secret = workspace.add_channel("secret", private=True, installed=False)
    async with refused("channel_not_found"):
        await client.conversations_info(channel=secret.id)


async def test_posting_where_the_bot_is_not_takes_chat_write_public(
    workspace: Workspace, client: AsyncWebClient, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/scopes/chat.write.public"""
    other = workspace.add_channel("other", installed=False)
    await client.chat_postMessage(channel=other.id, text="with the scope")
    workspace.remove_scope("chat:write.public")
    async with refused("not_in_channel"):
        await client.chat_postMessage(channel=other.id, text="without")


async def test_an_archived_channel_takes_no_messages(
    workspace: Workspace, client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postMessage#errors"""
    workspace.archive(ops)
    async with refused("is_archived"):
        await client.chat_postMessage(channel=ops.id, text="hello")


async def test_a_removed_bot_may_not_read_any_more(
    workspace: Workspace, client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/conversations.history#errors"""
    workspace.remove(ops)
    async with refused("not_in_channel"):
        await client.conversations_history(channel=ops.id)


async def test_joining_brings_the_bot_into_a_public_channel(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    """https://docs.slack.dev/reference/methods/conversations.join"""
    other = workspace.add_channel("other", installed=False)
    await client.conversations_join(channel=other.id)
    assert (await client.conversations_info(channel=other.id))["channel"]["is_member"] is True
    assert (await client.conversations_join(channel=other.id))["warning"] == "already_in_channel"


async def test_a_person_is_described_with_locale_only_when_asked(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    """https://docs.slack.dev/reference/methods/users.info#arg_include_locale"""
    sasha = workspace.add_user("sasha", locale="ru-RU")
    assert "locale" not in (await client.users_info(user=sasha.id))["user"]
    answer = await client.users_info(user=sasha.id, include_locale=True)
    assert answer["user"]["locale"] == "ru-RU"


async def test_guests_and_strangers_can_be_told_apart(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    """https://docs.slack.dev/reference/objects/user-object"""
    guest = workspace.add_user("guest", is_guest=True)
    stranger = workspace.add_user("stranger", is_external=True)
    assert (await client.users_info(user=guest.id))["user"]["is_restricted"] is True
    shown = (await client.users_info(user=stranger.id))["user"]
    assert shown["is_stranger"] is True
    assert shown["team_id"] != workspace.team_id


async def test_an_unknown_person_is_not_found(
    client: AsyncWebClient, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/users.info#errors"""
    async with refused("user_not_found"):
        await client.users_info(user="U0000000000")


async def test_the_mail_address_takes_its_own_scope(
    workspace: Workspace, client: AsyncWebClient, mira: User
) -> None:
    """https://docs.slack.dev/reference/scopes/users.read.email"""
    assert "email" in (await client.users_info(user=mira.id))["user"]["profile"]
    workspace.remove_scope("users:read.email")
    assert "email" not in (await client.users_info(user=mira.id))["user"]["profile"]


async def test_groups_list_their_people_when_asked(
    workspace: Workspace, client: AsyncWebClient, mira: User
) -> None:
    """https://docs.slack.dev/reference/methods/usergroups.list"""
    workspace.add_group("oncall", users=[mira])
    assert "users" not in (await client.usergroups_list())["usergroups"][0]
    answer = await client.usergroups_list(include_users=True)
    assert answer["usergroups"][0]["users"] == [mira.id]


async def test_lists_are_paged_by_cursor(workspace: Workspace, client: AsyncWebClient) -> None:
    """https://docs.slack.dev/apis/web-api/pagination"""
    for number in range(5):
        workspace.add_channel(f"room-{number}")
    seen: list[str] = []
    cursor = None
    for _ in range(5):
        answer = await client.conversations_list(limit=2, cursor=cursor)
        assert len(answer["channels"]) <= 2
        seen += [channel["name"] for channel in answer["channels"]]
        cursor = answer["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert seen == [f"room-{number}" for number in range(5)]


async def test_a_made_up_cursor_is_refused(client: AsyncWebClient, refused: type[Refusal]) -> None:
    """https://docs.slack.dev/apis/web-api/pagination"""
    async with refused("invalid_cursor"):
        await client.conversations_list(cursor="first page please")


async def test_a_missing_argument_is_named(client: AsyncWebClient, refused: type[Refusal]) -> None:
    """https://docs.slack.dev/apis/web-api/#responses"""
    async with refused("invalid_arguments") as refusal:
        await client.api_call("chat.postMessage", json={"text": "hello"})
    assert refusal.messages == ["[ERROR] missing required field: channel"]


async def test_a_reaction_counts_once_and_can_be_taken_back(
    workspace: Workspace, client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/reactions.add#errors"""
    ts = (await client.chat_postMessage(channel=ops.id, text="hello"))["ts"]
    await client.reactions_add(channel=ops.id, timestamp=ts, name="eyes")
    async with refused("already_reacted"):
        await client.reactions_add(channel=ops.id, timestamp=ts, name="eyes")
    await client.reactions_remove(channel=ops.id, timestamp=ts, name="eyes")
    async with refused("no_reaction"):
        await client.reactions_remove(channel=ops.id, timestamp=ts, name="eyes")
    assert workspace.messages(ops)[0].reactions == {}


async def test_the_team_and_the_bot_can_be_asked_for(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    """https://docs.slack.dev/reference/methods/team.info and bots.info"""
    assert (await client.team_info())["team"]["id"] == workspace.team_id
    assert (await client.bots_info(bot=workspace.bot_id))["bot"]["user_id"] == workspace.bot.id


async def test_members_of_a_channel_are_listed(
    workspace: Workspace, client: AsyncWebClient, ops: Channel, mira: User
) -> None:
    """https://docs.slack.dev/reference/methods/conversations.members"""
    answer = await client.conversations_members(channel=ops.id)
    assert set(answer["members"]) == {mira.id, workspace.bot.id}


async def test_calls_are_remembered_without_the_token(workspace: Workspace, ops: Channel) -> None:
    await _post(
        workspace,
        "chat.postMessage",
        data={"token": workspace.bot_token, "channel": ops.id, "text": "hello"},
    )
    (call,) = workspace.called("chat.postMessage")
    assert call.arguments == {"channel": ops.id, "text": "hello"}
    assert workspace.bot_token not in repr(workspace.calls)


async def test_only_loopback_may_be_listened_on() -> None:
    with pytest.raises(ValueError, match="loopback"):
        await Workspace().start(host="0.0.0.0")

"""Messages: posting, editing, deleting, threads, metadata, ephemerals, what pings."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Channel, User, Workspace
from tests.demo.conftest import Refusal

DIVIDER = [{"type": "divider"}]


async def test_a_message_says_something(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postMessage#errors"""
    async with refused("no_text"):
        await client.api_call("chat.postMessage", json={"channel": ops.id, "text": "  "})


async def test_text_beyond_40000_characters_is_too_long(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postMessage#truncating"""
    await client.chat_postMessage(channel=ops.id, text="x" * 40_000)
    async with refused("msg_too_long"):
        await client.chat_postMessage(channel=ops.id, text="x" * 40_001)


async def test_a_persons_id_leads_to_their_direct_message(
    client: AsyncWebClient, workspace: Workspace, mira: User
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postMessage#channels"""
    answer = await client.chat_postMessage(channel=mira.id, text="psst")
    assert answer["channel"] == workspace.direct(mira).id


async def test_an_edit_takes_no_more_than_4000_characters(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.update#errors"""
    ts = (await client.chat_postMessage(channel=ops.id, text="x"))["ts"]
    async with refused("msg_too_long"):
        await client.chat_update(channel=ops.id, ts=ts, text="x" * 4_001)


async def test_text_without_blocks_in_an_edit_deletes_the_blocks(
    client: AsyncWebClient, workspace: Workspace, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/methods/chat.update#markdown"""
    ts = (await client.chat_postMessage(channel=ops.id, text="x", blocks=DIVIDER))["ts"]
    await client.chat_update(channel=ops.id, ts=ts, text="y")
    (message,) = workspace.messages(ops)
    assert (message.text, message.blocks) == ("y", [])
    assert message.edited is not None


async def test_an_edit_with_nothing_in_it_has_no_text(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.update#errors"""
    ts = (await client.chat_postMessage(channel=ops.id, text="x"))["ts"]
    async with refused("no_text"):
        await client.api_call("chat.update", json={"channel": ops.id, "ts": ts})


async def test_an_edit_needs_the_channels_id_not_its_name(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.update#arg_channel"""
    ts = (await client.chat_postMessage(channel="#ops", text="x"))["ts"]
    async with refused("channel_not_found"):
        await client.chat_update(channel="#ops", ts=ts, text="y")


async def test_other_peoples_messages_cannot_be_edited_or_deleted(
    client: AsyncWebClient, workspace: Workspace, ops: Channel, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.update#errors and chat.delete#errors"""
    hers = await workspace.say(mira, ops, "mine")
    async with refused("cant_update_message"):
        await client.chat_update(channel=ops.id, ts=hers.ts, text="yours")
    async with refused("cant_delete_message"):
        await client.chat_delete(channel=ops.id, ts=hers.ts)


async def test_a_deleted_message_is_not_found_any_more(
    client: AsyncWebClient, workspace: Workspace, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.update#errors"""
    ts = (await client.chat_postMessage(channel=ops.id, text="x"))["ts"]
    workspace.delete_message(workspace.messages(ops)[0])
    async with refused("message_not_found"):
        await client.chat_update(channel=ops.id, ts=ts, text="y")


async def test_a_deleted_parent_with_replies_stays_as_a_tombstone(
    client: AsyncWebClient, workspace: Workspace, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/events/message (subtype tombstone)"""
    ts = (await client.chat_postMessage(channel=ops.id, text="x"))["ts"]
    await client.chat_postMessage(channel=ops.id, text="reply", thread_ts=ts)
    await client.chat_delete(channel=ops.id, ts=ts)
    assert workspace.messages(ops)[0].subtype == "tombstone"
    async with refused("message_not_found"):
        await client.chat_update(channel=ops.id, ts=ts, text="y")


async def test_an_ephemeral_is_seen_by_one_person_and_never_edited(
    client: AsyncWebClient, workspace: Workspace, ops: Channel, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral ("cannot be updated")"""
    answer = await client.chat_postEphemeral(channel=ops.id, user=mira.id, text="psst")
    assert workspace.messages(ops) == []
    assert [m.text for m in workspace.ephemerals(mira, ops)] == ["psst"]
    async with refused("message_not_found"):
        await client.chat_update(channel=ops.id, ts=answer["message_ts"], text="y")
    async with refused("message_not_found"):
        await client.chat_delete(channel=ops.id, ts=answer["message_ts"])
    assert (await client.conversations_history(channel=ops.id))["messages"] == []


async def test_an_ephemeral_goes_only_to_who_is_in_the_channel(
    client: AsyncWebClient, workspace: Workspace, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral#errors"""
    leo = workspace.add_user("leo")
    async with refused("user_not_in_channel"):
        await client.chat_postEphemeral(channel=ops.id, user=leo.id, text="psst")


async def test_an_ephemeral_needs_the_bot_in_the_channel(
    client: AsyncWebClient, workspace: Workspace, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral#errors"""
    other = workspace.add_channel("other", members=[mira], installed=False)
    async with refused("not_in_channel"):
        await client.chat_postEphemeral(channel=other.id, user=mira.id, text="psst")


async def test_a_reply_stays_in_its_thread_unless_it_is_broadcast(
    client: AsyncWebClient, workspace: Workspace, ops: Channel
) -> None:
    """https://docs.slack.dev/messaging/#threading"""
    ts = (await client.chat_postMessage(channel=ops.id, text="root"))["ts"]
    await client.chat_postMessage(channel=ops.id, text="quiet", thread_ts=ts)
    await client.chat_postMessage(channel=ops.id, text="loud", thread_ts=ts, reply_broadcast=True)
    assert [m.text for m in workspace.messages(ops)] == ["root", "loud"]
    root = workspace.messages(ops)[0]
    assert [m.text for m in workspace.thread(root)] == ["quiet", "loud"]
    history = (await client.conversations_history(channel=ops.id))["messages"]
    assert [m["text"] for m in history] == ["loud", "root"]
    assert history[0]["subtype"] == "thread_broadcast"
    assert history[1]["reply_count"] == 2
    replies = (await client.conversations_replies(channel=ops.id, ts=ts))["messages"]
    assert [m["text"] for m in replies] == ["root", "quiet", "loud"]


async def test_a_thread_needs_a_parent(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/conversations.replies#errors"""
    async with refused("thread_not_found"):
        await client.chat_postMessage(channel=ops.id, text="x", thread_ts="1700000000.000100")
    async with refused("thread_not_found"):
        await client.conversations_replies(channel=ops.id, ts="1700000000.000100")


async def test_metadata_comes_back_only_when_asked_for(
    client: AsyncWebClient, ops: Channel
) -> None:
    """https://docs.slack.dev/messaging/message-metadata"""
    metadata = {"event_type": "incident", "event_payload": {"id": "42"}}
    ts = (await client.chat_postMessage(channel=ops.id, text="x", metadata=metadata))["ts"]
    (plain,) = (await client.conversations_history(channel=ops.id))["messages"]
    assert "metadata" not in plain
    answer = await client.conversations_history(channel=ops.id, include_all_metadata=True)
    assert answer["messages"][0]["metadata"] == metadata
    answer = await client.conversations_replies(channel=ops.id, ts=ts, include_all_metadata=True)
    assert answer["messages"][0]["metadata"] == metadata


async def test_metadata_survives_an_edit_that_does_not_mention_it(
    client: AsyncWebClient, workspace: Workspace, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/methods/chat.update#arg_metadata"""
    metadata = {"event_type": "incident", "event_payload": {"id": "42"}}
    ts = (await client.chat_postMessage(channel=ops.id, text="x", metadata=metadata))["ts"]
    await client.chat_update(channel=ops.id, ts=ts, text="y")
    assert workspace.messages(ops)[0].metadata == metadata


@pytest.mark.parametrize(
    "metadata",
    [
        {"event_type": "incident"},
        {"event_payload": {}},
        {"event_type": "an incident!", "event_payload": {}},
        {"event_type": "incident", "event_payload": "x"},
    ],
)
async def test_metadata_has_an_event_type_and_a_payload(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal], metadata: dict[str, object]
) -> None:
    """https://docs.slack.dev/messaging/message-metadata#payload_structure"""
    async with refused("invalid_metadata_format"):
        await client.chat_postMessage(channel=ops.id, text="x", metadata=metadata)


async def test_metadata_has_a_size_limit(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postMessage#errors"""
    async with refused("metadata_too_large"):
        await client.chat_postMessage(
            channel=ops.id,
            text="x",
            metadata={"event_type": "a", "event_payload": {"x": "y" * 20_000}},
        )


async def test_history_is_bounded_by_time(client: AsyncWebClient, ops: Channel) -> None:
    """https://docs.slack.dev/reference/methods/conversations.history#arg_oldest"""
    posted = [(await client.chat_postMessage(channel=ops.id, text=str(n)))["ts"] for n in range(4)]
    window = {"channel": ops.id, "oldest": posted[1], "latest": posted[3]}
    answer = await client.conversations_history(**window)
    assert [m["ts"] for m in answer["messages"]] == [posted[2]]
    answer = await client.conversations_history(**window, inclusive=True)
    assert [m["ts"] for m in answer["messages"]] == [posted[3], posted[2], posted[1]]


async def test_timestamps_never_repeat_though_the_clock_stands_still(
    client: AsyncWebClient, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/events/message ("ts is unique per channel")"""
    posted = [(await client.chat_postMessage(channel=ops.id, text=str(n)))["ts"] for n in range(5)]
    assert sorted(set(posted)) == posted


async def test_stray_angle_brackets_are_text_and_control_sequences_stay(
    client: AsyncWebClient, workspace: Workspace, ops: Channel
) -> None:
    """https://docs.slack.dev/messaging/formatting-message-text#escaping"""
    await client.chat_postMessage(channel=ops.id, text="a < b & <script> <https://x.example|x>")
    assert workspace.messages(ops)[0].text == (
        "a &lt; b &amp; &lt;script&gt; <https://x.example|x>"
    )


async def test_only_unescaped_mentions_ping(
    client: AsyncWebClient, workspace: Workspace, ops: Channel, mira: User
) -> None:
    """https://docs.slack.dev/messaging/formatting-message-text#special-mentions"""
    await client.chat_postMessage(channel=ops.id, text="&lt;!channel&gt; said the body")
    await client.chat_postMessage(channel=ops.id, text=f"<!channel> <@{mira.id}>")
    await client.chat_postMessage(
        channel=ops.id,
        text="x",
        blocks=[
            {"type": "section", "text": {"type": "mrkdwn", "text": "<!here>"}},
            {"type": "header", "text": {"type": "plain_text", "text": "<!everyone>"}},
        ],
    )
    quiet, loud, block = workspace.messages(ops)
    assert workspace.pings(quiet) == []
    assert workspace.pings(loud) == ["!channel", f"@{mira.id}"]
    assert workspace.pings(block) == ["!here"]


async def test_unfurl_flags_are_kept(
    client: AsyncWebClient, workspace: Workspace, ops: Channel
) -> None:
    """https://docs.slack.dev/messaging/unfurling-links-in-messages"""
    await client.chat_postMessage(channel=ops.id, text="x", unfurl_links=False, unfurl_media=False)
    (message,) = workspace.messages(ops)
    assert (message.unfurl_links, message.unfurl_media) == (False, False)


async def test_a_permalink_leads_to_the_message(
    client: AsyncWebClient, workspace: Workspace, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.getPermalink"""
    ts = (await client.chat_postMessage(channel=ops.id, text="x"))["ts"]
    answer = await client.chat_getPermalink(channel=ops.id, message_ts=ts)
    assert answer["permalink"] == (f"{workspace.base_url}archives/{ops.id}/p{ts.replace('.', '')}")
    async with refused("message_not_found"):
        await client.chat_getPermalink(channel=ops.id, message_ts="1.000001")


async def test_a_file_is_uploaded_in_three_steps(
    client: AsyncWebClient, workspace: Workspace, ops: Channel
) -> None:
    """https://docs.slack.dev/messaging/working-with-files#upload"""
    ts = (await client.chat_postMessage(channel=ops.id, text="root"))["ts"]
    answer = await client.files_upload_v2(
        channel=ops.id, thread_ts=ts, filename="report.txt", content="all of it", title="Report"
    )
    (reply,) = workspace.thread(workspace.messages(ops)[0])
    assert reply.files == [answer["file"]["id"]]
    assert workspace.core.state.files[reply.files[0]].content == b"all of it"


async def test_a_file_that_was_never_sent_cannot_be_completed(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/files.completeUploadExternal#errors"""
    answer = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    async with refused("file_not_found"):
        await client.files_completeUploadExternal(
            files=[{"id": answer["file_id"], "title": "a"}], channel_id=ops.id
        )

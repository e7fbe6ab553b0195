"""Files: three steps of an upload, who may share where, and pictures in blocks."""

from __future__ import annotations

import json

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Channel, User, Workspace
from tests.demo.conftest import Refusal

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)


async def _begun(client: AsyncWebClient, name: str, content: bytes, **more: str) -> str:
    """An upload whose bytes are there but which nobody completed; returns the file's id."""
    answer = await client.files_getUploadURLExternal(filename=name, length=len(content), **more)
    async with (
        aiohttp.ClientSession() as session,
        session.post(answer["upload_url"], data=content) as sent,
    ):
        assert sent.status == 200
    return str(answer["file_id"])


async def _picture(client: AsyncWebClient) -> str:
    file_id = await _begun(client, "chart.png", PNG)
    await client.files_completeUploadExternal(files=[{"id": file_id, "title": "Chart"}])
    return file_id


def _image(**source: object) -> dict[str, object]:
    return {"type": "image", "alt_text": "round trips of prod", **source}


async def test_an_upload_takes_the_scope_files_write(
    workspace: Workspace, client: AsyncWebClient, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/files.getUploadURLExternal"""
    workspace.remove_scope("files:write")
    async with refused("missing_scope") as refusal:
        await client.files_getUploadURLExternal(filename="a.txt", length=3)
    assert refusal.body["needed"] == "files:write"


async def test_an_empty_file_misses_an_argument(
    client: AsyncWebClient, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/files.getUploadURLExternal#errors"""
    async with refused("missing_argument"):
        await client.files_getUploadURLExternal(filename="a.txt", length=0)


async def test_a_description_for_screen_readers_has_1000_characters(
    client: AsyncWebClient, workspace: Workspace, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/files.getUploadURLExternal#errors"""
    async with refused("alt_txt_too_large"):
        await client.files_getUploadURLExternal(filename="a.png", length=3, alt_txt="x" * 1001)
    file_id = await _begun(client, "a.png", PNG, alt_txt="x" * 1000)
    answer = await client.files_completeUploadExternal(files=[{"id": file_id, "title": "a"}])
    assert answer["files"][0]["alt_txt"] == "x" * 1000


async def test_a_snippet_has_a_megabyte(client: AsyncWebClient, refused: type[Refusal]) -> None:
    """https://docs.slack.dev/reference/methods/files.getUploadURLExternal#errors"""
    async with refused("snippet_too_large"):
        await client.files_getUploadURLExternal(
            filename="a.log", length=1024 * 1024 + 1, snippet_type="text"
        )


async def test_bytes_that_are_not_as_many_as_announced_are_refused(client: AsyncWebClient) -> None:
    """https://docs.slack.dev/messaging/working-with-files#uploading_files"""
    answer = await client.files_getUploadURLExternal(filename="a.txt", length=5)
    async with aiohttp.ClientSession() as session:
        async with session.post(answer["upload_url"], data=b"four") as sent:
            assert sent.status == 400
        async with session.post(answer["upload_url"], data=b"fives") as sent:
            assert sent.status == 200


async def test_a_file_is_shared_once(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/files.completeUploadExternal#errors"""
    file_id = await _begun(client, "a.txt", b"abc")
    files = [{"id": file_id, "title": "a"}]
    await client.files_completeUploadExternal(files=files, channel_id=ops.id)
    async with refused("file_not_found"):
        await client.files_completeUploadExternal(files=files, channel_id=ops.id)


async def test_a_file_goes_only_where_the_bot_is(
    client: AsyncWebClient, workspace: Workspace, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/files.completeUploadExternal#errors"""
    away = workspace.add_channel("away", installed=False)
    file_id = await _begun(client, "a.txt", b"abc")
    async with refused("not_in_channel"):
        await client.files_completeUploadExternal(
            files=[{"id": file_id, "title": "a"}], channel_id=away.id
        )


async def test_a_file_does_not_go_to_a_persons_id(
    client: AsyncWebClient, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/files.completeUploadExternal: `channel_id`"""
    file_id = await _begun(client, "a.txt", b"abc")
    files = [{"id": file_id, "title": "a"}]
    async with refused("channel_not_found"):
        await client.files_completeUploadExternal(files=files, channel_id=mira.id)
    direct = (await client.conversations_open(users=mira.id))["channel"]["id"]
    await client.files_completeUploadExternal(files=files, channel_id=direct)


async def test_a_file_in_a_thread_names_the_parent(
    client: AsyncWebClient, workspace: Workspace, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/files.completeUploadExternal: "Never use a
    reply's `ts` value; use its parent instead" """
    root = (await client.chat_postMessage(channel=ops.id, text="root"))["ts"]
    reply = (await client.chat_postMessage(channel=ops.id, text="reply", thread_ts=root))["ts"]
    file_id = await _begun(client, "a.txt", b"abc")
    files = [{"id": file_id, "title": "a"}]
    async with refused("invalid_thread_ts"):
        await client.files_completeUploadExternal(files=files, channel_id=ops.id, thread_ts=reply)
    await client.files_completeUploadExternal(files=files, channel_id=ops.id, thread_ts=root)
    assert workspace.thread(workspace.messages(ops)[0])[-1].files == [file_id]


async def test_a_comment_leaves_no_room_for_blocks(
    client: AsyncWebClient, workspace: Workspace, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/methods/files.completeUploadExternal: "If the
    initial_comment field is provided, the blocks field is ignored" """
    file_id = await _begun(client, "a.txt", b"abc")
    await client.files_completeUploadExternal(
        files=[{"id": file_id, "title": "a"}],
        channel_id=ops.id,
        initial_comment="the log",
        blocks=json.dumps([{"type": "divider"}]),
    )
    (message,) = workspace.messages(ops)
    assert (message.text, message.blocks) == ("the log", [])


async def test_a_picture_in_blocks_is_named_by_its_id_or_its_url(
    client: AsyncWebClient, workspace: Workspace, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object"""
    file_id = await _begun(client, "chart.png", PNG)
    done = await client.files_completeUploadExternal(files=[{"id": file_id, "title": "Chart"}])
    for source in ({"id": file_id}, {"url": done["files"][0]["permalink"]}):
        await client.chat_postMessage(
            channel=ops.id, text="Round trips.", blocks=[_image(slack_file=source)]
        )
    assert len(workspace.messages(ops)) == 2


async def test_a_picture_in_blocks_is_named_in_one_way(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object: "If both
    are provided then the payload will be rejected" """
    file_id = await _picture(client)
    both = {"id": file_id, "url": "https://files.slack.com/chart.png"}
    async with refused("invalid_blocks") as refusal:
        await client.chat_postMessage(
            channel=ops.id, text="Round trips.", blocks=[_image(slack_file=both)]
        )
    assert refusal.messages == ["[ERROR] invalid slack file [json-pointer:/blocks/0/slack_file]"]


@pytest.mark.parametrize("name", ["report.txt", "chart.webp", "chart.svg"])
async def test_only_png_jpeg_and_gif_are_pictures_for_blocks(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal], name: str
) -> None:
    """https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object"""
    file_id = await _begun(client, name, b"abc")
    await client.files_completeUploadExternal(files=[{"id": file_id, "title": "a"}])
    async with refused("invalid_blocks"):
        await client.chat_postMessage(
            channel=ops.id, text="Round trips.", blocks=[_image(slack_file={"id": file_id})]
        )


async def test_a_picture_that_was_never_completed_is_no_picture(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/messaging/working-with-files#uploading_files"""
    file_id = await _begun(client, "chart.png", PNG)
    for missing in (file_id, "F0123456789"):
        async with refused("invalid_blocks"):
            await client.chat_postMessage(
                channel=ops.id, text="Round trips.", blocks=[_image(slack_file={"id": missing})]
            )


async def test_a_view_shows_only_pictures_that_are_there(
    client: AsyncWebClient, mira: User, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/block-kit/blocks/image-block"""
    view = {"type": "home", "blocks": [_image(slack_file={"id": "F0123456789"})]}
    async with refused("invalid_arguments"):
        await client.views_publish(user_id=mira.id, view=view)
    view["blocks"] = [_image(slack_file={"id": await _picture(client)})]
    await client.views_publish(user_id=mira.id, view=view)

"""files.*: uploads in three steps.

https://docs.slack.dev/messaging/working-with-files#upload
"""

from __future__ import annotations

import mimetypes
import secrets

from bot.demo.workspace.arguments import Arguments
from bot.demo.workspace.content import Content, read_blocks, slack_text
from bot.demo.workspace.core import Core
from bot.demo.workspace.errors import SlackError, explained
from bot.demo.workspace.methods.calls import visible_channel
from bot.demo.workspace.methods.chat import compose
from bot.demo.workspace.records import Channel, File, Json
from bot.demo.workspace.render import file_json
from bot.demo.workspace.state import new_id

LARGEST_FILE = 64 * 1024 * 1024  # a local limit, to bound memory; Slack's is 1 GB
UNKNOWN = "application/octet-stream"
LARGEST_SNIPPET = 1024 * 1024
LONGEST_ALT_TEXT = 1000


async def get_upload_url(core: Core, arguments: Arguments) -> Json:
    """files.getUploadURLExternal: forms only, as those who sent JSON have learned."""
    name = arguments.required("filename").replace("/", "_")
    length = arguments.number("length", 0, low=0, high=LARGEST_FILE)
    alt_text = arguments.text("alt_txt") or ""
    if length == 0:
        raise SlackError("missing_argument")
    if len(alt_text) > LONGEST_ALT_TEXT:
        raise SlackError("alt_txt_too_large")
    if arguments.text("snippet_type") and length > LARGEST_SNIPPET:
        raise SlackError("snippet_too_large")
    file = File(
        new_id("F"),
        name,
        length,
        secrets.token_urlsafe(18),
        content_type=mimetypes.guess_type(name)[0] or UNKNOWN,
        alt_text=alt_text,
    )
    core.state.files[file.id] = file
    return {
        "upload_url": f"{core.state.base_url}upload/v1/{file.ticket}",
        "file_id": file.id,
    }


def receive(core: Core, ticket: str, content: bytes) -> File | None:
    """Keep what was uploaded; None when the URL or the announced length is wrong."""
    file = next((f for f in core.state.files.values() if f.ticket == ticket), None)
    if file is None or file.completed or len(content) != file.length:
        return None
    file.content = content
    if file.content_type == UNKNOWN and _is_text(content):
        file.content_type = "text/plain"
    return file


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


async def complete_upload(core: Core, arguments: Arguments) -> Json:
    """files.completeUploadExternal: shares the files, in a channel if one is named.

    `channel_id` takes a channel's id and no person's; a thread is named by its parent.
    """
    files = _uploaded(core, arguments)
    if where := arguments.text("channel_id") or arguments.text("channels"):
        channels = [_shareable(core, name) for name in where.split(",")]
        thread_ts = arguments.text("thread_ts")
        if thread_ts is not None:
            _check_thread(core, channels, thread_ts)
        comment = slack_text(arguments.text("initial_comment") or "")
        # "If the initial_comment field is provided, the blocks field is ignored"
        blocks = [] if comment else read_blocks(core.state, arguments) or []
        for channel in channels:
            message = compose(
                core,
                channel,
                Content(comment, blocks, []),
                thread_ts=thread_ts,
                files=[file.id for file in files],
            )
            core.state.post(message)
    for file in files:
        file.completed = True
    return {"files": [file_json(core.state, file) for file in files]}


def _uploaded(core: Core, arguments: Arguments) -> list[File]:
    entries = arguments.json("files")
    if not isinstance(entries, list) or not entries:
        raise explained("invalid_arguments", ["missing required field: files"])
    files: list[File] = []
    for entry in entries:
        file = core.state.files.get(entry.get("id", "")) if isinstance(entry, dict) else None
        if file is None or file.content is None or file.completed:
            raise SlackError("file_not_found")
        file.title = entry.get("title")
        files.append(file)
    return files


def _shareable(core: Core, where: str) -> Channel:
    channel = visible_channel(core, where.strip())
    if channel.is_archived:
        raise SlackError("is_archived")
    if core.state.bot.id not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _check_thread(core: Core, channels: list[Channel], thread_ts: str) -> None:
    """One channel, and a parent in it."""
    if len(channels) != 1:
        raise SlackError("invalid_arguments")
    parent = core.state.message(channels[0].id, thread_ts)
    if parent is None or parent.is_reply:
        raise SlackError("invalid_thread_ts")

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
from bot.demo.workspace.records import File, Json
from bot.demo.workspace.render import file_json
from bot.demo.workspace.state import new_id

LARGEST_FILE = 64 * 1024 * 1024  # a local limit, to bound memory; Slack's is 1 GB


async def get_upload_url(core: Core, arguments: Arguments) -> Json:
    """files.getUploadURLExternal: forms only, as those who sent JSON have learned."""
    name = arguments.required("filename").replace("/", "_")
    length = arguments.number("length", 0, low=0, high=LARGEST_FILE)
    if length == 0:
        raise explained("invalid_arguments", ["missing required field: length"])
    file = File(
        new_id("F"),
        name,
        length,
        secrets.token_urlsafe(18),
        content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
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
    return file


async def complete_upload(core: Core, arguments: Arguments) -> Json:
    """files.completeUploadExternal: shares the files, in a channel if one is named."""
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
    where = arguments.text("channel_id") or (arguments.text("channels") or "").split(",")[0]
    if where:
        channel = visible_channel(core, where)
        if channel.is_archived:
            raise SlackError("is_archived")
        if core.state.bot.id not in channel.members:
            raise SlackError("not_in_channel")
        thread_ts = arguments.text("thread_ts")
        if thread_ts and core.state.message(channel.id, thread_ts) is None:
            raise SlackError("invalid_thread_ts")
        comment = slack_text(arguments.text("initial_comment") or "")
        core.state.post(
            compose(
                core,
                channel,
                Content(comment, read_blocks(arguments) or [], []),
                thread_ts=thread_ts,
                files=[file.id for file in files],
            )
        )
    for file in files:
        file.completed = True
    return {"files": [file_json(core.state, file) for file in files]}

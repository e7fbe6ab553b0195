"""chat.*: posting, editing, deleting.

https://docs.slack.dev/reference/methods/chat.postMessage and its neighbours.
"""

from __future__ import annotations

from bot.demo.workspace.arguments import Arguments
from bot.demo.workspace.content import (
    LONGEST_UPDATE,
    Content,
    read_blocks,
    read_content,
    read_metadata,
    slack_text,
)
from bot.demo.workspace.core import Core
from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.methods.calls import visible_channel
from bot.demo.workspace.records import Channel, Json, Message
from bot.demo.workspace.render import message_json


def _destination(core: Core, arguments: Arguments) -> Channel:
    """Where a message may go: an id, a name, or a person's id (their direct message)."""
    where = arguments.required("channel")
    user = core.state.users.get(where)
    if user is not None:
        if user.is_bot or user.deleted:
            raise SlackError("channel_not_found")
        if not core.state.app.messages_tab:
            raise SlackError("messages_tab_disabled")
        return core.state.direct_channel(user)
    channel = visible_channel(core, where, by_name=True)
    if channel.is_archived:
        raise SlackError("is_archived")
    return channel


def _may_post(core: Core, channel: Channel) -> None:
    if core.state.bot.id in channel.members:
        return
    if channel.is_private or "chat:write.public" not in core.state.scopes:
        raise SlackError("not_in_channel")


def _thread(core: Core, channel: Channel, arguments: Arguments) -> str | None:
    """The thread a message goes to: its parent must be there; replies have no threads."""
    thread_ts = arguments.text("thread_ts")
    if thread_ts is None:
        return None
    parent = core.state.message(channel.id, thread_ts)
    if parent is None:
        raise SlackError("thread_not_found" if "." in thread_ts else "invalid_thread_ts")
    return parent.thread_ts or parent.ts


def compose(
    core: Core, channel: Channel, content: Content, *, user: str | None = None, **fields: object
) -> Message:
    """A message of the app, not yet posted."""
    message = Message(
        channel.id,
        core.state.new_ts(),
        user or core.state.bot.id,
        content.text,
        content.blocks,
        content.attachments,
        by_app=True,
    )
    for name, value in fields.items():
        setattr(message, name, value)
    return message


async def post_message(core: Core, arguments: Arguments) -> Json:
    """chat.postMessage."""
    channel = _destination(core, arguments)
    _may_post(core, channel)
    content = read_content(core.state, arguments)
    metadata = read_metadata(arguments)
    thread_ts = _thread(core, channel, arguments)
    broadcast = arguments.flag("reply_broadcast")
    message = core.state.post(
        compose(
            core,
            channel,
            content,
            thread_ts=thread_ts,
            reply_broadcast=broadcast and thread_ts is not None,
            metadata=metadata,
            author_name=(
                arguments.text("username") if "chat:write.customize" in core.state.scopes else None
            ),
            unfurl_links=arguments.flag("unfurl_links", default=False),
            unfurl_media=arguments.flag("unfurl_media", default=True),
        )
    )
    return {
        "channel": channel.id,
        "ts": message.ts,
        "message": message_json(core.state, message, metadata=True),
    }


async def post_ephemeral(core: Core, arguments: Arguments) -> Json:
    """chat.postEphemeral: in a channel where both the app and the person are."""
    channel = visible_channel(core, arguments.required("channel"), by_name=True)
    user = core.state.users.get(arguments.required("user"))
    if channel.is_archived:
        raise SlackError("is_archived")
    if user is None or user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    if core.state.bot.id not in channel.members:
        raise SlackError("not_in_channel")
    content = read_content(core.state, arguments)
    message = core.state.post(
        compose(
            core,
            channel,
            content,
            ephemeral_to=user.id,
            thread_ts=_thread(core, channel, arguments),
        )
    )
    return {"message_ts": message.ts}


def _own_message(core: Core, arguments: Arguments, refusal: str) -> Message:
    channel = visible_channel(core, arguments.required("channel"))
    message = core.state.message(channel.id, arguments.required("ts"))
    if message is None or message.subtype == "tombstone":
        raise SlackError("message_not_found")  # ephemerals among them: they are in no channel
    if not message.by_app:
        raise SlackError(refusal)
    if channel.is_archived:
        raise SlackError("is_archived")
    return message


async def update(core: Core, arguments: Arguments) -> Json:
    """chat.update: without `blocks` the old ones go, as soon as there is a `text`."""
    message = _own_message(core, arguments, "cant_update_message")
    metadata = read_metadata(arguments)
    blocks = read_blocks(core.state, arguments)
    text = arguments.text("text")
    gives_attachments = "attachments" in arguments
    if (
        text is None
        and blocks is None
        and not gives_attachments
        and "markdown_text" not in arguments
    ):
        if metadata is None:
            raise SlackError("no_text")
    else:
        content = read_content(core.state, arguments, longest=LONGEST_UPDATE)
        message.text = slack_text(text) if text is not None else content.text
        message.blocks = content.blocks
        message.attachments = content.attachments
    if metadata is not None:
        message.metadata = metadata
    message.edited = {"user": core.state.bot.id, "ts": core.state.new_ts()}
    message.revisions += 1
    if arguments.flag("reply_broadcast") and message.is_reply:
        message.reply_broadcast = True
    core.state.touch(message)
    return {
        "channel": message.channel,
        "ts": message.ts,
        "text": message.text,
        "message": message_json(core.state, message, metadata=True),
    }


async def delete(core: Core, arguments: Arguments) -> Json:
    """chat.delete: only what the app itself posted."""
    message = _own_message(core, arguments, "cant_delete_message")
    core.state.remove(message)
    return {"channel": message.channel, "ts": message.ts}


async def get_permalink(core: Core, arguments: Arguments) -> Json:
    """chat.getPermalink: a link that the workspace's page opens."""
    channel = visible_channel(core, arguments.required("channel"))
    ts = arguments.required("message_ts")
    message = core.state.message(channel.id, ts)
    if message is None:
        raise SlackError("message_not_found")
    link = f"{core.state.base_url}archives/{channel.id}/p{ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}

"""conversations.*: what channels there are, who is in them and what was said.

https://docs.slack.dev/reference/methods?family=conversations
"""

from __future__ import annotations

import base64
import binascii
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from bot.demo.workspace.arguments import Arguments
from bot.demo.workspace.core import Core
from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.methods.calls import need_scope, scoped, visible_channel
from bot.demo.workspace.records import Channel, Json, Message
from bot.demo.workspace.render import channel_json, message_json

T = TypeVar("T")


def page(items: list[T], arguments: Arguments, *, default: int, most: int) -> tuple[list[T], Json]:
    """A page of a list, and the `response_metadata` that leads to the next.

    Raises:
        SlackError: invalid_limit, invalid_cursor.
    """
    try:
        limit = arguments.number("limit", default, low=1, high=most)
    except SlackError:
        raise SlackError("invalid_limit") from None
    start = 0
    if cursor := arguments.text("cursor"):
        try:
            start = int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
        except (ValueError, binascii.Error):
            raise SlackError("invalid_cursor") from None
    more = start + limit < len(items)
    following = base64.b64encode(f"next:{start + limit}".encode()).decode() if more else ""
    return items[start : start + limit], {"next_cursor": following}


async def info(core: Core, arguments: Arguments) -> Json:
    """conversations.info."""
    channel = visible_channel(core, arguments.required("channel"))
    need_scope(core, scoped(channel, "read"))
    locale = "en-US" if arguments.flag("include_locale") else None
    return {"channel": channel_json(core.state, channel, locale=locale)}


async def list_(core: Core, arguments: Arguments) -> Json:
    """conversations.list: public channels unless `types` says otherwise."""
    types = (arguments.text("types") or "public_channel").split(",")
    needed = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read"}
    for kind in types:
        if kind.strip() not in {*needed, "mpim"}:
            raise SlackError("invalid_types")
        if kind.strip() in needed:
            need_scope(core, needed[kind.strip()])
    wanted = {kind.strip() for kind in types}

    def kind_of(channel: Channel) -> str:
        if channel.is_im:
            return "im"
        return "private_channel" if channel.is_private else "public_channel"

    channels = [
        channel
        for channel in core.state.channels.values()
        if kind_of(channel) in wanted
        and not (channel.is_private and core.state.bot.id not in channel.members)
        and not (arguments.flag("exclude_archived") and channel.is_archived)
    ]
    shown, metadata = page(channels, arguments, default=100, most=1000)
    return {
        "channels": [channel_json(core.state, channel) for channel in shown],
        "response_metadata": metadata,
    }


async def members(core: Core, arguments: Arguments) -> Json:
    """conversations.members."""
    channel = visible_channel(core, arguments.required("channel"))
    need_scope(core, scoped(channel, "read"))
    shown, metadata = page(sorted(channel.members), arguments, default=100, most=1000)
    return {"members": shown, "response_metadata": metadata}


async def join(core: Core, arguments: Arguments) -> Json:
    """conversations.join: public channels only."""
    channel = visible_channel(core, arguments.required("channel"))
    if channel.is_im:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    answer: Json = {}
    if core.state.bot.id in channel.members:
        answer = {
            "warning": "already_in_channel",
            "response_metadata": {"warnings": ["already_in_channel"]},
        }
    channel.members.add(core.state.bot.id)
    core.changes.publish("roster")
    return {"channel": channel_json(core.state, channel), **answer}


async def open_(core: Core, arguments: Arguments) -> Json:
    """conversations.open: the direct message with one person."""
    users = (arguments.text("users") or "").split(",")
    user = core.state.users.get(users[0].strip())
    if user is None or user.is_bot or len(users) > 1:
        raise SlackError("user_not_found")
    channel = core.state.direct_channel(user)
    return {"channel": {"id": channel.id}}


def _window(arguments: Arguments, messages: list[Message]) -> list[Message]:
    """The messages between `oldest` and `latest`."""

    def bound(name: str) -> Decimal | None:
        text = arguments.text(name)
        if text is None or text == "now":
            return None
        try:
            return Decimal(text)
        except InvalidOperation:
            raise SlackError(f"invalid_ts_{name}") from None

    oldest, latest = bound("oldest"), bound("latest")
    inclusive = arguments.flag("inclusive")

    def within(message: Message) -> bool:
        ts = Decimal(message.ts)
        if oldest is not None and (ts < oldest or (ts == oldest and not inclusive)):
            return False
        return latest is None or ts < latest or (ts == latest and inclusive)

    return [message for message in messages if within(message)]


def _readable(core: Core, arguments: Arguments) -> Channel:
    channel = visible_channel(core, arguments.required("channel"))
    need_scope(core, scoped(channel, "history"))
    if core.state.bot.id not in channel.members:
        raise SlackError("not_in_channel")
    return channel


async def history(core: Core, arguments: Arguments) -> Json:
    """conversations.history: newest first, without replies unless they were broadcast."""
    channel = _readable(core, arguments)
    found = _window(arguments, list(core.state.timeline(channel.id)))[::-1]
    shown, metadata = page(found, arguments, default=100, most=999)
    metadata_too = arguments.flag("include_all_metadata")
    answer: Json = {
        "messages": [message_json(core.state, m, metadata=metadata_too) for m in shown],
        "has_more": bool(metadata["next_cursor"]),
        "pin_count": 0,
    }
    if metadata["next_cursor"]:
        answer["response_metadata"] = metadata
    return answer


async def replies(core: Core, arguments: Arguments) -> Json:
    """conversations.replies: the parent, then its replies, oldest first."""
    channel = _readable(core, arguments)
    parent = core.state.message(channel.id, arguments.required("ts"))
    if parent is None:
        raise SlackError("thread_not_found")
    if parent.is_reply and parent.thread_ts:
        parent = core.state.message(channel.id, parent.thread_ts) or parent
    found = [parent, *_window(arguments, core.state.replies(parent))]
    shown, metadata = page(found, arguments, default=1000, most=1000)
    metadata_too = arguments.flag("include_all_metadata")
    answer: Json = {
        "messages": [message_json(core.state, m, metadata=metadata_too) for m in shown],
        "has_more": bool(metadata["next_cursor"]),
    }
    if metadata["next_cursor"]:
        answer["response_metadata"] = metadata
    return answer

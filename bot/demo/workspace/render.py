"""How the workspace's records look in Slack's answers and payloads."""

from __future__ import annotations

from bot.demo.workspace.records import Channel, File, Json, Message, User, View
from bot.demo.workspace.state import State


def message_json(state: State, message: Message, *, metadata: bool = False) -> Json:
    """A message as conversations.history and payloads show it."""
    shown: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": state.team_id,
    }
    if message.subtype:
        shown["subtype"] = message.subtype
    elif message.is_reply and message.reply_broadcast:
        shown["subtype"] = "thread_broadcast"
    if message.by_app:
        shown |= {
            "bot_id": state.bot_id,
            "app_id": state.app_id,
            "bot_profile": {
                "id": state.bot_id,
                "app_id": state.app_id,
                "name": message.author_name or state.app.name,
                "deleted": False,
                "team_id": state.team_id,
            },
        }
    for name in ("blocks", "attachments", "edited"):
        if value := getattr(message, name):
            shown[name] = value
    if metadata and message.metadata:
        shown["metadata"] = message.metadata
    if message.reactions:
        shown["reactions"] = [
            {"name": name, "users": users, "count": len(users)}
            for name, users in message.reactions.items()
        ]
    if message.files:
        shown["files"] = [
            file_json(state, state.files[f]) for f in message.files if f in state.files
        ]
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
        parent = state.message(message.channel, message.thread_ts)
        if message.is_reply and parent is not None:
            shown["parent_user_id"] = parent.user
    if message.ephemeral_to is None and (replies := state.replies(message)):
        shown |= {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": list(dict.fromkeys(r.user for r in replies)),
            "reply_users_count": len({r.user for r in replies}),
            "latest_reply": replies[-1].ts,
            "is_locked": False,
            "subscribed": False,
        }
    return shown


def channel_json(state: State, channel: Channel, *, locale: str | None = None) -> Json:
    """A conversation object (https://docs.slack.dev/reference/objects/conversation-object)."""
    if channel.is_im:
        return {
            "id": channel.id,
            "created": channel.created,
            "is_im": True,
            "is_org_shared": False,
            "is_archived": channel.is_archived,
            "user": channel.user,
            "context_team_id": state.team_id,
        }
    shown: Json = {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "created": channel.created,
        "creator": state.bot.id,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_general": channel.name == "general",
        "is_shared": channel.is_shared,
        "is_ext_shared": channel.is_shared,
        "is_org_shared": False,
        "is_member": state.bot.id in channel.members,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(channel.members),
        "context_team_id": state.team_id,
    }
    if locale is not None:
        shown["locale"] = locale
    return shown


def user_json(state: State, user: User, *, locale: bool, email: bool) -> Json:
    """A user object (https://docs.slack.dev/reference/objects/user-object)."""
    profile: Json = {
        "real_name": user.real_name,
        "display_name": user.name,
        "real_name_normalized": user.real_name,
        "display_name_normalized": user.name,
        "team": user.team_id,
        "status_text": "",
        "status_emoji": "",
    }
    if email and not user.is_bot:
        profile["email"] = user.email or f"{user.name}@{state.domain}.example"
    if user.is_bot:
        profile |= {"bot_id": state.bot_id, "api_app_id": state.app_id}
    shown: Json = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.deleted,
        "tz": user.tz,
        "tz_label": user.tz,
        "tz_offset": 0,
        "profile": profile,
        "is_admin": user.is_admin,
        "is_owner": user.is_owner,
        "is_primary_owner": False,
        "is_restricted": user.is_guest or user.is_single_channel_guest,
        "is_ultra_restricted": user.is_single_channel_guest,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": int(state.clock.now()),
    }
    if user.is_external:
        shown |= {"is_stranger": True, "is_admin": False}
    if locale:
        shown["locale"] = user.locale
    return shown


def view_json(state: State, view: View) -> Json:
    """A view object (https://docs.slack.dev/reference/objects/view-object)."""
    given = view.payload
    return {
        "id": view.id,
        "team_id": state.team_id,
        "type": given["type"],
        "blocks": given["blocks"],
        "private_metadata": given.get("private_metadata", ""),
        "callback_id": given.get("callback_id", ""),
        "external_id": view.external_id or "",
        "state": {"values": view.state},
        "hash": view.hash,
        "title": given.get("title", {"type": "plain_text", "text": "View Title", "emoji": True}),
        "clear_on_close": given.get("clear_on_close", False),
        "notify_on_close": given.get("notify_on_close", False),
        "close": given.get("close"),
        "submit": given.get("submit"),
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": state.app_id,
        "app_installed_team_id": state.team_id,
        "bot_id": state.bot_id,
    }


def file_json(state: State, file: File) -> Json:
    """A file object (https://docs.slack.dev/reference/objects/file-object)."""
    address = state.file_url(file)
    shown = {
        "id": file.id,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.content_type,
        "size": file.length,
        "mode": "hosted",
        "is_external": False,
        "url_private": address,
        "permalink": address,
    }
    if file.alt_text:
        shown["alt_txt"] = file.alt_text
    return shown

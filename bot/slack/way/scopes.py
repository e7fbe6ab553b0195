"""The scopes the bot asks for, each with its reason: least privilege, held against manifest.yml."""

from __future__ import annotations

from collections.abc import Mapping

BOT_SCOPES: Mapping[str, str] = {
    "app_mentions:read": "`@wsdiag check prod`, since slash commands do not work in threads",
    "channels:history": "after a crash, find the alert that was already posted (public channels)",
    "channels:read": "find the id of a channel that is configured by its name (public channels)",
    "chat:write": "post alerts and answers, and edit them",
    "commands": "the slash command and the shortcuts",
    "files:write": "upload charts, and the log with an incident that is handed over",
    "groups:history": "as channels:history, in private channels the bot was invited to",
    "groups:read": "as channels:read, for private channels",
    "im:history": "as channels:history, in direct messages with those who follow a target",
    "im:write": "tell people of the targets that they follow, by direct message",
    "usergroups:read": "who is in a user group that the settings allow",
    "users:read": "whether someone is a guest or of another organisation; their language and clock",
}

METHODS: Mapping[str, tuple[str, ...]] = {
    "apps.connections.open": ("connections:write",),  # the app-level token has it
    "auth.test": (),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.list": ("channels:read", "groups:read"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "functions.completeError": (),
    "functions.completeSuccess": (),
    "usergroups.users.list": ("usergroups:read",),
    "users.info": ("users:read",),
    "views.open": (),
    "views.publish": (),
}
"""Web API methods that are called, with what each needs."""

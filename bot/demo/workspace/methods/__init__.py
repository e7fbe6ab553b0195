"""The Web API: which methods there are, and what Slack demands before each.

Tiers and scopes: https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.demo.workspace.limits import Tier
from bot.demo.workspace.methods import chat, conversations, files, functions, people, views
from bot.demo.workspace.methods.calls import Method

__all__ = ["METHODS", "Method"]

METHODS: Mapping[str, Method] = {
    "api.test": Method(people.api_test, Tier.FOUR),
    "auth.test": Method(people.auth_test, Tier.SPECIAL),
    "apps.connections.open": Method(people.connections_open, Tier.ONE, app_level=True),
    "bots.info": Method(people.bots_info, Tier.THREE, "users:read", json=False),
    "chat.delete": Method(chat.delete, Tier.THREE, "chat:write"),
    "chat.getPermalink": Method(chat.get_permalink, Tier.SPECIAL, json=False),
    "chat.postEphemeral": Method(chat.post_ephemeral, Tier.FOUR, "chat:write"),
    "chat.postMessage": Method(chat.post_message, Tier.POSTING, "chat:write", per_channel=True),
    "chat.update": Method(chat.update, Tier.THREE, "chat:write"),
    "conversations.history": Method(conversations.history, Tier.THREE),
    "conversations.info": Method(conversations.info, Tier.THREE, json=False),
    "conversations.join": Method(conversations.join, Tier.THREE, "channels:join"),
    "conversations.list": Method(conversations.list_, Tier.TWO, json=False),
    "conversations.members": Method(conversations.members, Tier.FOUR, json=False),
    "conversations.open": Method(conversations.open_, Tier.THREE, "im:write"),
    "conversations.replies": Method(conversations.replies, Tier.THREE, json=False),
    "files.completeUploadExternal": Method(files.complete_upload, Tier.FOUR, "files:write"),
    "files.getUploadURLExternal": Method(
        files.get_upload_url, Tier.FOUR, "files:write", json=False
    ),
    "functions.completeError": Method(functions.complete_error, Tier.THREE),
    "functions.completeSuccess": Method(functions.complete_success, Tier.THREE),
    "reactions.add": Method(people.reactions_add, Tier.THREE, "reactions:write"),
    "reactions.remove": Method(people.reactions_remove, Tier.TWO, "reactions:write"),
    "team.info": Method(people.team_info, Tier.THREE, "team:read", json=False),
    "usergroups.list": Method(people.usergroups_list, Tier.TWO, "usergroups:read", json=False),
    "usergroups.users.list": Method(
        people.usergroups_users_list, Tier.TWO, "usergroups:read", json=False
    ),
    "users.info": Method(people.users_info, Tier.FOUR, "users:read", json=False),
    "users.list": Method(people.users_list, Tier.TWO, "users:read", json=False),
    "views.open": Method(views.open_, Tier.FOUR),
    "views.publish": Method(views.publish, Tier.FOUR),
    "views.push": Method(views.push, Tier.FOUR),
    "views.update": Method(views.update, Tier.FOUR),
}

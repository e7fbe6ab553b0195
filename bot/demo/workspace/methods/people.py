"""auth.test, users.*, usergroups.list, team.info, bots.info, reactions.* and Socket Mode's door.

https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

import re

from bot.demo.workspace.arguments import Arguments
from bot.demo.workspace.core import Core
from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.methods.calls import visible_channel
from bot.demo.workspace.methods.conversations import page
from bot.demo.workspace.records import Json, Message
from bot.demo.workspace.render import user_json


async def api_test(core: Core, arguments: Arguments) -> Json:  # noqa: ARG001 - a method's signature
    """api.test: says back what it was told."""
    if code := arguments.text("error"):
        raise SlackError(code, args={"error": code})
    return {"args": arguments.values}


async def auth_test(core: Core, arguments: Arguments) -> Json:  # noqa: ARG001 - a method's signature
    """auth.test: who the token belongs to."""
    state = core.state
    return {
        "url": state.base_url,
        "team": state.name,
        "user": state.bot.name,
        "team_id": state.team_id,
        "user_id": state.bot.id,
        "bot_id": state.bot_id,
        "is_enterprise_install": False,
    }


async def connections_open(core: Core, arguments: Arguments) -> Json:  # noqa: ARG001 - as above
    """apps.connections.open: a WebSocket URL whose ticket is good once."""
    if not core.state.app.socket_mode:
        raise SlackError("socket_mode_disabled")
    base = core.state.base_url.replace("http://", "ws://", 1)
    ticket = core.sockets.issue_ticket()
    return {"url": f"{base}link/?ticket={ticket}&app_id={core.state.app_id}"}


async def users_info(core: Core, arguments: Arguments) -> Json:
    """users.info, with `locale` when asked for."""
    user = core.state.users.get(arguments.required("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {
        "user": user_json(
            core.state,
            user,
            locale=arguments.flag("include_locale"),
            email="users:read.email" in core.state.scopes,
        )
    }


async def users_list(core: Core, arguments: Arguments) -> Json:
    """users.list."""
    shown, metadata = page(list(core.state.users.values()), arguments, default=1000, most=1000)
    locale = arguments.flag("include_locale")
    email = "users:read.email" in core.state.scopes
    return {
        "members": [user_json(core.state, user, locale=locale, email=email) for user in shown],
        "cache_ts": int(core.clock.now()),
        "response_metadata": metadata,
    }


async def usergroups_list(core: Core, arguments: Arguments) -> Json:
    """usergroups.list."""
    with_users = arguments.flag("include_users")
    return {
        "usergroups": [
            {
                "id": group.id,
                "team_id": core.state.team_id,
                "is_usergroup": True,
                "name": group.name,
                "handle": group.handle,
                "user_count": len(group.users),
                **({"users": list(group.users)} if with_users else {}),
            }
            for group in core.state.groups.values()
        ]
    }


async def usergroups_users_list(core: Core, arguments: Arguments) -> Json:
    """usergroups.users.list."""
    group = core.state.groups.get(arguments.required("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


async def team_info(core: Core, arguments: Arguments) -> Json:  # noqa: ARG001 - a method's signature
    """team.info."""
    state = core.state
    return {
        "team": {
            "id": state.team_id,
            "name": state.name,
            "domain": state.domain,
            "url": state.base_url,
            "email_domain": "",
            "icon": {"image_default": True},
        }
    }


async def bots_info(core: Core, arguments: Arguments) -> Json:
    """bots.info: of the one app there is."""
    state = core.state
    if (arguments.text("bot") or state.bot_id) != state.bot_id:
        raise SlackError("bot_not_found")
    return {
        "bot": {
            "id": state.bot_id,
            "deleted": state.bot.deleted,
            "name": state.app.name,
            "updated": int(core.clock.now()),
            "app_id": state.app_id,
            "user_id": state.bot.id,
            "icons": {},
        }
    }


def _reacted(core: Core, arguments: Arguments) -> tuple[Message, str]:
    name = arguments.required("name").strip(":")
    if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", name):
        raise SlackError("invalid_name")
    channel = visible_channel(core, arguments.required("channel"))
    if channel.is_archived:
        raise SlackError("is_archived")
    if core.state.bot.id not in channel.members:
        raise SlackError("not_in_channel")
    message = core.state.message(channel.id, arguments.required("timestamp"))
    if message is None:
        raise SlackError("message_not_found")
    return message, name


async def reactions_add(core: Core, arguments: Arguments) -> Json:
    """reactions.add."""
    message, name = _reacted(core, arguments)
    users = message.reactions.setdefault(name, [])
    if core.state.bot.id in users:
        raise SlackError("already_reacted")
    users.append(core.state.bot.id)
    core.state.touch(message)
    return {}


async def reactions_remove(core: Core, arguments: Arguments) -> Json:
    """reactions.remove."""
    message, name = _reacted(core, arguments)
    users = message.reactions.get(name, [])
    if core.state.bot.id not in users:
        raise SlackError("no_reaction")
    users.remove(core.state.bot.id)
    if not users:
        del message.reactions[name]
    core.state.touch(message)
    return {}

"""The payloads that commands, interactions and events send to the app.

https://docs.slack.dev/reference/interaction-payloads and https://docs.slack.dev/apis/events-api
"""

from __future__ import annotations

import secrets

from bot.demo.workspace.blockkit import elements_of
from bot.demo.workspace.core import Core
from bot.demo.workspace.records import (
    Channel,
    CustomStep,
    Json,
    Message,
    Parameter,
    StepRun,
    User,
    View,
)
from bot.demo.workspace.render import message_json, view_json
from bot.demo.workspace.tickets import ResponseUrl

VERIFICATION_TOKEN = "local-verification-token"  # noqa: S105 - deprecated by Slack, secret of nothing


def _team(core: Core) -> Json:
    return {"id": core.state.team_id, "domain": core.state.domain}


def _user(user: User) -> Json:
    return {
        "id": user.id,
        "username": user.name,
        "name": user.name,
        "team_id": user.team_id,
    }


def channel_name(channel: Channel) -> str:
    """A channel's name as payloads give it: private ones do not tell."""
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def response_address(core: Core, url: ResponseUrl) -> str:
    """The absolute response URL."""
    kind = "actions" if url.origin_ts else "commands"
    return f"{core.state.base_url}{kind}/{core.state.team_id}/{url.key}"


def _common(core: Core, user: User, kind: str) -> Json:
    return {
        "type": kind,
        "user": _user(user),
        "team": _team(core),
        "enterprise": None,
        "is_enterprise_install": False,
        "api_app_id": core.state.app_id,
        "token": VERIFICATION_TOKEN,
    }


def slash_command(core: Core, user: User, channel: Channel, command: str, text: str) -> Json:
    """A slash command; the same fields travel as a form over HTTP."""
    url = core.response_urls.issue(channel.id, user.id)
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": user.team_id,
        "team_domain": core.state.domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": core.state.app_id,
        "is_enterprise_install": "false",
        "response_url": response_address(core, url),
        "trigger_id": core.triggers.issue(user.id, channel.id),
    }


def message_actions(core: Core, user: User, message: Message, action: Json, state: Json) -> Json:
    """block_actions from a message; an ephemeral's content is not sent back."""
    ephemeral = message.ephemeral_to is not None
    channel = core.state.channels[message.channel]
    url = core.response_urls.issue(
        message.channel,
        user.id,
        thread_ts=message.thread_ts if message.is_reply else None,
        origin_ts=message.ts,
        origin_ephemeral=ephemeral,
    )
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = {
        **_common(core, user, "block_actions"),
        "container": container,
        "trigger_id": core.triggers.issue(user.id, message.channel),
        "channel": {"id": message.channel, "name": channel_name(channel)},
        "state": {"values": state},
        "response_url": response_address(core, url),
        "actions": [action],
    }
    if not ephemeral:
        payload["message"] = message_json(core.state, message)
    return payload


def view_actions(core: Core, user: User, view: View, action: Json) -> Json:
    """block_actions from a modal or the Home tab."""
    return {
        **_common(core, user, "block_actions"),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": core.triggers.issue(user.id),
        "view": view_json(core.state, view),
        "actions": [action],
    }


def view_submission(core: Core, user: User, view: View) -> Json:
    """A submitted modal, with what was entered in `view.state.values`."""
    return {
        **_common(core, user, "view_submission"),
        "trigger_id": core.triggers.issue(user.id),
        "view": view_json(core.state, view),
        "response_urls": _response_urls(core, user, view),
    }


def _response_urls(core: Core, user: User, view: View) -> list[Json]:
    """One for each menu that asks for it (`response_url_enabled`), to what was chosen there.

    https://docs.slack.dev/surfaces/modals#modal_response_url
    """
    urls: list[Json] = []
    for block in view.payload["blocks"]:
        for element in elements_of(block):
            if not element.get("response_url_enabled"):
                continue
            chosen = view.state.get(block["block_id"], {}).get(element["action_id"], {})
            channel = chosen.get("selected_conversation") or chosen.get("selected_channel")
            if channel in core.state.channels:
                urls.append(
                    {
                        "block_id": block["block_id"],
                        "action_id": element["action_id"],
                        "channel_id": channel,
                        "response_url": response_address(
                            core, core.response_urls.issue(channel, user.id)
                        ),
                    }
                )
    return urls


def view_closed(core: Core, user: User, view: View, *, is_cleared: bool) -> Json:
    """A modal that was dismissed, for those who asked with `notify_on_close`."""
    return {
        **_common(core, user, "view_closed"),
        "view": view_json(core.state, view),
        "is_cleared": is_cleared,
    }


def shortcut(core: Core, user: User, callback_id: str) -> Json:
    """A global shortcut: no channel, no response URL."""
    return {
        **_common(core, user, "shortcut"),
        "callback_id": callback_id,
        "trigger_id": core.triggers.issue(user.id),
        "action_ts": core.state.new_ts(),
    }


def message_shortcut(core: Core, user: User, callback_id: str, message: Message) -> Json:
    """A shortcut from a message's menu."""
    url = core.response_urls.issue(
        message.channel, user.id, thread_ts=message.thread_ts if message.is_reply else None
    )
    return {
        **_common(core, user, "message_action"),
        "callback_id": callback_id,
        "trigger_id": core.triggers.issue(user.id, message.channel),
        "action_ts": core.state.new_ts(),
        "message_ts": message.ts,
        "channel": {
            "id": message.channel,
            "name": channel_name(core.state.channels[message.channel]),
        },
        "message": message_json(core.state, message),
        "response_url": response_address(core, url),
    }


def function_executed(core: Core, run: StepRun) -> Json:
    """The inner event of a step that a workflow gives to the app.

    https://docs.slack.dev/reference/events/function_executed
    """
    return {
        "type": "function_executed",
        "function": _function(core, run.step),
        "inputs": run.inputs,
        "function_execution_id": run.id,
        "workflow_execution_id": run.id.replace("Fx", "Wx", 1),
        "event_ts": core.state.new_ts(),
        "bot_access_token": run.token,
    }


def _function(core: Core, step: CustomStep) -> Json:
    return {
        "id": f"Fn{core.state.app_id[1:]}",
        "callback_id": step.callback_id,
        "title": step.title,
        "description": step.description,
        "type": "app",
        "input_parameters": [_parameter(one) for one in step.inputs],
        "output_parameters": [_parameter(one) for one in step.outputs],
        "app_id": core.state.app_id,
        "date_created": int(core.clock.now()),
        "date_updated": int(core.clock.now()),
        "date_deleted": 0,
    }


def _parameter(one: Parameter) -> Json:
    return {
        "type": one.kind,
        "name": one.name,
        "description": one.description,
        "title": one.title,
        "is_required": one.required,
    }


def event(core: Core, inner: Json) -> Json:
    """An Events API callback; its `event_id` stays the same through all retries."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": core.state.team_id,
        "context_team_id": core.state.team_id,
        "context_enterprise_id": None,
        "api_app_id": core.state.app_id,
        "event": inner,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(core.clock.now()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": core.state.team_id,
                "user_id": core.state.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{secrets.token_urlsafe(24)}",
    }

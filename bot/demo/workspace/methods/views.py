"""views.*: modals, three deep, and the Home tab.

https://docs.slack.dev/surfaces/modals and https://docs.slack.dev/reference/methods/views.open
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from bot.demo.workspace.arguments import Arguments
from bot.demo.workspace.blockkit import elements_of, view_problems, with_ids
from bot.demo.workspace.core import Core
from bot.demo.workspace.errors import SlackError, explained
from bot.demo.workspace.records import Json, View
from bot.demo.workspace.references import reference_problems
from bot.demo.workspace.render import view_json
from bot.demo.workspace.state import State, new_id

DEEPEST_STACK = 3
LARGEST_VIEW = 250_000


def checked_view(state: State, payload: Any, kind: str) -> Json:
    """A view as the app gave it, checked, with the identifiers Slack fills in.

    Raises:
        SlackError: invalid_arguments, view_too_large.
    """
    problems = view_problems(payload)
    if problems := problems or reference_problems(state, payload["blocks"], "/view/blocks"):
        raise explained("invalid_arguments", problems)
    if payload["type"] != kind:
        raise explained("invalid_arguments", [f"must be of type {kind} [json-pointer:/view/type]"])
    if len(json.dumps(payload)) > LARGEST_VIEW:
        raise SlackError("view_too_large")
    return {**payload, "blocks": with_ids(payload["blocks"])}


def _view_argument(core: Core, arguments: Arguments, kind: str) -> Json:
    payload = arguments.json("view")
    if payload is None:
        raise explained("invalid_arguments", ["missing required field: view"])
    return checked_view(core.state, payload, kind)


def initial_state(blocks: list[Json], channel: str | None = None) -> dict[str, dict[str, Json]]:
    """The values that inputs have before anybody touches them.

    `channel`: what its user looked at, for `default_to_current_conversation`.
    """
    state: dict[str, dict[str, Json]] = {}
    for block in blocks:
        if block["type"] in {"input", "actions", "section"}:
            for element in elements_of(block):
                if (value := initial_value(element)) is not None:
                    _default_to(element, value, channel)
                    state.setdefault(block["block_id"], {})[element["action_id"]] = value
    return state


_INITIAL: dict[str, Callable[[Json], Json]] = {
    "plain_text_input": lambda e: {"value": e.get("initial_value")},
    "email_text_input": lambda e: {"value": e.get("initial_value")},
    "url_text_input": lambda e: {"value": e.get("initial_value")},
    "number_input": lambda e: {"value": e.get("initial_value")},
    "static_select": lambda e: {"selected_option": e.get("initial_option")},
    "external_select": lambda e: {"selected_option": e.get("initial_option")},
    "radio_buttons": lambda e: {"selected_option": e.get("initial_option")},
    "checkboxes": lambda e: {"selected_options": e.get("initial_options", [])},
    "multi_static_select": lambda e: {"selected_options": e.get("initial_options", [])},
    "users_select": lambda e: {"selected_user": e.get("initial_user")},
    "channels_select": lambda e: {"selected_channel": e.get("initial_channel")},
    "conversations_select": lambda e: {"selected_conversation": e.get("initial_conversation")},
    "multi_users_select": lambda e: {"selected_users": e.get("initial_users", [])},
    "multi_channels_select": lambda e: {"selected_channels": e.get("initial_channels", [])},
    "multi_conversations_select": lambda e: {
        "selected_conversations": e.get("initial_conversations", [])
    },
    "datepicker": lambda e: {"selected_date": e.get("initial_date")},
    "timepicker": lambda e: {"selected_time": e.get("initial_time")},
    "datetimepicker": lambda e: {"selected_date_time": e.get("initial_date_time")},
}


def initial_value(element: Json) -> Json | None:
    """The `state.values` entry of an untouched element; None for buttons and the like."""
    kind = element["type"]
    return {"type": kind, **_INITIAL[kind](element)} if kind in _INITIAL else None


def _default_to(element: Json, value: Json, channel: str | None) -> None:
    """An initial conversation counts more than the current one."""
    if channel is None or not element.get("default_to_current_conversation"):
        return
    if element["type"] == "conversations_select":
        value["selected_conversation"] = value["selected_conversation"] or channel
    else:
        value["selected_conversations"] = value["selected_conversations"] or [channel]


def place_modal(core: Core, user: str, payload: Json, channel: str | None = None) -> View:
    """Put a modal on top of a user's stack; `channel` is what the user looked at.

    Raises:
        SlackError: push_limit_reached, duplicate_external_id.
    """
    stack = core.state.open_modals(user)
    if len(stack) >= DEEPEST_STACK:
        raise SlackError("push_limit_reached")
    external_id = payload.get("external_id") or None
    if external_id and any(v.external_id == external_id for v in core.state.views.values()):
        raise SlackError("duplicate_external_id")
    view_id = new_id("V")
    view = View(
        view_id,
        user,
        payload,
        _hash(core),
        stack[0].id if stack else view_id,
        stack[-1].id if stack else None,
        initial_state(payload["blocks"], channel),
        external_id=external_id,
    )
    core.state.views[view_id] = view
    core.state.stacks.setdefault(user, []).append(view_id)
    core.state.view_changed(view)
    return view


def replace_view(core: Core, view: View, payload: Json) -> View:
    """Show something else in a view; what was typed stays where block and action ids stay."""
    kept = view.state
    view.payload = payload
    view.hash = _hash(core)
    view.errors = {}
    view.state = {
        block: {action: kept.get(block, {}).get(action, value) for action, value in values.items()}
        for block, values in initial_state(payload["blocks"]).items()
    }
    core.state.view_changed(view)
    return view


def _hash(core: Core) -> str:
    return f"{int(core.clock.now())}.{secrets.token_hex(4)}"


async def open_(core: Core, arguments: Arguments) -> Json:
    """views.open: a new stack of modals, by a trigger_id of the last three seconds."""
    payload = _view_argument(core, arguments, "modal")
    trigger_id = arguments.text("trigger_id") or arguments.required("interactivity_pointer")
    trigger = core.triggers.redeem(trigger_id)
    core.state.close_modals(trigger.user)
    view = place_modal(core, trigger.user, payload, trigger.channel)
    return {"view": view_json(core.state, view)}


async def push(core: Core, arguments: Arguments) -> Json:
    """views.push: on top of what the person has open."""
    payload = _view_argument(core, arguments, "modal")
    trigger = core.triggers.redeem(arguments.required("trigger_id"))
    if not core.state.open_modals(trigger.user):
        raise SlackError("invalid_trigger_id")
    view = place_modal(core, trigger.user, payload, trigger.channel)
    return {"view": view_json(core.state, view)}


async def update(core: Core, arguments: Arguments) -> Json:
    """views.update: by view_id or external_id, while it is open."""
    view_id, external_id = arguments.text("view_id"), arguments.text("external_id")
    if view_id is None and external_id is None:
        raise explained("invalid_arguments", ["missing required field: view_id or external_id"])
    view = next(
        (
            v
            for v in core.state.views.values()
            if v.id == view_id or (external_id is not None and v.external_id == external_id)
        ),
        None,
    )
    payload = _view_argument(core, arguments, "modal")
    if view is None:
        raise SlackError("not_found")
    given_hash = arguments.text("hash")
    if given_hash is not None and given_hash != view.hash:
        raise SlackError("hash_conflict")
    return {"view": view_json(core.state, replace_view(core, view, payload))}


async def publish(core: Core, arguments: Arguments) -> Json:
    """views.publish: one person's Home tab."""
    user = core.state.users.get(arguments.required("user_id"))
    payload = _view_argument(core, arguments, "home")
    if user is None or user.is_bot:
        raise explained("invalid_arguments", ["user_not_found [json-pointer:/user_id]"])
    if not core.state.app.home_tab:
        raise SlackError("not_enabled")
    view = core.state.homes.get(user.id)
    given_hash = arguments.text("hash")
    if view is not None and given_hash is not None and given_hash != view.hash:
        raise SlackError("hash_conflict")
    if view is None:
        view_id = new_id("V")
        view = View(view_id, user.id, payload, _hash(core), view_id)
        core.state.homes[user.id] = view
    return {"view": view_json(core.state, replace_view(core, view, payload))}

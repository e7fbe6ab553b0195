"""Composition objects and block elements.

Limits: https://docs.slack.dev/reference/block-kit/composition-objects and
https://docs.slack.dev/reference/block-kit/block-elements
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.demo.workspace.blockkit.rules import (
    Json,
    Notes,
    Rule,
    anything,
    array,
    boolean,
    choice,
    integer,
    shape,
    string,
    typed,
    url,
)

ACTION_ID = string(255)
KIND = string()  # `type` itself, already matched by `typed`


def plain_text(longest: int) -> Rule:
    """A text object that must be plain_text."""
    return typed(
        lambda: {
            "plain_text": shape({"type": KIND, "text": string(longest)}, {"emoji": boolean}),
        }
    )


def any_text(longest: int) -> Rule:
    """A text object, plain_text or mrkdwn."""
    return typed(
        lambda: {
            "plain_text": shape({"type": KIND, "text": string(longest)}, {"emoji": boolean}),
            "mrkdwn": shape({"type": KIND, "text": string(longest)}, {"verbatim": boolean}),
        }
    )


CONFIRM = shape(
    {"title": plain_text(100), "text": any_text(300)},
    {
        "confirm": plain_text(30),
        "deny": plain_text(30),
        "style": choice("primary", "danger"),
    },
)


def option(text: Rule) -> Rule:
    """An entry of a menu, of checkboxes or radio buttons."""
    return shape(
        {"text": text, "value": string(150)}, {"description": any_text(75), "url": url(3000)}
    )


MENU_OPTION = option(plain_text(75))
RICH_OPTION = option(any_text(75))
OPTION_GROUP = shape(
    {"label": plain_text(75), "options": array(MENU_OPTION, most=100, least=1)},
)
SLACK_FILE = shape({}, {"id": string(), "url": url()})


def _one_image_source(notes: Notes, value: Json, at: str) -> None:
    if ("image_url" in value) == ("slack_file" in value):
        notes.add("must define either `image_url` or `slack_file`", at)


IMAGE = shape(
    {"type": KIND, "alt_text": string(2000)},
    {"image_url": url(3000), "slack_file": SLACK_FILE},
    also=_one_image_source,
)


def _options_or_groups(notes: Notes, value: Json, at: str) -> None:
    if ("options" in value) == ("option_groups" in value):
        notes.add("must define either `options` or `option_groups`", at)


def _known_initial(notes: Notes, value: Json, at: str) -> None:
    """An initial option must be one of the options, to the letter."""
    options = [o for o in value.get("options") or () if isinstance(o, dict)]
    for group in value.get("option_groups") or ():
        if isinstance(group, dict):
            options += [o for o in group.get("options") or () if isinstance(o, dict)]
    initial = value.get("initial_options") or (
        [value["initial_option"]] if value.get("initial_option") else []
    )
    if isinstance(initial, list) and any(entry not in options for entry in initial):
        notes.add("initial options must be among the options", at)
    values = [str(o.get("value")) for o in options]
    if len(set(values)) != len(values):
        notes.add("option values must be unique", at)


def _static(notes: Notes, value: Json, at: str) -> None:
    _options_or_groups(notes, value, at)
    _known_initial(notes, value, at)


_INPUT = {
    "action_id": ACTION_ID,
    "placeholder": plain_text(150),
    "focus_on_load": boolean,
}
_MENU = {**_INPUT, "confirm": CONFIRM}
_MULTI = {**_MENU, "max_selected_items": integer(1, 100)}
_DISPATCH = shape(
    {},
    {"trigger_actions_on": array(choice("on_enter_pressed", "on_character_entered"), most=2)},
)
_CONVERSATION_FILTER = shape(
    {},
    {
        "include": array(choice("im", "mpim", "private", "public"), least=1),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)


def _pattern(expression: str, problem: str) -> Rule:
    compiled = re.compile(expression)

    def check(notes: Notes, value: object, at: str) -> None:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            notes.add(problem, at)

    return check


_DATE = _pattern(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "must be a date, YYYY-MM-DD")
_TIME = _pattern(r"([01]\d|2[0-3]):[0-5]\d", "must be a time, HH:mm")
_ICON_BUTTON = shape(
    {"type": KIND, "icon": choice("trash"), "text": plain_text(75)},
    {
        "action_id": ACTION_ID,
        "value": string(2000),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
        "visible_to_user_ids": array(string()),
    },
)
_FEEDBACK_BUTTON = shape(
    {"text": plain_text(75), "value": string(2000)}, {"accessibility_label": string(75)}
)


def _menu_of(extra: Mapping[str, Rule], *, multi: bool = False) -> Rule:
    return shape({"type": KIND}, {**(_MULTI if multi else _MENU), **extra})


ELEMENTS: Mapping[str, Rule] = {
    "button": shape(
        {"type": KIND, "text": plain_text(75)},
        {
            "action_id": ACTION_ID,
            "url": url(3000),
            "value": string(2000),
            "style": choice("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
        },
    ),
    "checkboxes": shape(
        {"type": KIND, "options": array(RICH_OPTION, most=10, least=1)},
        {
            "action_id": ACTION_ID,
            "initial_options": array(RICH_OPTION, least=1),
            "confirm": CONFIRM,
            "focus_on_load": boolean,
        },
        also=_known_initial,
    ),
    "radio_buttons": shape(
        {"type": KIND, "options": array(RICH_OPTION, most=10, least=1)},
        {
            "action_id": ACTION_ID,
            "initial_option": RICH_OPTION,
            "confirm": CONFIRM,
            "focus_on_load": boolean,
        },
        also=_known_initial,
    ),
    "overflow": shape(
        {"type": KIND, "options": array(MENU_OPTION, most=5, least=1)},
        {"action_id": ACTION_ID, "confirm": CONFIRM},
        also=_known_initial,
    ),
    "datepicker": _menu_of({"initial_date": _DATE}),
    "timepicker": _menu_of({"initial_time": _TIME, "timezone": string()}),
    "datetimepicker": shape(
        {"type": KIND},
        {
            "action_id": ACTION_ID,
            "initial_date_time": integer(1_000_000_000, 9_999_999_999),
            "confirm": CONFIRM,
            "focus_on_load": boolean,
        },
    ),
    "image": IMAGE,
    "static_select": shape(
        {"type": KIND},
        {
            **_MENU,
            "options": array(MENU_OPTION, most=100, least=1),
            "option_groups": array(OPTION_GROUP, most=100, least=1),
            "initial_option": MENU_OPTION,
        },
        also=_static,
    ),
    "multi_static_select": shape(
        {"type": KIND},
        {
            **_MULTI,
            "options": array(MENU_OPTION, most=100, least=1),
            "option_groups": array(OPTION_GROUP, most=100, least=1),
            "initial_options": array(MENU_OPTION, least=1),
        },
        also=_static,
    ),
    "external_select": _menu_of({"initial_option": MENU_OPTION, "min_query_length": integer(0)}),
    "multi_external_select": _menu_of(
        {"initial_options": array(MENU_OPTION), "min_query_length": integer(0)}, multi=True
    ),
    "users_select": _menu_of({"initial_user": string()}),
    "multi_users_select": _menu_of({"initial_users": array(string())}, multi=True),
    "conversations_select": _menu_of(
        {
            "initial_conversation": string(),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": _CONVERSATION_FILTER,
        }
    ),
    "multi_conversations_select": _menu_of(
        {
            "initial_conversations": array(string()),
            "default_to_current_conversation": boolean,
            "filter": _CONVERSATION_FILTER,
        },
        multi=True,
    ),
    "channels_select": _menu_of({"initial_channel": string(), "response_url_enabled": boolean}),
    "multi_channels_select": _menu_of({"initial_channels": array(string())}, multi=True),
    "plain_text_input": shape(
        {"type": KIND},
        {
            **_INPUT,
            "initial_value": string(shortest=0),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
            "dispatch_action_config": _DISPATCH,
        },
    ),
    "email_text_input": shape(
        {"type": KIND},
        {**_INPUT, "initial_value": string(), "dispatch_action_config": _DISPATCH},
    ),
    "url_text_input": shape(
        {"type": KIND},
        {**_INPUT, "initial_value": string(), "dispatch_action_config": _DISPATCH},
    ),
    "number_input": shape(
        {"type": KIND, "is_decimal_allowed": boolean},
        {
            **_INPUT,
            "initial_value": string(),
            "min_value": string(),
            "max_value": string(),
            "dispatch_action_config": _DISPATCH,
        },
    ),
    "rich_text_input": shape(
        {"type": KIND},
        {**_INPUT, "initial_value": anything, "dispatch_action_config": _DISPATCH},
    ),
    "file_input": shape(
        {"type": KIND},
        {
            "action_id": ACTION_ID,
            "filetypes": array(string(), least=1),
            "max_files": integer(1, 10),
        },
    ),
    "workflow_button": shape(
        {"type": KIND, "text": plain_text(75), "workflow": anything, "action_id": ACTION_ID},
        {"style": choice("primary", "danger"), "accessibility_label": string(75)},
    ),
    "feedback_buttons": shape(
        {
            "type": KIND,
            "positive_button": _FEEDBACK_BUTTON,
            "negative_button": _FEEDBACK_BUTTON,
        },
        {"action_id": ACTION_ID},
    ),
    "icon_button": _ICON_BUTTON,
    "url": shape({"type": KIND, "url": url(), "text": string()}),
}

_SELECTS = (
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
)
_MULTI_SELECTS = tuple(f"multi_{name}" for name in _SELECTS)
_PICKERS = ("datepicker", "timepicker")
_CHOICES = ("checkboxes", "radio_buttons")

IN_SECTION = (
    "button",
    "image",
    "overflow",
    "workflow_button",
    *_CHOICES,
    *_PICKERS,
    *_SELECTS,
    *_MULTI_SELECTS,
)
IN_ACTIONS = (
    "button",
    "overflow",
    "workflow_button",
    "datetimepicker",
    "rich_text_input",
    *_CHOICES,
    *_PICKERS,
    *_SELECTS,
    *_MULTI_SELECTS,
)
IN_INPUT = (
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "file_input",
    "datetimepicker",
    *_CHOICES,
    *_PICKERS,
    *_SELECTS,
    *_MULTI_SELECTS,
)
NOT_INTERACTIVE = frozenset({"image", "url", "mrkdwn", "plain_text"})


def element(*allowed: str) -> Rule:
    """One of the named elements."""
    return typed(lambda: ELEMENTS, allowed)

"""What a person does to a block element, as the payloads tell it.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.demo.workspace.blockkit import elements_of
from bot.demo.workspace.records import Json

_TEXTUAL = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
_ONE_OF = {"static_select", "external_select", "radio_buttons", "overflow"}
_SOME_OF = {"checkboxes", "multi_static_select", "multi_external_select"}
_SINGLE = {
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
_PLURAL = {
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
}


def interactive(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with its block, in order."""
    for block in blocks:
        for element in elements_of(block):
            yield block, element


def find_element(blocks: list[Json], name: str, block_id: str | None = None) -> tuple[Json, Json]:
    """The block and element with this action_id, else with this visible text.

    Raises:
        LookupError: there is none; the message lists what there is.
    """
    offered = []
    by_text = None
    for block, element in interactive(blocks):
        if block_id is not None and block.get("block_id") != block_id:
            continue
        if element.get("action_id") == name:
            return block, element
        text = (element.get("text") or {}).get("text")
        if text == name and by_text is None:
            by_text = (block, element)
        offered.append(f"{element.get('action_id')} ({text or element.get('type')})")
    if by_text is not None:
        return by_text
    raise LookupError(f"no element {name!r}; there are: {', '.join(offered) or 'none'}")


def options_of(element: Json) -> list[Json]:
    """All options of a menu, grouped or not."""
    options = list(element.get("options") or ())
    for group in element.get("option_groups") or ():
        options += group["options"]
    return options


def _option(element: Json, value: Any) -> Json:
    for option in options_of(element):
        if value in {option.get("value"), option["text"]["text"]}:
            return option
    values = [option.get("value") for option in options_of(element)]
    raise LookupError(f"no option {value!r}; there are: {values}")


def chosen(element: Json, value: Any) -> Json:
    """The value fields of an element after a person set it to `value`.

    Args:
        element: the block element.
        value: a string, an option's value (or text), a list of them, an id or a date.

    Raises:
        LookupError: a menu has no such option.
    """
    kind = element["type"]
    if kind in _TEXTUAL:
        return {"value": value if value not in {"", None} else None}
    if kind in _ONE_OF:
        return {"selected_option": None if value is None else _option(element, value)}
    if kind in _SOME_OF:
        return {"selected_options": [_option(element, one) for one in value or ()]}
    if kind in _SINGLE:
        return {_SINGLE[kind]: value or None}
    if kind in _PLURAL:
        return {_PLURAL[kind]: list(value or ())}
    return {}


def action_json(block: Json, element: Json, value: Any, ts: str) -> Json:
    """One entry of `actions` in a block_actions payload."""
    action: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": ts,
    }
    if element["type"] == "button":
        action["text"] = element["text"]
        for name in ("value", "style", "url", "confirm"):
            if name in element:
                action[name] = element[name]
    elif element["type"] == "feedback_buttons":
        action["value"] = value
    elif element["type"] == "icon_button":
        action["value"] = element.get("value", "")
    else:
        action |= chosen(element, value)
    if "placeholder" in element:
        action["placeholder"] = element["placeholder"]
    return action


def is_empty(value: Json | None) -> bool:
    """Nothing was typed or chosen."""
    if value is None:
        return True
    return all(entry in (None, [], "") for name, entry in value.items() if name != "type")

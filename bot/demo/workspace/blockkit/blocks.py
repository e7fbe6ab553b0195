"""The blocks themselves, and which of them each surface takes.

https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from bot.demo.workspace.blockkit.elements import (
    IMAGE,
    IN_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    KIND,
    SLACK_FILE,
    any_text,
    element,
    plain_text,
)
from bot.demo.workspace.blockkit.rich_text import RICH_TEXT
from bot.demo.workspace.blockkit.rules import (
    Json,
    Notes,
    Rule,
    array,
    boolean,
    choice,
    integer,
    shape,
    string,
    typed,
    url,
)


class Surface(StrEnum):
    """Where blocks are shown."""

    MESSAGE = "message"
    MODAL = "modal"
    HOME = "home"


_ID = {"block_id": string(255)}


def _text_or_fields(notes: Notes, value: Json, at: str) -> None:
    if not value.get("text") and not value.get("fields"):
        notes.add("must define either `text` or `fields`", at)


def _one_source(notes: Notes, value: Json, at: str) -> None:
    if ("image_url" in value) == ("slack_file" in value):
        notes.add("must define either `image_url` or `slack_file`", at)


def _equal_rows(notes: Notes, value: Json, at: str) -> None:
    """All rows as long as the first; all cells together at most 10,000 characters."""
    rows = [row for row in value.get("rows") or () if isinstance(row, list)]
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            notes.add("all rows must have the same number of cells", f"{at}/rows/{index}")
            break
    if sum(_characters(row) for row in rows) > 10_000:
        notes.add("must be less than 10001 characters in all cells", f"{at}/rows")


def _characters(value: Any) -> int:
    if isinstance(value, dict):
        return sum(
            len(entry) if key == "text" and isinstance(entry, str) else _characters(entry)
            for key, entry in value.items()
        )
    return sum(_characters(entry) for entry in value) if isinstance(value, list) else 0


def _task_ids(notes: Notes, value: Json, at: str) -> None:
    seen: set[str] = set()
    for index, task in enumerate(value.get("tasks") or ()):
        task_id = task.get("task_id") if isinstance(task, dict) else None
        if isinstance(task_id, str):
            if task_id in seen:
                notes.add(f'`task_id` "{task_id[:80]}" already exists', f"{at}/tasks/{index}")
            seen.add(task_id)


def _card_content(notes: Notes, value: Json, at: str) -> None:
    if not any(value.get(name) for name in ("hero_image", "title", "actions", "body")):
        notes.add("must define one of `hero_image`, `title`, `actions` or `body`", at)


def _container_title(notes: Notes, value: Json, at: str) -> None:
    if not value.get("title") and not value.get("rich_text_title"):
        notes.add("must define either `title` or `rich_text_title`", at)


_CELL = typed(
    lambda: {
        "raw_text": shape({"type": KIND, "text": string()}),
        "raw_number": shape({"type": KIND, "value": _number, "text": string()}),
        "rich_text": RICH_TEXT,
    }
)


def _number(notes: Notes, value: Any, at: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        notes.add("must provide a number", at)


_TASK = shape(
    {
        "type": KIND,
        "task_id": string(255),
        "title": string(),
    },
    {
        **_ID,
        "status": choice("pending", "in_progress", "complete", "error"),
        "details": typed(lambda: {"rich_text": RICH_TEXT}),
        "output": typed(lambda: {"rich_text": RICH_TEXT}),
        "sources": array(element("url")),
    },
)
_CARD = shape(
    {"type": KIND},
    {
        **_ID,
        "hero_image": IMAGE,
        "icon": IMAGE,
        "title": any_text(150),
        "subtitle": any_text(150),
        "body": any_text(200),
        "actions": array(element("button"), most=5),
    },
    also=_card_content,
)
_IN_CONTAINER = (
    "actions",
    "context",
    "divider",
    "header",
    "image",
    "rich_text",
    "section",
    "table",
)

BLOCKS: Mapping[str, Rule] = {
    "section": shape(
        {"type": KIND},
        {
            **_ID,
            "text": any_text(3000),
            "fields": array(any_text(2000), most=10, least=1),
            "accessory": element(*IN_SECTION),
            "expand": boolean,
        },
        also=_text_or_fields,
    ),
    "header": shape({"type": KIND, "text": plain_text(150)}, {**_ID, "level": integer(1, 4)}),
    "context": shape(
        {
            "type": KIND,
            "elements": array(
                typed(
                    lambda: {
                        "image": IMAGE,
                        "plain_text": any_text(2000),
                        "mrkdwn": any_text(2000),
                    }
                ),
                most=10,
                least=1,
            ),
        },
        _ID,
    ),
    "actions": shape(
        {"type": KIND, "elements": array(element(*IN_ACTIONS), most=25, least=1)}, _ID
    ),
    "divider": shape({"type": KIND}, _ID),
    "image": shape(
        {"type": KIND, "alt_text": string(2000)},
        {**_ID, "image_url": url(3000), "slack_file": SLACK_FILE, "title": plain_text(2000)},
        also=_one_source,
    ),
    "input": shape(
        {"type": KIND, "label": plain_text(2000), "element": element(*IN_INPUT)},
        {**_ID, "hint": plain_text(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": RICH_TEXT,
    "table": shape(
        {"type": KIND, "rows": array(array(_CELL, most=20, least=1), most=100, least=1)},
        {
            **_ID,
            "column_settings": array(
                shape({}, {"align": choice("left", "center", "right"), "is_wrapped": boolean}),
                most=20,
            ),
        },
        also=_equal_rows,
    ),
    "markdown": shape({"type": KIND, "text": string(12_000)}, _ID),
    "plan": shape(
        {"type": KIND, "title": string()},
        {**_ID, "tasks": array(typed(lambda: {"task_card": _TASK}), most=50)},
        also=_task_ids,
    ),
    "task_card": _TASK,
    "video": shape(
        {
            "type": KIND,
            "alt_text": string(),
            "title": plain_text(199),
            "thumbnail_url": url(),
            "video_url": url(),
        },
        {
            **_ID,
            "author_name": string(49),
            "description": plain_text(199),
            "provider_icon_url": url(),
            "provider_name": string(),
            "title_url": url(),
        },
    ),
    "context_actions": shape(
        {
            "type": KIND,
            "elements": array(element("feedback_buttons", "icon_button"), most=5, least=1),
        },
        _ID,
    ),
    "alert": shape(
        {"type": KIND, "text": any_text(3000)},
        {**_ID, "level": choice("default", "info", "warning", "error", "success")},
    ),
    "card": _CARD,
    "carousel": shape(
        {"type": KIND, "elements": array(typed(lambda: {"card": _CARD}), most=10, least=1)}, _ID
    ),
    "container": shape(
        {
            "type": KIND,
            "child_blocks": array(typed(lambda: BLOCKS, _IN_CONTAINER), most=10, least=1),
        },
        {
            **_ID,
            "title": plain_text(150),
            "rich_text_title": typed(lambda: {"rich_text": RICH_TEXT}),
            "subtitle": any_text(150),
            "icon": IMAGE,
            "width": choice("narrow", "standard", "wide", "full"),
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
        also=_container_title,
    ),
    # Slack puts these into messages itself; an app that sends one is refused.
    "file": shape({"type": KIND, "external_id": string(), "source": choice("remote")}, _ID),
    "call": shape({"type": KIND, "call_id": string()}, _ID),
}

_EVERYWHERE = frozenset(
    {"section", "header", "context", "actions", "divider", "image", "input", "rich_text", "video"}
)
TAKEN_BY: Mapping[Surface, frozenset[str]] = {
    Surface.MESSAGE: _EVERYWHERE
    | {
        "table",
        "markdown",
        "plan",
        "task_card",
        "context_actions",
        "card",
        "carousel",
        "container",
    },
    Surface.MODAL: _EVERYWHERE | {"alert"},
    Surface.HOME: _EVERYWHERE,
}
MOST_BLOCKS: Mapping[Surface, int] = {
    Surface.MESSAGE: 50,
    Surface.MODAL: 100,
    Surface.HOME: 100,
}


def block(surface: Surface) -> Rule:
    """A block that may stand on this surface."""
    return typed(lambda: BLOCKS, TAKEN_BY[surface])

"""Every limit of Block Kit, broken once through chat.postMessage."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Channel, Workspace
from tests.demo.conftest import Refusal

Json = dict[str, Any]


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def _mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def _section(**fields: Any) -> Json:
    return {"type": "section", **fields}


def _button(**fields: Any) -> Json:
    return {"type": "button", "action_id": "go", "text": _plain("Go"), **fields}


def _actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def _option(number: int, **fields: Any) -> Json:
    return {"text": _plain(f"option {number}"), "value": str(number), **fields}


def _select(**fields: Any) -> Json:
    return {"type": "static_select", "action_id": "pick", "options": [_option(1)], **fields}


def _confirm(**fields: Any) -> Json:
    return {"title": _plain("Sure?"), "text": _mrkdwn("Really?"), **fields}


def _task(number: int, **fields: Any) -> Json:
    return {"type": "task_card", "task_id": str(number), "title": "probe", **fields}


def _table(rows: int, columns: int, text: str = "x") -> Json:
    cell = {"type": "raw_text", "text": text}
    return {"type": "table", "rows": [[cell] * columns for _ in range(rows)]}


_RICH = {
    "type": "rich_text",
    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "ok"}]}],
}
PAGE = "https://docs.slack.dev/reference/block-kit/"

# What is broken, the page that forbids it (below PAGE), the blocks, and Slack's complaint.
BROKEN = [
    (
        "a message has at most 50 blocks",
        "blocks",
        [{"type": "divider"}] * 51,
        "no more than 50 items allowed [json-pointer:/blocks]",
    ),
    (
        "an unknown block type is named",
        "blocks",
        [{"type": "banner"}],
        "unsupported type: banner [json-pointer:/blocks/0/type]",
    ),
    (
        "an alert is for modals only",
        "blocks/alert-block",
        [{"type": "alert", "text": _plain("x")}],
        "unsupported type: alert [json-pointer:/blocks/0/type]",
    ),
    (
        "an app cannot send a file block",
        "blocks/file-block",
        [{"type": "file", "external_id": "1", "source": "remote"}],
        "unsupported type: file [json-pointer:/blocks/0/type]",
    ),
    (
        "a block without a type is refused",
        "blocks",
        [{"text": _plain("x")}],
        "missing required field: type [json-pointer:/blocks/0]",
    ),
    (
        "a misspelt field is refused",
        "blocks/section-block",
        [_section(text=_plain("x"), accesory=_button())],
        "invalid additional property: accesory [json-pointer:/blocks/0]",
    ),
    (
        "a section's text has at most 3000 characters",
        "blocks/section-block",
        [_section(text=_mrkdwn("x" * 3001))],
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "a section's text is not empty",
        "blocks/section-block",
        [_section(text=_mrkdwn(""))],
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "a section has text or fields",
        "blocks/section-block",
        [_section()],
        "must define either `text` or `fields` [json-pointer:/blocks/0]",
    ),
    (
        "a section has at most 10 fields",
        "blocks/section-block",
        [_section(fields=[_plain("x")] * 11)],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    (
        "a field has at most 2000 characters",
        "blocks/section-block",
        [_section(fields=[_plain("x" * 2001)])],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    (
        "a text object is no bare string",
        "composition-objects/text-object",
        [_section(text="x")],
        "must provide an object [json-pointer:/blocks/0/text]",
    ),
    (
        "a header has at most 150 characters",
        "blocks/header-block",
        [{"type": "header", "text": _plain("x" * 151)}],
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "a header is plain text",
        "blocks/header-block",
        [{"type": "header", "text": _mrkdwn("*x*")}],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ),
    (
        "a context has at most 10 elements",
        "blocks/context-block",
        [{"type": "context", "elements": [_mrkdwn("x")] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        "a context holds no buttons",
        "blocks/context-block",
        [{"type": "context", "elements": [_button()]}],
        "unsupported type: button [json-pointer:/blocks/0/elements/0/type]",
    ),
    (
        "actions hold at most 25 elements",
        "blocks/actions-block",
        [_actions(*[_button(action_id=f"a{n}") for n in range(26)])],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        "actions are not empty",
        "blocks/actions-block",
        [_actions()],
        "no less than 1 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        "an action_id occurs once in a block",
        "block-elements/button-element",
        [{**_actions(_button(), _button()), "block_id": "b"}],
        '`action_id` "go" already exists for block_id "b" [json-pointer:/blocks/0]',
    ),
    (
        "a block_id occurs once in a message",
        "blocks/section-block",
        [{"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}],
        '`block_id` "b" already exists [json-pointer:/blocks/1/block_id]',
    ),
    (
        "a block_id has at most 255 characters",
        "blocks/divider-block",
        [{"type": "divider", "block_id": "b" * 256}],
        "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ),
    (
        "an action_id has at most 255 characters",
        "block-elements/button-element",
        [_actions(_button(action_id="a" * 256))],
        "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
    ),
    (
        "a button's text has at most 75 characters",
        "block-elements/button-element",
        [_actions(_button(text=_plain("x" * 76)))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        "a button's text is plain",
        "block-elements/button-element",
        [_actions(_button(text=_mrkdwn("*go*")))],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/elements/0/text/type]",
    ),
    (
        "a button's value has at most 2000 characters",
        "block-elements/button-element",
        [_actions(_button(value="x" * 2001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        "a button's url has at most 3000 characters",
        "block-elements/button-element",
        [_actions(_button(url="https://example.com/" + "x" * 3000))],
        "must be less than 3001 characters [json-pointer:/blocks/0/elements/0/url]",
    ),
    (
        "a button's url is a url",
        "block-elements/button-element",
        [_actions(_button(url="javascript:alert(1)"))],
        "must be a valid URL [json-pointer:/blocks/0/elements/0/url]",
    ),
    (
        "a button's style is primary or danger",
        "block-elements/button-element",
        [_actions(_button(style="warning"))],
        "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]",
    ),
    (
        "a confirm's title has at most 100 characters",
        "composition-objects/confirmation-dialog-object",
        [_actions(_button(confirm=_confirm(title=_plain("x" * 101))))],
        "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]",
    ),
    (
        "a confirm's text has at most 300 characters",
        "composition-objects/confirmation-dialog-object",
        [_actions(_button(confirm=_confirm(text=_mrkdwn("x" * 301))))],
        "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]",
    ),
    (
        "a confirm's button has at most 30 characters",
        "composition-objects/confirmation-dialog-object",
        [_actions(_button(confirm=_confirm(confirm=_plain("x" * 31))))],
        "must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/confirm/text]",
    ),
    (
        "an overflow menu has at most 5 options",
        "block-elements/overflow-menu-element",
        [_actions({"type": "overflow", "options": [_option(n) for n in range(6)]})],
        "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "a select has at most 100 options",
        "block-elements/select-menu-element",
        [_actions(_select(options=[_option(n) for n in range(101)]))],
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "a select's options are not empty",
        "block-elements/select-menu-element",
        [_actions(_select(options=[]))],
        "no less than 1 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "a select's placeholder has at most 150 characters",
        "block-elements/select-menu-element",
        [_actions(_select(placeholder=_plain("x" * 151)))],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/placeholder/text]",
    ),
    (
        "an initial option is one of the options",
        "block-elements/select-menu-element",
        [_actions(_select(initial_option=_option(2)))],
        "initial options must be among the options [json-pointer:/blocks/0/elements/0]",
    ),
    (
        "a select has options or groups",
        "block-elements/select-menu-element",
        [_actions({"type": "static_select"})],
        "must define either `options` or `option_groups` [json-pointer:/blocks/0/elements/0]",
    ),
    (
        "an option's text has at most 75 characters",
        "composition-objects/option-object",
        [_actions(_select(options=[_option(1, text=_plain("x" * 76))]))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ),
    (
        "an option's value has at most 150 characters",
        "composition-objects/option-object",
        [_actions(_select(options=[_option(1, value="x" * 151)]))],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    (
        "checkboxes have at most 10 options",
        "block-elements/checkboxes-element",
        [_actions({"type": "checkboxes", "options": [_option(n) for n in range(11)]})],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "radio buttons have at most 10 options",
        "block-elements/radio-button-group-element",
        [_actions({"type": "radio_buttons", "options": [_option(n) for n in range(11)]})],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "a text input stands in input blocks only",
        "block-elements/plain-text-input-element",
        [_actions({"type": "plain_text_input", "action_id": "a"})],
        "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
    ),
    (
        "an input needs a label",
        "blocks/input-block",
        [{"type": "input", "element": {"type": "plain_text_input", "action_id": "a"}}],
        "missing required field: label [json-pointer:/blocks/0]",
    ),
    (
        "a date is a date",
        "block-elements/date-picker-element",
        [_actions({"type": "datepicker", "initial_date": "tomorrow"})],
        "must be a date, YYYY-MM-DD [json-pointer:/blocks/0/elements/0/initial_date]",
    ),
    (
        "an image needs alt_text",
        "blocks/image-block",
        [{"type": "image", "image_url": "https://example.com/a.png"}],
        "missing required field: alt_text [json-pointer:/blocks/0]",
    ),
    (
        "an image has one source",
        "blocks/image-block",
        [{"type": "image", "alt_text": "a chart"}],
        "must define either `image_url` or `slack_file` [json-pointer:/blocks/0]",
    ),
    (
        "a markdown block has at most 12000 characters",
        "blocks/markdown-block",
        [{"type": "markdown", "text": "x" * 12_001}],
        "must be less than 12001 characters [json-pointer:/blocks/0/text]",
    ),
    (
        "a plan has at most 50 tasks",
        "blocks/plan-block",
        [{"type": "plan", "title": "p", "tasks": [_task(n) for n in range(51)]}],
        "no more than 50 items allowed [json-pointer:/blocks/0/tasks]",
    ),
    (
        "a plan's title is a plain string",
        "blocks/plan-block",
        [{"type": "plan", "title": _plain("p")}],
        "must provide a string [json-pointer:/blocks/0/title]",
    ),
    (
        "a task's status is one of four",
        "blocks/task-card-block",
        [_task(1, status="done")],
        "must be one of: pending, in_progress, complete, error [json-pointer:/blocks/0/status]",
    ),
    (
        "a task's details are rich text",
        "blocks/task-card-block",
        [_task(1, details=_mrkdwn("x"))],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/details/type]",
    ),
    (
        "a task_id occurs once in a plan",
        "blocks/plan-block",
        [{"type": "plan", "title": "p", "tasks": [_task(1), _task(1)]}],
        '`task_id` "1" already exists [json-pointer:/blocks/0/tasks/1]',
    ),
    (
        "a table has at most 100 rows",
        "blocks/table-block",
        [_table(101, 1)],
        "no more than 100 items allowed [json-pointer:/blocks/0/rows]",
    ),
    (
        "a table has at most 20 columns",
        "blocks/table-block",
        [_table(1, 21)],
        "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
    ),
    (
        "a table's cell is not empty",
        "blocks/table-block",
        [_table(1, 1, text="")],
        "must be more than 0 characters [json-pointer:/blocks/0/rows/0/0/text]",
    ),
    (
        "a table's cells are no mrkdwn",
        "blocks/table-block",
        [{"type": "table", "rows": [[_mrkdwn("x")]]}],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/rows/0/0/type]",
    ),
    (
        "a table's rows are equally long",
        "blocks/table-block",
        [{"type": "table", "rows": [*_table(1, 2)["rows"], *_table(1, 1)["rows"]]}],
        "all rows must have the same number of cells [json-pointer:/blocks/0/rows/1]",
    ),
    (
        "a table's cells hold at most 10000 characters together",
        "blocks/table-block",
        [_table(20, 1, text="x" * 501)],
        "must be less than 10001 characters in all cells [json-pointer:/blocks/0/rows]",
    ),
    (
        "a message has one table",
        "blocks/table-block",
        [_table(1, 1), _table(1, 1)],
        "only_one_table_allowed [json-pointer:/blocks/1]",
    ),
    (
        "a video needs its url",
        "blocks/video-block",
        [
            {
                "type": "video",
                "alt_text": "a",
                "title": _plain("v"),
                "thumbnail_url": "https://example.com/t.png",
            }
        ],
        "missing required field: video_url [json-pointer:/blocks/0]",
    ),
    (
        "a rich text part has a known type",
        "blocks/rich-text-block",
        [
            {
                "type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": [_mrkdwn("x")]}],
            }
        ],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/elements/0/elements/0/type]",
    ),
    (
        "a container holds at most 10 blocks",
        "blocks/container-block",
        [{"type": "container", "title": _plain("c"), "child_blocks": [{"type": "divider"}] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/child_blocks]",
    ),
    (
        "a card's body has at most 200 characters",
        "blocks/card-block",
        [{"type": "card", "body": _plain("x" * 201)}],
        "must be less than 201 characters [json-pointer:/blocks/0/body/text]",
    ),
]


@pytest.mark.parametrize("rule", [pytest.param(row, id=row[0].replace(" ", "_")) for row in BROKEN])
async def test_slack_refuses_blocks_that_break_the_rule_that(
    client: AsyncWebClient,
    workspace: Workspace,
    ops: Channel,
    refused: type[Refusal],
    rule: tuple[str, str, list[Json], str],
) -> None:
    """https://docs.slack.dev/reference/block-kit/, the page below it stands in each row."""
    _, page, blocks, complaint = rule
    async with refused("invalid_blocks") as refusal:
        await client.chat_postMessage(channel=ops.id, text="x", blocks=blocks)
    assert f"[ERROR] {complaint}" in refusal.messages, f"see {PAGE}{page}"
    assert complaint in refusal.body["errors"]
    assert workspace.messages(ops) == []


# At the very limit, and one of each kind: what Slack takes.
TAKEN = [
    [_section(text=_mrkdwn("x" * 3000))],
    [{"type": "divider"}] * 50,
    [{"type": "header", "text": _plain("x" * 150)}],
    [_section(fields=[_mrkdwn("x" * 1000)] * 10)],
    [_actions(*[_button(action_id=f"a{n}") for n in range(25)])],
    [
        _actions(
            _button(value="x" * 2000, text=_plain("x" * 75), style="danger", confirm=_confirm())
        )
    ],
    [_section(text=_plain("x"), accessory=_button(url="https://example.com"))],
    [_actions(_select(initial_option=_option(1)), {**_button(), "action_id": "other"})],
    [_actions({"type": "overflow", "options": [_option(n) for n in range(5)]})],
    [{"type": "context", "elements": [_mrkdwn("x")] * 10}],
    [{"type": "markdown", "text": "x" * 12_000}],
    [
        {
            "type": "plan",
            "title": "Checking",
            "tasks": [
                _task(n, status="in_progress", details=_RICH, output=_RICH) for n in range(50)
            ],
        }
    ],
    [_task(1, sources=[{"type": "url", "url": "https://example.com", "text": "guide"}])],
    [{**_table(100, 20), "column_settings": [{"align": "right"}, {"is_wrapped": True}]}],
    [{"type": "table", "rows": [[{"type": "raw_number", "value": 1, "text": "1"}, _RICH]]}],
    [_RICH],
    [{"type": "card", "title": _plain("c"), "actions": [_button()]}],
    [{"type": "container", "title": _plain("c"), "child_blocks": [_section(text=_plain("x"))]}],
    [{"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}],
    [
        {
            "type": "input",
            "label": _plain("URL"),
            "element": {"type": "plain_text_input", "action_id": "a"},
        }
    ],
    [
        {
            "type": "video",
            "alt_text": "a",
            "title": _plain("v"),
            "thumbnail_url": "https://example.com/t.png",
            "video_url": "https://example.com/v",
        }
    ],
]


@pytest.mark.parametrize("blocks", TAKEN, ids=lambda blocks: str(blocks[0]["type"]))
async def test_slack_takes_blocks_at_the_very_limit(
    client: AsyncWebClient, workspace: Workspace, ops: Channel, blocks: list[Json]
) -> None:
    """https://docs.slack.dev/reference/block-kit/blocks"""
    await client.chat_postMessage(channel=ops.id, text="x", blocks=blocks)
    assert [b["type"] for b in workspace.messages(ops)[0].blocks] == [b["type"] for b in blocks]


_LONG = [
    pytest.param([_section(text=_mrkdwn("x" * 2_000))] * 6, id="sections"),
    pytest.param([{"type": "markdown", "text": "x" * 6_001}] * 2, id="markdown"),
    pytest.param(
        [{"type": "markdown", "text": "x" * 9_000}, *[_section(text=_mrkdwn("x" * 2_100))] * 2],
        id="both",
    ),
    pytest.param(
        [
            {
                "type": "container",
                "title": _plain("evidence"),
                "child_blocks": [_section(text=_mrkdwn("x" * 2_000))] * 6,
            }
        ],
        id="in_a_container",
    ),
]


@pytest.mark.parametrize("blocks", _LONG)
async def test_all_texts_together_have_a_limit_of_their_own(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal], blocks: list[Json]
) -> None:
    """https://github.com/slackapi/bolt-js/issues/2867 (msg_blocks_too_long, 11,341 characters
    refused) and https://docs.slack.dev/reference/block-kit/blocks/markdown-block (12,000)"""
    async with refused("msg_blocks_too_long"):
        await client.chat_postMessage(channel=ops.id, text="x", blocks=blocks)
    ts = (await client.chat_postMessage(channel=ops.id, text="x"))["ts"]
    async with refused("msg_blocks_too_long"):
        await client.chat_update(channel=ops.id, ts=ts, text="x", blocks=blocks)


async def test_blocks_that_are_no_array_are_a_format_error(
    client: AsyncWebClient, ops: Channel, refused: type[Refusal]
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postMessage#errors"""
    async with refused("invalid_blocks_format"):
        await client.api_call(
            "chat.postMessage",
            json={"channel": ops.id, "text": "x", "blocks": {"blocks": []}},
        )


async def test_blocks_without_ids_are_given_some(
    client: AsyncWebClient, workspace: Workspace, ops: Channel
) -> None:
    """https://docs.slack.dev/reference/block-kit/blocks ("If not specified, one is generated")"""
    button = {"type": "button", "text": _plain("Go")}
    answer = await client.chat_postMessage(channel=ops.id, text="x", blocks=[_actions(button)])
    block = answer["message"]["blocks"][0]
    assert block["block_id"]
    assert block["elements"][0]["action_id"]

"""manifest.yml says what the code registers and needs, and nothing more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import bot.slack
from bot.slack.asking.shortcuts import EXPLAIN
from bot.slack.asking.workflow import STEP
from bot.slack.blocks.diagnose import DIAGNOSE
from bot.slack.desk import COMMAND
from bot.slack.way.scopes import BOT_SCOPES, METHODS
from tests.slack.conftest import MANIFEST, WORKFLOW_MANIFEST, Stage, manifest
from tests.slack.manifests import with_step


async def test_the_manifest_keeps_slacks_bounds() -> None:
    given = manifest()
    assert given["_metadata"] == {"major_version": 1}
    display = given["display_information"]
    assert len(display["name"]) <= 35
    assert len(display["description"]) <= 140
    assert re.fullmatch(r"#[0-9a-f]{6}", display["background_color"])
    for command in given["features"]["slash_commands"]:
        assert re.fullmatch(r"/[a-z0-9_-]{1,31}", command["command"])
        assert len(command["description"]) <= 2_000
        assert len(command["usage_hint"]) <= 1_000


async def test_every_command_and_event_of_the_manifest_is_registered(stage: Stage) -> None:
    given = manifest()
    commands = [c["command"] for c in given["features"]["slash_commands"]]
    assert commands == [COMMAND]
    events = given["settings"]["event_subscriptions"]["bot_events"]
    assert sorted(events) == ["app_home_opened", "app_mention"]
    constraints = _constraints(stage.bot().app)
    assert COMMAND in constraints
    assert set(events) <= constraints
    assert given["settings"]["interactivity"]["is_enabled"]
    assert given["settings"]["socket_mode_enabled"]
    assert given["features"]["app_home"]["home_tab_enabled"]


def test_every_shortcut_of_the_manifest_is_registered(stage: Stage) -> None:
    given = manifest()["features"]["shortcuts"]
    assert {(s["type"], s["callback_id"]) for s in given} == {
        ("message", EXPLAIN), ("global", DIAGNOSE),
    }  # fmt: skip
    for shortcut in given:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
    assert {EXPLAIN, DIAGNOSE} <= _constraints(stage.bot().app)


def test_the_second_manifest_is_the_first_one_with_the_step(stage: Stage) -> None:
    text = WORKFLOW_MANIFEST.read_text("utf-8")
    assert text == with_step(MANIFEST.read_text("utf-8")), "python -m tests.slack.manifests"
    given = manifest(WORKFLOW_MANIFEST)
    assert set(given["functions"]) == {STEP}
    assert STEP in _constraints(stage.bot().app)


def _constraints(app: Any) -> set[str]:
    """What Bolt's matchers close over: the names that the listeners were registered for."""
    found: set[str] = set()

    def visit(value: Any, depth: int = 0) -> None:
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            for inner in value.values():
                visit(inner, depth)
        elif depth < 4:
            for cell in getattr(value, "__closure__", None) or ():
                visit(cell.cell_contents, depth + 1)

    for listener in app._async_listeners:
        for matcher in listener.matchers:
            visit(matcher.func)
    return found


def test_scopes_are_those_that_the_code_explains() -> None:
    asked = manifest()["oauth_config"]["scopes"]["bot"]
    assert sorted(asked) == sorted(BOT_SCOPES)


def test_each_scope_is_needed_by_a_method_an_event_or_a_command() -> None:
    needed = {scope for scopes in METHODS.values() for scope in scopes}
    needed |= {"commands", "app_mentions:read"}
    assert set(BOT_SCOPES) == needed - {"connections:write"}


def test_the_methods_listed_are_those_that_are_called() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in Path(bot.slack.__file__).parent.rglob("*.py")
    )
    rooms = "chat|conversations|files|functions|users|usergroups|views|auth|apps"
    called = set(re.findall(rf"\.((?:{rooms})_\w+)\(", sources))
    if "files_upload_v2" in called:  # the SDK's name for two methods and a request between them
        called -= {"files_upload_v2"}
        called |= {"files_getUploadURLExternal", "files_completeUploadExternal"}
    assert called == {re.sub(r"\.", "_", method) for method in METHODS}


def test_the_manifest_says_why_each_scope_is_there() -> None:
    text = MANIFEST.read_text(encoding="utf-8")
    for scope in BOT_SCOPES:
        assert re.search(rf"- {re.escape(scope)} # \S", text), scope

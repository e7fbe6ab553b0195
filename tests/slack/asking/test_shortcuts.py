"""The shortcuts: explain a message, diagnose a backend from anywhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot.demo.workspace.blockkit import Surface
from bot.locales import LANGUAGES
from bot.model import Target
from bot.slack.asking.shortcuts import texts
from bot.slack.blocks.diagnose import DEEP_BLOCK, TARGET_BLOCK, WHERE_BLOCK, diagnose_modal
from bot.slack.way.access import Policy, Rule
from bot.slack.way.client import Mode
from tests.slack.conftest import Scene, Stage
from tests.slack.rules import assert_acceptable

Start = Callable[[], Awaitable[Scene]]
CONSOLE = (
    "WebSocket connection to 'wss://prod.example/socket.io/?EIO=4&transport=websocket&token=hunter2'"
    " failed: WebSocket is closed before the connection is established. <!channel>"
)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("threaded", [False, True])
async def test_a_message_is_explained_to_the_asker_alone(
    stage: Stage, running: Start, mode: Mode, threaded: bool
) -> None:
    stage.mode = mode
    scene = await running()
    message = await scene.workspace.say("jonas", "ops", CONSOLE)
    if threaded:
        message = await scene.workspace.say("jonas", "ops", CONSOLE, thread_ts=message.ts)
    await scene.workspace.shortcut("mira", "explain_error", message)
    (told,) = await scene.workspace.wait_for(scene.whispers, timeout=10)
    assert "The page itself closed the socket" in told
    assert "hunter2" not in told
    assert scene.whispers("jonas") == []
    assert all("hunter2" in m.text for m in scene.workspace.messages("ops"))


async def test_what_bots_put_into_blocks_and_attachments_is_read_too(scene: Scene) -> None:
    async with scene.bot._client as client:
        answer = await client.web.chat_postMessage(
            channel=scene.ops.id,
            text="",
            attachments=[{"fallback": "x", "title": "Sentry", "text": "jwt expired"}],
        )
        message = scene.workspace.core.state.message(scene.ops.id, answer["ts"])
        assert message is not None
        await scene.workspace.shortcut("mira", "explain_error", message)
        (told,) = await scene.workspace.wait_for(scene.whispers, timeout=10)
    assert "expired" in told


async def test_a_message_without_text_is_told_so(scene: Scene) -> None:
    message = await scene.workspace.say("jonas", "ops", "“”")
    await scene.workspace.shortcut("mira", "explain_error", message)
    (told,) = await scene.workspace.wait_for(scene.whispers, timeout=10)
    assert "no text in this message" in told


def test_every_text_of_a_message_is_read_once() -> None:
    message = {
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "one"}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "two"}]},
            {"type": "rich_text", "elements": [
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "three"}]},
            ]},
        ],
        "attachments": [
            {"pretext": "four", "fields": [{"title": "five", "value": "six"}]},
            {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "seven"}}]},
        ],
    }  # fmt: skip
    assert list(texts(message)) == ["four", "five: six", "seven", "one", "two", "three"]
    first, *rest = texts({**message, "text": "one two three"})
    assert first == "one two three"
    assert "one" not in rest


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_backend_is_diagnosed_where_the_person_wants_the_answer(
    stage: Stage, running: Start, mode: Mode
) -> None:
    stage.mode = mode
    stage.targets["staging"] = Target("staging", "https://staging.example")
    stage.script.gate.set()
    scene = await running()
    outcome = await scene.workspace.shortcut("mira", "diagnose")
    assert outcome.error is None
    await scene.workspace.wait_for(lambda: scene.workspace.views("mira"), timeout=10)
    outcome = await scene.workspace.submit(
        "mira", {TARGET_BLOCK: "staging", WHERE_BLOCK: scene.ops.id, DEEP_BLOCK: ["deep"]}
    )
    assert outcome.error is None
    await scene.workspace.wait_for(
        lambda: [m for m in scene.workspace.messages("ops") if "staging is down" in m.text],
        timeout=10,
    )
    assert scene.script.deep == [True]


async def test_the_answer_reaches_a_channel_without_the_bot(scene: Scene) -> None:
    scene.script.gate.set()
    dev = scene.workspace.add_channel("dev", members=[scene.mira], installed=False)
    await scene.workspace.shortcut("mira", "diagnose")
    await scene.workspace.wait_for(lambda: scene.workspace.views("mira"), timeout=10)
    await scene.workspace.submit("mira", {WHERE_BLOCK: dev.id})
    await scene.workspace.wait_for(
        lambda: [m for m in scene.workspace.messages("dev") if "prod is down" in m.text],
        timeout=10,
    )
    assert scene.script.deep == [False]


async def test_a_target_that_is_gone_meanwhile_is_chosen_anew(stage: Stage, running: Start) -> None:
    stage.targets["staging"] = Target("staging", "https://staging.example")
    scene = await running()
    await scene.workspace.shortcut("mira", "diagnose")
    (view,) = await scene.workspace.wait_for(lambda: scene.workspace.views("mira"), timeout=10)
    del stage.targets["staging"]
    outcome = await scene.workspace.submit(
        "mira", {TARGET_BLOCK: "staging", WHERE_BLOCK: scene.ops.id}
    )
    assert outcome.error == "errors"
    assert "gone from the settings" in str(view.errors)


async def test_who_may_not_is_told_in_their_own_conversation(stage: Stage, running: Start) -> None:
    stage.policy = Policy(check=Rule.of(users=["U0SOMEBODY"]))
    scene = await running()
    await scene.workspace.shortcut("mira", "diagnose")
    direct = scene.workspace.core.state.direct_channel(scene.mira)
    (told,) = await scene.workspace.wait_for(lambda: scene.workspace.messages(direct), timeout=10)
    assert "not on the list" in told.text
    assert scene.workspace.views("mira") == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("count", [1, 100, 101, 1_000])
def test_any_number_of_targets_can_be_picked(lang: str, count: int) -> None:
    names = [f"target {n} {'x' * (n % 90)}" for n in range(count)]
    view = diagnose_modal(names, "{}", lang)
    assert_acceptable(view["blocks"], Surface.MODAL)
    menu = view["blocks"][0]["element"]
    options = menu.get("options") or [o for g in menu["option_groups"] for o in g["options"]]
    assert [o["value"] for o in options] == names
    assert ("initial_option" in menu) == (count == 1)
    for name in ("title", "submit", "close"):
        assert len(view[name]["text"]) <= 24

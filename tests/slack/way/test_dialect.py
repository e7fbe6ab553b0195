"""A Slack that does not take the newer blocks gets older ones, and is asked only once."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError

from bot.model import State
from bot.slack.blocks.kit import plan
from bot.slack.blocks.older import newer_kinds
from bot.slack.way.client import SlackClient
from tests.slack.conftest import Scene, Stage
from tests.slack.reports import report


def _refusals(scene: Scene) -> list[str]:
    return [c.answer["error"] for c in scene.workspace.calls if not c.answer.get("ok", True)]


async def test_progress_is_a_plan_and_the_evidence_is_folded(scene: Scene) -> None:
    await scene.command("prod")
    (message,) = await scene.workspace.wait_for(lambda: scene.workspace.messages("ops"))
    assert message.blocks[0]["type"] == "plan"
    scene.script.gate.set()
    await scene.workspace.wait_for(lambda: message.text.startswith("prod is down"))
    assert message.blocks[-1]["type"] == "container"


async def test_refused_kinds_are_said_in_older_blocks_and_never_tried_again(scene: Scene) -> None:
    scene.workspace.refuse_blocks("plan", "task_card", "container")
    scene.script.gate.set()
    for n in (1, 2):
        await scene.command("prod")
        messages = await scene.workspace.wait_for(
            lambda n=n: (
                [m for m in scene.workspace.messages("ops") if m.text.startswith("prod is down")][
                    n - 1 :
                ]
                and scene.workspace.messages("ops")
            )
        )
        assert not newer_kinds(messages[-1].blocks)
        assert "layer by layer" in str(messages[-1].blocks)
        assert _refusals(scene) == ["invalid_blocks"] * 2  # one for each kind, the first time


async def test_blocks_that_are_wrong_in_themselves_teach_nothing(stage: Stage) -> None:
    channel = stage.workspace.channel("ops").id
    good = [plan("Checking prod…", {"dns": ("DNS", "complete")})]
    async with SlackClient(stage.access()) as client:
        with pytest.raises(SlackApiError, match="invalid_blocks"):
            await client.web.chat_postMessage(
                channel=channel, text="Checking.", blocks=[*good, {"type": "section"}]
            )
        await client.web.chat_postMessage(channel=channel, text="Checking.", blocks=good)
    (message,) = stage.workspace.messages("ops")
    assert message.blocks[0]["type"] == "plan"


async def test_where_the_bot_is_no_member_the_answer_risks_no_refusal(scene: Scene) -> None:
    scene.workspace.add_channel("private", members=["mira"], private=True, installed=False)
    scene.workspace.refuse_blocks("plan", "task_card", "container")
    scene.script.gate.set()
    await scene.command("prod", channel="private")
    await scene.workspace.wait_for(
        lambda: [
            m for m in scene.workspace.messages("private") if m.text.startswith("prod is down")
        ]
    )
    assert [c.status for c in scene.workspace.called("response_url")] == [200, 200]


async def test_what_changed_since_the_last_good_report_is_told(stage: Stage, scene: Scene) -> None:
    await stage.store.good_reports.keep(report(State.UP))
    scene.script.state = State.DEGRADED
    scene.script.gate.set()
    await scene.command("prod")
    await scene.workspace.wait_for(
        lambda: "WebSocket → polling" in str([m.blocks for m in scene.workspace.messages("ops")])
    )

"""*Share to a channel*: shown where other people see it too, and audited."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable

import pytest

from bot.model import ActKind, State, say
from bot.slack.blocks.buttons import MORE
from bot.slack.blocks.common import Reader
from bot.slack.blocks.forms import WHERE_BLOCK, WORDS_BLOCK
from bot.slack.blocks.kit import Post
from bot.slack.blocks.shared import shared_report
from bot.slack.way.client import Mode
from tests.slack.acting.test_actions import checked
from tests.slack.conftest import Scene, Stage
from tests.slack.incidents import acts, replies, root, trouble
from tests.slack.reports import report
from tests.slack.rules import assert_acceptable, assert_postable

Start = Callable[[], Awaitable[Scene]]


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_report_is_shared_with_a_word_about_it(
    stage: Stage, running: Start, mode: Mode
) -> None:
    stage.mode = mode
    scene = await running()
    dev = scene.workspace.add_channel("dev", members=[scene.mira])
    message = await checked(scene)
    await scene.workspace.click("mira", message, MORE, "Share to a channel")
    await scene.workspace.wait_for(lambda: scene.workspace.views("mira"), timeout=10)
    outcome = await scene.workspace.submit(
        "mira", {WHERE_BLOCK: dev.id, WORDS_BLOCK: "<!here> look"}
    )
    assert outcome.error is None
    (shared,) = await scene.workspace.wait_for(lambda: scene.workspace.messages("dev"), timeout=10)
    assert shared.text.startswith("prod is down")
    assert "&lt;!here&gt; look" in str(shared.blocks)
    assert set(scene.workspace.pings(shared)) == {f"@{scene.mira.id}"}
    (told,) = await scene.workspace.wait_for(scene.whispers, timeout=10)
    assert f"<#{dev.id}>" in told
    (act,) = await acts(stage)
    assert (act.kind, act.incident_id, act.note) == (ActKind.SHARED, None, dev.id)
    await scene.workspace.click("mira", shared, "Run again")  # its buttons work there too
    await scene.workspace.wait_for(lambda: len(scene.workspace.messages("dev")) == 2, timeout=10)


async def test_a_shared_incident_is_told_in_its_thread(stage: Stage, running: Start) -> None:
    incident = await trouble(stage)
    scene = await running()
    dev = scene.workspace.add_channel("dev", members=[scene.mira])
    message = await root(scene)
    await scene.workspace.click("mira", message, MORE, f"share_incident:{incident.id}")
    await scene.workspace.wait_for(lambda: scene.workspace.views("mira"), timeout=10)
    await scene.workspace.submit("mira", {WHERE_BLOCK: dev.id})
    (said,) = await replies(scene, message)
    assert said == f"<@{scene.mira.id}> has shared it to <#{dev.id}>."
    assert scene.workspace.messages("dev")[0].text.startswith("prod is down")
    assert [a.incident_id for a in await acts(stage)] == [incident.id]


async def test_a_channel_without_the_bot_is_told_with_the_way_in(
    stage: Stage, scene: Scene
) -> None:
    dev = scene.workspace.add_channel("dev", members=[scene.mira], installed=False)
    message = await checked(scene)
    await scene.workspace.click("mira", message, MORE, "Share to a channel")
    await scene.workspace.wait_for(lambda: scene.workspace.views("mira"), timeout=10)
    await scene.workspace.submit("mira", {WHERE_BLOCK: dev.id})
    (told,) = await scene.workspace.wait_for(lambda: scene.workspace.ephemerals("mira"), timeout=10)
    assert "/invite" in str(told.blocks)
    assert scene.workspace.messages("dev") == []
    assert await acts(stage) == []


async def test_the_targets_own_channel_is_offered_first(stage: Stage, running: Start) -> None:
    dev = stage.workspace.add_channel("dev", members=[stage.workspace.user("mira")])
    stage.targets["prod"] = dataclasses.replace(stage.targets["prod"], channel=dev.id)
    scene = await running()
    message = await checked(scene)
    await scene.workspace.click("mira", message, MORE, "Share to a channel")
    await scene.workspace.wait_for(lambda: scene.workspace.views("mira"), timeout=10)
    await scene.workspace.submit("mira", {})
    await scene.workspace.wait_for(lambda: scene.workspace.messages("dev"), timeout=10)


def test_a_long_report_makes_room_for_the_words_about_it(stage: Stage) -> None:
    base = report(State.DOWN)
    long = tuple(say("The server says: {message}", message=f"{n}" * 400) for n in range(100))
    wordy = dataclasses.replace(base, verdict=dataclasses.replace(base.verdict, why=long))
    for lang in ("en", "ru"):
        post = shared_report(wordy, "r1", "U1", "line <!here>\n" * 150, Reader(lang, stage.links))
        assert any(block["type"] == "actions" for block in post.blocks)
        assert_acceptable(post.blocks)
        assert_postable(Post(post.text, post.blocks[1:]))  # the first names who shares it

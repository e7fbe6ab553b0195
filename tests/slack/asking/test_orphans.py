"""Progress messages of a process that was killed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bot.slack.asking.orphans import finish_orphans
from bot.slack.way.client import SlackClient
from bot.store import Store, UnfinishedMessage
from tests.slack.conftest import Scene, Stage

START = Callable[[], Any]


async def _none_noted(store: Store) -> None:
    while await store.unfinished.all():  # noqa: ASYNC110 — a table tells nobody
        await asyncio.sleep(0.01)


async def _left_behind(stage: Stage) -> UnfinishedMessage:
    """A message that a process posted and noted before it was killed."""
    channel = stage.workspace.channel("ops").id
    async with SlackClient(stage.access()) as client:
        answer = await client.web.chat_postMessage(channel=channel, text="Checking prod…")
    left = UnfinishedMessage(channel, str(answer["ts"]), "prod", "en", datetime.now(UTC))
    await stage.store.unfinished.add(left)
    return left


async def test_a_message_is_noted_while_it_shows_progress(scene: Scene) -> None:
    await scene.command("prod")
    noted: list[UnfinishedMessage] = []
    while not noted:
        noted = await scene.store.unfinished.all()
        await asyncio.sleep(0.01)
    (message,) = scene.workspace.messages("ops")
    assert (noted[0].channel, noted[0].ts, noted[0].target) == (scene.ops.id, message.ts, "prod")
    scene.script.gate.set()
    await _none_noted(scene.store)
    assert message.text.startswith("prod is down")


async def test_what_a_killed_process_left_is_ended_truthfully(stage: Stage, running: START) -> None:
    await _left_behind(stage)
    scene = await running()
    (message,) = scene.workspace.messages("ops")
    await scene.workspace.wait_for(
        lambda: message.text == "The check of prod was interrupted: the bot was ended meanwhile."
    )
    await _none_noted(scene.store)


async def test_an_orphan_that_somebody_deleted_is_forgotten(stage: Stage, running: START) -> None:
    await _left_behind(stage)
    (message,) = stage.workspace.messages("ops")
    stage.workspace.delete_message(message)
    await running()
    await _none_noted(stage.store)
    assert stage.workspace.messages("ops") == []


async def test_orphans_wait_for_a_slack_that_is_away(stage: Stage) -> None:
    left = await _left_behind(stage)
    (message,) = stage.workspace.messages("ops")
    stage.workspace.faults.error("internal_error", times=2, method="chat.update")
    async with SlackClient(stage.access()) as client:
        await finish_orphans(client, stage.store, [left], again_s=0.01)
    assert message.text.startswith("The check of prod was interrupted")
    assert await stage.store.unfinished.all() == []

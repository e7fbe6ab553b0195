"""Incidents for the tests of what people do about them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from bot.demo.workspace import Message
from bot.incidents import Incident, observe
from bot.model import Act, Observation, State
from bot.store import NewDelivery
from tests.slack.conftest import Scene, Stage
from tests.slack.reports import report


async def trouble(stage: Stage, state: State = State.DOWN, target: str = "prod") -> Incident:
    """A target gets into trouble (or another): recorded, and waiting to be told in #ops."""
    now = datetime.now(UTC)
    seen = Observation(target, now, state, report(state, name=target))
    after, transitions = observe(await stage.store.load(target), seen, now)
    ops = stage.workspace.channel("ops").id
    await stage.store.record(after, transitions, [NewDelivery(ops, t) for t in transitions])
    assert after.incident is not None
    return after.incident


async def end(stage: Stage, target: str = "prod") -> None:
    """It is up again."""
    now = datetime.now(UTC)
    seen = Observation(target, now, State.UP, report(State.UP, name=target))
    after, transitions = observe(await stage.store.load(target), seen, now)
    ops = stage.workspace.channel("ops").id
    await stage.store.record(after, transitions, [NewDelivery(ops, t) for t in transitions])


async def root(scene: Scene, text: str = "is down") -> Message:
    """The incident's message, once it says so and its place is recorded."""
    (found,) = await scene.workspace.wait_for(
        lambda: [m for m in scene.workspace.messages("ops") if text in m.text], timeout=10
    )
    (incident,) = await scene.store.recent_incidents(limit=1)
    for _ in range(500):  # it is recorded right after it is posted
        if await scene.store.messages(incident.id):
            assert isinstance(found, Message)
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(scene.workspace.summary())


async def replies(scene: Scene, parent: Message, count: int = 1) -> list[str]:
    """What the thread says, once there is so much."""
    said = await scene.workspace.wait_for(
        lambda: (
            [m.text for m in scene.workspace.thread(parent)]
            if len(scene.workspace.thread(parent)) >= count
            else None
        ),
        timeout=10,
    )
    assert said is not None
    return said


async def acts(stage: Stage, target: str = "prod") -> list[Act]:
    """What was done, in order."""
    return (await stage.store.acts.of_target(target))[::-1]

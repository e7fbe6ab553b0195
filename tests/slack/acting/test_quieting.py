"""Acknowledging and muting, from the command to the thread: real Bolt, strict workspace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from bot.demo.workspace import Message
from bot.incidents import Incident, TargetState, incident_id, observe
from bot.model import Act, ActKind, Observation, State, Target
from bot.quiet import Silence, Window, silences
from bot.slack.acting.quieting import acknowledge
from bot.slack.blocks.status import TargetStatus
from bot.slack.way.access import Policy, Rule
from bot.slack.way.client import Mode
from bot.slack.way.posting import Place
from bot.spans import Span
from bot.store import NewDelivery
from tests.slack.conftest import Scene, Stage
from tests.slack.reports import report

Start = Callable[[], Awaitable[Scene]]


async def trouble(stage: Stage, state: State = State.DOWN, target: str = "prod") -> Incident:
    """An incident is recorded, and waits to be told in #ops."""
    before = await stage.store.load(target)
    now = datetime.now(UTC)
    seen = Observation(target, now, state, report(state, name=target))
    after, transitions = observe(before, seen, now)
    ops = stage.workspace.channel("ops").id
    await stage.store.record(after, transitions, [NewDelivery(ops, t) for t in transitions])
    assert after.incident is not None
    return after.incident


async def told(scene: Scene, incident: Incident) -> Message:
    """Wait until the incident's message is there, and known to be."""
    async with asyncio.timeout(10):
        while not await scene.store.messages(incident.id):  # noqa: ASYNC110  a row, no event
            await asyncio.sleep(0.02)
    (root,) = scene.workspace.messages("ops")
    return root


async def replies(scene: Scene, root: Message, count: int = 1) -> list[str]:
    """The texts in the thread, once there are so many."""
    workspace = scene.workspace
    await workspace.wait_for(lambda: len(workspace.thread(root)) >= count, timeout=10)
    return [m.text for m in workspace.thread(root)]


async def acts(stage: Stage) -> list[Act]:
    return (await stage.store.acts.of_target("prod"))[::-1]


@pytest.mark.parametrize("mode", list(Mode))
async def test_an_acknowledgement_is_recorded_and_told_in_the_thread(
    stage: Stage, running: Start, mode: Mode
) -> None:
    stage.mode = mode
    incident = await trouble(stage)
    scene = await running()
    root = await told(scene, incident)
    await scene.command("ack prod")
    (said,) = await replies(scene, root)
    assert said == f"<@{scene.mira.id}> looks after prod: no reminders from here on."
    await scene.workspace.wait_for(scene.whispers)
    (act,) = await acts(stage)
    assert (act.kind, act.user, act.incident_id) == (
        ActKind.ACKNOWLEDGED, scene.mira.id, incident.id,
    )  # fmt: skip


async def test_a_second_acknowledgement_names_who_was_first(stage: Stage, running: Start) -> None:
    incident = await trouble(stage)
    scene = await running()
    root = await told(scene, incident)
    await scene.command("ack")
    await replies(scene, root)
    await scene.command("ack", user="jonas")
    (told_jonas,) = await scene.workspace.wait_for(lambda: scene.whispers("jonas"))
    assert told_jonas.startswith(f"<@{scene.mira.id}> has acknowledged it already")
    assert len(await acts(stage)) == 1


async def test_what_got_worse_since_may_be_acknowledged_again(stage: Stage, running: Start) -> None:
    incident = await trouble(stage, State.DEGRADED)
    scene = await running()
    root = await told(scene, incident)
    await scene.command("ack")
    await replies(scene, root)
    await trouble(stage, State.DOWN)
    await replies(scene, root, 2)  # the news that it is down
    await scene.command("ack", user="jonas")
    await replies(scene, root, 3)
    assert [a.user for a in await acts(stage)] == [
        scene.mira.id, scene.workspace.user("jonas").id,
    ]  # fmt: skip


async def test_nothing_wrong_is_nothing_to_acknowledge(scene: Scene, stage: Stage) -> None:
    await scene.command("ack prod")
    (said,) = await scene.workspace.wait_for(scene.whispers)
    assert said == "prod has no open incident."
    assert await acts(stage) == []


async def test_an_incident_that_is_over_is_acknowledged_by_nobody(
    stage: Stage, scene: Scene
) -> None:
    incident = await trouble(stage)
    now = datetime.now(UTC)
    up = Observation("prod", now, State.UP, report(State.UP))
    after, transitions = observe(await stage.store.load("prod"), up, now)
    await stage.store.record(after, transitions)
    over = await stage.store.incident(incident.id)
    assert over is not None
    place = Place(channel=scene.ops.id, user=scene.mira.id)
    await acknowledge(scene.bot.desk, [over], place)
    (said,) = scene.whispers()
    assert said == "That incident of prod is over already."
    assert await acts(stage) == []


async def test_a_mute_is_told_in_the_channel_of_a_target_that_is_well(
    stage: Stage, running: Start
) -> None:
    now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    stage.now = lambda: now
    ops = stage.workspace.channel("ops").id
    stage.targets["prod"] = Target("prod", "https://prod.example", channel=ops)
    scene = await running()
    await scene.command("mute prod 2h")
    workspace = scene.workspace
    (message,) = await workspace.wait_for(lambda: workspace.messages("ops"), timeout=10)
    until = int((now + timedelta(hours=2)).timestamp())
    assert message.text.startswith(f"<@{scene.mira.id}> has muted prod until <!date^{until}^")
    assert set(await stage.store.acts.mutes(now)) == {"prod"}
    assert scene.whispers() == [], "the answer stands right there"
    await scene.command("unmute prod", user="jonas")
    await workspace.wait_for(lambda: len(workspace.messages("ops")) == 2, timeout=10)
    assert await stage.store.acts.mutes(now) == {}
    await scene.command("unmute prod")
    (said,) = await workspace.wait_for(scene.whispers)
    assert said == "prod is not muted."


async def test_a_mute_until_up_needs_something_to_wait_for(stage: Stage, running: Start) -> None:
    scene = await running()
    await scene.command("mute prod until-up")
    (said,) = await scene.workspace.wait_for(scene.whispers)
    assert said == "prod has no open incident."
    incident = await trouble(stage)
    root = await told(scene, incident)
    await scene.command("mute prod until up")
    (reply,) = await replies(scene, root)
    assert reply == f"<@{scene.mira.id}> has muted prod until it is up again."
    assert (await acts(stage))[0].incident_id == incident.id == incident_id("prod", 1)


async def test_a_mute_from_where_nobody_else_sees_it_is_told_in_the_targets_channel_too(
    stage: Stage, running: Start
) -> None:
    workspace = stage.workspace
    workspace.add_channel("elsewhere", members=[workspace.user("mira")])
    stage.targets["prod"] = Target(
        "prod", "https://prod.example", channel=workspace.channel("ops").id
    )
    scene = await running()
    await scene.command("mute prod 30m", channel="elsewhere")
    await workspace.wait_for(lambda: workspace.messages("ops"), timeout=10)
    (said,) = await workspace.wait_for(scene.whispers)
    assert "has muted prod" in said
    assert workspace.messages("elsewhere") == []


async def test_where_the_bot_may_not_post_the_answer_still_is_for_everybody(
    stage: Stage, running: Start
) -> None:
    stage.targets["prod"] = Target("prod", "https://prod.example", channel="C0NOWHERE")
    scene = await running()
    await scene.command("mute prod 30m")
    workspace = scene.workspace
    (message,) = await workspace.wait_for(lambda: workspace.messages("ops"), timeout=10)
    assert "has muted prod" in message.text


@pytest.mark.parametrize("text", ["ack prod", "mute prod 2h", "unmute prod"])
async def test_who_may_only_look_changes_nothing(stage: Stage, running: Start, text: str) -> None:
    jonas = stage.workspace.user("jonas").id
    stage.policy = Policy(manage=Rule.of(users=[jonas]))
    incident = await trouble(stage)
    scene = await running()
    await told(scene, incident)
    await scene.command(text)
    (said,) = await scene.workspace.wait_for(scene.whispers)
    assert said == "You are not on the list of those who may do this."
    assert await acts(stage) == []


async def test_the_status_says_who_muted_what_and_what_is_worked_on(
    stage: Stage, running: Start
) -> None:
    now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    stage.now = lambda: now
    mira = stage.workspace.user("mira").id
    stage.statuses = (TargetStatus("prod", "https://prod.example", State.DOWN),)
    window = Window(Span(now, now + timedelta(hours=1)), note="<new> disks")

    async def quiet(at: datetime) -> Mapping[str, Silence]:
        return silences(["prod"], await stage.store.acts.mutes(at), [window], at)

    stage.quiet = quiet
    await stage.store.acts.add(
        Act(ActKind.MUTED, "prod", mira, now, until=now + timedelta(minutes=30))
    )
    scene = await running()
    await scene.command("status")
    (told,) = await scene.workspace.wait_for(lambda: scene.workspace.ephemerals("mira"))
    shown = str(told.blocks)
    assert f"🔕 Muted by <@{mira}> until <!date^{int(now.timestamp()) + 1800}^" in shown
    assert "🛠 Maintenance until <!date^" in shown
    assert "&lt;new&gt; disks" in shown


async def test_a_muted_target_is_told_of_as_soon_as_the_mute_is_taken_back(
    stage: Stage, running: Start
) -> None:
    stage.targets["dev"] = Target("dev", "https://dev.example")

    async def quiet(at: datetime) -> Mapping[str, Silence]:
        return silences(stage.targets, await stage.store.acts.mutes(at), (), at)

    stage.quiet = quiet
    scene = await running()
    workspace = scene.workspace
    await scene.command("mute prod 2h")
    await workspace.wait_for(lambda: workspace.messages("ops"), timeout=10)
    await trouble(stage)
    await trouble(stage, target="dev")
    await workspace.wait_for(lambda: len(workspace.messages("ops")) == 2, timeout=10)
    assert workspace.messages("ops")[1].text.startswith("dev is down: ")
    await scene.command("unmute prod")
    # Both fail alike, so that it joins the message of the other.
    await workspace.wait_for(
        lambda: any(m.text == "1 more target: prod." for m in workspace.messages("ops")),
        timeout=20,
    )


async def test_which_target_is_asked_where_several_fit(stage: Stage, running: Start) -> None:
    stage.targets["staging"] = Target("staging", "https://staging.example")
    scene = await running()
    await scene.command("mute 30m")
    (said,) = await scene.workspace.wait_for(scene.whispers)
    assert "/wsdiag mute NAME 2h" in said
    assert TargetState("staging") == await stage.store.load("staging")

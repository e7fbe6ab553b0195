"""`/wsdiag chart`: from the key press to the picture in the channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.charts import Artist, Picture, drawing
from bot.charts.clock import Clock, Zone
from bot.demo.workspace import Message
from bot.incidents import TargetState, observe
from bot.model import Act, ActKind, Observation, State, Target
from bot.slack.way.client import Mode
from bot.spans import Span
from bot.store import Store
from tests.charts.past import lost, samples
from tests.slack.conftest import Scene, Stage
from tests.slack.reports import report

Start = Callable[[], Awaitable[Scene]]


class AtHand(Artist):
    """Draws in a thread of this process: nobody waits for one to start."""

    async def draw(self, picture: Picture, zone: Zone, lang: str) -> bytes:
        return await asyncio.to_thread(drawing.draw, picture, Clock.of(zone, lang))


@pytest.fixture
async def scene(running: Start) -> Scene:
    started = await running()
    started.bot.desk.pictures._artist = AtHand()
    return started


async def remember(store: Store, hours: float = 6.0, target: str = "prod") -> None:
    """A past that ends now."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    assert target == "prod"
    taken = samples(Span.until(now, timedelta(hours=hours)))
    await store.history.add(lost(0.5), taken)


async def picture_in(scene: Scene, channel: str = "ops") -> Message:
    workspace = scene.workspace

    def with_file() -> list[Message]:
        return [m for m in workspace.messages(channel) if m.files]

    found = await workspace.wait_for(with_file, timeout=60)
    assert isinstance(found, list)
    return found[0]


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_chart_is_uploaded_with_words_for_those_who_do_not_see_it(
    stage: Stage, running: Start, mode: Mode
) -> None:
    stage.mode = mode
    await remember(stage.store)
    scene = await running()
    assert (await scene.command("chart prod 6h")).error is None
    message = await picture_in(scene)
    file = scene.workspace.core.state.files[message.files[0]]
    assert file.content is not None
    assert file.content.startswith(b"\x89PNG")
    assert file.content_type == "image/png"
    assert file.name.startswith("prod-")
    assert file.title == "prod, the last 6 h"
    assert file.alt_text.startswith("prod, the last 6 h: round trips took ")
    assert "Times are in " in file.alt_text
    assert message.text.startswith("prod, the last 6 h: round trips took ")
    assert message.text.endswith("without an incident.")


async def test_times_are_those_of_the_asking_person(scene: Scene, stage: Stage) -> None:
    await remember(stage.store)
    stage.workspace.user("mira").tz = "Asia/Tokyo"
    await scene.command("chart")
    file = scene.workspace.core.state.files[(await picture_in(scene)).files[0]]
    assert file.alt_text.endswith("Times are in Asia/Tokyo.")


async def test_a_mention_in_a_thread_gets_its_chart_there(scene: Scene, stage: Stage) -> None:
    await remember(stage.store)
    workspace = scene.workspace
    root = await workspace.say("mira", "ops", "what was that?")
    await workspace.say("mira", "ops", f"<@{workspace.bot.id}> chart prod 1h", thread_ts=root.ts)
    (reply,) = await workspace.wait_for(
        lambda: [m for m in workspace.thread(root) if m.files], timeout=60
    )
    assert reply.thread_ts == root.ts


async def test_nothing_to_draw_is_said_in_words(scene: Scene) -> None:
    await scene.command("chart prod 24h")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "nobody watched prod" in told
    assert scene.workspace.messages("ops") == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("missing_scope", "An administrator adds the scope files:write"),
        ("not_in_channel", "Invite me with /invite"),
        ("internal_error", "Slack did not take the file (internal_error)"),
    ],
)
async def test_a_chart_that_cannot_be_uploaded_is_told_with_its_figures(
    scene: Scene, stage: Stage, code: str, said: str
) -> None:
    await remember(stage.store)
    method = "files.getUploadURLExternal"
    stage.workspace.faults.error(code, 3, method=method)
    await scene.command("chart prod 6h")
    (told,) = await scene.workspace.wait_for(lambda: scene.workspace.ephemerals("mira"), timeout=60)
    assert said in told.text
    assert "round trips took" in str(told.blocks)


async def test_where_the_bot_is_no_member_it_says_so(scene: Scene, stage: Stage) -> None:
    await remember(stage.store)
    stage.workspace.add_channel("elsewhere", members=["mira"], installed=False)
    await scene.command("chart prod 6h", channel="elsewhere")
    (told,) = await scene.workspace.wait_for(scene.whispers, timeout=60)
    assert "Invite me with /invite" in told


async def test_a_drawing_that_fails_gives_the_figures_instead(scene: Scene, stage: Stage) -> None:
    await remember(stage.store)
    scene.bot.desk.pictures._artist = Artist(deadline_s=0.01)
    await scene.command("chart prod 6h")
    (told,) = await scene.workspace.wait_for(lambda: scene.workspace.ephemerals("mira"), timeout=60)
    assert "I could not draw the chart" in told.text
    assert "round trips took" in str(told.blocks)


async def test_which_target_is_asked_where_several_fit(stage: Stage, running: Start) -> None:
    stage.targets["staging"] = Target("staging", "https://staging.example")
    scene = await running()
    await scene.command("chart 6h")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "/wsdiag chart NAME 24h" in told
    assert "prod, staging" in told


# ---------------------------------------------------------------- /wsdiag history


async def an_incident(store: Store) -> str:
    """One that is over and was acknowledged; its id."""
    now = datetime.now(UTC)
    began = now - timedelta(hours=2)
    state = TargetState("prod")
    for at, what in ((began, State.DOWN), (began + timedelta(minutes=7), State.UP)):
        seen = Observation("prod", at, what, report(what))
        state, transitions = observe(state, seen, now)
        await store.record(state, transitions)
    (incident,) = await store.recent_incidents()
    acked = began + timedelta(minutes=2)
    await store.acts.add(Act(ActKind.ACKNOWLEDGED, "prod", "U0MIRA", acked, incident.id))
    return incident.id


@pytest.mark.parametrize("tables", [True, False])
async def test_the_history_is_a_table_where_slack_takes_one(scene: Scene, tables: bool) -> None:
    if not tables:
        scene.workspace.refuse_blocks("table")
    await remember(scene.store)
    await an_incident(scene.store)
    await scene.command("history prod 24h")
    (told,) = await scene.workspace.wait_for(lambda: scene.workspace.ephemerals("mira"))
    assert told.text.startswith("prod was reachable for ")
    assert told.text.endswith("with 1 incident.")
    kinds = [block["type"] for block in told.blocks]
    assert ("table" in kinds) == tables
    assert "7 min" in str(told.blocks)
    assert "U0MIRA" in str(told.blocks)
    assert "after 2 min" in str(told.blocks)
    assert scene.workspace.messages("ops") == []


async def test_a_target_without_a_past_has_no_table(scene: Scene) -> None:
    await scene.command("history")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert told == "Nobody watched prod in that time; 0 incidents are known."


async def test_a_picture_leaves_planned_work_out_as_a_history_does(
    stage: Stage, running: Start
) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    work = Span(now - timedelta(hours=2), now - timedelta(hours=1))
    stage.planned = lambda _target, _span: [work]
    scene = await running()
    taken = [
        replace(one, up_s=0.0, down_s=60.0) if work.holds(one.at) else one
        for one in samples(Span.until(now, timedelta(hours=3)))
    ]
    await stage.store.history.add([], taken)
    await scene.command("chart prod 3h")
    assert "It was reachable for 100% of the watched time" in (await picture_in(scene)).text


async def test_what_planned_work_broke_is_no_downtime(stage: Stage, running: Start) -> None:
    stage.planned = lambda _target, span: [span]
    scene = await running()
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    hours = Span.until(now, timedelta(hours=3))
    down = [replace(one, up_s=0.0, down_s=60.0) for one in samples(hours)]
    await stage.store.history.add([], down)
    await scene.command("history prod 3h")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert told == "There was planned work on prod all that time; 0 incidents are known."


async def test_the_last_week_is_shown_to_whoever_asks(scene: Scene) -> None:
    await remember(scene.store)
    await scene.command("digest")
    (told,) = await scene.workspace.wait_for(lambda: scene.workspace.ephemerals("mira"))
    assert told.text == "Last week prod was reachable for 100% of the time, with 0 incidents."
    assert "heartbeat_url" not in str(told.blocks)  # it has only just begun to watch

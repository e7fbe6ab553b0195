"""*Escalate*: who takes it on gets the report, the timeline and the log, and no secret."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot import record
from bot.demo.workspace import Channel, Message
from bot.demo.workspace.blockkit import Surface
from bot.demo.workspace.records import File
from bot.locales import LANGUAGES
from bot.model import Act, ActKind, SecretRef, Target
from bot.slack.acting.handover import file_name
from bot.slack.blocks.buttons import ESCALATE
from bot.slack.blocks.common import Reader
from bot.slack.blocks.forms import WHERE_BLOCK, WORDS_BLOCK
from bot.slack.blocks.handover import HandOver, hand_over_form, handed, log_instead
from bot.slack.blocks.timeline import Entry
from bot.slack.way.access import Policy, Rule
from bot.slack.way.errors import SlackTrouble, Trouble
from bot.slack.way.uploads import refusal
from bot.watcher import LogLine
from tests.slack.conftest import Scene, Stage
from tests.slack.incidents import acts, end, replies, root, trouble
from tests.slack.rules import assert_acceptable, assert_postable

Start = Callable[[], Awaitable[Scene]]
AT = datetime(2026, 11, 23, 20, 39, 5, tzinfo=UTC)
LOG = (
    LogLine(AT, "✅ connected over websocket in 12 ms"),
    LogLine(AT + timedelta(seconds=9), "⚠ disconnected after 9.0 s: eof (token=hunter2secret)"),
)


@pytest.fixture
def dev(stage: Stage) -> Channel:
    """Where the developers are, with a group of them."""
    people = [stage.workspace.user(name) for name in ("mira", "jonas")]
    group = stage.workspace.add_group("devs", users=people)
    made = stage.workspace.add_channel("dev", members=people)
    stage.hand_over = HandOver(made.id, (group.id,))
    stage.connection_log = LOG
    return made


async def asked(scene: Scene, message: Message, user: str = "mira") -> None:
    """The modal is open."""
    await scene.workspace.click(user, message, ESCALATE)
    await scene.workspace.wait_for(lambda: scene.workspace.views(user), timeout=10)


async def files(scene: Scene, channel: str, count: int = 2) -> dict[str, File]:
    """What was uploaded there, by the last part of its name."""

    def found() -> list[File] | None:
        state = scene.workspace.core.state
        shared = [f for f in state.files.values() if f.completed]
        return shared if len(shared) >= count else None

    shared = await scene.workspace.wait_for(found, timeout=10)
    assert shared is not None
    return {file.name.rpartition("-")[2]: file for file in shared}


async def test_an_incident_is_handed_over_with_all_that_is_known(
    stage: Stage, running: Start, dev: Channel
) -> None:
    incident = await trouble(stage)
    scene = await running()
    message = await root(scene)
    await scene.workspace.click("jonas", message, "Acknowledge")
    await replies(scene, message)
    await asked(scene, message)
    outcome = await scene.workspace.submit("mira", {WORDS_BLOCK: "<!here> Deploy 4711 went out."})
    assert outcome.error is None
    (handed_over,) = await scene.workspace.wait_for(
        lambda: scene.workspace.messages("dev"), timeout=10
    )
    assert handed_over.text == "prod is down: handed over to you."
    pinged = set(scene.workspace.pings(handed_over))
    assert pinged == {f"!subteam^{stage.hand_over.mentions[0]}", f"@{scene.mira.id}"}
    shown = str(handed_over.blocks)
    assert "&lt;!here&gt; Deploy 4711 went out." in shown
    assert "jonas acknowledged it" in shown
    assert f"/archives/{scene.ops.id}/" in shown

    attached = await files(scene, "dev")
    text = (attached["handover.txt"].content or b"").decode()
    for part in (
        "by mira", "Deploy 4711 went out.", "prod is down: Nothing listens on the backend's port",
        "[tcp_refused]", "jonas acknowledged it", "20:39:05.000Z  ✅ connected over websocket",
        "⚠ disconnected after 9.0 s: eof",
    ):  # fmt: skip
        assert part in text
    saved = record.loads((attached["report.json"].content or b"").decode())
    assert saved.report.verdict.cause is not None
    assert saved.report.verdict.cause.code == "tcp_refused"
    assert any(m.files for m in scene.workspace.thread(handed_over))

    said = await replies(scene, message, 2)
    assert said[-1] == f"<@{scene.mira.id}> has handed it over to <#{dev.id}>."
    await scene.workspace.wait_for(
        lambda: [text for text in scene.whispers() if "handed it over" in text], timeout=10
    )
    act = (await acts(stage))[-1]
    assert (act.kind, act.user, act.incident_id, act.note) == (
        ActKind.ESCALATED, scene.mira.id, incident.id, dev.id,
    )  # fmt: skip
    await scene.workspace.wait_for(lambda: "Handed over by" in str(message.blocks), timeout=10)


async def test_no_secret_goes_along(
    stage: Stage, running: Start, dev: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "c0rrect-h0rse/b@ttery"
    monkeypatch.setenv("PROD_TOKEN", secret)
    monkeypatch.setenv("PROD_AUTH", json.dumps({"token": "st4ple+again"}))
    stage.targets["prod"] = dataclasses.replace(
        stage.targets["prod"],
        headers={"Authorization": SecretRef("env:PROD_TOKEN")},
        auth=SecretRef("env:PROD_AUTH"),
        query={"key": "queryvalue99"},
    )
    stage.connection_log = (
        *LOG, LogLine(AT, f"❌ cannot connect: refused ({secret} c0rrect-h0rse%2Fb%40ttery)"),
        LogLine(AT, "❌ cannot connect: refused (st4ple+again queryvalue99)"),
    )  # fmt: skip
    await trouble(stage)
    scene = await running()
    message = await root(scene)
    await asked(scene, message)
    await scene.workspace.submit(
        "mira", {WORDS_BLOCK: f"curl -H 'Authorization: {secret}' and password=hunter2secret"}
    )
    attached = await files(scene, "dev")
    said = "".join(
        [(file.content or b"").decode() for file in attached.values()]
        + [str(m.blocks) + m.text for m in scene.workspace.messages("dev")]
    )
    assert "curl" in said
    for hidden in (secret, "h0rse", "st4ple", "queryvalue99", "hunter2secret"):
        assert hidden not in said


async def test_in_the_incidents_own_channel_it_is_part_of_the_thread_and_notifies(
    stage: Stage, running: Start
) -> None:
    await trouble(stage)
    scene = await running()
    message = await root(scene)
    await asked(scene, message)
    await scene.workspace.submit("mira", {WHERE_BLOCK: scene.ops.id})
    await files(scene, "ops")
    replied = scene.workspace.thread(message)
    assert replied[0].text == "prod is down: handed over to you."
    assert replied[0].reply_broadcast
    assert replied[1].files
    (told,) = await scene.workspace.wait_for(scene.whispers, timeout=10)
    assert "has handed it over" in told
    assert len(scene.workspace.thread(message)) == 2  # it is not told a second time


async def test_without_the_right_to_upload_the_log_comes_as_text(
    stage: Stage, running: Start, dev: Channel
) -> None:
    stage.workspace.remove_scope("files:write")
    await trouble(stage)
    scene = await running()
    message = await root(scene)
    await asked(scene, message)
    await scene.workspace.submit("mira", {})
    (handed_over,) = await scene.workspace.wait_for(
        lambda: scene.workspace.messages("dev"), timeout=10
    )
    (reply,) = await scene.workspace.wait_for(
        lambda: scene.workspace.thread(handed_over), timeout=10
    )
    assert "files:write" in reply.text
    assert "disconnected after 9.0 s" in str(reply.blocks)
    assert "hunter2secret" not in str(reply.blocks)


async def test_handed_over_twice_at_once_is_handed_over_once(
    stage: Stage, running: Start, dev: Channel
) -> None:
    await trouble(stage)
    scene = await running()
    message = await root(scene)
    await asked(scene, message)
    await asked(scene, message, "jonas")
    await asyncio.gather(*(scene.workspace.submit(user, {}) for user in ("mira", "jonas")))
    await files(scene, "dev")
    told = await scene.workspace.wait_for(
        lambda: [t for u in ("mira", "jonas") for t in scene.whispers(u) if "a moment ago" in t],
        timeout=10,
    )
    assert len(told) == 1
    assert len(scene.workspace.messages("dev")) == 1
    assert [act.kind for act in await acts(stage)] == [ActKind.ESCALATED]
    await asked(scene, message)
    (view,) = scene.workspace.views("mira")
    assert "handed it over already" in str(view.payload["blocks"])


async def test_where_nothing_is_configured_a_channel_is_chosen(
    stage: Stage, running: Start
) -> None:
    await trouble(stage)
    scene = await running()
    message = await root(scene)
    await asked(scene, message)
    (view,) = scene.workspace.views("mira")
    (menu,) = [b["element"] for b in view.payload["blocks"] if b.get("block_id") == WHERE_BLOCK]
    assert menu["default_to_current_conversation"]


async def test_a_channel_without_the_bot_is_told_with_the_way_in(
    stage: Stage, running: Start
) -> None:
    away = stage.workspace.add_channel(
        "away", members=[stage.workspace.user("mira")], installed=False
    )
    await trouble(stage)
    scene = await running()
    message = await root(scene)
    await asked(scene, message)
    await scene.workspace.submit("mira", {WHERE_BLOCK: away.id})
    (told,) = await scene.workspace.wait_for(lambda: scene.workspace.ephemerals("mira"), timeout=10)
    assert "/invite" in str(told.blocks)
    assert await acts(stage) == []


async def test_what_is_over_meanwhile_is_handed_over_to_nobody(
    stage: Stage, running: Start, dev: Channel
) -> None:
    await trouble(stage)
    scene = await running()
    message = await root(scene)
    await asked(scene, message)
    await end(stage)
    await root(scene, "is up again")
    await scene.workspace.submit("mira", {})
    (told,) = await scene.workspace.wait_for(scene.whispers, timeout=10)
    assert "is over already" in told
    assert scene.workspace.messages("dev") == []


async def test_who_may_not_change_anything_hands_nothing_over(
    stage: Stage, running: Start, dev: Channel
) -> None:
    stage.policy = Policy(manage=Rule.of(users=["U0SOMEBODY"]))
    await trouble(stage)
    scene = await running()
    message = await root(scene)
    await scene.workspace.click("mira", message, ESCALATE)
    (told,) = await scene.workspace.wait_for(scene.whispers, timeout=10)
    assert "not on the list" in told
    assert scene.workspace.views("mira") == []


async def test_a_storm_is_handed_over_as_one(stage: Stage, running: Start, dev: Channel) -> None:
    stage.targets["staging"] = Target("staging", "https://staging.example")
    await trouble(stage)
    await trouble(stage, target="staging")
    scene = await running()
    message = await root(scene, "prod, staging")
    await asked(scene, message)
    await scene.workspace.submit("mira", {})
    attached = await files(scene, "dev", 3)
    text = (attached["handover.txt"].content or b"").decode()
    assert "prod is down" in text
    assert "staging is down" in text
    assert len(scene.workspace.messages("dev")) == 1
    for target in ("prod", "staging"):
        assert [act.kind for act in await acts(stage, target)] == [ActKind.ESCALATED]


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_every_surface_keeps_slacks_rules(stage: Stage, lang: str) -> None:
    incident = await trouble(stage)
    ugly = dataclasses.replace(incident, target="<!channel> " * 30)
    entries = [Entry(AT, "x <!here> " * 60)] * 40
    earlier = Act(ActKind.ESCALATED, "prod", "U0MIRA", AT, incident.id)
    to = HandOver("#dev", ("S0DEV", "U0MIRA", "here"))
    view = hand_over_form([ugly] * 30, earlier, to, "{}", lang, channel_id=None)
    assert_acceptable(view["blocks"], Surface.MODAL)
    for name in ("title", "submit", "close"):
        assert len(view[name]["text"]) <= 24
    post = handed(
        [ugly] * 30, entries, Reader(lang, stage.links),
        user="U0MIRA", words="line\n" * 400, mentions=to.mentions, url="https://x.example/a|b",
    )  # fmt: skip
    assert_acceptable(post.blocks)
    why = refusal(SlackTrouble(Trouble.TOKEN, "missing_scope"))
    assert_postable(log_instead(why, ["``` <!here> " * 40] * 400, lang))


def test_a_file_has_a_name_that_every_system_takes() -> None:
    assert file_name(["prod eu"], AT, "handover.txt") == "prod-eu-2026-11-23T2039-handover.txt"
    assert file_name(["../../etc"], AT, "x").startswith("etc-")
    assert file_name(["прод"], AT, "x") == "target-2026-11-23T2039-x"

"""The buttons of an incident: real Bolt, real SDK, strict workspace, both modes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.composition.quietness import Quietness
from bot.demo.workspace import Message
from bot.demo.workspace.blockkit import Surface
from bot.locales import LANGUAGES
from bot.model import ActKind, State, Target
from bot.slack.blocks.buttons import (
    ACKNOWLEDGE,
    MORE,
    MUTE,
    RESOLVE_NOTE,
    MuteFor,
    chosen,
    incident_buttons,
    mute_chosen,
    report_buttons,
)
from bot.slack.blocks.forms import WORDS_BLOCK, note_form, share_form
from bot.slack.way.access import Policy, Rule
from bot.slack.way.client import Mode
from tests.slack.conftest import Scene, Stage
from tests.slack.incidents import acts, end, replies, root, trouble
from tests.slack.reports import report
from tests.slack.rules import assert_acceptable

Start = Callable[[], Awaitable[Scene]]


@pytest.mark.parametrize("mode", list(Mode))
async def test_an_acknowledgement_is_recorded_and_told_in_the_thread(
    stage: Stage, running: Start, mode: Mode
) -> None:
    stage.mode = mode
    incident = await trouble(stage)
    scene = await running()
    message = await root(scene)
    await scene.workspace.click("mira", message, "Acknowledge")
    (said,) = await replies(scene, message)
    assert said.startswith(f"<@{scene.mira.id}> looks after prod")
    (act,) = await acts(stage)
    assert (act.kind, act.incident_id) == (ActKind.ACKNOWLEDGED, incident.id)


async def test_a_double_click_acknowledges_once(stage: Stage, running: Start) -> None:
    await trouble(stage)
    scene = await running()
    message = await root(scene)
    await asyncio.gather(*(scene.workspace.click("mira", message, ACKNOWLEDGE) for _ in range(3)))
    await scene.workspace.wait_for(lambda: len(scene.whispers()) >= 3, timeout=10)
    assert len(await acts(stage)) == 1
    assert len(scene.workspace.thread(message)) == 1


@pytest.mark.parametrize(
    ("word", "lasts"),
    [(MuteFor.HALF_AN_HOUR, timedelta(minutes=30)), (MuteFor.TWO_HOURS, timedelta(hours=2)),
     (MuteFor.UNTIL_UP, None)],
)  # fmt: skip
async def test_a_mute_is_chosen_from_a_menu(
    stage: Stage, running: Start, word: MuteFor, lasts: timedelta | None
) -> None:
    incident = await trouble(stage)
    scene = await running()
    message = await root(scene)
    await scene.workspace.click("mira", message, MUTE, f"{word}:{incident.id}")
    (said,) = await replies(scene, message)
    assert "has muted prod until" in said
    (act,) = await acts(stage)
    assert act.kind is ActKind.MUTED
    assert (act.until - act.at if act.until else None) == lasts


async def test_the_same_mute_twice_at_once_is_one(stage: Stage, running: Start) -> None:
    incident = await trouble(stage)
    scene = await running()
    message = await root(scene)
    choice = f"{MuteFor.TWO_HOURS}:{incident.id}"
    await asyncio.gather(*(scene.workspace.click("mira", message, MUTE, choice) for _ in range(2)))
    await replies(scene, message)
    await scene.workspace.click("mira", message, MUTE, f"{MuteFor.NO_MORE}:{incident.id}")
    said = await replies(scene, message, 2)
    assert "has unmuted prod" in said[-1]
    assert [a.kind for a in await acts(stage)] == [ActKind.MUTED, ActKind.UNMUTED]


@pytest.mark.parametrize("action", [ACKNOWLEDGE, MUTE])
async def test_an_act_on_what_is_over_meanwhile_says_so(
    stage: Stage, running: Start, action: str
) -> None:
    incident = await trouble(stage)
    scene = await running()
    message = await root(scene)
    stale = [dict(block) for block in message.blocks]
    await end(stage)
    await root(scene, "is up again")
    message.blocks[:] = stale  # as it still shows on a phone that has been asleep
    value = f"{MuteFor.UNTIL_UP}:{incident.id}" if action == MUTE else None
    await scene.workspace.click("mira", message, action, value)
    (told,) = await scene.workspace.wait_for(scene.whispers, timeout=10)
    assert told.startswith("That incident of prod is over already")
    assert await acts(stage) == []


@pytest.mark.parametrize("action", [ACKNOWLEDGE, MUTE, RESOLVE_NOTE])
async def test_who_may_only_check_is_refused_alone(
    stage: Stage, running: Start, action: str
) -> None:
    stage.policy = Policy(manage=Rule.of(users=["U0SOMEBODY"]))
    incident = await trouble(stage)
    scene = await running()
    message = await root(scene)
    if action == RESOLVE_NOTE:
        await end(stage)
        message = await root(scene, "is up again")
    value = f"{MuteFor.UNTIL_UP}:{incident.id}" if action == MUTE else None
    await scene.workspace.click("mira", message, action, value)
    (told,) = await scene.workspace.wait_for(scene.whispers, timeout=10)
    assert "not on the list" in told
    assert scene.whispers("jonas") == []
    assert await acts(stage) == []
    assert scene.workspace.views("mira") == []


@pytest.mark.parametrize("over", [False, True])
async def test_a_note_stays_with_its_incident(stage: Stage, running: Start, over: bool) -> None:
    incident = await trouble(stage)
    scene = await running()
    message = await root(scene)
    if over:
        await end(stage)
        message = await root(scene, "is up again")
    action = (RESOLVE_NOTE, None) if over else (MORE, f"note:{incident.id}")
    await scene.workspace.click("mira", message, *action)
    await scene.workspace.wait_for(lambda: scene.workspace.views("mira"), timeout=10)
    outcome = await scene.workspace.submit(
        "mira", {WORDS_BLOCK: "The <!channel> disk was full.\nLogs are rotated now."}
    )
    assert outcome.error is None

    def note() -> Message | None:  # beside it: the news that it is up, and a picture
        thread = scene.workspace.thread(message)
        return next((m for m in thread if "disk was full" in m.text), None)

    await scene.workspace.wait_for(note, timeout=10)
    assert set(scene.workspace.pings(note() or message)) == {f"@{scene.mira.id}"}
    (act,) = await acts(stage)
    assert (act.kind, act.incident_id) == (ActKind.NOTED, incident.id)
    assert act.note == "The <!channel> disk was full.\nLogs are rotated now."


async def test_an_incident_that_is_gone_is_answered_as_stale(scene: Scene) -> None:
    blocks = list(incident_buttons("0123456789abcdef", None, None, "en", lasting=True))
    async with scene.bot._client as client:
        answer = await client.web.chat_postMessage(channel=scene.ops.id, text="old", blocks=blocks)
        message = scene.workspace.core.state.message(scene.ops.id, answer["ts"])
        assert message is not None
        for number, (action, value) in enumerate(
            [(ACKNOWLEDGE, None), (MUTE, "2h:0123456789abcdef"), (MORE, "note:0123456789abcdef")],
            1,
        ):
            outcome = await scene.workspace.click("mira", message, action, value)
            assert outcome.error is None
            await scene.workspace.wait_for(lambda n=number: len(scene.whispers()) == n)
    assert all("has expired" in told for told in scene.whispers())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_row_is_one_that_slack_takes(lang: str) -> None:
    cause = report(State.DOWN).verdict.cause
    for lasting in (True, False):
        for report_id in ("r1", None):
            for named in (cause, None):
                row = incident_buttons("i1", named, report_id, lang, lasting=lasting)
                assert_acceptable(row)
                assert len(row[0]["elements"]) <= 6  # two lines on a phone
    assert_acceptable(report_buttons(cause, "r1", lang))
    assert_acceptable(note_form("{}", lang)["blocks"], Surface.MODAL)
    assert_acceptable(share_form("{}", "C0123ABCD", lang)["blocks"], Surface.MODAL)


def test_every_choice_is_understood_and_others_are_stale() -> None:
    row = incident_buttons("i1", report(State.DOWN).verdict.cause, "r1", "en", lasting=True)
    elements: list[dict[str, Any]] = row[0]["elements"]
    options = {e["action_id"]: e["options"] for e in elements if "options" in e}
    assert all(chosen(option["value"]) for option in options[MORE])
    assert all(mute_chosen(option["value"]) for option in options[MUTE])
    for stale in ("", "of_an_older_version:i1", "note:", "2h:"):
        assert chosen(stale) is None
        assert mute_chosen(stale) is None


async def test_a_storm_is_taken_on_and_muted_as_one(stage: Stage, running: Start) -> None:
    stage.targets["staging"] = Target("staging", "https://staging.example")
    await trouble(stage)
    await trouble(stage, target="staging")
    scene = await running()
    message = await root(scene, "prod, staging")
    await scene.workspace.click("mira", message, "Acknowledge")
    (said,) = await replies(scene, message)
    assert "looks after prod, staging" in said
    await scene.workspace.click("mira", message, MUTE, "Mute for 2 h")
    said = (await replies(scene, message, 2))[-1]
    assert "has muted prod, staging until" in said
    for target in ("prod", "staging"):
        kinds = [act.kind for act in await acts(stage, target)]
        assert kinds == [ActKind.ACKNOWLEDGED, ActKind.MUTED]


async def test_the_message_itself_shows_what_was_done(stage: Stage, running: Start) -> None:
    stage.quiet = Quietness(stage.store, stage.targets, lambda: ())
    incident = await trouble(stage)
    scene = await running()
    message = await root(scene)

    async def shows(text: str) -> None:
        await scene.workspace.wait_for(lambda: text in str(message.blocks), timeout=10)

    await scene.workspace.click("mira", message, "Acknowledge")
    await shows(f"Acknowledged by <@{scene.mira.id}>")
    assert ACKNOWLEDGE not in str(message.blocks)  # nobody else is asked to
    await scene.workspace.click("mira", message, MUTE, "Mute until it is up")
    await shows(f"Muted by <@{scene.mira.id}> until it is up")
    await scene.workspace.click("mira", message, MORE, f"note:{incident.id}")
    await scene.workspace.wait_for(lambda: scene.workspace.views("mira"), timeout=10)
    await scene.workspace.submit("mira", {WORDS_BLOCK: "A full disk."})
    await shows("says what it was: A full disk.")
    await end(stage)
    await root(scene, "is up again")
    assert "A full disk." in str(message.blocks)  # whoever sees it again finds it
    assert "Muted by" not in str(message.blocks)

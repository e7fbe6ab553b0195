"""*Wrong cause?*: asked in a modal, kept with the report, thanked for in private."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest

from bot.causes import CATALOGUE
from bot.demo.workspace.blockkit import Surface
from bot.demo.workspace.records import View
from bot.model import Layer, State
from bot.slack.blocks.buttons import MORE
from bot.slack.blocks.wrong_cause import CAUSE_BLOCK, NOTE_BLOCK, answers, modal
from bot.slack.way.client import Mode
from bot.store import HEALTHY, OTHER
from tests.slack.acting.test_actions import checked
from tests.slack.conftest import Scene, Stage
from tests.slack.reports import report
from tests.slack.rules import assert_acceptable

Start = Callable[[], Awaitable[Scene]]


async def asked(scene: Scene) -> View:
    """The modal, opened from the summary of a check."""
    await scene.workspace.click("mira", await checked(scene), MORE, "Wrong cause?")
    (view,) = await scene.workspace.wait_for(lambda: scene.workspace.views("mira"), timeout=10)
    assert isinstance(view, View)
    return view


@pytest.mark.parametrize("mode", list(Mode))
async def test_an_answer_is_kept_with_its_report_and_thanked_for(
    stage: Stage, running: Start, mode: Mode
) -> None:
    stage.mode = mode
    scene = await running()
    view = await asked(scene)
    outcome = await scene.workspace.submit(
        "mira", {CAUSE_BLOCK: "srv_restarting", NOTE_BLOCK: "a deploy ran"}, view=view
    )
    assert outcome.error is None
    (told,) = await scene.workspace.wait_for(scene.whispers, timeout=10)
    assert "Thank you" in told
    (kept,) = await scene.store.feedback()
    assert (kept.person, kept.named, kept.answer, kept.note) == (
        scene.mira.id, "tcp_refused", "srv_restarting", "a deploy ran",
    )  # fmt: skip
    assert kept.saved.expected is not None
    assert kept.saved.expected.code == "srv_restarting"
    assert kept.saved.report.findings
    assert scene.workspace.views("mira") == []


async def test_the_cause_that_was_named_is_no_other_cause(scene: Scene) -> None:
    view = await asked(scene)
    outcome = await scene.workspace.submit("mira", {CAUSE_BLOCK: "tcp_refused"}, view=view)
    assert outcome.error == "errors"
    assert "Choose another" in str(view.errors)
    assert await scene.store.feedback() == []


async def test_an_answer_about_a_report_that_is_gone_is_told_so(scene: Scene) -> None:
    view = await asked(scene)
    metadata = json.loads(view.payload["private_metadata"])
    view.payload["private_metadata"] = json.dumps({**metadata, "report": "gone"})
    await scene.workspace.submit("mira", {CAUSE_BLOCK: HEALTHY}, view=view)
    (told,) = await scene.workspace.wait_for(scene.whispers, timeout=10)
    assert "has expired" in told
    assert await scene.store.feedback() == []


async def test_a_guest_is_not_asked(scene: Scene) -> None:
    message = await checked(scene)
    guest = scene.workspace.add_user("guest", is_guest=True)
    scene.workspace.invite("ops", guest)
    await scene.workspace.click(guest, message, MORE, "Wrong cause?")
    (told,) = await scene.workspace.wait_for(lambda: scene.whispers("guest"), timeout=10)
    assert "Guests" in told
    assert scene.workspace.views("guest") == []


async def test_a_form_that_slack_does_not_open_is_told(scene: Scene) -> None:
    message = await checked(scene)
    scene.workspace.faults.error("expired_trigger_id", method="views.open")
    await scene.workspace.click("mira", message, MORE, "Wrong cause?")
    (told,) = await scene.workspace.wait_for(scene.whispers, timeout=10)
    assert "Click once more" in told


async def test_what_is_up_has_no_cause_that_could_be_wrong(scene: Scene) -> None:
    scene.script.state = State.UP
    scene.script.gate.set()
    await scene.command("prod")
    await scene.workspace.wait_for(
        lambda: [m for m in scene.workspace.messages("ops") if "is up" in m.text], timeout=10
    )
    shown = str(scene.workspace.messages("ops")[-1].blocks)
    assert "Run again" in shown
    assert "Wrong cause?" not in shown


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_modal_keeps_slacks_rules_and_offers_the_whole_catalogue(lang: str) -> None:
    view = modal(report(State.DOWN), "{}", lang)
    assert_acceptable(view["blocks"], Surface.MODAL)
    (menu,) = (b["element"] for b in view["blocks"] if b.get("block_id") == CAUSE_BLOCK)
    groups = menu["option_groups"]
    values = [option["value"] for group in groups for option in group["options"]]
    assert set(values) == answers() == {HEALTHY, OTHER, *CATALOGUE}
    assert len(values) == len(set(values))
    assert len(groups) <= len(Layer) + 1
    assert len(json.dumps(view)) < 100_000
    for name in ("title", "submit", "close"):
        assert len(view[name]["text"]) <= 24


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_no_two_causes_of_a_layer_look_alike_in_the_menu(lang: str) -> None:
    view = modal(report(State.DOWN), "{}", lang)
    (menu,) = (b["element"] for b in view["blocks"] if b.get("block_id") == CAUSE_BLOCK)
    for group in menu["option_groups"]:
        texts = [option["text"]["text"] for option in group["options"]]
        assert len(texts) == len(set(texts)), group["label"]

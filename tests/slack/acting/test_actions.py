"""Buttons and the Home tab: authorised anew on every click, safe on what is old."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.demo.workspace import Message
from bot.demo.workspace.blockkit import Surface
from bot.diagnose import Progress
from bot.guide import GuideLinks, cause_title
from bot.model import say
from bot.slack.clicks import place_of
from bot.slack.way.client import Mode
from tests.slack.conftest import Scene, Stage
from tests.slack.rules import assert_acceptable

Start = Callable[[], Awaitable[Scene]]


async def checked(scene: Scene, text: str = "prod") -> Message:
    """The summary of a check."""
    scene.script.gate.set()
    before = len(scene.workspace.messages("ops"))
    await scene.command(text)
    await scene.workspace.wait_for(
        lambda: [m for m in scene.workspace.messages("ops")[before:] if "is down" in m.text],
        timeout=10,
    )
    return scene.workspace.messages("ops")[-1]


@pytest.mark.parametrize("mode", list(Mode))
async def test_run_again_checks_the_same_target_in_a_new_message(
    stage: Stage, running: Start, mode: Mode
) -> None:
    stage.mode = mode
    scene = await running()
    message = await checked(scene)
    await scene.workspace.click("jonas", message, "Run again")
    await scene.workspace.wait_for(
        lambda: len([m for m in scene.workspace.messages("ops") if "is down" in m.text]) == 2,
        timeout=10,
    )
    assert [t.name for t in scene.script.runs] == ["prod", "prod"]


async def test_run_again_on_a_url_asks_anew_whether_it_is_allowed(
    stage: Stage, running: Start
) -> None:
    scene = await running()
    message = await checked(scene, "https://adhoc.example")
    stage.allowed = ()
    await scene.workspace.click("mira", message, "Run again")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "is not allowed" in told
    assert len(scene.script.runs) == 1


async def test_a_click_is_authorised_like_a_command(scene: Scene) -> None:
    message = await checked(scene)
    guest = scene.workspace.add_user("guest", is_guest=True)
    scene.workspace.invite("ops", guest)
    await scene.workspace.click(guest, message, "Run again")
    (told,) = await scene.workspace.wait_for(lambda: scene.whispers("guest"))
    assert "Guests" in told
    assert len(scene.script.runs) == 1


async def test_buttons_carry_an_opaque_id_only(scene: Scene) -> None:
    message = await checked(scene)
    values = [e.get("value") for b in message.blocks for e in b.get("elements", []) if "value" in e]
    assert values
    assert all(v and "prod" not in v and "://" not in v for v in values)


async def test_a_button_of_a_report_that_is_gone_says_so(scene: Scene) -> None:
    async with scene.bot._client as client:
        answer = await client.web.chat_postMessage(
            channel=scene.ops.id,
            text="old",
            blocks=[
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "button",
                            "action_id": action,
                            "text": {"type": "plain_text", "text": action},
                            "value": "gone",
                        }
                        for action in ("run_again", "guide_modal", "of_an_older_version")
                    ],
                }
            ],
        )
        message = scene.workspace.core.state.message(scene.ops.id, answer["ts"])
        assert message is not None
        for number, action in enumerate(("run_again", "guide_modal", "of_an_older_version"), 1):
            outcome = await scene.workspace.click("mira", message, action)
            assert outcome.error is None
            await scene.workspace.wait_for(lambda n=number: len(scene.whispers()) == n)
        assert all("has expired" in told for told in scene.whispers())


async def test_the_guide_opens_as_a_modal_with_the_causes_entry(
    stage: Stage, running: Start
) -> None:
    stage.links = GuideLinks()
    scene = await running()
    message = await checked(scene)
    await scene.workspace.click("mira", message, "Guide")
    (view,) = await scene.workspace.wait_for(lambda: scene.workspace.views("mira"))
    assert view.payload["blocks"][0]["text"]["text"] == cause_title("tcp_refused", "en")
    bare = [{k: v for k, v in b.items() if k != "block_id"} for b in view.payload["blocks"]]
    assert_acceptable(bare, Surface.MODAL)


async def test_a_guide_that_has_an_address_offers_the_way_there(scene: Scene) -> None:
    message = await checked(scene)
    await scene.workspace.click("mira", message, "Guide")
    (view,) = await scene.workspace.wait_for(lambda: scene.workspace.views("mira"))
    (button,) = view.payload["blocks"][-1]["elements"]
    assert button["url"] == "https://guide.example/en#cause-tcp_refused"
    outcome = await scene.workspace.click("mira", view, "Open in the browser")
    assert outcome.error is None
    assert scene.whispers() == []


async def test_a_deep_check_is_offered_below_a_report_and_says_that_it_takes_its_time(
    scene: Scene,
) -> None:
    message = await checked(scene)
    scene.script.gate.clear()
    await scene.workspace.click("jonas", message, "Deep check")
    deep = await scene.workspace.wait_for(
        lambda: [m for m in scene.workspace.messages("ops") if m.text == "Deep check of prod…"]
    )
    assert "two and a half minutes" in str(deep[0].blocks)
    assert scene.script.deep == [False, True]


async def test_how_far_a_long_probe_has_got_is_shown(scene: Scene) -> None:
    await scene.command("deep prod")
    await scene.workspace.wait_for(lambda: scene.workspace.messages("ops"))
    scene.script.steps[0](Progress("hold", None, say("{done} of {total} s", done=20, total=90)))
    await scene.workspace.wait_for(
        lambda: "20 of 90 s" in str(scene.workspace.messages("ops")[0].blocks), timeout=10
    )


async def test_deep_checks_join_each_other_and_no_plain_check(scene: Scene) -> None:
    await scene.command("deep prod")
    await scene.script.started.wait()
    await scene.command("deep prod", user="jonas")
    await scene.command("prod")
    await scene.workspace.wait_for(lambda: len(scene.workspace.messages("ops")) == 3)
    scene.script.gate.set()
    await scene.workspace.wait_for(
        lambda: all("is down" in m.text for m in scene.workspace.messages("ops")), timeout=10
    )
    assert sorted(scene.script.deep) == [False, True]


async def test_a_modal_that_slack_does_not_open_is_told(stage: Stage, running: Start) -> None:
    stage.links = GuideLinks()
    scene = await running()
    message = await checked(scene)
    scene.workspace.faults.error("expired_trigger_id", method="views.open")
    await scene.workspace.click("mira", message, "Guide")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "Click once more" in told


def test_an_answer_to_an_incidents_button_goes_into_its_thread() -> None:
    async def places(**message: str) -> tuple[str | None, str | None]:
        body = {
            "channel": {"id": "C1", "name": "ops"},
            "user": {"id": "U1"},
            "message": {"ts": "1.5", **message},
            "response_url": "http://127.0.0.1/r",
        }
        return place_of(body, threaded=True).thread_ts, place_of(body).thread_ts

    assert asyncio.run(places()) == ("1.5", None)
    assert asyncio.run(places(thread_ts="1.5")) == ("1.5", None)  # it heads a thread already
    assert asyncio.run(places(thread_ts="1.2")) == ("1.2", "1.2")

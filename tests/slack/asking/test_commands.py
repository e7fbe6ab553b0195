"""`/wsdiag` from the key press to the summary: real Bolt, real SDK, strict workspace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot.diagnose import Progress
from bot.jobs import Jobs
from bot.model import State, Target
from bot.slack.blocks.status import TargetStatus
from bot.slack.way.access import Policy, Rule
from bot.slack.way.client import Mode
from tests.slack.conftest import Scene, Stage
from tests.slack.reports import report
from tests.slack.rules import assert_acceptable

Start = Callable[[], Awaitable[Scene]]


async def summary_in(scene: Scene, text: str = "prod is down", channel: str = "ops") -> None:
    """Wait until a message of the channel says this."""
    workspace = scene.workspace
    await workspace.wait_for(
        lambda: any(text in m.text for m in workspace.messages(channel)), timeout=10
    )


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_check_shows_progress_and_becomes_the_summary(
    stage: Stage, running: Start, mode: Mode
) -> None:
    stage.mode = mode
    scene = await running()
    outcome = await scene.command("check prod")
    assert outcome.error is None
    (message,) = await scene.workspace.wait_for(lambda: scene.workspace.messages("ops"))
    assert message.text == "Checking prod…"
    await scene.script.started.wait()
    scene.script.gate.set()
    await summary_in(scene)
    (message,) = scene.workspace.messages("ops")
    assert message.text.startswith("prod is down: ")
    assert "Checking" not in str(message.blocks)
    assert_acceptable([{k: v for k, v in b.items() if k != "block_id"} for b in message.blocks])
    assert not message.unfurl_links
    assert not message.unfurl_media


async def test_progress_is_edited_in_as_probes_report(scene: Scene) -> None:
    await scene.command("prod")
    await scene.script.started.wait()
    await scene.workspace.wait_for(lambda: scene.workspace.messages("ops"))
    finding = report(State.DOWN).findings[0]
    scene.script.steps[0](Progress("dns", finding))
    await scene.workspace.wait_for(
        lambda: "'complete'" in str(scene.workspace.messages("ops")[0].blocks), timeout=10
    )
    assert len(scene.workspace.called("chat.update")) == 1
    scene.script.gate.set()
    await summary_in(scene)


async def test_two_checks_of_one_target_probe_once_and_both_get_the_summary(scene: Scene) -> None:
    await scene.command("prod")
    await scene.script.started.wait()
    await scene.command("prod", user="jonas")
    workspace = scene.workspace
    await workspace.wait_for(lambda: len(workspace.messages("ops")) == 2)
    scene.script.gate.set()
    await workspace.wait_for(
        lambda: all("is down" in m.text for m in workspace.messages("ops")), timeout=10
    )
    assert len(scene.script.runs) == 1


async def test_a_bare_command_checks_the_only_target(scene: Scene) -> None:
    scene.script.gate.set()
    await scene.command("")
    await summary_in(scene)
    assert [t.name for t in scene.script.runs] == ["prod"]


@pytest.mark.parametrize("by", ["name", "#name", "id"])
async def test_a_bare_command_checks_the_target_of_its_channel(
    stage: Stage, running: Start, by: str
) -> None:
    channel = {"name": "ops", "#name": "#ops", "id": stage.workspace.channel("ops").id}[by]
    stage.targets["staging"] = Target("staging", "https://staging.example", channel=channel)
    stage.script.gate.set()
    scene = await running()
    await scene.command("")
    await summary_in(scene, "staging is down")


async def test_a_bare_command_asks_which_where_several_targets_fit(
    stage: Stage, running: Start
) -> None:
    stage.targets["staging"] = Target("staging", "https://staging.example")
    scene = await running()
    await scene.command("")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "prod, staging" in told
    assert scene.script.runs == []


async def test_an_unknown_word_gets_a_did_you_mean_only_for_the_sender(scene: Scene) -> None:
    await scene.command("chekc prod")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "“chekc”" in told
    assert "/wsdiag check prod" in told
    assert scene.workspace.messages("ops") == []
    assert scene.whispers("jonas") == []


async def test_help_and_status_are_for_the_sender(stage: Stage, running: Start) -> None:
    stage.statuses = (TargetStatus("prod", "https://prod.example", State.UP),)
    scene = await running()
    await scene.command("help")
    await scene.command("status")
    told = await scene.workspace.wait_for(
        lambda: scene.whispers() if len(scene.whispers()) == 2 else None
    )
    assert any("prod is up" in text for text in told)
    assert scene.workspace.messages("ops") == []


CONSOLE = (
    "WebSocket connection to 'wss://prod.example/socket.io/?EIO=4&amp;transport=websocket&amp;"
    "token=hunter2' failed: WebSocket is closed before the connection is established. "
    "&lt;!channel&gt;"
)


async def test_an_error_is_explained_to_the_sender_alone(stage: Stage, running: Start) -> None:
    scene = await running()
    await scene.command(f"explain {CONSOLE}")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "The page itself closed the socket" in told
    assert scene.workspace.messages("ops") == []
    assert "hunter2" not in told


async def test_an_explanation_knows_the_target_and_how_it_is(stage: Stage, running: Start) -> None:
    stage.statuses = (TargetStatus("prod", "https://prod.example", State.UP),)
    scene = await running()
    await scene.command(f"explain {CONSOLE}")
    await scene.workspace.wait_for(scene.whispers)
    (told,) = scene.workspace.ephemerals("mira")
    assert "`/wsdiag check prod`" in str(told.blocks)
    assert "1. <https://guide.example/en#cause-br_closed_while_connecting|" in str(told.blocks)
    assert "hunter2" not in str(told.blocks)
    assert_acceptable([{k: v for k, v in b.items() if k != "block_id"} for b in told.blocks])


async def test_a_megabyte_of_text_gets_one_clear_answer(scene: Scene) -> None:
    await scene.command("a" * 1_048_576)
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "too long" in told
    assert len(told) < 500


async def test_a_url_that_is_allowed_is_checked(scene: Scene) -> None:
    scene.script.gate.set()
    await scene.command("https://adhoc.example")
    await summary_in(scene, "adhoc.example is down")
    assert not scene.script.runs[0].allow_private


async def test_a_url_that_is_not_allowed_is_refused_to_the_sender_only(scene: Scene) -> None:
    await scene.command("https://169.254.169.254/<!channel>")
    (message,) = await scene.workspace.wait_for(lambda: scene.workspace.ephemerals("mira"))
    assert "is not allowed" in message.text
    assert scene.workspace.pings(message) == []
    assert scene.script.runs == []


async def test_the_url_of_a_target_checks_that_target(scene: Scene) -> None:
    scene.script.gate.set()
    await scene.command("https://prod.example")
    await summary_in(scene)
    assert scene.script.runs[0].allow_private


async def test_where_the_bot_is_no_member_the_response_url_carries_the_answer(
    scene: Scene,
) -> None:
    workspace = scene.workspace
    workspace.add_channel("elsewhere", members=[scene.mira], installed=False)
    await scene.command("prod", channel="elsewhere")
    await workspace.wait_for(lambda: "Checking prod…" in scene.whispers())
    scene.script.gate.set()
    await summary_in(scene, channel="elsewhere")
    assert len(workspace.messages("elsewhere")) == 1


async def test_a_progress_message_that_someone_deletes_does_not_lose_the_summary(
    scene: Scene,
) -> None:
    await scene.command("prod")
    (message,) = await scene.workspace.wait_for(lambda: scene.workspace.messages("ops"))
    await scene.script.started.wait()
    scene.workspace.core.state.remove(message)
    scene.script.gate.set()
    await summary_in(scene)


async def test_a_diagnosis_that_breaks_leaves_no_message_saying_running(scene: Scene) -> None:
    scene.script.error = RuntimeError("token=xoxb-secret")
    scene.script.gate.set()
    await scene.command("prod")
    await summary_in(scene, "failed through an error of the bot's own")
    (message,) = scene.workspace.messages("ops")
    assert "xoxb" not in message.text + str(message.blocks)


async def test_blocks_that_slack_refuses_are_replaced_by_the_sentence(scene: Scene) -> None:
    await scene.command("prod")
    await scene.workspace.wait_for(lambda: scene.workspace.messages("ops"))
    await scene.script.started.wait()
    scene.workspace.faults.error("invalid_blocks", method="chat.update")
    scene.script.gate.set()
    await summary_in(scene)
    (message,) = scene.workspace.messages("ops")
    assert "Checking" not in str(message.blocks)


async def test_a_guest_and_a_stranger_are_refused_politely(scene: Scene) -> None:
    guest = scene.workspace.add_user("guest", is_guest=True)
    stranger = scene.workspace.add_user("stranger", is_external=True)
    scene.workspace.invite("ops", guest, stranger)
    await scene.command("prod", user=guest)
    await scene.command("prod", user=stranger)
    (to_guest,) = await scene.workspace.wait_for(lambda: scene.whispers("guest"))
    (to_stranger,) = await scene.workspace.wait_for(lambda: scene.whispers("stranger"))
    assert "Guests" in to_guest
    assert "other organisations" in to_stranger
    assert scene.script.runs == []


async def test_a_listed_group_may_and_others_may_not(stage: Stage, running: Start) -> None:
    oncall = stage.workspace.add_group("oncall", users=["mira"])
    stage.policy = Policy(check=Rule(groups=frozenset({oncall.id})))
    stage.script.gate.set()
    scene = await running()
    await scene.command("prod", user="jonas")
    (told,) = await scene.workspace.wait_for(lambda: scene.whispers("jonas"))
    assert "not on the list" in told
    await scene.command("prod", user="mira")
    await summary_in(scene)


async def test_who_asks_is_looked_up_once_and_then_remembered(scene: Scene) -> None:
    scene.script.gate.set()
    for _ in range(3):
        await scene.command("help")
    await scene.workspace.wait_for(lambda: len(scene.whispers()) == 3)
    assert len(scene.workspace.called("users.info")) == 1


async def test_when_slack_does_not_say_who_asks_nobody_is_let_in(scene: Scene) -> None:
    scene.workspace.faults.error("user_not_found", method="users.info")
    await scene.command("prod")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "did not tell me who you are" in told
    assert scene.script.runs == []


async def test_a_mention_is_answered_in_its_thread(scene: Scene) -> None:
    scene.script.gate.set()
    root = await scene.workspace.say("mira", "ops", "prod looks odd")
    await scene.workspace.mention("mira", "ops", "check prod", thread_ts=root.ts)
    await scene.workspace.wait_for(
        lambda: any("prod is down" in m.text for m in scene.workspace.thread(root)), timeout=10
    )
    assert len(scene.workspace.messages("ops")) == 1


async def test_a_mention_that_slack_sends_twice_is_answered_once(
    stage: Stage, running: Start
) -> None:
    scene = await running()
    body = {"event_id": "Ev1"}
    assert scene.bot.desk.first_time(body)
    assert not scene.bot.desk.first_time(body)
    assert scene.bot.desk.first_time({"event_id": "Ev2"})


async def test_a_mistyped_mention_is_corrected_for_the_sender_only(scene: Scene) -> None:
    await scene.workspace.mention("mira", "ops", "chekc prod")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "/wsdiag check prod" in told


async def test_one_job_too_many_is_told_to_the_sender(stage: Stage, running: Start) -> None:
    stage.jobs = Jobs(limit=0)
    scene = await running()
    outcome = await scene.command("prod")
    assert outcome.error is None
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "too busy" in told


async def test_russian_answers_are_russian(stage: Stage, running: Start) -> None:
    stage.lang = "ru"
    stage.script.gate.set()
    scene = await running()
    await scene.command("prod")
    await summary_in(scene, "prod")
    message = scene.workspace.messages("ops")[0]
    await scene.workspace.wait_for(lambda: message.revisions >= 1)
    assert any("а" <= c <= "я" for c in message.text)

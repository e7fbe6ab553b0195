"""News of incidents reach their channels: in order, once, whatever Slack does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.demo.workspace import Message, Workspace
from bot.guide import GuideLinks
from bot.incidents import TargetState, observe
from bot.model import Observation, State
from bot.slack.alerts import Alerts
from bot.slack.blocks.common import Reader
from bot.slack.client import SlackClient
from bot.slack.incident_messages import ALERT_EVENT, IncidentMessages
from bot.store import NewDelivery, Store
from tests.slack.conftest import Stage
from tests.slack.reports import report
from tests.slack.rules import assert_acceptable


@dataclass
class Newsroom:
    """Records what the watcher would, and runs the deliverer over it."""

    stage: Stage
    store: Store
    workspace: Workspace
    states: dict[str, TargetState] = field(default_factory=dict)
    clock: datetime = field(default_factory=lambda: datetime.now(UTC))
    channel: str = ""
    default_channel: str | None = None

    async def observe(self, state: State, target: str = "prod", channel: str | None = None) -> None:
        """Something was learnt a minute after the last time."""
        self.clock += timedelta(minutes=1)
        before = self.states.get(target, TargetState(target))
        seen = Observation(target, self.clock, state, report(state, name=target))
        after, transitions = observe(before, seen, self.clock)
        where = channel or self.channel
        await self.store.record(after, transitions, [NewDelivery(where, t) for t in transitions])
        self.states[target] = after

    @asynccontextmanager
    async def delivering(
        self, *, started: datetime | None = None, post_gap_s: float = 0.0
    ) -> AsyncIterator[None]:
        """A process that delivers; `started` before now: what waits is not in doubt."""
        begun = started or self.clock - timedelta(hours=1)
        async with SlackClient(self.stage.access()) as client:
            messages = IncidentMessages(
                client,
                self.store,
                reader=lambda _: Reader("en", GuideLinks()),
                default_channel=self.default_channel,
                post_gap_s=post_gap_s,
            )
            first = iter([begun])
            alerts = Alerts(
                self.store,
                messages,
                now=lambda: next(first, datetime.now(UTC) + timedelta(days=1)),
                first_retry_s=0.01,
            )
            task = asyncio.create_task(alerts.run())
            try:
                yield
            finally:
                task.cancel()
                await asyncio.wait({task})

    async def delivered(self, *, but: int = 0) -> None:
        """Wait until nothing (or no more than `but`) is left to be told."""
        async with asyncio.timeout(15):
            while (await self.store.outbox()).depth > but:  # noqa: ASYNC110  a database has no event
                await asyncio.sleep(0.02)

    async def tried(self, times: int = 1) -> None:
        """Wait until the first waiting delivery has failed this often."""
        async with asyncio.timeout(15):
            while (await self.store.pending())[0].attempts < times:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def roots(self, channel: str = "ops") -> list[Message]:
        return [m for m in self.workspace.messages(channel) if m.metadata is not None]


@pytest.fixture
async def newsroom(stage: Stage) -> Newsroom:
    return Newsroom(stage, stage.store, stage.workspace, channel=stage.workspace.channel("ops").id)


async def test_an_incident_is_one_message_that_its_recovery_rewrites_and_answers(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
        (root,) = newsroom.roots()
        assert root.text.startswith("prod is down: ")
        assert newsroom.workspace.thread(root) == []
        await newsroom.observe(State.UP)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text == "prod is up again after 1 min."
    assert "prod is down" not in str(root.blocks)
    (reply,) = newsroom.workspace.thread(root)
    assert reply.text == root.text
    assert not reply.reply_broadcast
    for message in (root, reply):
        bare = [{k: v for k, v in b.items() if k != "block_id"} for b in message.blocks]
        assert_acceptable(bare)


async def test_a_change_edits_the_message_and_notifies_nobody(newsroom: Newsroom) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DEGRADED)
        await newsroom.delivered()
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is down")
    assert root.revisions == 1
    assert len(newsroom.workspace.called("chat.postMessage")) == 1


async def test_metadata_names_the_incident(newsroom: Newsroom) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.metadata is not None
    assert root.metadata["event_type"] == ALERT_EVENT
    incident = newsroom.states["prod"].incident
    assert incident is not None
    assert root.metadata["event_payload"]["incident"] == incident.id


async def test_a_backlog_is_folded_into_the_newest_state(newsroom: Newsroom) -> None:
    for state in (State.DEGRADED, State.DOWN, State.DEGRADED, State.UP):
        await newsroom.observe(state)
    async with newsroom.delivering():
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is up again after 3 min")
    assert root.revisions == 0
    assert len(newsroom.workspace.thread(root)) == 1


async def test_what_slack_accepted_before_a_crash_is_found_and_not_sent_again(
    newsroom: Newsroom,
) -> None:
    await newsroom.observe(State.DOWN)
    fault = newsroom.workspace.faults.drop(method="chat.postMessage", after=True)
    async with newsroom.delivering():
        await newsroom.workspace.wait_for(newsroom.roots)
        await newsroom.delivered()
    assert fault.met == 1
    assert len(newsroom.roots()) == 1


async def test_a_new_process_looks_for_what_the_old_one_may_have_sent(newsroom: Newsroom) -> None:
    await newsroom.observe(State.DOWN)
    (waiting,) = await newsroom.store.pending()
    async with SlackClient(newsroom.stage.access()) as old:
        # What a process that died between accept and mark has left.
        await old.web.chat_postMessage(
            channel=newsroom.channel,
            text="prod is down.",
            metadata={
                "event_type": ALERT_EVENT,
                "event_payload": {
                    "incident": waiting.incident_id,
                    "delivery": waiting.id,
                    "part": "root",
                },
            },
        )
    async with newsroom.delivering(started=newsroom.clock + timedelta(seconds=1)):
        await newsroom.delivered()
    assert len(newsroom.roots()) == 1


async def test_a_recovery_that_was_answered_before_a_crash_is_not_answered_again(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    await newsroom.observe(State.UP)
    newsroom.workspace.faults.drop(method="chat.postMessage", after=True)
    async with newsroom.delivering():
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert len(newsroom.workspace.thread(root)) == 1


async def test_where_history_cannot_be_read_it_is_told_again(newsroom: Newsroom) -> None:
    await newsroom.observe(State.DOWN)
    newsroom.workspace.faults.drop(method="chat.postMessage", after=True)
    newsroom.workspace.faults.error("missing_scope", method="conversations.history")
    async with newsroom.delivering():
        await newsroom.delivered()
    assert len(newsroom.roots()) == 2


@pytest.mark.parametrize("trouble", ["internal_error", "fatal_error", "service_unavailable"])
async def test_passing_trouble_is_waited_out(newsroom: Newsroom, trouble: str) -> None:
    newsroom.workspace.faults.error(trouble, times=3, method="chat.postMessage")
    await newsroom.observe(State.DOWN)
    async with newsroom.delivering():
        await newsroom.delivered()
    assert len(newsroom.roots()) == 1


async def test_a_server_error_and_a_rate_limit_are_waited_out(newsroom: Newsroom) -> None:
    newsroom.workspace.faults.server_error(2, method="chat.postMessage")
    newsroom.workspace.faults.rate_limit(1, method="chat.postMessage", retry_after=1)
    await newsroom.observe(State.DOWN)
    async with newsroom.delivering():
        await newsroom.delivered()
    assert len(newsroom.roots()) == 1


async def test_slack_out_of_reach_delays_and_loses_nothing(newsroom: Newsroom) -> None:
    await newsroom.workspace.go_away()
    await newsroom.observe(State.DOWN)
    async with newsroom.delivering():
        await newsroom.tried(2)
        await newsroom.workspace.come_back()
        await newsroom.delivered()
    assert len(newsroom.roots()) == 1


async def test_a_channel_that_cannot_be_posted_to_sends_its_news_to_the_default_one(
    newsroom: Newsroom,
) -> None:
    workspace = newsroom.workspace
    archived = workspace.add_channel("old")
    workspace.archive(archived)
    newsroom.default_channel = newsroom.channel
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, channel=archived.id)
        await newsroom.delivered()
        (root,) = newsroom.roots()
        assert f"Meant for {archived.id}, where I cannot post (is_archived)." in str(root.blocks)
        await newsroom.observe(State.UP)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is up again")
    assert len(workspace.thread(root)) == 1


async def test_after_a_restart_the_news_still_find_the_message_in_the_default_channel(
    newsroom: Newsroom,
) -> None:
    archived = newsroom.workspace.add_channel("old")
    newsroom.workspace.archive(archived)
    newsroom.default_channel = newsroom.channel
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, channel=archived.id)
        await newsroom.delivered()
    await newsroom.observe(State.UP)
    async with newsroom.delivering():
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is up again")


async def test_without_another_channel_the_news_wait_until_the_bot_is_invited(
    newsroom: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    channel = newsroom.workspace.add_channel("quiet", installed=False)
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, channel=channel.id)
        await newsroom.tried()
        newsroom.workspace.invite("quiet")
        await newsroom.delivered()
    assert len(newsroom.roots("quiet")) == 1
    assert "/invite" in caplog.text


async def test_trouble_in_one_channel_does_not_hold_up_another(newsroom: Newsroom) -> None:
    channel = newsroom.workspace.add_channel("quiet", installed=False)
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, "staging", channel=channel.id)
        await newsroom.observe(State.DOWN, "prod")
        await newsroom.delivered(but=1)
    assert len(newsroom.roots()) == 1


async def test_a_message_that_someone_deleted_is_posted_again(newsroom: Newsroom) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
        newsroom.workspace.core.state.remove(newsroom.roots()[0])
        await newsroom.observe(State.UP)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is up again")


async def test_news_of_one_channel_arrive_in_their_order(newsroom: Newsroom) -> None:
    for number in range(4):
        await newsroom.observe(State.DOWN, f"target{number}")
    newsroom.workspace.faults.error("internal_error", method="chat.postMessage")
    async with newsroom.delivering():
        await newsroom.delivered()
    told = [m.text.split()[0] for m in newsroom.roots()]
    assert told == [f"target{number}" for number in range(4)]


async def test_posts_keep_slacks_pace_of_one_a_second(newsroom: Newsroom) -> None:
    newsroom.workspace.limits.enabled = True
    for number in range(2):
        await newsroom.observe(State.DOWN, f"target{number}")
    async with newsroom.delivering(post_gap_s=1.05):
        await newsroom.delivered()
    assert len(newsroom.roots()) == 2
    refused = [c for c in newsroom.workspace.calls if c.answer.get("error") == "ratelimited"]
    assert refused == []


async def test_a_channel_given_by_name_is_posted_to_and_edited(newsroom: Newsroom) -> None:
    newsroom.channel = "#ops"
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    await newsroom.observe(State.UP)
    async with newsroom.delivering():  # a new process, which does not know the id yet
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is up again")
    assert len(newsroom.workspace.thread(root)) == 1


async def test_blocks_that_slack_refuses_do_not_stop_an_alert(newsroom: Newsroom) -> None:
    newsroom.workspace.faults.error("invalid_blocks", method="chat.postMessage")
    await newsroom.observe(State.DOWN)
    async with newsroom.delivering():
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is down")


async def test_a_refused_token_keeps_the_news_and_says_what_to_do(
    newsroom: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    newsroom.workspace.revoke()
    await newsroom.observe(State.DOWN)
    async with newsroom.delivering():
        await newsroom.tried()
    assert (await newsroom.store.outbox()).depth == 1
    assert "reinstall the app" in caplog.text
    assert newsroom.workspace.bot_token not in caplog.text

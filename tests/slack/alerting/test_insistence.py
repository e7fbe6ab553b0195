"""Reminders and mentions: said once, to everybody, until somebody has acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from bot.demo.workspace import Message, Workspace
from bot.guide import GuideLinks
from bot.incidents import TargetState, observe
from bot.model import Act, ActKind, Feed, Observation, State
from bot.quiet import Policy, Silence, Window, silences
from bot.quiet.mutes import ended as mute_ended
from bot.slack.alerting.alerts import Alerts
from bot.slack.alerting.incident_messages import IncidentMessages
from bot.slack.alerting.insistence import INSISTENCE_EVENT, Insistence, Insister
from bot.slack.alerting.rounds import Pace
from bot.slack.blocks.common import Reader
from bot.slack.way.channels import Channels
from bot.slack.way.client import SlackClient
from bot.spans import Span
from bot.store import NewDelivery, Store
from bot.store.schema import acts
from tests.slack.conftest import Stage
from tests.slack.reports import report
from tests.slack.rules import assert_acceptable

EVERY_TEN = Policy(remind_every=timedelta(minutes=10))
CAUSE = " The cause: Nothing listens on the backend's port."
REMINDER = f"prod is down, and nobody has acknowledged it for 10 min.{CAUSE}"


@dataclass
class Office:
    """Incidents, people and time as the test says; delivery and insistence as they are."""

    stage: Stage
    store: Store
    workspace: Workspace
    policies: dict[str, tuple[Policy, Sequence[str]]]
    clock: datetime = field(default_factory=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))
    channel: str = ""
    default_channel: str | None = None
    windows: tuple[Window, ...] = ()
    states: dict[str, TargetState] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.clock

    def later(self, minutes: float) -> None:
        """Time passes, and whoever waits for it notices."""
        self.clock += timedelta(minutes=minutes)
        self.store.acts.wake.set()

    async def observe(self, state: State, *targets: str) -> None:
        for target in targets or ("prod",):
            before = self.states.get(target, TargetState(target))
            seen = Observation(target, self.clock, state, report(state, name=target))
            after, transitions = observe(before, seen, self.clock)
            news = [NewDelivery(self.channel, t) for t in transitions]
            await self.store.record(after, transitions, news)
            self.states[target] = after

    def incident(self, target: str = "prod") -> str:
        incident = self.states[target].incident
        assert incident is not None
        return incident.id

    async def do(self, kind: ActKind, target: str = "prod", minutes: float | None = None) -> None:
        until = self.clock + timedelta(minutes=minutes) if minutes else None
        await self.store.acts.add(Act(kind, target, "U7", self.clock, self.incident(target), until))

    async def quiet(self, now: datetime) -> Mapping[str, Silence]:
        return silences(self.states, await self.store.acts.mutes(now), self.windows, now)

    async def ended(self, now: datetime) -> Mapping[str, datetime]:
        muting = await self.store.acts.muting()
        found = {name: mute_ended(muting, name, now) for name in self.states}
        return {name: at for name, at in found.items() if at is not None}

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """A process that delivers and insists."""
        async with SlackClient(self.stage.access()) as client:
            channels = Channels(client, post_gap_s=0.0)

            def reader(_: str) -> Reader:
                return Reader("en", GuideLinks())

            alerts = Alerts(
                self.store,
                IncidentMessages(channels, reader=reader, default_channel=self.default_channel),
                now=self.now,
                pace=Pace(first_retry_s=0.01, join_gap_s=0.0),
            )
            insister = Insister(
                self.store,
                channels,
                Insistence(lambda name: self.policies.get(name, (Policy(), ())), self.ended),
                quiet=self.quiet,
                reader=reader,
                default_channel=self.default_channel,
                now=self.now,
                first_retry_s=0.01,
            )
            tasks = [asyncio.create_task(alerts.run()), asyncio.create_task(insister.run())]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
            for task in tasks:
                if not task.cancelled():
                    task.result()

    async def delivered(self) -> None:
        async with asyncio.timeout(15):
            while (await self.store.outbox()).depth:  # noqa: ASYNC110  a database has no event
                await asyncio.sleep(0.02)

    async def done(self, kind: ActKind, count: int = 1, target: str = "prod") -> None:
        """Wait until the bot has recorded so many of its own acts."""
        async with asyncio.timeout(15):
            while len(await self.of_bot(kind, target)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def of_bot(self, kind: ActKind, target: str = "prod") -> list[Act]:
        found = await self.store.acts.of_target(target, 100)
        return [act for act in found if act.kind is kind and act.user is None]

    def said(self, channel: str = "ops") -> list[Message]:
        """The reminders that the channel shows."""
        return [
            m
            for m in self.workspace.messages(channel)
            if (m.metadata or {}).get("event_type") == INSISTENCE_EVENT
        ]


@pytest.fixture
def office(stage: Stage) -> Office:
    ops = stage.workspace.channel("ops").id
    return Office(stage, stage.store, stage.workspace, {"prod": (EVERY_TEN, ())}, channel=ops)


async def test_a_reminder_stands_in_the_thread_and_in_the_channel(office: Office) -> None:
    await office.observe(State.DOWN)
    async with office.open():
        await office.delivered()
        office.later(10)
        await office.done(ActKind.REMINDED)
        (reminder,) = office.said()
        assert office.workspace.called("conversations.replies") == [], (
            "nobody else can have said it"
        )
        assert reminder.reply_broadcast
        assert reminder.text == REMINDER
        assert_acceptable(
            [{k: v for k, v in b.items() if k != "block_id"} for b in reminder.blocks]
        )
        office.later(9.5)
        office.later(0.5)
        await office.done(ActKind.REMINDED, 2)
    assert len(office.said()) == 2


async def test_what_somebody_has_taken_on_is_left_alone_while_others_are_not(
    office: Office,
) -> None:
    office.policies["dev"] = (EVERY_TEN, ())
    await office.observe(State.DOWN)
    office.clock += timedelta(minutes=30)  # long enough apart to be two messages
    await office.observe(State.DEGRADED, "dev")
    async with office.open():
        await office.delivered()
        await office.do(ActKind.ACKNOWLEDGED)
        office.later(10)
        await office.done(ActKind.REMINDED, target="dev")
    assert await office.of_bot(ActKind.REMINDED) == []
    assert "dev" in office.said()[0].text


async def test_what_gets_worse_after_that_is_said_again(office: Office) -> None:
    await office.observe(State.DEGRADED)
    async with office.open():
        await office.delivered()
        await office.do(ActKind.ACKNOWLEDGED)
        office.later(5)
        await office.observe(State.DOWN)
        await office.delivered()
        office.later(10)
        await office.done(ActKind.REMINDED)
    assert office.said()[0].text == REMINDER


async def test_quiet_holds_reminders_back_and_gives_the_whole_time_afterwards(
    office: Office,
) -> None:
    office.policies["dev"] = (EVERY_TEN, ())
    await office.observe(State.DOWN)
    office.clock += timedelta(minutes=1)
    async with office.open():
        await office.delivered()
        await office.observe(State.DEGRADED, "dev")
        await office.delivered()
        await office.do(ActKind.MUTED, minutes=25)
        start = office.clock
        office.later(10)
        await office.done(ActKind.REMINDED, target="dev")
        assert await office.of_bot(ActKind.REMINDED) == []
        office.windows = (Window(Span(start, start + timedelta(minutes=60)), frozenset({"dev"})),)
        office.later(15)  # prod may be talked of again, dev may not
        office.later(10)
        await office.done(ActKind.REMINDED)
        (reminded,) = await office.of_bot(ActKind.REMINDED)
        assert reminded.at == start + timedelta(minutes=35)
    assert len(await office.of_bot(ActKind.REMINDED, "dev")) == 1


async def test_after_a_while_people_are_called_by_name_and_then_the_webhook(
    office: Office,
) -> None:
    mira = office.workspace.user("mira").id
    policy = Policy(
        remind_every=timedelta(minutes=15), after=timedelta(minutes=15), mentions=True,
        call_after=timedelta(minutes=30), calls=True,
    )  # fmt: skip
    office.policies["prod"] = (policy, (mira, "S0GROUP", "here"))
    await office.observe(State.DOWN)
    async with office.open():
        await office.delivered()
        office.later(15)
        await office.done(ActKind.ESCALATED)
        (said,) = office.said()
        assert said.text.startswith(f"<@{mira}> <!subteam^S0GROUP> <!here> prod is down, and")
        assert await office.of_bot(ActKind.REMINDED) == [], "a mention reminds as well"
        office.later(15)
        await office.done(ActKind.CALLED)
        (root,) = (m for m in office.workspace.messages("ops") if not m.is_reply)
        await office.workspace.wait_for(
            lambda: any("webhook is called" in m.text for m in office.workspace.thread(root)),
            timeout=10,
        )
    assert (await office.store.calls.waiting())[Feed.ESCALATION] == 1


async def test_a_storm_is_reminded_of_in_one_message(office: Office) -> None:
    names = [f"shop-{n}" for n in range(12)]
    office.policies = dict.fromkeys(names, (EVERY_TEN, ()))
    await office.observe(State.DOWN, *names)
    async with office.open():
        await office.delivered()
        office.later(10)
        for name in names:
            await office.done(ActKind.REMINDED, target=name)
    (said,) = office.said()
    assert said.text.startswith("12 incidents have not been acknowledged for 10 min: shop-0,")
    assert said.text.endswith(f" +2.{CAUSE}")


async def test_what_slack_took_before_a_crash_is_not_said_again(office: Office) -> None:
    await office.observe(State.DOWN)
    async with office.open():
        await office.delivered()
        office.later(10)
        await office.done(ActKind.REMINDED)
    # The process was killed between Slack's accept and the record.
    async with office.store._engine.begin() as connection:
        await connection.execute(delete(acts))
    async with office.open():
        office.later(1)
        await office.done(ActKind.REMINDED)
        assert len(office.said()) == 1
        office.later(10)
        await office.done(ActKind.REMINDED, 2)
    assert len(office.said()) == 2


async def test_a_thread_that_is_gone_is_no_reason_for_silence(office: Office) -> None:
    await office.observe(State.DOWN)
    async with office.open():
        await office.delivered()
        (root,) = office.workspace.messages("ops")
        office.workspace.delete_message(root)
        office.later(10)
        await office.done(ActKind.REMINDED)
    (said,) = office.said()
    assert not said.is_reply


async def test_a_channel_that_is_closed_by_now_leaves_the_default_one(office: Office) -> None:
    workspace = office.workspace
    fallback = workspace.add_channel("fallback", members=[workspace.user("mira")])
    office.default_channel = fallback.id
    await office.observe(State.DOWN)
    async with office.open():
        await office.delivered()
        workspace.archive("ops")
        office.later(10)
        await office.done(ActKind.REMINDED)
    assert len(office.said("fallback")) == 1


async def test_a_slack_that_is_away_is_asked_again(office: Office) -> None:
    await office.observe(State.DOWN)
    async with office.open():
        await office.delivered()
        office.workspace.faults.error("internal_error", method="chat.postMessage")
        office.later(10)
        await office.workspace.wait_for(
            lambda: len(office.workspace.called("chat.postMessage")) == 2, timeout=10
        )
        async with asyncio.timeout(15):
            while not await office.of_bot(ActKind.REMINDED):
                office.later(1)
                await asyncio.sleep(0.02)
    assert len(office.said()) == 1

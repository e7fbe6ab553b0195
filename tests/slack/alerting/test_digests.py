"""Weekly digests: exactly once a week, whatever happens in between."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.demo.workspace import Message
from bot.digest import Due
from bot.model import Target
from bot.slack.alerting.digests import DigestTeller
from bot.slack.way.channels import Channels
from bot.slack.way.client import SlackClient
from bot.spans import Span
from bot.store import Store
from tests.charts.past import samples
from tests.slack.conftest import Stage

# Messages bear the time of the workspace's clock, so the weeks end about now.
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
MONDAY = Due(NOW.weekday(), NOW.hour)
WEEK = timedelta(days=7)


@dataclass
class Desk:
    """A clock to turn, and a process at a time."""

    stage: Stage
    store: Store
    clock: datetime
    due: dict[str, Due] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)

    @property
    def ops(self) -> str:
        return self.stage.workspace.channel("ops").id

    @contextlib.asynccontextmanager
    async def process(self) -> AsyncIterator[DigestTeller]:
        async with SlackClient(self.stage.access()) as client:
            yield DigestTeller(
                self.store,
                Channels(client, post_gap_s=0.0),
                self.targets,
                due=lambda: self.due,
                language=lambda _: "en",
                default_channel=self.ops,
                now=lambda: self.clock,
                retry_s=0.02,
            )

    async def look(self) -> None:
        """A process starts, looks at every channel, and ends."""
        async with self.process() as teller:
            for channel, due in self.due.items():
                await teller._look(channel, due)

    def told(self) -> list[Message]:
        return self.stage.workspace.messages("ops")


@pytest.fixture
async def desk(stage: Stage, store: Store) -> Desk:
    made = Desk(stage, store, NOW - timedelta(minutes=30))
    made.due[made.ops] = MONDAY
    made.targets["prod"] = Target("prod", "https://prod.example", channel=made.ops)
    await store.history.add([], samples(Span.until(NOW, WEEK), span_s=3_600))
    await made.look()  # it is wanted from now on
    return made


async def test_a_week_is_told_once_whenever_the_bot_starts(desk: Desk) -> None:
    assert desk.told() == []
    desk.clock = NOW + timedelta(seconds=5)
    for _ in range(3):
        await desk.look()
    (told,) = desk.told()
    assert told.text == "Last week prod was reachable for 100% of the time, with 0 incidents."
    desk.clock = NOW + WEEK + timedelta(seconds=5)
    await desk.look()
    await desk.look()
    assert len(desk.told()) == 2


async def test_what_slack_has_though_nobody_heard_of_it_is_not_sent_again(desk: Desk) -> None:
    desk.clock = NOW + timedelta(seconds=5)
    desk.stage.workspace.faults.drop(after=True, method="chat.postMessage")
    with contextlib.suppress(Exception):
        await desk.look()
    await desk.look()
    assert len(desk.told()) == 1


async def test_what_slack_refuses_is_told_later_by_the_same_process(desk: Desk) -> None:
    desk.clock = NOW + timedelta(seconds=5)
    desk.stage.workspace.faults.error("internal_error", 3, method="chat.postMessage")
    async with desk.process() as teller:
        task = asyncio.create_task(teller.run())
        await desk.stage.workspace.wait_for(desk.told)
        task.cancel()
        await asyncio.wait({task})
    await desk.look()
    assert len(desk.told()) == 1


async def test_one_that_is_days_late_is_left_out(desk: Desk) -> None:
    desk.clock = NOW + timedelta(days=3)
    await desk.look()
    assert desk.told() == []
    desk.clock = NOW + WEEK
    await desk.look()
    assert len(desk.told()) == 1


async def test_another_day_does_not_make_two_in_a_week(desk: Desk) -> None:
    desk.clock = NOW + timedelta(seconds=5)
    await desk.look()
    later = NOW + timedelta(days=2)
    desk.due[desk.ops] = Due(later.weekday(), later.hour)
    desk.clock = later + timedelta(seconds=5)
    await desk.look()
    assert len(desk.told()) == 1


async def test_a_channel_that_wants_none_has_none(desk: Desk) -> None:
    desk.due.clear()
    desk.clock = NOW + timedelta(seconds=5)
    await desk.look()
    assert desk.told() == []


async def test_a_channel_hears_of_its_own_targets_alone(desk: Desk) -> None:
    desk.targets["other"] = Target("other", "https://other.example", channel="#elsewhere")
    desk.clock = NOW + timedelta(seconds=5)
    await desk.look()
    (told,) = desk.told()
    assert "other" not in str(told.blocks)

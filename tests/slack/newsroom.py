"""What the watcher would record, and the deliverer that runs over it against the workspace."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.demo.workspace import Message, Workspace
from bot.guide import GuideLinks
from bot.incidents import TargetState, leave, observe
from bot.jobs import Jobs
from bot.model import Delivery, Observation, State
from bot.slack.alerting.alerts import Alerts
from bot.slack.alerting.duplicates import Duplicates
from bot.slack.alerting.incident_messages import IncidentMessages
from bot.slack.alerting.rounds import Pace
from bot.slack.alerting.stamps import Part, stamp
from bot.slack.blocks.common import Reader
from bot.slack.way.channels import Channels
from bot.slack.way.client import SlackClient
from bot.store import NewDelivery, Store
from tests.slack.reports import report

if TYPE_CHECKING:
    from tests.slack.conftest import Stage


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
    edit_gap_s: float = 0.0
    join_gap_s: float = 0.0
    hushed: set[str] = field(default_factory=set)
    looks_s: Sequence[float] = ()  # for duplicates
    quietness: Callable[[datetime], Awaitable[Collection[str]]] | None = None

    async def quiet(self, _now: datetime | None = None) -> set[str]:
        """By the clock of what is observed: that of what was postponed is a day ahead."""
        told = await self.quietness(self.clock) if self.quietness is not None else ()
        return {*self.hushed, *told}

    def url(self, target: str) -> str:
        """All on one machine, each at a port of its own."""
        return f"https://prod.example:{1024 + zlib.crc32(target.encode()) % 50_000}"

    async def observe(
        self,
        state: State,
        target: str = "prod",
        channel: str | None = None,
        *,
        code: str | None = None,
        after_s: float = 60.0,
    ) -> None:
        """Something was learnt so long after the last time."""
        self.clock += timedelta(seconds=after_s)
        before = self.states.get(target, TargetState(target))
        found = report(state, name=target, url=self.url(target), code=code)
        seen = Observation(target, self.clock, state, found)
        after, transitions = observe(before, seen, self.clock)
        where = channel or self.channel
        if after.revision == before.revision:
            return  # nothing new, as for the watcher
        await self.store.record(after, transitions, [NewDelivery(where, t) for t in transitions])
        self.states[target] = after

    async def leave(self, target: str = "prod", *, after_s: float = 60.0) -> None:
        """It is taken out of the settings."""
        self.clock += timedelta(seconds=after_s)
        after, told = leave(self.states[target], self.clock)
        await self.store.record(after, told, [NewDelivery(None, t) for t in told])
        self.states[target] = after

    @contextlib.asynccontextmanager
    async def delivering(self, *, post_gap_s: float = 0.0) -> AsyncIterator[None]:
        """A process that delivers, in a time in which whatever was postponed has its turn."""
        jobs = Jobs()
        async with SlackClient(self.stage.access()) as client:
            channels = Channels(client, post_gap_s=post_gap_s)
            messages = IncidentMessages(
                channels,
                reader=lambda _: Reader("en", GuideLinks()),
                default_channel=self.default_channel,
                before=self.store.good_reports.of,
            )
            alerts = Alerts(
                self.store,
                messages,
                now=lambda: datetime.now(UTC) + timedelta(days=1),
                quiet=self.quiet,
                after_doubt=Duplicates(
                    jobs, self.store, channels, looks_s=self.looks_s, sure_s=0.05
                ),
                pace=Pace(0.01, 0.05, self.edit_gap_s, self.join_gap_s, doubt_s=0.0),
            )
            task = asyncio.create_task(alerts.run())
            try:
                yield
            finally:
                task.cancel()
                await asyncio.wait({task})
                await jobs.drain(0.0)

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
        return [m for m in self.told(channel) if part_of(m) == "root"]

    def told(self, channel: str = "ops") -> list[Message]:
        """Everything that the channel itself shows: roots, and replies that were broadcast."""
        return [m for m in self.workspace.messages(channel) if m.metadata is not None]

    def replies(self) -> list[str]:
        (root,) = self.roots()
        return [part_of(m) for m in self.workspace.thread(root)]

    async def died_while_sending(self) -> Delivery:
        """What a process leaves that was killed before Slack accepted what it was telling."""
        await self.store.seat(self.channel, (), self.clock)
        (waiting,) = await self.store.pending()
        await self.store.begin([waiting.id], self.clock)
        return waiting

    async def accept(self, sent: Delivery, part: str, thread_ts: str | None = None) -> str:
        """Slack carries out what such a process has asked for; the message's timestamp."""
        assert sent.group_id is not None
        async with SlackClient(self.stage.access()) as old:
            answer = await old.web.chat_postMessage(
                channel=sent.channel,
                thread_ts=thread_ts,
                text="prod is down.",
                metadata=dict(stamp(sent.group_id, Part(part), [sent.id])),
            )
        return str(answer["ts"])

    async def died_after_sending(self, part: str, thread_ts: str | None = None) -> None:
        """What a process leaves that was killed between Slack's accept and the mark."""
        await self.accept(await self.died_while_sending(), part, thread_ts)


def part_of(message: Message) -> str:
    assert message.metadata is not None
    return str(message.metadata["event_payload"]["part"])

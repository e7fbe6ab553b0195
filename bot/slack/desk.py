"""What every handler works with: the targets, who may, how to answer. Handed over, never global."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from bot.charts.clock import Zone
from bot.guide import GuideLinks
from bot.jobs import Jobs
from bot.model import Message, Target
from bot.quiet import Silence
from bot.slack.blocks.common import Reader
from bot.slack.blocks.handover import HandOver
from bot.slack.blocks.progress import notice
from bot.slack.blocks.status import TargetStatus
from bot.slack.checks import Checks
from bot.slack.pictures import Pictures
from bot.slack.way.access import Deed, Where
from bot.slack.way.channels import Channels
from bot.slack.way.people import Door, Remembered
from bot.slack.way.posting import Place, Poster
from bot.slack.way.uploads import Uploads
from bot.spans import Span
from bot.store import Store

if TYPE_CHECKING:
    from bot.watcher import LogLine

COMMAND = "/wsdiag"
_EVENTS_S = 15 * 60.0  # retries come at once, after 1 and after 5 minutes

Adhoc = Callable[[str], Awaitable[Target | Message]]
"""A URL that is no target → a Target that may be checked, or the Message why not."""

Language = Callable[[str | None, str | None], str]
"""(channel, user) → the language to speak with them."""

Quiet = Callable[[datetime], Awaitable[Mapping[str, Silence]]]
"""A moment → the targets of which nobody is to be alerted then, and why. Raises StoreError."""


Planned = Callable[[str, Span], Sequence[Span]]
"""A target and a span → when work on it was planned within."""


def never_planned(_target: str, _span: Span) -> Sequence[Span]:
    """Nobody plans anything."""
    return ()


async def never_quiet(_: datetime) -> Mapping[str, Silence]:
    """Nothing is ever muted."""
    return {}


@dataclass(frozen=True, slots=True)
class Desk:
    """The handlers' tools."""

    targets: Mapping[str, Target]
    store: Store
    jobs: Jobs
    checks: Checks
    poster: Poster
    channels: Channels
    door: Door
    links: GuideLinks
    language: Language
    adhoc: Adhoc
    statuses: Callable[[], Sequence[TargetStatus]]
    pictures: Pictures
    uploads: Uploads
    hand_over: Callable[[str], HandOver] = lambda _: HandOver()
    connection_log: Callable[[str], Sequence[LogLine]] = lambda _: ()
    quiet: Quiet = never_quiet
    planned: Planned = never_planned
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    events: Remembered[str, bool] = field(default_factory=lambda: Remembered(for_s=_EVENTS_S))
    turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def turn(self, subject: str) -> asyncio.Lock:
        """Acts on one subject take turns, so that a double click finds what the first one did."""
        return self.turns.setdefault(subject, asyncio.Lock())

    def first_time(self, body: Mapping[str, object]) -> bool:
        """Whether an event is new: Slack sends it again when the acknowledgement was lost."""
        event_id = str(body.get("event_id") or "")
        if not event_id or self.events.get(event_id):
            return not event_id
        return self.events.put(event_id, True)

    def reader(self, place: Place) -> Reader:
        """The asking person: for what they alone see."""
        return Reader(self.language(place.channel, place.user), self.links)

    def audience(self, place: Place) -> Reader:
        """Everybody in `place`: for what is posted there. A direct message has only the person."""
        alone = place.channel[:1] in ("D", "U", "W")
        return Reader(self.language(place.channel, place.user if alone else None), self.links)

    def zone(self, user: str) -> Zone:
        """The time zone of a person who was admitted; UTC where Slack tells none."""
        known = self.door.known(user)
        return Zone(known.zone, known.zone_offset_s) if known else Zone()

    async def admitted(self, deed: Deed, place: Place) -> bool:
        """Whether the asking person may; if not, they have been told."""
        where = Where(place.channel, place.channel_name)
        refused = await self.door.refusal(deed, place.user, where)
        if refused is None:
            return True
        await self.poster.whisper(place, notice(refused, self.reader(place).lang))
        return False

    def home_target(self, place: Place) -> Target | None:
        """The target meant when none is named: the only one, or the only one of the channel."""
        if len(self.targets) == 1:
            return next(iter(self.targets.values()))
        names = {place.channel, place.channel_name} - {None, ""}
        here = [
            target
            for target in self.targets.values()
            if target.channel is not None and target.channel.lstrip("#") in names
        ]
        return here[0] if len(here) == 1 else None

"""The messages of incidents in Slack: found, posted, edited, answered. One group at a time.

Every message carries metadata that names its group and the deliveries that it tells of, so that
what Slack accepted before a crash is found again instead of being sent twice
(docs.slack.dev/messaging/message-metadata).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bot.model import Delivery, Group, Member, Report, say
from bot.slack.alerting.stamps import Part, is_part, not_before, stamp, told_by
from bot.slack.blocks import alert, storm
from bot.slack.blocks.common import Reader
from bot.slack.blocks.kit import Post
from bot.slack.blocks.mrkdwn import sentence
from bot.slack.way.channels import Channels, is_person
from bot.slack.way.client import REACHING
from bot.slack.way.errors import SlackTrouble, Trouble, raise_if_passing, understand
from bot.store import StoreError

# A channel closed to us, and a scope or permission that may be missing for this channel only.
_ELSEWHERE: Final = frozenset({Trouble.CHANNEL, Trouble.TOKEN})

_log = logging.getLogger("wsdiag.slack.alerts")


@dataclass(frozen=True, slots=True)
class Noted:
    """What a group's message says beside its incidents: lines of mrkdwn, and whether somebody has
    taken all of it on."""

    lines: Sequence[str] = ()
    taken: bool = False


Notes = Callable[[Group, str], Awaitable[Noted]]
"""(group, language) → what is known to have been done about it."""


_PAGING: Final = frozenset({Part.JOINED, Part.WORSE})


@dataclass(frozen=True, slots=True)
class Root:
    """A group's message: the channel's id, its timestamp there, and the deliveries of which people
    were notified by it just now. Edits notify nobody."""

    channel: str
    ts: str
    told: frozenset[int] = frozenset()


Before = Callable[[str], Awaitable[Report | None]]
"""A target's name → its last good report, what the incident is held against."""


async def _no_report(_target: str) -> Report | None:
    return None


async def _no_notes(_group: Group, _lang: str) -> Noted:
    return Noted()


class IncidentMessages:
    """Shows groups. Methods raise what the SDK and aiohttp raise: `errors.understand` reads it.

    default_channel: where a group goes whose own channel cannot be posted to.
    reader: channel → for whom to write there.
    """

    def __init__(
        self,
        channels: Channels,
        *,
        reader: Callable[[str], Reader],
        default_channel: str | None,
        notes: Notes = _no_notes,
        before: Before = _no_report,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._channels = channels
        self._reader, self._default = reader, default_channel
        self._notes, self._before, self._now = notes, before, now

    async def find(self, group: Group) -> Root | None:
        """The group's message, if it was posted without our knowing.

        None also where the history cannot be read: doubling beats losing.
        """
        for route in self._routes(group.channel):
            message = await self._find(route, group, Part.ROOT)
            if message is not None:
                channel = await self._channels.id(route)
                return Root(channel, str(message["ts"]), told_by(message))
        return None

    async def show(
        self, group: Group, news: Collection[int], *, in_doubt: bool, last_resort: bool = False
    ) -> Root:
        """Bring the group's message to the present; post it where there is none.

        news: the deliveries that a message posted now tells of. `in_doubt`: it may have been
        posted anew without our knowing. `last_resort`: rather a bare sentence than nothing.
        """
        routes = self._routes(group.channel)
        closed: dict[str, Exception] = {}  # where it may stand already, out of our reach

        async def edit(route: str, ts: str) -> Root | None:
            try:
                return await self._edit(route, ts, group, last_resort=last_resort)
            except REACHING as error:
                if understand(error).kind is not Trouble.CHANNEL:
                    raise
                closed[route] = error
                return None

        if group.ts is not None:
            for route in routes:
                root = await edit(route, group.ts)
                if root is not None:
                    return root
            found = await self.find(group) if in_doubt else None
            if found is not None and found.ts != group.ts and await edit(found.channel, found.ts):
                return found
        return await self._post(routes, group, news, closed, last_resort=last_resort)

    async def tell(
        self,
        root: Root,
        group: Group,
        part: Part,
        news: Sequence[Delivery],
        *,
        in_doubt: bool,
        last_resort: bool = False,
    ) -> None:
        """Say in the group's thread, and in the channel where it must page, what `news` are about.

        What stands there already is not said again. If the channel is closed to us by now, the
        default channel is told.
        """
        ids = {delivery.id for delivery in news}
        if in_doubt:
            said = await self._said(root, group, part)
            if said is None:
                return
            ids -= said
        told = [delivery for delivery in news if delivery.id in ids]
        if not told:
            return
        about = _members_of(group, told)
        in_thread = root.ts

        async def send(channel: str, thread_ts: str | None, notes: Sequence[str] = ()) -> None:
            post = self._line(part, group, about, channel, notes, last_resort=last_resort)
            bare = alert.bare(group, self._reader(channel).lang) if last_resort else None
            await self._send(channel, post, group, part, ids, thread_ts=thread_ts, bare=bare)

        try:
            await send(root.channel, in_thread)
        except REACHING as error:
            found = understand(error)
            if found.kind is Trouble.MESSAGE:
                _log.warning("no reply to the incident of %s: %s", told[0].target, found.code)
                if part in _PAGING:  # the thread is locked or gone, people must hear of it
                    await send(root.channel, None)
                return
            elsewhere = self._routes(group.channel)[-1]
            if found.kind not in _ELSEWHERE or (await self._channels.id(elsewhere) == root.channel):
                raise
            if in_doubt:
                message = await self._find(elsewhere, group, part)
                if message is not None and ids <= told_by(message):
                    return
            await send(elsewhere, None, [self._astray(group, elsewhere, found)])

    # ------------------------------------------------------------ one message

    def _routes(self, channel: str) -> tuple[str, ...]:
        # Nobody but a person is told in their place that they cannot be written to.
        if self._default is None or self._default == channel or is_person(channel):
            return (channel,)
        return (channel, self._default)

    async def _edit(self, channel: str, ts: str, group: Group, *, last_resort: bool) -> Root | None:
        """None: there is no such message in that channel that could be edited."""
        post, bare = await self._drawn(group, group.channel, last_resort=last_resort)
        channel_id = await self._channels.edit(channel, ts, post, last_resort=bare)
        return Root(channel_id, ts) if channel_id is not None else None

    async def _post(
        self,
        routes: tuple[str, ...],
        group: Group,
        news: Collection[int],
        closed: Mapping[str, Exception],
        *,
        last_resort: bool,
    ) -> Root:
        """Post it anew. A channel in `closed` counts as closed even if it has just been opened:
        two messages would stand there, one of them never edited again."""
        note: list[str] = []
        for route in routes:
            try:
                if route in closed:
                    raise closed[route]
                post, bare = await self._drawn(group, group.channel, note, last_resort=last_resort)
                return await self._send(route, post, group, Part.ROOT, news, bare=bare)
            except REACHING as error:
                found = understand(error)
                refused = last_resort and found.kind is Trouble.CONTENT
                if route == routes[-1] or not (refused or found.kind in _ELSEWHERE):
                    raise
                note = [self._astray(group, routes[-1], found)]
        raise AssertionError("a group has a channel")

    def _astray(self, group: Group, instead: str, trouble: SlackTrouble) -> str:
        """Log that news go to another channel than meant; returns the line that says so there."""
        _log.error(
            "cannot post to %s (%s), so the news of %s goes to %s. Invite the bot there"
            " (/invite), or set another channel.",
            group.channel,
            trouble.code,
            group.lead.target,
            instead,
        )
        words = say(
            "Meant for {channel}, where I cannot post ({code}).",
            channel=group.channel,
            code=trouble.code,
        )
        return sentence(words, self._reader(instead).lang)

    async def _send(
        self,
        channel: str,
        post: Post,
        group: Group,
        part: Part,
        ids: Collection[int],
        *,
        thread_ts: str | None = None,
        bare: Post | None = None,
    ) -> Root:
        options: dict[str, Any] = {"metadata": stamp(group.id, part, ids)}
        if thread_ts is not None:
            options |= {"thread_ts": thread_ts, "reply_broadcast": part in _PAGING}
        channel_id, ts = await self._channels.post(channel, post, last_resort=bare, **options)
        return Root(channel_id, ts, frozenset(ids))

    async def _drawn(
        self, group: Group, channel: str, notes: Sequence[str] = (), *, last_resort: bool
    ) -> tuple[Post, Post | None]:
        """The group's message, and the sentence for the case that nobody takes it."""
        reader = self._reader(channel)
        bare = alert.bare(group, reader.lang) if last_resort else None
        try:
            noted = await self._notes(group, reader.lang)
            post = alert.root(
                group,
                reader,
                [*notes, *noted.lines],
                before=await self._good(group),
                taken=noted.taken,
            )
            return post, bare
        except Exception:
            if bare is None:
                raise
            _log.exception("the message of %s cannot be drawn", group.lead.target)
            return bare, bare

    async def _good(self, group: Group) -> Report | None:
        """What a report is held against; an alert does not wait for a database that is away."""
        if group.report is None or not group.open:
            return None
        try:
            return await self._before(group.report.target_name)
        except StoreError as error:
            _log.warning("the last good report is not to be had: %s", error)
            return None

    def _line(
        self,
        part: Part,
        group: Group,
        about: Sequence[Member],
        channel: str,
        notes: Sequence[str],
        *,
        last_resort: bool,
    ) -> Post:
        lang = self._reader(channel).lang
        try:
            match part:
                case Part.JOINED:
                    return storm.joined(about, lang, notes)
                case Part.WORSE:
                    return alert.worse(about, lang, notes)
                case _:
                    return alert.recovery(group, lang, notes)
        except Exception:
            if not last_resort:
                raise
            _log.exception("a reply to the message of %s cannot be drawn", group.lead.target)
            return alert.bare(group, lang)

    # ------------------------------------------------------------ looking for what was sent

    async def _find(self, channel: str, group: Group, part: Part) -> Mapping[str, Any] | None:
        """What the channel itself (not a thread) shows of a group, the newest such message."""
        try:
            async for message in self._channels.history(channel, not_before(group, self._now())):
                if is_part(message, group.id, part):
                    return message
        except REACHING as error:
            raise_if_passing(error)
            _log.warning("cannot look for news already told in %s: it is told again", channel)
        return None

    async def _said(self, root: Root, group: Group, part: Part) -> set[int] | None:
        """Deliveries that the thread tells of in such replies; None: the one reply is there."""
        said: set[int] = set()
        try:
            async for message in self._channels.thread(root.channel, root.ts):
                if is_part(message, group.id, part):
                    if part not in _PAGING:
                        return None
                    said |= told_by(message)
            if part in _PAGING:
                found = await self._find(root.channel, group, part)
                said |= told_by(found) if found is not None else set()
        except REACHING as error:
            raise_if_passing(error)
            _log.warning("cannot look for replies in %s: they are sent again", root.channel)
        return said


def _members_of(group: Group, news: Sequence[Delivery]) -> list[Member]:
    wanted = {delivery.incident_id for delivery in news}
    return [m for m in group.members if m.incident_id in wanted] or [group.lead]

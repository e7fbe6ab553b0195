"""An incident's messages in Slack: found, posted, edited, answered. One delivery at a time.

Every message carries metadata that names incident and delivery, so that what Slack accepted before
a crash is found again instead of being sent twice (docs.slack.dev/messaging/message-metadata).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from bot.model import Delivery, TransitionKind, say
from bot.slack.blocks.alert import over, recovery, trouble, worse
from bot.slack.blocks.common import Reader
from bot.slack.blocks.kit import Post
from bot.slack.channels import Channels
from bot.slack.client import REACHING
from bot.slack.errors import Trouble, raise_if_passing, understand
from bot.slack.mrkdwn import sentence
from bot.store import Store, StoreError
from bot.wording import headline

ALERT_EVENT: Final = "wsdiag_delivery"

_LOOK_BACK_S: Final = 300.0  # how far Slack's clock and ours may be apart

_log = logging.getLogger("wsdiag.slack.alerts")


class Part(StrEnum):
    """What a message is to its incident, as its metadata says."""

    ROOT = "root"
    WORSE = "worse"  # in the thread and the channel: once for each delivery of that kind
    RECOVERY = "recovery"  # in the thread: once for each incident


@dataclass(frozen=True, slots=True)
class Root:
    """An incident's message: the channel's id, and its timestamp there.

    `posted_for`: the delivery whose state it showed when it was new, and so notified of; 0 where
    that is not known. Later edits notify nobody.
    """

    channel: str
    ts: str
    posted_for: int = 0


class IncidentMessages:
    """Shows incidents. Methods raise what the SDK and aiohttp raise: `errors.understand` reads it.

    default_channel: where an incident goes whose own channel cannot be posted to.
    reader: channel → for whom to write there.
    """

    def __init__(
        self,
        channels: Channels,
        store: Store,
        *,
        reader: Callable[[str], Reader],
        default_channel: str | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._channels, self._store = channels, store
        self._reader, self._default = reader, default_channel
        self._now = now

    async def show(self, shown: Delivery, root_ts: str | None, *, in_doubt: bool) -> Root:
        """Bring the incident's message to the state of `shown`; post it where there is none.

        `root_ts`: the message as far as it is known. `in_doubt`: it may have been posted without
        our knowing, so look for it first.
        """
        routes = self._routes(shown.channel)
        closed: dict[str, Exception] = {}  # where it may stand already, out of our reach

        async def edit(route: str, ts: str) -> Root | None:
            try:
                return await self._edit(route, ts, shown)
            except REACHING as error:
                if understand(error).kind is not Trouble.CHANNEL:
                    raise
                closed[route] = error
                return None

        if root_ts is not None:
            for route in routes:
                root = await edit(route, root_ts)
                if root is not None:
                    return root
        if in_doubt:
            # Also where the known one is gone: it may have been posted anew without our knowing.
            for route in routes:
                found = await self._find_root(route, shown)
                if found is None or found.ts == root_ts:
                    continue
                edited = await edit(route, found.ts)
                if edited or (root_ts is None and route not in closed):
                    return found
        return await self._post(routes, shown, closed)

    async def reply(self, root: Root, news: Delivery, *, in_doubt: bool) -> None:
        """Say in the incident's thread that it is over, or (to the channel as well) got worse.

        What `root` announced itself when it was posted is not said again. If its channel is closed
        to us by now, the default channel is told.
        """
        if news.kind is TransitionKind.CLOSED:
            part, draw = Part.RECOVERY, recovery
        else:
            part, draw = Part.WORSE, worse
            if root.posted_for >= news.id:
                return
        if in_doubt and await self._find_reply(root, news, part):
            return
        post = draw(news, self._reader(news.channel).lang)
        try:
            await self._send(root.channel, post, news, part, thread_ts=root.ts)
        except REACHING as error:
            found = understand(error)
            if found.kind is Trouble.MESSAGE:
                # The thread is locked or gone; the message itself already says it.
                _log.warning("no reply to the incident of %s: %s", news.target, found.code)
                return
            elsewhere = self._routes(news.channel)[-1]
            if (
                found.kind is not Trouble.CHANNEL
                or await self._channels.id(elsewhere) == root.channel
            ):
                raise
            if in_doubt and await self._find(elsewhere, news, part) is not None:
                return
            note = self._astray(news, news.channel, elsewhere, found.code)
            post = draw(news, self._reader(elsewhere).lang, note)
            await self._send(elsewhere, post, news, part)

    async def barely(self, waiting: Sequence[Delivery]) -> Root | None:
        """The last resort for the first of what waits, whose message Slack keeps refusing: its
        newest state in one bare sentence, here or in the default channel. None: refused as well.

        It carries no metadata, which may be what Slack dislikes, so a crash in between repeats it.
        """
        head = waiting[0]
        newest = [d for d in waiting if d.incident_id == head.incident_id][-1]
        for route in self._routes(head.channel):
            words = sentence(headline(newest.target, newest.state), self._reader(route).lang)
            try:
                channel, ts = await self._channels.post(route, Post(f"{words}."))
            except REACHING as error:
                _log.error("%s refuses even a sentence: %s", route, understand(error).code)
                continue
            _log.error("the news of %s are told in a bare sentence; please report it", head.target)
            return Root(channel, ts, newest.id)
        return None

    # ------------------------------------------------------------ one message

    def _routes(self, channel: str) -> tuple[str, ...]:
        if self._default is None or self._default == channel:
            return (channel,)
        return (channel, self._default)

    async def _edit(self, channel: str, ts: str, shown: Delivery) -> Root | None:
        """None: there is no such message in that channel that could be edited."""
        channel_id = await self._channels.edit(channel, ts, await self._rendered(shown))
        return Root(channel_id, ts) if channel_id is not None else None

    async def _post(
        self, routes: tuple[str, ...], shown: Delivery, closed: Mapping[str, Exception]
    ) -> Root:
        """Post it anew. A channel in `closed` counts as closed even if it has just been opened:
        two messages would stand there, one of them never edited again."""
        note = ""
        for route in routes[:-1]:
            try:
                if route in closed:
                    raise closed[route]
                return await self._send(route, await self._rendered(shown), shown, Part.ROOT)
            except REACHING as error:
                found = understand(error)
                if found.kind is not Trouble.CHANNEL:
                    raise
                note = self._astray(shown, route, routes[-1], found.code)
        if routes[-1] in closed:
            raise closed[routes[-1]]
        return await self._send(routes[-1], await self._rendered(shown, note), shown, Part.ROOT)

    def _astray(self, shown: Delivery, meant: str, instead: str, code: str) -> str:
        """Log that news go to another channel than meant; returns the line that says so there."""
        _log.error(
            "cannot post to %s (%s), so the news of %s goes to %s. Invite the bot there"
            " (/invite), or set another channel.",
            meant,
            code,
            shown.target,
            instead,
        )
        words = say("Meant for {channel}, where I cannot post ({code}).", channel=meant, code=code)
        return sentence(words, self._reader(instead).lang)

    async def _send(
        self, channel: str, post: Post, shown: Delivery, part: Part, thread_ts: str | None = None
    ) -> Root:
        metadata = {
            "event_type": ALERT_EVENT,
            "event_payload": {
                "incident": shown.incident_id,
                "delivery": shown.id,
                "part": part.value,
            },
        }
        options: dict[str, Any] = {"metadata": metadata}
        if thread_ts is not None:
            options |= {"thread_ts": thread_ts, "reply_broadcast": part is Part.WORSE}

        channel_id, ts = await self._channels.post(channel, post, **options)
        return Root(channel_id, ts, shown.id)

    async def _rendered(self, shown: Delivery, note: str = "") -> Post:
        report_id = None
        if shown.report is not None:
            try:
                report_id = await self._store.save_report(shown.report)
            except StoreError as error:
                _log.error("an incident's message has no buttons: %s", error)
        draw = over if shown.kind is TransitionKind.CLOSED else trouble
        return draw(shown, report_id, self._reader(shown.channel), note)

    # ------------------------------------------------------------ looking for what was sent

    async def _find_root(self, channel: str, shown: Delivery) -> Root | None:
        """The incident's message, if this channel has one; None also where it cannot be read."""
        message = await self._find(channel, shown, Part.ROOT)
        if message is None:
            return None
        return Root(await self._channels.id(channel), str(message["ts"]), _delivery(message))

    async def _find(self, channel: str, shown: Delivery, part: Part) -> Mapping[str, Any] | None:
        """What the channel itself (not a thread) shows of an incident, the newest such message."""
        oldest: float | None = shown.opened_at.timestamp() - _LOOK_BACK_S
        if shown.opened_at > self._now():
            oldest = None  # our clock was set back since: what it said then is no bound
        try:
            async for message in self._channels.history(channel, oldest):
                if _says(message, shown, part):
                    return message
        except REACHING as error:
            raise_if_passing(error)
            _log.warning("cannot look for news already told in %s: it is told again", channel)
        return None

    async def _find_reply(self, root: Root, news: Delivery, part: Part) -> bool:
        """Whether the thread says it already, or (see `reply`) its first message announced it."""
        try:
            async for message in self._channels.thread(root.channel, root.ts):
                announced = part is Part.WORSE and _delivery(message) >= news.id
                if _says(message, news, part) or (announced and _says(message, news, Part.ROOT)):
                    return True
        except REACHING as error:
            raise_if_passing(error)
        return False


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata: Mapping[str, Any] = message.get("metadata") or {}
    if metadata.get("event_type") != ALERT_EVENT:
        return {}
    payload: Mapping[str, Any] = metadata.get("event_payload") or {}
    return payload


def _says(message: Mapping[str, Any], news: Delivery, part: Part) -> bool:
    """Whether a message is this part of the incident; what got worse goes by its delivery."""
    payload = _payload(message)
    return (
        payload.get("incident") == news.incident_id
        and payload.get("part") == part.value
        and (part is not Part.WORSE or _delivery(message) == news.id)
    )


def _delivery(message: Mapping[str, Any]) -> int:
    found = _payload(message).get("delivery")
    return found if isinstance(found, int) else 0

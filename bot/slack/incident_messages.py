"""An incident's messages in Slack: found, posted, edited, answered. One delivery at a time.

Every message carries metadata that names incident and delivery, so that what Slack accepted before
a crash is found again instead of being sent twice (docs.slack.dev/messaging/message-metadata).
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Delivery, TransitionKind, say
from bot.slack.blocks.alert import over, recovery, trouble, worse
from bot.slack.blocks.common import Reader
from bot.slack.blocks.kit import Post
from bot.slack.client import REACHING, SlackClient
from bot.slack.errors import Trouble, understand
from bot.slack.mrkdwn import sentence
from bot.store import Store, StoreError
from bot.wording import headline

ALERT_EVENT: Final = "wsdiag_delivery"
CALL_S: Final = 60.0  # one call, and once more without blocks

_POST_GAP_S: Final = 1.0  # chat.postMessage: one a second in each channel
_LOOK_BACK_S: Final = 300.0  # how far Slack's clock and ours may be apart
_PAGES: Final = 10
_PAGE: Final = 200
_CHANNEL_ID = re.compile(r"[CGDU][A-Z0-9]{7,}")

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
    post_gap_s: seconds between two new messages in one channel.
    """

    def __init__(
        self,
        client: SlackClient,
        store: Store,
        *,
        reader: Callable[[str], Reader],
        default_channel: str | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        post_gap_s: float = _POST_GAP_S,
    ) -> None:
        self._client, self._store = client, store
        self._reader, self._default = reader, default_channel
        self._now = now
        self._post_gap_s = post_gap_s
        self._ids: dict[str, str] = {}  # channel as configured → its id
        self._free_at: dict[str, float] = {}  # channel → loop time of the next allowed post

    @property
    def _web(self) -> AsyncWebClient:
        return self._client.careful

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
            if found.kind is not Trouble.CHANNEL or await self._id(elsewhere) == root.channel:
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
            words = headline(newest.target, newest.state)
            try:
                async with asyncio.timeout(CALL_S):
                    answer = await self._web.chat_postMessage(
                        channel=route, text=f"{sentence(words, self._reader(route).lang)}."
                    )
            except REACHING as error:
                _log.error("%s refuses even a sentence: %s", route, understand(error).code)
                continue
            _log.error("the news of %s are told in a bare sentence; please report it", head.target)
            return Root(str(answer["channel"]), str(answer["ts"]), newest.id)
        return None

    # ------------------------------------------------------------ one message

    def _routes(self, channel: str) -> tuple[str, ...]:
        if self._default is None or self._default == channel:
            return (channel,)
        return (channel, self._default)

    async def _edit(self, channel: str, ts: str, shown: Delivery) -> Root | None:
        """None: there is no such message in that channel that could be edited."""
        post = await self._rendered(shown)
        try:
            channel_id = await self._id(channel)

            async def update(content: Post) -> Any:
                return await self._web.chat_update(
                    channel=channel_id, ts=ts, **content.edit_arguments()
                )

            await self._accepted(post, update)
        except REACHING as error:
            if understand(error).kind is Trouble.MESSAGE:
                return None
            raise
        return Root(channel_id, ts)

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
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._free_at.get(channel, 0.0) - loop.time()))
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

        async def send(content: Post) -> Any:
            return await self._web.chat_postMessage(
                channel=channel, **options, **content.arguments()
            )

        try:
            answer = await self._accepted(post, send)
        finally:
            self._free_at[channel] = loop.time() + self._post_gap_s
        root = Root(str(answer["channel"]), str(answer["ts"]), shown.id)
        self._ids[channel] = root.channel
        return root

    async def _accepted(self, post: Post, call: Callable[[Post], Awaitable[Any]]) -> Any:
        """Call with the blocks, and once more with the sentence alone if Slack dislikes them."""
        async with asyncio.timeout(CALL_S):
            try:
                return await call(post)
            except REACHING as error:
                found = understand(error)
                if found.kind is not Trouble.CONTENT or not post.blocks:
                    raise
                _log.error("Slack refused the blocks of an incident's message: %s", found.code)
                return await call(Post(post.text))

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
        return Root(await self._id(channel), str(message["ts"]), _delivery(message))

    async def _find(self, channel: str, shown: Delivery, part: Part) -> Mapping[str, Any] | None:
        """What the channel itself (not a thread) shows of an incident, the newest such message."""
        oldest: str | None = str(shown.opened_at.timestamp() - _LOOK_BACK_S)
        if shown.opened_at > self._now():
            oldest = None  # our clock was set back since: what it said then is no bound
        try:
            channel_id = await self._id(channel)

            def page(cursor: str | None) -> Awaitable[Any]:
                return self._web.conversations_history(
                    channel=channel_id,
                    oldest=oldest,
                    include_all_metadata=True,
                    limit=_PAGE,
                    cursor=cursor,
                )

            async for message in _messages(page):
                if _says(message, shown, part):
                    return message
        except REACHING as error:
            _raise_if_passing(error)
            _log.warning("cannot look for news already told in %s: it is told again", channel)
        return None

    async def _find_reply(self, root: Root, news: Delivery, part: Part) -> bool:
        """Whether the thread says it already, or (see `reply`) its first message announced it."""
        try:

            def page(cursor: str | None) -> Awaitable[Any]:
                return self._web.conversations_replies(
                    channel=root.channel,
                    ts=root.ts,
                    include_all_metadata=True,
                    limit=_PAGE,
                    cursor=cursor,
                )

            async for message in _messages(page):
                announced = part is Part.WORSE and _delivery(message) >= news.id
                if _says(message, news, part) or (announced and _says(message, news, Part.ROOT)):
                    return True
        except REACHING as error:
            _raise_if_passing(error)
        return False

    async def _id(self, channel: str) -> str:
        """The id of a channel that may be configured by name; the name itself if none is found."""
        if _CHANNEL_ID.fullmatch(channel):
            return channel
        if channel not in self._ids:
            name = channel.lstrip("#")

            def page(cursor: str | None) -> Awaitable[Any]:
                return self._web.conversations_list(
                    types="public_channel,private_channel",
                    exclude_archived=False,
                    limit=_PAGE,
                    cursor=cursor,
                )

            async for found in _messages(page, "channels", pages=50):
                if found.get("name") == name:
                    self._ids[channel] = str(found["id"])
                    break
        return self._ids.get(channel, channel)


async def _messages(
    page: Callable[[str | None], Awaitable[Any]], key: str = "messages", pages: int = _PAGES
) -> AsyncIterator[Mapping[str, Any]]:
    """The entries of a paged answer, a bounded number of pages."""
    cursor: str | None = None
    for _ in range(pages):
        async with asyncio.timeout(CALL_S):
            answer = await page(cursor)
        for entry in answer.get(key) or ():
            yield entry
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            return


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


def _raise_if_passing(error: BaseException) -> None:
    """Only what will not get better is a reason to go on without looking."""
    if understand(error).kind in (Trouble.BUSY, Trouble.PASSING):
        raise error

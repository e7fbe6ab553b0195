"""An incident's messages in Slack: found, posted, edited, answered. One delivery at a time.

Every message carries metadata that names incident and delivery, so that what Slack accepted before
a crash is found again instead of being sent twice (docs.slack.dev/messaging/message-metadata).
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Delivery, TransitionKind, say
from bot.slack.blocks.alert import over, recovery, trouble
from bot.slack.blocks.common import Reader
from bot.slack.blocks.kit import Post
from bot.slack.client import REACHING, SlackClient
from bot.slack.errors import Trouble, understand
from bot.slack.mrkdwn import sentence
from bot.store import Store, StoreError

ALERT_EVENT: Final = "wsdiag_delivery"
CALL_S: Final = 60.0  # one call, with the SDK's own waits for Retry-After

_POST_GAP_S: Final = 1.0  # chat.postMessage: one a second in each channel
_LOOK_BACK_S: Final = 300.0  # how far Slack's clock and ours may be apart
_PAGES: Final = 10
_PAGE: Final = 200
_CHANNEL_ID = re.compile(r"[CGDU][A-Z0-9]{7,}")

_log = logging.getLogger("wsdiag.slack.alerts")


@dataclass(frozen=True, slots=True)
class Root:
    """An incident's message: the channel's id, and its timestamp there."""

    channel: str
    ts: str


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
        post_gap_s: float = _POST_GAP_S,
    ) -> None:
        self._client, self._store = client, store
        self._reader, self._default = reader, default_channel
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
        if root_ts is not None:
            for route in routes:
                root = await self._edit(route, root_ts, shown)
                if root is not None:
                    return root
        elif in_doubt:
            for route in routes:
                found = await self._find_root(route, shown)
                if found is not None:
                    return await self._edit(found.channel, found.ts, shown) or found
        return await self._post(routes, shown)

    async def reply(self, root: Root, closed: Delivery, *, in_doubt: bool) -> None:
        """Say in the incident's thread that it is over."""
        if in_doubt and await self._find_reply(root, closed):
            return
        post = recovery(closed, self._reader(closed.channel).lang)
        try:
            await self._send(root.channel, post, closed, "recovery", thread_ts=root.ts)
        except REACHING as error:
            if understand(error).kind is not Trouble.MESSAGE:
                raise
            # The thread is locked or gone; the message itself already says that it is over.
            _log.warning(
                "no reply to the incident of %s: %s", closed.target, understand(error).code
            )

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
            if understand(error).kind in (Trouble.MESSAGE, Trouble.CHANNEL):
                return None
            raise
        return Root(channel_id, ts)

    async def _post(self, routes: tuple[str, ...], shown: Delivery) -> Root:
        note = ""
        for route in routes[:-1]:
            try:
                return await self._send(route, await self._rendered(shown), shown, "root")
            except REACHING as error:
                found = understand(error)
                if found.kind is not Trouble.CHANNEL:
                    raise
                _log.error(
                    "cannot post to %s (%s), so the news of %s goes to %s. Invite the bot there"
                    " (/invite), or set another channel.",
                    route,
                    found.code,
                    shown.target,
                    routes[-1],
                )
                elsewhere = say(
                    "Meant for {channel}, where I cannot post ({code}).",
                    channel=route,
                    code=found.code,
                )
                note = sentence(elsewhere, self._reader(routes[-1]).lang)
        return await self._send(routes[-1], await self._rendered(shown, note), shown, "root")

    async def _send(
        self, channel: str, post: Post, shown: Delivery, part: str, thread_ts: str | None = None
    ) -> Root:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._free_at.get(channel, 0.0) - loop.time()))
        metadata = {
            "event_type": ALERT_EVENT,
            "event_payload": {
                "incident": shown.incident_id,
                "delivery": shown.id,
                "part": part,
            },
        }

        async def send(content: Post) -> Any:
            return await self._web.chat_postMessage(
                channel=channel, thread_ts=thread_ts, metadata=metadata, **content.arguments()
            )

        try:
            answer = await self._accepted(post, send)
        finally:
            self._free_at[channel] = loop.time() + self._post_gap_s
        root = Root(str(answer["channel"]), str(answer["ts"]))
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
        oldest = str(shown.opened_at.timestamp() - _LOOK_BACK_S)
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
                if _is(message, shown.incident_id, "root"):
                    return Root(channel_id, str(message["ts"]))
        except REACHING as error:
            _raise_if_passing(error)
            _log.warning("cannot look for news already told in %s: it is told again", channel)
        return None

    async def _find_reply(self, root: Root, closed: Delivery) -> bool:
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
                if _is(message, closed.incident_id, "recovery"):
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


def _is(message: Mapping[str, Any], incident_id: str, part: str) -> bool:
    metadata: Mapping[str, Any] = message.get("metadata") or {}
    payload: Mapping[str, Any] = metadata.get("event_payload") or {}
    return (
        metadata.get("event_type") == ALERT_EVENT
        and payload.get("incident") == incident_id
        and payload.get("part") == part
    )


def _raise_if_passing(error: BaseException) -> None:
    """Only what will not get better is a reason to go on without looking."""
    if understand(error).kind in (Trouble.BUSY, Trouble.PASSING):
        raise error

"""The way into channels: posts at Slack's pace, edits, and what stands there already.

Methods raise what the SDK and aiohttp raise (`errors.understand` reads it) and TimeoutError.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.blocks.kit import Post
from bot.slack.way.client import REACHING, SlackClient
from bot.slack.way.errors import Trouble, understand

CALL_S: Final = 60.0  # one call, and once more without blocks

_POST_GAP_S: Final = 1.0  # chat.postMessage: one a second in each channel
_PAGES: Final = 10
_PAGE: Final = 200
CHANNEL_ID: Final = re.compile(r"[CGD][A-Z0-9]{7,}")
_PERSON_ID = re.compile(r"[UW][A-Z0-9]{7,}")

_log = logging.getLogger("wsdiag.slack.alerts")


def is_person(channel: str) -> bool:
    """Whether news for this "channel" go to somebody by direct message: it is a person's id."""
    return _PERSON_ID.fullmatch(channel) is not None


class Channels:
    """One per process: the pace is kept per channel, whoever posts there.

    post_gap_s: seconds between two new messages in one channel.
    """

    def __init__(self, client: SlackClient, *, post_gap_s: float = _POST_GAP_S) -> None:
        self._client = client
        self._post_gap_s = post_gap_s
        self._ids: dict[str, str] = {}  # channel as configured → its id
        self._free_at: dict[str, float] = {}  # channel → loop time of the next allowed post
        self._turns: dict[str, asyncio.Lock] = {}  # channel → one post at a time

    @property
    def _web(self) -> AsyncWebClient:
        return self._client.careful

    async def post(
        self, channel: str, post: Post, *, last_resort: Post | None = None, **options: Any
    ) -> tuple[str, str]:
        """A new message: the channel's id, and the message's timestamp there.

        `options` go to chat.postMessage as they are: metadata, thread_ts, reply_broadcast. The
        `last_resort` is what to say, without metadata, if Slack accepts nothing else.
        """
        loop = asyncio.get_running_loop()
        place = self._ids.get(channel, channel)

        async def send(content: Post) -> Any:
            given = options
            if content is last_resort:
                given = {name: value for name, value in options.items() if name != "metadata"}
            return await self._web.chat_postMessage(channel=channel, **given, **content.arguments())

        async with self._turns.setdefault(place, asyncio.Lock()):
            await asyncio.sleep(max(0.0, self._free_at.get(place, 0.0) - loop.time()))
            pause_s = self._post_gap_s
            try:
                answer = await _accepted(post, last_resort, send)
            except REACHING as error:
                pause_s = max(pause_s, understand(error).retry_after_s or 0.0)
                raise
            finally:
                self._free_at[place] = loop.time() + pause_s
        self._ids[channel] = str(answer["channel"])
        self._free_at[self._ids[channel]] = self._free_at[place]
        return self._ids[channel], str(answer["ts"])

    async def edit(
        self, channel: str, ts: str, post: Post, *, last_resort: Post | None = None, **options: Any
    ) -> str | None:
        """Rewrite a message; the channel's id, or None where there is none that can be edited."""
        try:
            channel_id = await self.id(channel)

            async def update(content: Post) -> Any:
                return await self._web.chat_update(
                    channel=channel_id, ts=ts, **options, **content.edit_arguments()
                )

            await _accepted(post, last_resort, update)
        except REACHING as error:
            if understand(error).kind is Trouble.MESSAGE:
                return None
            raise
        return channel_id

    async def remove(self, channel_id: str, ts: str) -> None:
        """Delete a message of our own; one that is gone already is no trouble."""
        try:
            async with asyncio.timeout(CALL_S):
                await self._web.chat_delete(channel=channel_id, ts=ts)
        except REACHING as error:
            if understand(error).kind is not Trouble.MESSAGE:
                raise

    async def history(self, channel: str, oldest: float | None) -> AsyncIterator[Mapping[str, Any]]:
        """What the channel itself (not a thread) shows since `oldest`, the newest first."""
        channel_id = await self.id(channel)

        def page(cursor: str | None) -> Awaitable[Any]:
            return self._web.conversations_history(
                channel=channel_id,
                oldest=None if oldest is None else str(oldest),
                include_all_metadata=True,
                limit=_PAGE,
                cursor=cursor,
            )

        async for message in _entries(page):
            yield message

    async def thread(self, channel: str, ts: str) -> AsyncIterator[Mapping[str, Any]]:
        """A message and the replies to it."""

        def page(cursor: str | None) -> Awaitable[Any]:
            return self._web.conversations_replies(
                channel=channel, ts=ts, include_all_metadata=True, limit=_PAGE, cursor=cursor
            )

        async for message in _entries(page):
            yield message

    async def id(self, channel: str) -> str:
        """The id of a channel that may be configured by name, or of the direct message with a
        person; the name itself if none is found."""
        if CHANNEL_ID.fullmatch(channel):
            return channel
        if channel not in self._ids and is_person(channel):
            async with asyncio.timeout(CALL_S):
                answer = await self._web.conversations_open(users=channel)
            self._ids[channel] = str(answer["channel"]["id"])
        if channel not in self._ids:
            name = channel.lstrip("#")

            def page(cursor: str | None) -> Awaitable[Any]:
                return self._web.conversations_list(
                    types="public_channel,private_channel",
                    exclude_archived=False,
                    limit=_PAGE,
                    cursor=cursor,
                )

            async for found in _entries(page, "channels", pages=50):
                if found.get("name") == name:
                    self._ids[channel] = str(found["id"])
                    break
        return self._ids.get(channel, channel)


async def _accepted(
    post: Post, last_resort: Post | None, call: Callable[[Post], Awaitable[Any]]
) -> Any:
    """Call with the blocks; if Slack dislikes them with the sentence; then the last resort."""
    attempts = [post]
    if post.blocks:
        attempts.append(Post(post.text))
    if last_resort is not None:
        attempts.append(last_resort)
    while True:
        content = attempts.pop(0)
        try:
            async with asyncio.timeout(CALL_S):
                return await call(content)
        except REACHING as error:
            found = understand(error)
            if found.kind is not Trouble.CONTENT or not attempts:
                raise
            _log.error("Slack refused the content of a message: %s", found.code)


async def _entries(
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

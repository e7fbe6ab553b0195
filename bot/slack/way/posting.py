"""Messages on their way into a conversation: answers, whispers, and one that changes with a run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from slack_sdk.errors import SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack.blocks.kit import Post
from bot.slack.blocks.older import older
from bot.slack.way.channels import is_person
from bot.slack.way.client import REACHING, SlackClient, proxy_for
from bot.slack.way.errors import Trouble, understand

EDIT_GAP_S: Final = 3.0  # at least this long between two edits of a progress message
CALL_S: Final = 45.0  # one call with its retries
_URL_USES: Final = 5
_URL_LIFE_S: Final = 29 * 60.0  # of 30 minutes

_log = logging.getLogger("wsdiag.slack")


@dataclass(slots=True)
class ResponseUrl:
    """Slack's address for answers to one command or click: five uses within half an hour."""

    url: str
    given_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    uses: int = 0

    @property
    def usable(self) -> bool:
        age = asyncio.get_running_loop().time() - self.given_at
        return self.uses < _URL_USES and age < _URL_LIFE_S


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was asked, and so where it is answered."""

    channel: str
    user: str
    channel_name: str | None = None
    thread_ts: str | None = None
    response: ResponseUrl | None = None


class Poster:
    """Sends posts to places. What Slack refuses is logged, and told by the returned value."""

    def __init__(self, client: SlackClient) -> None:
        self._client = client

    async def whisper(self, place: Place, post: Post) -> bool:
        """To the asking person only. False: Slack took it by no way."""
        if await self.respond(place, post, in_channel=False):
            return True
        if place.channel == place.user:  # no conversation but their own with the bot
            return await self._tell(place.user, post)
        try:
            async with asyncio.timeout(CALL_S):
                if is_person(place.channel):  # asked in the Home tab: nobody else is there
                    await self._client.web.chat_postMessage(
                        channel=place.channel, **post.arguments()
                    )
                    return True
                await self._client.web.chat_postEphemeral(
                    channel=place.channel,
                    user=place.user,
                    thread_ts=place.thread_ts,
                    text=post.text,
                    blocks=list(post.blocks),
                )
        except REACHING as error:
            _log.warning("could not answer in %s: %s", place.channel, understand(error).code)
            return False
        return True

    async def _tell(self, user: str, post: Post) -> bool:
        try:
            async with asyncio.timeout(CALL_S):
                await self._client.web.chat_postMessage(channel=user, **post.arguments())
        except REACHING as error:
            _log.warning("could not write to %s: %s", user, understand(error).code)
            return False
        return True

    async def respond(self, place: Place, post: Post, *, in_channel: bool) -> bool:
        """Through the response_url. False: there is none, it is used up, or Slack refused."""
        response = place.response
        if response is None or not response.usable:
            return False
        response.uses += 1
        body: dict[str, Any] = {
            **post.arguments(),
            "blocks": older(post.blocks),  # a refusal would cost one of five uses
            "response_type": "in_channel" if in_channel else "ephemeral",
            "replace_original": False,
        }
        if place.thread_ts is not None:
            body["thread_ts"] = place.thread_ts
        client = AsyncWebhookClient(
            response.url,
            session=self._client.session,
            logger=self._client.web.logger,
        )
        client.proxy = proxy_for(response.url)
        client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
        try:
            async with asyncio.timeout(CALL_S):
                answer = await client.send_dict(body)
        except REACHING as error:
            _log.warning("the response_url did not take an answer: %s", understand(error).code)
            return False
        if answer.status_code != 200:
            _log.warning("the response_url refused an answer: %s", answer.body[:200])
            return False
        return True

    def live(self, place: Place) -> LiveMessage:
        """A message that shows progress and becomes the result."""
        return LiveMessage(self._client, self, place)


class LiveMessage:
    """Posted once, edited while something runs, and in the end the result.

    Where the bot is no member nothing can be edited: the asker gets a note through the
    response_url, and the result comes the same way.
    """

    def __init__(self, client: SlackClient, poster: Poster, place: Place) -> None:
        self._client, self._poster, self._place = client, poster, place
        self._channel = place.channel
        self._ts: str | None = None
        self._shown: Post | None = None
        self._not_before = 0.0  # loop time of the next allowed edit
        self._opening: asyncio.Task[None] | None = None

    @property
    def posted(self) -> tuple[str, str] | None:
        """Channel and timestamp of the message, as long as there is one that can be edited."""
        return (self._channel, self._ts) if self._ts is not None else None

    async def open(self, post: Post) -> None:
        """Post it. An asker that is cancelled meanwhile leaves no orphan: see `finish`."""
        self._opening = asyncio.create_task(self._open(post), name="post a progress message")
        await asyncio.shield(self._opening)

    async def _open(self, post: Post) -> None:
        try:
            async with asyncio.timeout(CALL_S):
                answer = await self._client.web.chat_postMessage(
                    channel=self._place.channel,
                    thread_ts=self._place.thread_ts,
                    **post.arguments(),
                )
        except REACHING as error:
            trouble = understand(error)
            _log.info("no progress message in %s: %s", self._place.channel, trouble.code)
            await self._poster.respond(self._place, post, in_channel=False)
            return
        self._channel, self._ts = str(answer["channel"]), str(answer["ts"])
        self._shown = post
        self._not_before = _now() + EDIT_GAP_S

    async def follow(self, render: Callable[[], Post], changed: asyncio.Event) -> None:
        """Edit whenever `changed` is set and the content differs, until cancelled."""
        while True:
            await changed.wait()
            await asyncio.sleep(max(0.0, self._not_before - _now()))
            changed.clear()
            await self._edit(render())

    async def _edit(self, post: Post) -> None:
        if self._ts is None or post == self._shown:
            return
        self._not_before = _now() + EDIT_GAP_S
        try:
            async with asyncio.timeout(CALL_S):
                await self._client.brisk.chat_update(
                    channel=self._channel, ts=self._ts, **post.edit_arguments()
                )
        except REACHING as error:
            trouble = understand(error)
            _log.debug("a progress edit was left out: %s", trouble.code)
            if trouble.kind is Trouble.MESSAGE:
                self._ts = None  # deleted by someone: the result will be a new message
            elif trouble.retry_after_s is not None:
                self._not_before = _now() + max(EDIT_GAP_S, trouble.retry_after_s)
            return
        self._shown = post

    async def finish(self, post: Post, *, deadline_s: float = CALL_S) -> bool:
        """Make it the result; post anew where it was deleted. False: Slack took it by no way."""
        try:
            async with asyncio.timeout(deadline_s):
                if self._opening is not None:
                    await asyncio.wait({self._opening})
                return await self._finish(post)
        except TimeoutError:
            _log.warning("Slack did not take a result in time in %s", self._place.channel)
            return False
        finally:
            if self._opening is not None:
                self._opening.cancel()

    async def _finish(self, post: Post) -> bool:
        for attempt in (post, Post(post.text)):
            try:
                if await self._put(attempt):
                    return True
            except REACHING as error:
                trouble = understand(error)
                _log.warning("a result was refused in %s: %s", self._place.channel, trouble.code)
                if trouble.kind is Trouble.CONTENT:
                    continue  # blocks that Slack does not like: the sentence at least
            break
        return await self._poster.respond(self._place, post, in_channel=True)

    async def _put(self, post: Post) -> bool:
        """Edit the progress message, or post anew; False where only the response_url is left."""
        if self._ts is not None:
            try:
                await self._client.web.chat_update(
                    channel=self._channel, ts=self._ts, **post.edit_arguments()
                )
            except SlackClientError as error:
                if understand(error).kind is not Trouble.MESSAGE:
                    raise
                self._ts = None
            else:
                return True
        elif self._opening is not None and self._place.response is not None:
            return False
        await self._client.web.chat_postMessage(
            channel=self._place.channel, thread_ts=self._place.thread_ts, **post.arguments()
        )
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()

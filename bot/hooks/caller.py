"""Delivers calls: one at a time per webhook, so that a receiver sees things as they happened."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import aiohttp
from pydantic import SecretStr

from bot import __version__
from bot.hooks.body import Words, body
from bot.hooks.patience import Answer, Outcome, judge
from bot.hooks.signing import headers
from bot.model import Call, Feed
from bot.store import Calls, Lease, StoreError

_CALL_S: Final = 10.0
_FIRST_RETRY_S: Final = 2.0
_STORE_RETRY_S: Final = 5.0
_IDLE_LOOK_S: Final = 60.0

_log = logging.getLogger("wsdiag.hooks")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a webhook is and what it is signed with; the address alone may be a secret."""

    url: SecretStr
    secret: SecretStr


class Caller:
    """Run `run()` in a task until it is cancelled.

    endpoint: where a feed goes at present; None: the settings name nothing, and what waits is
    dropped. lease: by which only one of several processes calls.
    """

    def __init__(
        self,
        calls: Calls,
        endpoint: Callable[[Feed], Endpoint | None],
        words: Callable[[], Words],
        *,
        now: Callable[[], datetime],
        lease: Lease,
        call_s: float = _CALL_S,
        first_retry_s: float = _FIRST_RETRY_S,
    ) -> None:
        self._calls, self._endpoint, self._words, self._now = calls, endpoint, words, now
        self._lease = lease
        self._call_s, self._first_retry_s = call_s, first_retry_s

    async def run(self) -> None:
        """Deliver until cancelled. The environment's proxies are honoured."""
        timeout = aiohttp.ClientTimeout(total=self._call_s)
        ours = {"User-Agent": f"wsdiag/{__version__}"}
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True, headers=ours) as session,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._lease.run(), name="lease of the webhooks")
            for feed in Feed:
                group.create_task(self._serve(feed, session), name=f"webhook {feed}")

    async def _serve(self, feed: Feed, session: aiohttp.ClientSession) -> None:
        wake = self._calls.wake[feed]
        while True:
            await self._lease.turn()
            wake.clear()
            try:
                pause_s = await self._step(feed, session)
            except StoreError as error:
                _log.error("a call to the webhook (%s) is not known or recorded: %s", feed, error)
                pause_s = _STORE_RETRY_S
            if pause_s <= 0:
                continue
            try:
                async with asyncio.timeout(pause_s):
                    await wake.wait()
            except TimeoutError:
                pass

    async def _step(self, feed: Feed, session: aiohttp.ClientSession) -> float:
        """Attempt the next call, if its time has come; the seconds until there may be more."""
        call = await self._calls.next(feed)
        if call is None:
            return _IDLE_LOOK_S
        if call.retry_at is not None and call.retry_at > self._now():
            wait_s = (call.retry_at - self._now()).total_seconds()
            return min(_IDLE_LOOK_S, max(0.05, wait_s))
        endpoint = self._endpoint(feed)
        if endpoint is None:
            await self._calls.done(call.id, Outcome.UNWANTED, self._now())
            return 0.0
        answer, said = await self._post(endpoint, call, session)
        await self._settle(call, answer, said)
        return 0.0

    async def _post(
        self, endpoint: Endpoint, call: Call, session: aiohttp.ClientSession
    ) -> tuple[Answer, str]:
        """One attempt: the answer, and what to log of it, which holds no part of the address."""
        try:
            content = body(call, self._words())
            signed = headers(endpoint.secret, call.event_id, self._now(), content)
            async with session.post(
                endpoint.url.get_secret_value(),
                data=content,
                headers={"Content-Type": "application/json", **signed},
                allow_redirects=False,  # where it leads was not configured by anybody here
            ) as answer:
                wait_s = _seconds(answer.headers.get("Retry-After"))
                return Answer(answer.status, wait_s), f"HTTP {answer.status}"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Answer(None), type(error).__name__
        except Exception as error:  # noqa: BLE001  one that cannot be told must not stop the rest
            _log.exception("a call to the webhook (%s) failed by an error of ours", call.feed)
            return Answer(None), type(error).__name__

    async def _settle(self, call: Call, answer: Answer, said: str) -> None:
        age = self._now() - call.at
        verdict = judge(answer, call.attempts, age, self._first_retry_s)
        if isinstance(verdict, Outcome):
            await self._calls.done(call.id, verdict, self._now())
            if verdict is Outcome.DELIVERED:
                if call.attempts:
                    _log.info("the webhook (%s) takes calls again", call.feed)
                return
            _log.error(
                "the webhook (%s) did not take that the incident of %s is %s, event %s (%s): given"
                " up after %d attempts",
                call.feed, call.target, call.kind, call.event_id, said, call.attempts + 1,
            )  # fmt: skip
            return
        wait_s = verdict * random.uniform(0.9, 1.2)
        await self._calls.failed(call.id, said, self._now() + timedelta(seconds=wait_s))
        _log.warning(
            "the webhook (%s) did not take an event (%s); again in %.0f s%s",
            call.feed, said, wait_s, _hint(answer.status),
        )  # fmt: skip


def _hint(status: int | None) -> str:
    """What to change, where waiting alone does not help."""
    if status is not None and 300 <= status < 400:
        return "; redirects are not followed: set the address that it leads to"
    if status in (401, 403):
        return "; compare the secrets on both sides"
    return ""


def _seconds(text: str | None) -> float | None:
    """Retry-After in seconds; its other form, a date, is left to our own patience."""
    return float(text) if text is not None and text.isdecimal() and len(text) < 8 else None

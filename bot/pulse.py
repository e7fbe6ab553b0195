"""Who watches the watcher: how late the event loop is, and a heartbeat to a dead-man's switch.

Nothing here knows what the bot does. The heartbeat goes out only while the bot says of itself that
it works, so that a service such as Healthchecks.io or a Prometheus push gateway raises the alarm
that a dead or deaf bot cannot raise itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
from pydantic import SecretStr

LATE_S: Final = 1.0  # heartbeats of held connections are judged by the second

_LOOK_EVERY_S: Final = 0.5
_KEPT: Final = 120  # looks, hence one minute
_CALL_S: Final = 10.0
_READY_S: Final = 5.0
_AGAIN_S: Final = 5.0  # after it was not ready: a reconnection must not cost a whole interval

_log = logging.getLogger("wsdiag.pulse")


class LoopLag:
    """How late the event loop runs what is due. Run `run()`; read `worst_s`."""

    def __init__(self, *, look_every_s: float = _LOOK_EVERY_S, late_s: float = LATE_S) -> None:
        self._look_every_s, self._late_s = look_every_s, late_s
        self._recent: deque[float] = deque([0.0], maxlen=_KEPT)

    @property
    def worst_s(self) -> float:
        """The longest delay of the last minute, seconds."""
        return max(self._recent)

    async def run(self) -> None:
        """Look until cancelled; a loop that was blocked is logged, as it blinds every watcher."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + self._look_every_s
            await asyncio.sleep(self._look_every_s)
            late = max(0.0, loop.time() - due)
            self._recent.append(late)
            if late >= self._late_s:
                _log.warning("the event loop was blocked for %.1f s", late)


class Heartbeat:
    """Calls an address at a steady pace while the bot works. Run `run()`."""

    def __init__(
        self, url: SecretStr, every_s: float, ready: Callable[[], Awaitable[bool]]
    ) -> None:
        """`ready` says whether the bot works; it is given five seconds to answer."""
        self._url, self._every_s, self._ready = url, every_s, ready
        self._said = True  # what was logged last: a change is news, the rest is noise
        self._unready = 0  # times in a row; once is how it starts, and how Slack reconnects

    async def run(self) -> None:
        """Beat until cancelled. A beat that fails is logged once, and never ends anything."""
        timeout = aiohttp.ClientTimeout(total=_CALL_S)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
            while True:
                await self._beat(session)
                again_s = min(_AGAIN_S, self._every_s) if self._unready else self._every_s
                await asyncio.sleep(again_s)

    async def _beat(self, session: aiohttp.ClientSession) -> None:
        why = "see /readyz"
        try:
            async with asyncio.timeout(_READY_S):
                ready = await self._ready()
        except Exception as error:  # noqa: BLE001  whatever it is, the bot is not well
            ready, why = False, str(error) or type(error).__name__
        if not ready:
            self._unready += 1
            if self._unready > 1:
                self._say(False, f"no heartbeat goes out: the bot is not ready ({why})")
            return
        self._unready = 0
        try:
            async with session.get(self._url.get_secret_value()) as answer:
                if answer.status >= 400:
                    self._say(False, f"the heartbeat URL answers HTTP {answer.status}")
                    return
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self._say(False, f"the heartbeat URL cannot be reached ({type(error).__name__})")
            return
        self._say(True, "the heartbeat goes out again")

    def _say(self, well: bool, words: str) -> None:
        if well is not self._said:
            self._said = well
            _log.log(logging.INFO if well else logging.WARNING, "%s", words)

"""Socket Mode under our own supervision.

The SDK's client reconnects by itself in most cases, but it retries an invalid token for ever
without saying so, and a socket can die without being noticed (bolt-python #417, #1529). So each
connection gets a deadline, is watched, and is replaced by a fresh one when it is dead.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Final

from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.slack.way.client import REACHING, SlackClient, TokenRefused, proxy_for
from bot.slack.way.errors import understand

_CONNECT_S: Final = 30.0
_CLOSE_S: Final = 3.0  # the SDK waits up to 10 s for a close frame
_LOOK_EVERY_S: Final = 1.0
_DEAD_AFTER_S: Final = 30.0  # the SDK's own repairs have failed by then
_PING_S: Final = 10.0
_FIRST_RETRY_S: Final = 1.0
_LONGEST_RETRY_S: Final = 60.0

_log = logging.getLogger("wsdiag.slack")


class _Client(SocketModeClient):
    """The SDK's client with addresses from `SlackClient`, so that their proxy is the right one."""

    def __init__(self, slack: SlackClient) -> None:
        super().__init__(
            app_token="",  # addresses are issued by SlackClient, which holds the token
            logger=slack.web.logger,
            web_client=slack.web,
            ping_interval=_PING_S,
        )
        self._slack = slack
        self.proxy = None

    async def issue_new_wss_url(self) -> str:
        url = await self._slack.socket_url()
        self.proxy = proxy_for(url)
        return url

    @property
    def broken(self) -> bool:
        """Whether a part of the client has ended, so that nothing will be received any more."""
        parts = (self.message_processor, self.current_session_monitor, self.message_receiver)
        return any(part is not None and part.done() for part in parts)

    @property
    def cut(self) -> bool:
        """Whether the connection has ended and nobody is making a new one."""
        session = self.current_session
        ended = session is None or session.closed
        return ended and not self.connect_operation_lock.locked()

    async def end(self) -> None:
        """Close within a few seconds and leave no task behind."""
        parts = (self.message_processor, self.current_session_monitor, self.message_receiver)
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self.close()  # type: ignore[no-untyped-call]
        except (TimeoutError, OSError):
            _log.debug("the socket to Slack did not close in time")
        running = [part for part in parts if part is not None]
        for part in running:
            part.cancel()
        await asyncio.wait(running, timeout=_CLOSE_S)
        await self.aiohttp_client_session.close()


class SocketMode:
    """Keeps one socket to Slack open while `run` runs."""

    def __init__(
        self,
        app: AsyncApp,
        slack: SlackClient,
        *,
        look_every_s: float = _LOOK_EVERY_S,
        dead_after_s: float = _DEAD_AFTER_S,
    ) -> None:
        self._app, self._slack = app, slack
        self._look_every_s, self._dead_after_s = look_every_s, dead_after_s
        self._client: _Client | None = None
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Connect, watch, replace; until cancelled.

        Raises TokenRefused when Slack refuses a token before the first connection; later refusals
        are logged and tried again, since the rest of the bot still works.
        """
        wait_s, welcome = _FIRST_RETRY_S, False
        while True:
            client = self._client = _Client(self._slack)
            client.socket_mode_request_listeners.append(self._handle)
            try:
                async with asyncio.timeout(_CONNECT_S):
                    await self._slack.identity()  # known already, unless Slack was out of reach
                    client.wss_uri = await client.issue_new_wss_url()
                    await client.connect()  # type: ignore[no-untyped-call]
                wait_s, welcome = 0.0, True
                _log.info("connected to Slack")
                self.connected.set()
                await self._watch(client)
                _log.warning("the socket to Slack is dead; opening a new one")
            except TokenRefused as error:
                if not welcome:
                    raise
                _log.error("%s", error)
            except REACHING as error:
                _log.warning(
                    "Slack is out of reach (%s); trying again in %.0f s",
                    understand(error).code,
                    wait_s,
                )
            finally:
                self.connected.clear()
                self._client = None
                await asyncio.shield(client.end())
            await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))
            wait_s = min(_LONGEST_RETRY_S, max(_FIRST_RETRY_S, wait_s * 2))

    async def _watch(self, client: _Client) -> None:
        """Return when the socket was cut, is dead for a while, or a part of it has ended.

        The SDK would notice a cut by itself after `_PING_S`; until then every command would fail.
        """
        loop = asyncio.get_running_loop()
        alive_at = loop.time()
        while True:
            await asyncio.sleep(self._look_every_s)
            if await client.is_connected() and not client.broken:
                alive_at = loop.time()
                self.connected.set()
                continue
            self.connected.clear()
            if client.broken or client.cut or loop.time() - alive_at >= self._dead_after_s:
                return

    async def _handle(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        started = asyncio.get_running_loop().time()
        response = await run_async_bolt_app(self._app, request)
        await send_async_response(client, request, response, started)

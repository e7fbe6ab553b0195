"""The way to Slack: tokens checked, one HTTP session, retries, the proxy that applies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.way.access import Organisation
from bot.slack.way.dialect import Dialect, SpeakingClient
from bot.slack.way.errors import Trouble, understand

SLACK_API_URL: Final = "https://slack.com/api/"
CALL_DEADLINE_S: Final = 30.0

# The SDK decides by the level of its own logger what it puts together for DEBUG; left at NOTSET
# it would always do so, and the bodies of messages would reach whatever handler the root has.
_sdk_log = logging.getLogger("wsdiag.slack.sdk")


class Mode(StrEnum):
    """How Slack reaches the bot."""

    SOCKET = "socket"
    HTTP = "http"


class TokenRefused(Exception):  # noqa: N818 — it reads as what happened
    """A token is missing or Slack refuses it; the message says in one sentence what to do."""


@dataclass(frozen=True, slots=True)
class SlackAccess:
    """Everything that is needed to talk with one workspace."""

    bot_token: SecretStr | None
    app_token: SecretStr | None = None  # Socket Mode only
    signing_secret: SecretStr | None = None  # HTTP mode only
    api_url: str = SLACK_API_URL
    mode: Mode = Mode.SOCKET

    def check(self) -> None:
        """Raise TokenRefused for what is missing or is another kind of token."""
        _expect(self.bot_token, "SLACK_BOT_TOKEN", "xoxb-", "OAuth & Permissions")
        if self.mode is Mode.SOCKET:
            _expect(self.app_token, "SLACK_APP_TOKEN", "xapp-", "Basic Information")
        elif not _value(self.signing_secret):
            raise TokenRefused(
                "SLACK_SIGNING_SECRET is not set, and HTTP mode needs it: copy it from"
                " “Basic Information” in the settings of your Slack app."
            )


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in the workspace: from auth.test."""

    user_id: str
    bot_id: str | None
    organisation: Organisation


class SlackClient:
    """Three Web API clients over one session. Use `async with`, or `open` and `close`.

    `web` waits when Slack is busy and asks again when a connection breaks. `careful` does neither:
    its caller waits for as long as Slack asks for, which may be longer than any deadline here, and
    never repeats what Slack may have accepted already. `brisk` does not wait, for edits that a
    newer one replaces anyway.
    """

    def __init__(self, access: SlackAccess) -> None:
        access.check()
        self.access = access
        self.session: aiohttp.ClientSession | None = None
        self._identity: Identity | None = None
        if _sdk_log.level == logging.NOTSET:
            _sdk_log.setLevel(logging.WARNING)
        self._dialect = Dialect()
        busy = AsyncRateLimitErrorRetryHandler(max_retry_count=3)
        broken = AsyncConnectionErrorRetryHandler(max_retry_count=1)
        self.web = self._client(broken, busy)
        self.careful = self._client()
        self.brisk = self._client(broken)

    def _client(self, *handlers: AsyncRetryHandler) -> AsyncWebClient:
        client = SpeakingClient(
            self._dialect,
            token=_value(self.access.bot_token),
            base_url=self.access.api_url,
            timeout=int(CALL_DEADLINE_S),
            logger=_sdk_log,
            retry_handlers=list(handlers),
        )
        # The constructor takes a proxy from the environment and knows no NO_PROXY.
        client.proxy = proxy_for(self.access.api_url)
        return client

    async def open(self) -> None:
        """Make the session; nothing is sent yet."""
        if self.session is None:
            self.session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=CALL_DEADLINE_S, connect=10.0)
            )
            self._share(self.session)

    async def close(self) -> None:
        """Close the session. May be called twice."""
        if self.session is not None:
            session, self.session = self.session, None
            self._share(None)
            await session.close()

    def _share(self, session: aiohttp.ClientSession | None) -> None:
        for client in (self.web, self.careful, self.brisk):
            client.session = session

    async def __aenter__(self) -> SlackClient:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def identity(self) -> Identity:
        """Who we are (asked once); raises like `greet`."""
        return self._identity or await self.greet()

    async def greet(self) -> Identity:
        """Ask Slack who we are.

        Raises TokenRefused; SlackApiError, aiohttp.ClientError, OSError, TimeoutError when Slack
        cannot be asked right now.
        """
        async with asyncio.timeout(CALL_DEADLINE_S):
            try:
                answer = await self.brisk.auth_test()
            except SlackApiError as error:
                raise _told(error, "SLACK_BOT_TOKEN") from error
        self._identity = Identity(
            user_id=str(answer.get("user_id", "")),
            bot_id=answer.get("bot_id"),
            organisation=Organisation(str(answer.get("team_id", "")), answer.get("enterprise_id")),
        )
        return self._identity

    @property
    def known_identity(self) -> Identity | None:
        """Who we are, if Slack has told already."""
        return self._identity

    async def socket_url(self) -> str:
        """A fresh address for Socket Mode; raises like `identity`."""
        async with asyncio.timeout(CALL_DEADLINE_S):
            try:
                answer = await self.brisk.apps_connections_open(
                    app_token=_value(self.access.app_token) or ""
                )
            except SlackApiError as error:
                raise _told(error, "SLACK_APP_TOKEN") from error
        return str(answer["url"])


def proxy_for(url: str, proxies: Callable[[], dict[str, str]] = getproxies) -> str | None:
    """The proxy of the environment that applies to `url`; NO_PROXY and loopback are honoured."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_loopback(host) or proxy_bypass(host):
        return None
    scheme = {"wss": "https", "ws": "http"}.get(parts.scheme, parts.scheme)
    found = proxies()
    return found.get(scheme) or found.get("all") or None


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value().strip() if secret else ""


def _expect(secret: SecretStr | None, name: str, prefix: str, page: str) -> None:
    value = _value(secret)
    if not value:
        raise TokenRefused(
            f"{name} is not set: copy the token that starts with {prefix} from “{page}” in the"
            " settings of your Slack app."
        )
    if not value.startswith(prefix):
        raise TokenRefused(
            f"{name} holds another kind of token: it must start with {prefix} (see “{page}” in the"
            " settings of your Slack app)."
        )


_FIXES: Final = {
    "missing_scope": "lacks a scope: reinstall the app with the scopes of manifest.yml"
    " (an app-level token needs connections:write)",
    "not_allowed_token_type": "is another kind of token than this needs",
    "account_inactive": "belongs to a bot that was removed: reinstall the app and copy the new"
    " token",
    "token_revoked": "was revoked: reinstall the app and copy the new token",
    "token_expired": "has expired: switch token rotation off in the app's settings, then copy the"
    " new token",
}


def _told(error: SlackApiError, name: str) -> Exception:
    """TokenRefused with the fix where the token is at fault, else the error itself."""
    trouble = understand(error)
    if trouble.kind is not Trouble.TOKEN:
        return error
    fix = _FIXES.get(trouble.code, "is not valid: copy it anew from the settings of your Slack app")
    return TokenRefused(f"Slack refuses {name} ({trouble.code}): it {fix}.")


REACHING: Final = (SlackClientError, aiohttp.ClientError, OSError, TimeoutError)
"""What a call may raise when Slack cannot be reached or says no."""

"""What python-socketio talks through: an object of the shape of aiohttp's ClientSession.

The library asks its session for `get`, `post` and `ws_connect`. Ours adds what it lacks
(measurements.md, "Hazards of python-socketio"): redirects are never followed, bodies are bounded,
WebSocket pings are ours and timed, what really happened is kept instead of a collapsed message,
and nothing stays open.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace, TracebackType
from typing import Any, Final, Self

import aiohttp
from aiohttp import WSMsgType
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.model import Reason
from bot.net import errors, resolve, tls
from bot.net.proxy import Proxy
from bot.net.text import printable
from bot.watcher.crowd import Crowd
from bot.watcher.ticks import Ticks

MAX_BODY: Final = 1024 * 1024  # a polling payload; engine.io's own default limit
MAX_MESSAGE: Final = 4 * 1024 * 1024
_CLOSE_S: Final = 1.0
_LOOKUPS: Final = 64  # each has a thread of its own
_NAMES_S: Final = 10.0  # so long an address is believed


@dataclass(frozen=True, slots=True)
class Ended:
    """Why an attempt or a connection ended. `detail` is bounded, printable and scrubbed.

    `code`: of the close frame, or the HTTP status that polling got instead of an answer.
    """

    reason: Reason
    detail: str = ""
    code: int | None = None


class RefusedRedirectError(aiohttp.ClientConnectionError):
    """A browser would not follow it for a WebSocket, so neither do we."""


class TooLargeError(aiohttp.ClientPayloadError):
    """More than a polling payload may hold."""


class _Resolver(AbstractResolver):
    """Names for aiohttp, by the lookups of `bot.net`: never in the shared executor, where one
    hanging resolver would stop every other target's."""

    def __init__(self, names: resolve.Resolver) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Every address of a name. Raises socket.gaierror."""
        found = await self._names.addresses(host)
        if not found.addresses:
            code = {
                Reason.NAME_NOT_FOUND: socket.EAI_NONAME,
                Reason.NO_ADDRESS: socket.EAI_NODATA,
            }.get(found.reason or Reason.RESOLVER_FAILED, socket.EAI_AGAIN)
            raise socket.gaierror(code, found.error or "no address")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found.addresses
            if family is socket.AF_UNSPEC or (family is socket.AF_INET6) is (":" in address)
        ]

    async def close(self) -> None:
        """Nothing is kept."""


class Sockets:
    """What all held connections of a process share: names, TLS contexts and, for polling, one
    connector. Use as an async context manager."""

    def __init__(self) -> None:
        self.names = resolve.SharedResolver(_NAMES_S, _LOOKUPS)
        self.ticks = Ticks()
        self._connector: aiohttp.TCPConnector | None = None
        self.crowd = Crowd()

    async def __aenter__(self) -> Self:
        # limit=0: with the default the 101st held connection would wait for ever.
        self._connector = aiohttp.TCPConnector(
            limit=0,
            ssl=tls.verifying(tls.Trust()),
            resolver=_Resolver(self.names),
            family=socket.AF_UNSPEC,
            use_dns_cache=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        connector, self._connector = self._connector, None
        if connector is not None:
            await connector.close()
        await self.names.close()

    def session(self, headers: Mapping[str, str]) -> aiohttp.ClientSession:
        """A session with cookies of its own (sticky sessions) over the shared connector.

        The headers go with every request: the library sends them with a connection's first only.
        """
        if self._connector is None:
            raise RuntimeError("Sockets is an async context manager")
        redirects = aiohttp.TraceConfig()
        redirects.on_request_redirect.append(_refuse_redirect)
        return aiohttp.ClientSession(
            connector=self._connector,
            connector_owner=False,
            headers=headers,
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            trace_configs=[redirects],
        )


async def _refuse_redirect(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    params: aiohttp.TraceRequestRedirectParams,
) -> None:
    params.response.close()
    raise RefusedRedirectError(f"HTTP {params.response.status}, a redirect")


class _Answer:
    """The part of aiohttp's ClientResponse that the library uses; the body is there already."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self._body = body

    async def read(self) -> bytes:
        return self._body

    async def json(self) -> Any:
        try:
            return json.loads(self._body)
        except ValueError:
            return None


class Wire:
    """One attempt's session, as python-socketio sees it. Callbacks are called in the loop."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        context: ssl.SSLContext | None,
        proxy: Proxy | None,
        upgrade_s: float,
        on_frame: Callable[[], None],
        on_pong: Callable[[bytes], None],
        on_text: Callable[[str], None],
        on_posted: Callable[[float], None],
        on_ended: Callable[[Ended], None],
    ) -> None:
        """`on_posted`: a payload of ours was taken, after so many milliseconds."""
        self._session = session
        self._upgrade_s = upgrade_s
        self._options: dict[str, Any] = {}
        if context is not None:
            self._options["ssl"] = context
        if proxy is not None:
            self._options["proxy"] = proxy.url
            if proxy.authorization is not None:
                self._options["proxy_headers"] = {
                    "Proxy-Authorization": proxy.authorization.get_secret_value()
                }
        self.on_frame = on_frame
        self.on_pong = on_pong
        self.on_text = on_text
        self.on_posted = on_posted
        self.on_ended = on_ended
        self.socket: Socket | None = None
        self.error: Ended | None = None  # the last exchange that failed
        self.message_at: float | None = None  # loop time of the last message, sent or received
        self.closed = False
        self.cookie_jar = session.cookie_jar

    async def ws_connect(self, url: str, *, headers: dict[str, str], **_options: Any) -> Socket:
        """Open a WebSocket; the library's other options are replaced by ours.

        An upgrade has a short deadline of its own: where WebSocket is silently dropped, the
        polling session beneath it is worth holding.
        """
        upgrade = "&sid=" in url
        try:
            async with asyncio.timeout(self._upgrade_s if upgrade else None):
                opened = await self._session.ws_connect(
                    url,
                    headers=headers,
                    autoping=False,
                    max_msg_size=MAX_MESSAGE,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                    **self._options,
                )
        except TimeoutError as error:
            self.error = Ended(Reason.TIMEOUT, f"no upgrade in {self._upgrade_s:g} s")
            raise aiohttp.ServerTimeoutError from error  # what the library takes for a refusal
        except Exception as error:
            self.error = ended_by(error)
            raise
        self.socket = Socket(opened, self, first_within_s=self._upgrade_s if upgrade else None)
        return self.socket

    async def get(self, url: str, **options: Any) -> _Answer:
        """A polling request."""
        return await self._request("GET", url, options)

    async def post(self, url: str, **options: Any) -> _Answer:
        """A polling payload of ours."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        answer = await self._request("POST", url, options)
        if 200 <= answer.status < 300:
            self.on_posted((loop.time() - began) * 1000)
        return answer

    async def _request(self, method: str, url: str, options: dict[str, Any]) -> _Answer:
        options.pop("ssl", None)
        try:
            async with self._session.request(
                method, url, allow_redirects=False, **options, **self._options
            ) as response:
                body = await _bounded(response)
        except Exception as error:
            self._failed(ended_by(error))
            raise
        if not 200 <= response.status < 300:
            status = response.status
            self._failed(Ended(Reason.HTTP_STATUS, f"HTTP {status}", status))
        else:
            self.message()
            self.on_frame()
        return _Answer(response.status, body)

    def message(self) -> None:
        """A message went over it, in whichever direction. WebSocket pings are none."""
        self.message_at = asyncio.get_running_loop().time()

    def _failed(self, ended: Ended) -> None:
        self.error = ended
        self.on_ended(ended)

    async def close(self) -> None:
        """Let go of the WebSocket, politely if that is quick."""
        self.closed = True
        if self.socket is not None:
            await self.socket.close()
        await self._session.close()


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLargeError(f"more than {MAX_BODY} bytes")
    return bytes(body)


class Socket:
    """The part of aiohttp's ClientWebSocketResponse that the library uses."""

    def __init__(
        self,
        opened: aiohttp.ClientWebSocketResponse[bool],
        wire: Wire,
        *,
        first_within_s: float | None,
    ) -> None:
        self._opened = opened
        self._wire = wire
        self._first_within_s = first_within_s

    async def receive(self) -> Any:
        """The next message; pings are answered and pongs noted on the way.

        Raises TimeoutError when the first message of an upgrade does not come in time.
        """
        within_s, self._first_within_s = self._first_within_s, None
        if within_s is None:
            return await self._receive()
        try:
            async with asyncio.timeout(within_s):
                return await self._receive()
        except TimeoutError:
            await self.close()
            raise

    async def _receive(self) -> Any:
        while True:
            message = await self._opened.receive()
            kind = message.type
            if kind is WSMsgType.PONG:
                self._wire.on_frame()
                self._wire.on_pong(bytes(message.data))
            elif kind is WSMsgType.PING:
                self._wire.on_frame()
                await self._opened.pong(message.data)
            elif kind in (WSMsgType.TEXT, WSMsgType.BINARY):
                self._wire.message()
                self._wire.on_frame()
                if kind is WSMsgType.TEXT:
                    self._wire.on_text(message.data)
                return message
            else:
                self._wire.on_ended(self._how_it_ended(message))
                return message

    def _how_it_ended(self, message: Any) -> Ended:
        if message.type is WSMsgType.ERROR and isinstance(message.data, Exception):
            return ended_by(message.data)
        code = self._opened.close_code
        if code is None or code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE:
            return Ended(Reason.EOF, "no close frame")
        said = printable(message.extra, 100) if isinstance(message.extra, str) else ""
        return Ended(Reason.CLOSED, f"close {code} {said}".rstrip(), code)

    async def ping(self, data: bytes) -> None:
        """Ask for a sign of life."""
        await self._opened.ping(data)

    async def send_str(self, data: str) -> None:
        """One text frame."""
        self._wire.message()
        await self._opened.send_str(data)

    async def send_bytes(self, data: bytes) -> None:
        """One binary frame."""
        self._wire.message()
        await self._opened.send_bytes(data)

    async def close(self) -> None:
        """Close, waiting at most a moment for the peer: a hung one would keep us."""
        for _ in range(2):  # a close that is cut short while a reader waits needs a second one
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_S):
                    await self._opened.close()
                return


def ended_by(error: BaseException) -> Ended:
    """An exception of aiohttp, or of what lies beneath it, in one word and a little detail."""
    if isinstance(error, aiohttp.ClientResponseError) and error.status > 101:
        return Ended(Reason.HTTP_STATUS, f"HTTP {error.status}")  # also a refused handshake
    for kind, reason in _BY_KIND:
        if isinstance(error, kind):
            # Not aiohttp's own words: they quote the URL, and its query may hold a secret.
            ours = isinstance(error, RefusedRedirectError | TooLargeError)
            return Ended(reason, str(error) if ours else type(error).__name__)
    inner = error
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        inner = error.certificate_error
    elif isinstance(error, aiohttp.ClientConnectorError):
        inner = error.os_error
    return Ended(errors.reason_of(inner), errors.errno_name(inner) or type(inner).__name__)


_BY_KIND: Final[tuple[tuple[type[BaseException], Reason], ...]] = (
    (RefusedRedirectError, Reason.REDIRECT),
    (aiohttp.ClientResponseError, Reason.BAD_HANDSHAKE),
    (aiohttp.ServerTimeoutError, Reason.TIMEOUT),
    (aiohttp.ServerDisconnectedError, Reason.EOF),
    (aiohttp.ClientPayloadError, Reason.UNEXPECTED_BODY),
    (aiohttp.WebSocketError, Reason.BAD_FRAME),
)

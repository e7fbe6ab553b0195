"""One HTTP/1.1 exchange on one connection, bounded in size and time, nothing followed or reused.

h11 does the parsing; what it is not asked about is kept: the first raw bytes of what is no HTTP,
every line of a repeated header, the status of an answer whose body broke off.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from dataclasses import dataclass
from typing import Final

import h11

from bot.evidence import Failure, HttpAnswer, Phase
from bot.net.connection import Connection
from bot.net.errors import NotHttpError, StreamEndedError, failure, since_ms
from bot.net.text import BODY_CHARACTERS, FIRST_BYTES, Scrubber

HEAD_BYTES: Final = 64 * 1024
BODY_BYTES: Final = 64 * 1024
_MAX_HEADERS: Final = 100  # kept as evidence
_MAX_INFORMATIONAL: Final = 8
_VERSION: Final = b"HTTP/"

HeaderLines = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. `shown` is the path as evidence may hold it."""

    method: str
    path: str
    shown: str
    headers: HeaderLines
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """The evidence, and beside it what only the next request may use (cookies, session ids)."""

    answer: HttpAnswer
    headers: HeaderLines = ()
    body: bytes = b""
    rest: bytes = b""  # what followed a 101 or the head of a CONNECT

    def header(self, name: str) -> str | None:
        """First value of a header, unscrubbed."""
        return next((v for k, v in self.headers if k == name), None)

    @property
    def text(self) -> str:
        """The body as text, unscrubbed; what is no UTF-8 reads as U+FFFD."""
        return self.body.decode("utf-8", "replace")


async def exchange(
    connection: Connection,
    request: Request,
    *,
    timeout_s: float,
    scrub: Scrubber,
    body_bytes: int = BODY_BYTES,
) -> Reply:
    """Send a request and read the answer. A fault of the peer is in `answer.failure`.

    What exceeds `body_bytes` of the body is not read.
    """
    running = _Exchange(connection, request, body_bytes)
    ended: Failure | None = None
    try:
        async with asyncio.timeout(timeout_s):
            await running.run()
    except (OSError, EOFError, h11.RemoteProtocolError, NotHttpError) as exc:
        tcp = connection.tcp_info() if isinstance(exc, TimeoutError) else None
        ended = failure(
            exc,
            running.phase,
            started=running.phase_began,
            received=running.received,
            first=running.first,
            tcp=tcp,
            scrub=scrub,
        )
    return running.reply(ended, scrub)


class _Exchange:
    """The state of one exchange, readable at whatever point it ends."""

    def __init__(self, connection: Connection, request: Request, body_bytes: int) -> None:
        self._most = body_bytes
        self._connection = connection
        self._request = request
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        self._status: int | None = None
        self._headers: HeaderLines = ()
        self._lower_case = False
        self._body = bytearray()
        self._complete = False
        self._rest = b""
        self._written = time.monotonic()
        self._ttfb_ms: float | None = None
        self._informational = 0
        self.phase = Phase.REQUEST
        self.phase_began = self._written
        self.received = 0
        self.first = b""

    async def run(self) -> None:
        await self._connection.write(self._wire())
        self._written = self.phase_began = time.monotonic()
        while not self._finished():
            self._feed(await self._connection.read())

    def reply(self, ended: Failure | None, scrub: Scrubber) -> Reply:
        connection = self._connection
        body = decoded(bytes(self._body), self._headers, self._most)
        answer = HttpAnswer(
            method=self._request.method,
            path=scrub(self._request.shown),
            status=self._status,
            headers=tuple((k, scrub.header(k, v)) for k, v in self._headers[:_MAX_HEADERS]),
            lower_case=self._lower_case,
            body=scrub(body, BODY_CHARACTERS),
            body_bytes=len(self._body),
            body_complete=self._complete,
            address=connection.address,
            connect_ms=connection.connect_ms,
            tls_ms=connection.tls_ms,
            ttfb_ms=self._ttfb_ms,
            failure=ended,
        )
        return Reply(answer, self._headers, body, self._rest)

    def _wire(self) -> bytes:
        request = self._request
        headers = list(request.headers)
        if request.body:
            headers.append(("Content-Length", str(len(request.body))))
        head = h11.Request(
            method=request.method,
            target=request.path,
            headers=[(k.encode("latin-1"), v.encode("utf-8")) for k, v in headers],
        )
        data = self._h11.send(head) or b""
        if request.body:
            data += self._h11.send(h11.Data(data=request.body)) or b""
        return data + (self._h11.send(h11.EndOfMessage()) or b"")

    def _feed(self, data: bytes) -> None:
        if data and not self.received:
            waited = since_ms(self._written)
            self._ttfb_ms = round(max(0.0, waited - self._connection.data_age_ms()), 3)
            self.phase, self.phase_began = Phase.RESPONSE, time.monotonic()
        self.received += len(data)
        if len(self.first) < FIRST_BYTES:
            self.first += data[: FIRST_BYTES - len(self.first)]
        # h11 would wait for the end of a head that never was one: an SSH banner, say.
        if not _VERSION.startswith(self.first[: len(_VERSION)]):
            raise NotHttpError("not an HTTP response")
        if not data and (self._status is None or not self._until_close()):
            raise StreamEndedError("closed before the end of the response")
        self._h11.receive_data(data)

    def _finished(self) -> bool:
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                return False
            if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return self._paused()
            if isinstance(event, h11.EndOfMessage):
                self._complete = True
                return True
            if isinstance(event, h11.Data):
                self._body += event.data[: self._most - len(self._body)]
                if len(self._body) >= self._most:
                    return True
            elif isinstance(event, h11.InformationalResponse | h11.Response):
                self._head(event)

    def _head(self, event: h11.InformationalResponse | h11.Response) -> None:
        if isinstance(event, h11.InformationalResponse) and event.status_code != 101:
            self._informational += 1
            if self._informational > _MAX_INFORMATIONAL:
                raise NotHttpError("informational responses without end")
            return
        self._status = event.status_code
        self._lower_case = all(k == k.lower() for k, _ in event.headers.raw_items())
        self._headers = tuple(
            (k.decode("latin-1"), v.decode("utf-8", "replace")) for k, v in event.headers
        )

    def _paused(self) -> bool:
        """A 101 or an open tunnel: what follows is no HTTP."""
        self._rest = self._h11.trailing_data[0]
        self._complete = True
        return True

    def _until_close(self) -> bool:
        """Whether the end of the connection is the end of this body (RFC 9112 §6.3)."""
        names = {k for k, _ in self._headers}
        return not names & {"content-length", "transfer-encoding"}


def decoded(body: bytes, headers: HeaderLines, most: int) -> bytes:
    """A body that came compressed although nobody asked for it, at most `most` bytes of it.

    Browsers undo that, so that such a server is well. What is cut or no such data stays as it is.
    """
    coding = next((v.strip().lower() for k, v in headers if k == "content-encoding"), "")
    if coding not in ("gzip", "x-gzip", "deflate"):
        return body
    # 47: gzip or zlib, told by the head; servers disagree on what `deflate` means (RFC 9110 8.4.1).
    for bits in (47, -15):
        try:
            return zlib.decompressobj(bits).decompress(body, most)
        except zlib.error:
            continue
    return body


def unreached(request: Request, ended: Failure, scrub: Scrubber) -> Reply:
    """The reply to a request that no connection could be made for."""
    return Reply(HttpAnswer(request.method, scrub(request.shown), failure=ended))

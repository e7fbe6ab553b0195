"""The demo's reverse proxy: the public port, kept over every fault, and the faults of proxies.

Bytes pass untouched in mode `PASS`. The other modes do to the wire what a wrongly set-up proxy
does: no WebSocket headers handed on, or a 502 because nobody is behind it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from enum import StrEnum

from bot.tasks import call_off, together

_HEAD_LIMIT = 64 * 1024
_HEAD_DEADLINE_S = 30.0
_CONNECT_DEADLINE_S = 5.0
_DRAIN_DEADLINE_S = 2.0
_CHUNK = 64 * 1024
_BODY = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)
BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nServer: demo-proxy\r\nContent-Type: text/html\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(_BODY), _BODY)
)
_HOP_BY_HOP = (b"upgrade", b"connection", b"keep-alive", b"proxy-connection")


class Mode(StrEnum):
    """What the proxy does with a connection."""

    PASS = "pass"  # noqa: S105 - no password
    BAD_GATEWAY = "bad_gateway"
    STRIP_UPGRADE = "strip_upgrade"


class Front:
    """Listens at `host`:`port` (0: any, then kept) and passes on to `upstream_port` on loopback."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.mode = Mode.PASS
        self.upstream_port: int | None = None
        self._held: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    def reserve(self) -> None:
        """Take the port without listening: connections are refused, and nobody else gets it.

        OSError if it is taken.
        """
        self._held = _bound(self.host, self.port)
        self.port = self._held.getsockname()[1]

    async def listen(self) -> None:
        """Accept connections; harmless when it does already."""
        if self._server is None:
            listener = _bound(self.host, self.port)
            self._server = await asyncio.start_server(
                self._accept, sock=listener, limit=_HEAD_LIMIT
            )

    async def refuse(self) -> None:
        """Stop listening and end every connection: the port refuses, as without a process."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.drop()

    async def drop(self) -> None:
        """End every connection there is."""
        tasks = list(self._connections)
        await call_off(*tasks)

    async def close(self) -> None:
        """Refuse, and give the port back."""
        await self.refuse()
        if self._held is not None:
            self._held.close()
            self._held = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # What a peer does to its connection is its own affair.
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                match self.mode:
                    case Mode.PASS:
                        await self._pass(reader, writer, b"")
                    case Mode.BAD_GATEWAY:
                        await _answer_502(reader, writer)
                    case Mode.STRIP_UPGRADE:
                        head = await _read_head(reader)
                        await self._pass(reader, writer, without_upgrade(head))
        except asyncio.LimitOverrunError:
            pass  # an endless head: nothing to answer
        finally:
            writer.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes
    ) -> None:
        if self.upstream_port is None:
            return
        async with asyncio.timeout(_CONNECT_DEADLINE_S):
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        try:
            up_writer.write(first)
            await together((_pump(reader, up_writer), _pump(up_reader, writer)))
        finally:
            up_writer.transport.abort()


def without_upgrade(head: bytes) -> bytes:
    """A request head as a proxy sends it on that was never told of WebSocket.

    Hop-by-hop headers go (RFC 9110 7.6.1); one request per connection keeps the rest simple.
    """
    request, *lines = head.rstrip(b"\r\n").split(b"\r\n")
    kept = [line for line in lines if line.partition(b":")[0].strip().lower() not in _HOP_BY_HOP]
    return b"\r\n".join([request, *kept, b"Connection: close", b"", b""])


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(_HEAD_DEADLINE_S):
        return await reader.readuntil(b"\r\n\r\n")


async def _answer_502(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _read_head(reader)
    writer.write(BAD_GATEWAY)
    await writer.drain()
    writer.write_eof()
    # Closing with unread bytes would reset the connection and lose the answer (RFC 9112 9.6).
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_DEADLINE_S):
            while await reader.read(_CHUNK):
                pass


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    # uvloop refuses it with a RuntimeError where the other pump has found the connection closed.
    if writer.can_write_eof() and not writer.transport.is_closing():
        writer.write_eof()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Lets the listener share the port with the socket that only holds it.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.setblocking(False)
    except BaseException:
        bound.close()
        raise
    return bound

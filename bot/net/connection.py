"""One connection, plain or TLS, over a plain non-blocking socket.

No transports: the socket is ours, so TCP_INFO can be read at any moment, the bytes of a failed TLS
handshake are seen, and `close` closes now and not in a later turn of the loop.
Callers put `asyncio.timeout` around whatever waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Final

from bot.evidence import TcpInfo
from bot.net import sockets
from bot.net.errors import StreamEndedError
from bot.net.text import FIRST_BYTES
from bot.net.tls import Engine

_CHUNK: Final = 16_384


class Connection:
    """Owned by whoever dialled it, and closed by them: use it as a context manager."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        address: str,
        connect_ms: float,
        on_close: Callable[[Connection], None] = lambda _: None,
    ) -> None:
        self.address = address
        self.connect_ms = connect_ms
        self.tls_ms: float | None = None
        self.raw_received = 0  # bytes off the wire, TLS records included
        self.raw_first = b""
        self.tls: Engine | None = None
        self._sock = sock
        self._on_close = on_close
        self._writing = asyncio.Lock()
        self._write_error: OSError | None = None
        self._unread = b""
        self._open = True

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def start_tls(self, context: ssl.SSLContext, server_name: str | None) -> None:
        """Shake hands. Raises ssl.SSLError, OSError, or StreamEndedError when the peer finished."""
        engine = Engine(context, server_name)
        try:
            while not engine.handshake():
                await self._send(engine.pending())
                data = await self._receive()
                if not data:
                    raise StreamEndedError("closed during the TLS handshake")
                engine.feed(data)
        except ssl.SSLError:
            self._try_send(engine.pending())  # the alert that says why we leave
            raise
        await self._send(engine.pending())
        self.tls = engine

    def unread(self, data: bytes) -> None:
        """Put bytes back in front of what `read` gives next."""
        self._unread = data + self._unread

    async def read(self) -> bytes:
        """Some bytes, or none at the end of the stream. Raises OSError or ssl.SSLError."""
        if self.tls is None:
            data = await self._receive()
        else:
            data = await self._read_tls(self.tls)
        if not data and self._write_error is not None:
            raise self._write_error
        return data

    async def write(self, data: bytes) -> None:
        """Send everything.

        A peer that refuses and leaves has often said why: a write that fails raises nothing, and
        `read` first gives what the peer had sent and then raises the write's error.
        """
        try:
            if self.tls is not None:
                self.tls.write(data)
                data = self.tls.pending()
            await self._send(data)
        except ConnectionError as exc:
            self._write_error = exc

    @property
    def is_open(self) -> bool:
        """Whether it has not been closed by us."""
        return self._open

    def data_age_ms(self) -> float:
        """How long ago the last data arrived: what it waited for us."""
        return sockets.data_age_ms(self._sock) if self._open else 0.0

    def tcp_info(self) -> TcpInfo | None:
        """What the kernel knows of this connection; None once it is closed."""
        return sockets.tcp_info(self._sock) if self._open else None

    def bytes_acked(self) -> int | None:
        """How many bytes the peer's kernel has acknowledged; None where ours does not say."""
        return sockets.bytes_acked(self._sock) if self._open else None

    def close(self) -> None:
        """Leave, telling a TLS peer so. Never waits; closing twice is harmless."""
        if not self._open:
            return
        self._on_close(self)
        if self.tls is not None:
            self.tls.goodbye()
            self._try_send(self.tls.pending())
        self._open = False
        self._sock.close()

    def detach(self) -> tuple[socket.socket, Engine | None]:
        """Give socket and TLS session away, for good: whoever takes them closes the socket."""
        self._on_close(self)
        self._open = False
        return self._sock, self.tls

    async def _read_tls(self, engine: Engine) -> bytes:
        while (data := engine.read()) is None:
            await self._send(engine.pending())  # a key update may want an answer
            engine.feed(await self._receive())
        return data

    async def _send(self, data: bytes) -> None:
        if data:
            async with self._writing:
                await asyncio.get_running_loop().sock_sendall(self._sock, data)

    def _try_send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            if data and not self._writing.locked():
                self._sock.send(data)

    async def _receive(self) -> bytes:
        if self._unread and self.tls is None:  # what a tunnel sent along with its answer
            data, self._unread = self._unread, b""
        else:
            # A peer that floods always has data ready: without a turn of the loop no deadline of
            # ours, and nobody else, would ever get its turn.
            await asyncio.sleep(0)
            data = await self._take()
        self.raw_received += len(data)
        if len(self.raw_first) < FIRST_BYTES:
            self.raw_first += data[: FIRST_BYTES - len(self.raw_first)]
        return data

    async def _take(self) -> bytes:
        """What is there, or comes. A deadline that strikes just then leaves it in the kernel.

        `loop.sock_recv` hands its bytes over through a future: cancelled in the same turn of the
        loop, they are gone, and with them the packet that a probe waits for.
        """
        while True:
            try:
                return self._sock.recv(_CHUNK)
            except (BlockingIOError, InterruptedError):
                await self._readable()

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._sock, _settle, ready)
        try:
            await ready
        finally:
            loop.remove_reader(self._sock)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)

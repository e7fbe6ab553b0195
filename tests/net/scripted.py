"""A server that does exactly what a script says: real sockets for faults that no product offers."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType

Script = Callable[["Peer"], Awaitable[None]]

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Peer:
    """One accepted connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.head = b""

    async def request(self) -> str:
        """Read a request's head; the path that it asks for."""
        self.head = await self.reader.readuntil(b"\r\n\r\n")
        return self.head.split(b" ", 2)[1].decode()

    def header(self, name: str) -> str | None:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()
        await asyncio.sleep(0)  # a script that floods must not starve the loop it shares

    async def answer(self, status: str, body: bytes = b"", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        await self.send("\r\n".join(lines).encode("latin-1") + body)

    async def switch(
        self,
        *headers: str,
        accept: str | None = None,
        switching: Sequence[str] = ("Upgrade: websocket", "Connection: Upgrade"),
    ) -> None:
        """Answer 101 to the request read last."""
        key = self.header("sec-websocket-key") or ""
        digest = hashlib.sha1((key + _GUID).encode()).digest()
        right = base64.b64encode(digest).decode()
        lines = [
            "HTTP/1.1 101 Switching Protocols",
            *switching,
            f"Sec-WebSocket-Accept: {right if accept is None else accept}",
            *headers,
        ]
        await self.send("\r\n".join([*lines, "", ""]).encode())

    async def frame(self, text: str | bytes, *, first: int = 0x81) -> None:
        """A server's frame of fewer than 126 bytes; `first` is its first byte."""
        payload = text.encode() if isinstance(text, str) else text
        head = bytes([first, len(payload)])
        if len(payload) > 125:
            head = struct.pack("!BBH", first, 126, len(payload))
        await self.send(head + payload)

    async def close_frame(self, code: int, reason: str = "") -> None:
        await self.frame(struct.pack("!H", code) + reason.encode(), first=0x88)

    def reset(self) -> None:
        """End the connection with a RST."""
        linger = struct.pack("ii", 1, 0)
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()

    async def silence(self) -> None:
        """Say nothing more until the peer has gone or the test ends."""
        while await self.reader.read(65_536):
            pass


class Scripted:
    """Serves every connection by the script; `async with Scripted(script) as server`."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._tls = tls
        self._running: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.accepted = 0

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Scripted:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)

    async def left(self, timeout_s: float = 5.0) -> None:
        """Wait until every script has ended by itself, as it does when its peer has gone."""
        async with asyncio.timeout(timeout_s):
            while self._running:
                await asyncio.wait(self._running)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        self.accepted += 1
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._script(Peer(reader, writer))
        finally:
            self._running.discard(task)
            writer.close()


def open_packet(**changes: object) -> str:
    """An Engine.IO OPEN as a v4 server sends it."""
    fields: dict[str, object] = {
        "sid": "sid-of-the-test",
        "upgrades": ["websocket"],
        "pingInterval": 25_000,
        "pingTimeout": 20_000,
        "maxPayload": 1_000_000,
    }
    fields.update(changes)
    return "0" + json.dumps(fields)


def by_kind(
    *, websocket: Script, polling: Script | None = None, other: Script | None = None
) -> Script:
    """A script that tells upgrade requests, polling and everything else apart.

    The request's head has been read when the inner script runs.
    """

    async def script(peer: Peer) -> None:
        path = await peer.request()
        if (peer.header("upgrade") or "").lower() == "websocket":
            await websocket(peer)
        elif "transport=polling" in path and polling is not None:
            await polling(peer)
        elif other is not None:
            await other(peer)
        else:
            await peer.answer("200 OK", b"ok")

    return script


async def poll_open(peer: Peer) -> None:
    """A healthy polling handshake; later requests of the session are answered with `ok`."""
    body = b"ok" if b"sid=" in peer.head else open_packet().encode()
    await peer.answer("200 OK", body, "Content-Type: text/plain; charset=UTF-8")

"""Faults on the wire: servers and middleboxes that speak no protocol properly."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable

Serve = Callable[[socket.socket], Awaitable[None]]
_FOREVER = 3_600.0


async def receive(connection: socket.socket, size: int = 65_536) -> bytes:
    """What came, at most `size` bytes; b"" at the end."""
    return await asyncio.get_running_loop().sock_recv(connection, size)


async def send(connection: socket.socket, data: bytes) -> None:
    """Write everything."""
    await asyncio.get_running_loop().sock_sendall(connection, data)


def reset(connection: socket.socket) -> None:
    """End a connection with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


async def resets(connection: socket.socket) -> None:
    """RST right after accept."""
    reset(connection)


async def closes(connection: socket.socket) -> None:
    """FIN right after accept."""
    connection.shutdown(socket.SHUT_RDWR)


async def reads_and_closes(connection: socket.socket) -> None:
    """FIN as soon as something was said."""
    await receive(connection)


async def reads_and_resets(connection: socket.socket) -> None:
    """RST as soon as something was said."""
    await receive(connection)
    reset(connection)


async def silent(connection: socket.socket) -> None:
    """Reads everything, says nothing."""
    while await receive(connection):
        pass
    await asyncio.sleep(_FOREVER)


def greets(banner: bytes) -> Serve:
    """Another protocol that speaks first (SSH, SMTP)."""

    async def serve(connection: socket.socket) -> None:
        await send(connection, banner)
        await receive(connection)

    return serve


def answers(reply: bytes) -> Serve:
    """The same bytes to every first request, whatever it is; then the end."""

    async def serve(connection: socket.socket) -> None:
        await receive(connection)
        await send(connection, reply)

    return serve


Verdict = str | bytes  # "pass", "reset", "drop", or bytes to answer with


def middlebox(port: int, rule: Callable[[bytes], Verdict], *, delay_s: float = 0.0) -> Serve:
    """A box in the path to 127.0.0.1:`port` that reads each request head and acts upon `rule`."""

    async def serve(connection: socket.socket) -> None:
        head = await receive(connection)
        verdict = rule(head)
        if verdict == "reset":
            reset(connection)
        elif verdict == "drop":
            await asyncio.sleep(_FOREVER)
        elif isinstance(verdict, bytes):
            await send(connection, verdict)
        else:
            await asyncio.sleep(delay_s)
            await splice(connection, port, head)

    return serve


async def tunnel(connection: socket.socket, host: str, port: int) -> None:
    """What a forward proxy does after CONNECT: 200 and every byte, or 502."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as upstream:
        upstream.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(upstream, (host, port))
        except OSError:
            await send(connection, http("502 Bad Gateway", "no way"))
            return
        await send(connection, b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _both_ways(connection, upstream)


async def splice(connection: socket.socket, port: int, head: bytes) -> None:
    """Hand everything on to 127.0.0.1:`port` and back, `head` first, until either side ends."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as upstream:
        upstream.setblocking(False)
        await loop.sock_connect(upstream, ("127.0.0.1", port))
        await loop.sock_sendall(upstream, head)
        await _both_ways(connection, upstream)


async def _both_ways(connection: socket.socket, upstream: socket.socket) -> None:
    loop = asyncio.get_running_loop()

    async def pump(source: socket.socket, sink: socket.socket) -> None:
        while data := await loop.sock_recv(source, 65_536):
            await loop.sock_sendall(sink, data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    ways = [
        asyncio.create_task(pump(connection, upstream)),
        asyncio.create_task(pump(upstream, connection)),
    ]
    try:
        await asyncio.gather(*ways)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


def is_upgrade(head: bytes) -> bool:
    """The request asks for a WebSocket."""
    return b"upgrade: websocket" in head.lower()


def http(status: str, body: str = "", *headers: str, kind: str = "text/html") -> bytes:
    """A complete HTTP/1.1 answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body.encode())}"]
    return ("\r\n".join([*lines, *headers, "Connection: close", "", ""]) + body).encode()


def replies(rule: Callable[[str], bytes]) -> Serve:
    """A server of whole answers: `rule` turns the path asked for into the bytes to send."""

    async def serve(connection: socket.socket) -> None:
        head = await receive(connection)
        asked = head.split(b" ", maxsplit=2)
        await send(connection, rule(asked[1].decode("latin-1") if len(asked) > 1 else "/"))

    return serve


Tamper = Callable[[bytes], bytes | None]  # what passes on; None: the end of the connection


def tampering(
    port: int,
    *,
    down: Tamper = lambda data: data,
    up: Tamper = lambda data: data,
    late_down_s: float = 0.0,
) -> Serve:
    """A box that reads along with WebSockets to 127.0.0.1:`port`, and leaves the rest alone.

    `down` gets what the server sends after its 101, `up` what the client sends after its request.
    `late_down_s`: the former is handed on in bursts, so late at most.
    """

    async def serve(connection: socket.socket) -> None:
        head = await receive(connection)
        if not is_upgrade(head):
            await splice(connection, port, head)
            return
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as upstream:
            upstream.setblocking(False)
            await loop.sock_connect(upstream, ("127.0.0.1", port))
            await loop.sock_sendall(upstream, head)
            reply = b""
            while b"\r\n\r\n" not in reply:
                if not (data := await loop.sock_recv(upstream, 65_536)):
                    return
                reply += data
            answer, _, rest = reply.partition(b"\r\n\r\n")
            await loop.sock_sendall(connection, answer + b"\r\n\r\n")
            await _read_along(connection, upstream, rest, down=down, up=up, late_down_s=late_down_s)

    return serve


async def _read_along(
    connection: socket.socket,
    upstream: socket.socket,
    rest: bytes,
    *,
    down: Tamper,
    up: Tamper,
    late_down_s: float,
) -> None:
    loop = asyncio.get_running_loop()

    async def pump(
        source: socket.socket, sink: socket.socket, data: bytes, way: Tamper, late_s: float
    ) -> None:
        while True:
            if data:
                await asyncio.sleep(late_s)
                passed = way(data)
                if passed is None:
                    return
                if passed:
                    await loop.sock_sendall(sink, passed)
            if not (data := await loop.sock_recv(source, 65_536)):
                return

    ways = {
        asyncio.create_task(pump(upstream, connection, rest, down, late_down_s)),
        asyncio.create_task(pump(connection, upstream, b"", up, 0.0)),
    }
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

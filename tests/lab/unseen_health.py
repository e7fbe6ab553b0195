"""Servers that come and go or answer late, and those that only seem to."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import re
from typing import Any

from bot.model import State, Target
from tests.lab import wire
from tests.lab.scenario import Bench, Scenario, Start, target
from tests.servers.node import NodeServer
from tests.servers.process import StartError
from tests.servers.tools import require

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP


def supervised(**options: Any) -> Start:
    """A Node server that is started again as soon as it has died."""

    async def start(bench: Bench) -> Target:
        require("node")  # here: a skip raised in the task below would skip nothing
        port = bench.free_port()
        first = asyncio.Event()

        async def run() -> None:
            while True:
                try:
                    async with NodeServer(port=port, host=bench.host, **options) as server:
                        first.set()
                        await server.said_everything()
                except StartError:
                    await asyncio.sleep(0.05)

        task = asyncio.create_task(run())

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        bench.push_async_callback(end)
        async with asyncio.timeout(30):
            await first.wait()
        return target(f"http://{bench.host}:{port}")

    return start


def once_late(seconds: float) -> Start:
    """Behind a box that holds up the first polling handshake, and no other."""

    async def start(bench: Bench) -> Target:
        server = await bench.node()
        waiting = [seconds]

        async def serve(connection: Any) -> None:
            head = await wire.receive(connection)
            if b"transport=polling" in head and waiting:
                await asyncio.sleep(waiting.pop())
            await wire.splice(connection, server.port, head)

        return target(f"http://127.0.0.1:{await bench.talk(serve)}")

    return start


def rewritten(change: Any) -> Start:
    """Behind a box that passes what is no upgrade on as whole answers, changed."""

    async def start(bench: Bench) -> Target:
        server = await bench.node()

        async def serve(connection: Any) -> None:
            head = await wire.receive(connection)
            if wire.is_upgrade(head):
                await wire.splice(connection, server.port, head)
                return
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            try:
                writer.write(re.sub(rb"(?i)connection: [^\r]+", b"Connection: close", head))
                while b"\r\n\r\n" not in head or _missing(head):
                    more = await wire.receive(connection)
                    if not more:
                        return
                    head += more
                    writer.write(more)
                whole = await reader.read()
                while more := await reader.read():
                    whole += more
                await wire.send(connection, change(whole))
            finally:
                writer.close()

        return target(f"http://127.0.0.1:{await bench.talk(serve)}")

    return start


def _missing(request: bytes) -> bool:
    top, _, body = request.partition(b"\r\n\r\n")
    size = re.search(rb"(?i)content-length: (\d+)", top)
    return bool(size) and len(body) < int(size[1])


def early_hints(whole: bytes) -> bytes:
    return b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" + whole


def old_http(whole: bytes) -> bytes:
    return whole.replace(b"HTTP/1.1", b"HTTP/1.0", 1)


def zipped(whole: bytes) -> bytes:
    top, _, body = whole.partition(b"\r\n\r\n")
    if b"chunked" in top.lower():
        return whole
    kept = re.sub(rb"(?i)\r\ncontent-length: \d+", b"", top)
    small = gzip.compress(body)
    return kept + b"\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(small) + small


def chunked(whole: bytes) -> bytes:
    top, _, body = whole.partition(b"\r\n\r\n")
    if b"chunked" in top.lower() or not body:
        return whole
    kept = re.sub(rb"(?i)\r\ncontent-length: \d+", b"", top)
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    return kept + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"


def huge_header(whole: bytes) -> bytes:
    return whole.replace(b"\r\n", b"\r\nX-Large: " + b"v" * 12_000 + b"\r\n", 1)


def folded_names(whole: bytes) -> bytes:
    """Header names in odd case, as some proxies write them."""
    top, _, body = whole.partition(b"\r\n\r\n")
    first, *lines = top.split(b"\r\n")
    return b"\r\n".join([first, *(line.upper().replace(b"CLOSE", b"close") for line in lines)]) + (
        b"\r\n\r\n" + body
    )


async def busy(bench: Bench) -> Target:
    """A process that computes for most of the time."""
    server = await bench.node(stall_every_ms=750, stall_ms=700)
    await asyncio.sleep(1.0)  # the first of its computations has begun
    return target(server.url)


async def _mute(connection: Any) -> None:
    head = await wire.receive(connection)
    key = re.search(rb"(?i)sec-websocket-key: (\S+)", head)
    if not wire.is_upgrade(head) or key is None:
        await wire.send(connection, wire.http("404 Not Found", "", "Server: gateway"))
        return
    magic = key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(magic).digest())
    await wire.send(
        connection,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n",
    )
    while await wire.receive(connection):
        pass


async def mute(bench: Bench) -> Target:
    """101 as it should be, and nobody behind it."""
    return target(f"http://127.0.0.1:{await bench.talk(_mute)}")


SCENARIOS = (
    Scenario(
        "crash loop",
        "srv_crash_loop",
        None,
        supervised(crash_after_ms=500),
        frozenset({"srv_restarting", "tcp_refused", "srv_crashes_on_connect"}),
        slow=True,
    ),
    Scenario(
        "crashes on connect, supervised",
        "srv_crashes_on_connect",
        DOWN,
        supervised(on_connect="crash"),
        frozenset({"sio_server_disconnects"}),
    ),
    Scenario(
        "busy loop",
        "srv_overloaded",
        DEGRADED,
        busy,
        frozenset({"srv_loop_stalls", "sio_middleware_slow"}),
        slow=True,  # a busy machine makes it less even than it is
    ),
    Scenario("101 and silence", "ws_open_never_sent", DOWN, mute),
    Scenario("one late answer", None, UP, once_late(0.7)),
    Scenario("early hints", None, UP, rewritten(early_hints)),
    Scenario("http/1.0 answers", None, UP, rewritten(old_http)),
    Scenario("zipped unasked", None, UP, rewritten(zipped)),
    Scenario("chunked byte by byte", None, UP, rewritten(chunked)),
    Scenario("a huge header", None, UP, rewritten(huge_header)),
    Scenario("shouting headers", None, UP, rewritten(folded_names)),
)

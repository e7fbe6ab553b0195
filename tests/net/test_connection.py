"""A connection keeps what arrives, whatever happens to those who wait for it."""

from __future__ import annotations

import asyncio
import socket

from bot.net.connection import Connection


async def test_a_deadline_that_strikes_as_bytes_arrive_does_not_lose_them() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs, Connection(ours, address="127.0.0.1", connect_ms=0.0) as connection:
        for number in range(20):
            waiting = asyncio.create_task(connection.read())
            for _ in range(5):
                await asyncio.sleep(0)
            # In its next turn the loop learns of the bytes first, and then of the deadline.
            theirs.send(b"%d;" % number)
            asyncio.get_running_loop().call_later(0, waiting.cancel)
            await asyncio.wait({waiting})
            async with asyncio.timeout(5):
                got = await connection.read() if waiting.cancelled() else waiting.result()
            assert got == b"%d;" % number

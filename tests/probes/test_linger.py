"""What is heard while lingering, and what is none of its business."""

from __future__ import annotations

import socket
from typing import cast

from bot.evidence import Outcome
from bot.net.connection import Connection
from bot.net.text import Scrubber
from bot.net.websocket import Stream
from bot.probes import linger
from bot.probes.look import Look


async def listened(heard: bytes) -> Outcome:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs, Connection(ours, address="127.0.0.1", connect_ms=0.0) as connection:
        stream = Stream(connection, heard, Scrubber([]))
        # Nothing that is sent here is a Socket.IO packet, so that no look is needed.
        attempt = await linger._socket(cast("Look", None), stream)
    return attempt.outcome


async def test_a_late_pong_is_no_goodbye() -> None:
    assert await listened(b"\x8a\x011") is Outcome.CONNECTED


async def test_an_engine_io_close_is_one() -> None:
    assert await listened(b"\x81\x011") is Outcome.DISCONNECTED

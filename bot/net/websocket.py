"""A WebSocket client that reports instead of repairing (RFC 6455).

`handshake` says what the server answered; `Stream` gives messages and answers pings, and keeps the
first frames as evidence. There is one reader at a time.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import time
from dataclasses import dataclass
from typing import Final

from bot.evidence import Failure, Frame, Phase
from bot.model import Reason
from bot.net import frames, http
from bot.net.connection import Connection
from bot.net.errors import BadFrameError, StreamEndedError, WireError, failure, since_ms
from bot.net.frames import Opcode, WireFrame
from bot.net.http import HeaderLines, Reply, Request
from bot.net.text import FIRST_BYTES, Scrubber

_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
_SEND_S: Final = 2.0
_LEAVE_S: Final = 0.5
_KEPT_FRAMES: Final = 12
_FRAME_CHARACTERS: Final = 256
_MAX_MESSAGE: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class Handshake:
    """What the server made of the upgrade request."""

    reply: Reply
    accept_ok: bool | None = None
    wrong_headers: tuple[str, ...] = ()
    unasked_extensions: tuple[str, ...] = ()

    @property
    def switched(self) -> bool:
        """A 101 that a browser would accept."""
        return bool(self.accept_ok) and not (self.wrong_headers or self.unasked_extensions)


@dataclass(frozen=True, slots=True)
class Received:
    """A whole message, or a pong."""

    opcode: int
    payload: bytes

    @property
    def text(self) -> str:
        return self.payload.decode("utf-8", "replace")


def request(path: str, shown: str, headers: HeaderLines, key: str) -> Request:
    """The upgrade request; no extension is offered, so that none may be answered."""
    own = (
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", key),
    )
    return Request("GET", path, shown, (*headers, *own))


def new_key() -> str:
    """A fresh Sec-WebSocket-Key."""
    return base64.b64encode(os.urandom(16)).decode("ascii")


def accept_of(key: str) -> str:
    """The Sec-WebSocket-Accept that fits a key."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()  # noqa: S324


async def handshake(
    connection: Connection,
    *,
    path: str,
    shown: str,
    headers: HeaderLines,
    timeout_s: float,
    scrub: Scrubber,
) -> Handshake:
    """Ask for the upgrade. A fault of the peer is in `reply.answer.failure`."""
    key = new_key()
    asked = request(path, shown, headers, key)
    reply = await http.exchange(connection, asked, timeout_s=timeout_s, scrub=scrub)
    if reply.answer.status != 101:
        return Handshake(reply)
    return Handshake(
        reply,
        accept_ok=_members(reply, "Sec-WebSocket-Accept") == [accept_of(key)],
        wrong_headers=wrong_headers(reply),
        unasked_extensions=tuple(
            scrub(e, 100) for e in _members(reply, "Sec-WebSocket-Extensions")
        ),
    )


def wrong_headers(reply: Reply) -> tuple[str, ...]:
    """Headers for whose sake a client must fail the connection after a 101 (RFC 6455 §4.1).

    `Upgrade` is one word, said once, as browsers want it; `Connection` is a list. No subprotocol is
    asked for, so that none may be chosen.
    """
    wrong = {
        "Upgrade": [v.lower() for v in _members(reply, "Upgrade")] != ["websocket"],
        "Connection": "upgrade" not in [v.lower() for v in _members(reply, "Connection")],
        "Sec-WebSocket-Protocol": bool(_members(reply, "Sec-WebSocket-Protocol")),
    }
    return tuple(name for name, is_wrong in wrong.items() if is_wrong)


def _members(reply: Reply, name: str) -> list[str]:
    """What a header says, in all its lines: the members of a list."""
    lines = [v for k, v in reply.headers if k == name.lower()]
    return [part.strip() for line in lines for part in line.split(",") if part.strip()]


class Stream:
    """The WebSocket after its 101. Owns the connection."""

    def __init__(self, connection: Connection, rest: bytes, scrub: Scrubber) -> None:
        self.connection = connection
        self.began = time.monotonic()
        self.frames: list[Frame] = []
        self.received = len(rest)
        self.first = rest[:FIRST_BYTES]
        self.close_code: int | None = None
        self.close_reason = ""
        self.ended: Failure | None = None
        self._scrub = scrub
        self._decoder = frames.Decoder()
        self._decoder.feed(rest)
        self._parts: list[WireFrame] = []
        self._phase = Phase.OPEN
        self._phase_began = self.began
        self._phase_received = 0

    def enter(self, phase: Phase) -> None:
        """From now on failures belong to this phase."""
        self._phase, self._phase_began, self._phase_received = phase, time.monotonic(), 0

    async def receive(self, timeout_s: float) -> Received:
        """The next message or pong; pings are answered. Raises WireError.

        A timeout is raised too, yet leaves the stream as it was: waiting may go on. Any other
        failure ends the stream and stays in `ended`.
        """
        if self.ended is not None:
            raise WireError(self.ended)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._next()
        except TimeoutError as exc:
            raise WireError(self._failure(exc)) from exc
        except (OSError, EOFError, BadFrameError) as exc:
            self.ended = self._failure(exc)
            raise WireError(self.ended) from exc

    async def send(self, opcode: Opcode, payload: bytes, *, timeout_s: float = _SEND_S) -> None:
        """Send one frame. That the connection is broken shows at the next `receive`."""
        if self.ended is not None or not self.connection.is_open:
            return
        try:
            async with asyncio.timeout(timeout_s):
                await self.connection.write(frames.encode(opcode, payload))
        except TimeoutError as exc:  # the peer reads nothing and its window is full
            self.ended = self._failure(exc)

    async def send_text(self, text: str) -> None:
        """Send a text message."""
        await self.send(Opcode.TEXT, text.encode())

    async def leave(self, code: int = 1000) -> None:
        """Send a close frame, if there is still somebody to read it, and close the connection."""
        if not self.connection.is_open:
            return
        with self.connection, contextlib.suppress(OSError):
            async with asyncio.timeout(_LEAVE_S):
                await self.send(Opcode.CLOSE, frames.close_payload(code))

    async def _next(self) -> Received:
        while True:
            frame = self._decoder.take()
            if frame is None:
                await self._read()
                continue
            message = await self._handle(frame)
            if message is not None:
                return message

    async def _read(self) -> None:
        data = await self.connection.read()
        if not data:
            raise StreamEndedError("closed without a close frame")
        self.received += len(data)
        self._phase_received += len(data)
        if len(self.first) < FIRST_BYTES:
            self.first += data[: FIRST_BYTES - len(self.first)]
        self._decoder.feed(data)

    async def _handle(self, frame: WireFrame) -> Received | None:
        self._keep(frame)
        violation = frame.violation()
        if violation is not None:
            raise BadFrameError(violation)
        if frame.opcode == Opcode.CLOSE:
            code, reason = frames.read_close(frame.payload)
            self.close_code, self.close_reason = code, self._scrub(reason, 123)
            await self.send(Opcode.CLOSE, frame.payload[:2])
            self.ended = self._closed(code)
            raise WireError(self.ended)
        if frame.opcode == Opcode.PING:
            await self.send(Opcode.PONG, frame.payload)
            return None
        if frame.opcode == Opcode.PONG:
            return Received(Opcode.PONG, frame.payload)
        return self._assemble(frame)

    def _assemble(self, frame: WireFrame) -> Received | None:
        if (frame.opcode == Opcode.CONTINUATION) is not bool(self._parts):
            raise BadFrameError("a fragment without its beginning, or a message inside another")
        self._parts.append(frame)
        if sum(len(p.payload) for p in self._parts) > _MAX_MESSAGE:
            raise BadFrameError("a message without end")
        if not frame.fin:
            return None
        opcode = self._parts[0].opcode
        payload = b"".join(p.payload for p in self._parts)
        self._parts = []
        if opcode == Opcode.TEXT:
            try:
                payload.decode()
            except UnicodeDecodeError as exc:
                raise BadFrameError("a text message is not UTF-8") from exc
        return Received(opcode, payload)

    def _keep(self, frame: WireFrame) -> None:
        if len(self.frames) >= _KEPT_FRAMES:
            return
        code: int | None = None
        text = frame.payload[: _FRAME_CHARACTERS * 4]
        if frame.opcode == Opcode.CLOSE:
            code, reason = frames.read_close(frame.payload)
            text = reason.encode()
        self.frames.append(
            Frame(
                opcode=frame.opcode,
                text=self._scrub(text, _FRAME_CHARACTERS),
                at_ms=since_ms(self.began),
                reserved_bits=frame.reserved_bits,
                close_code=code,
            )
        )

    def _closed(self, code: int) -> Failure:
        return Failure(
            phase=self._phase,
            reason=Reason.CLOSED,
            detail=f"close {code} {self.close_reason}".rstrip(),
            elapsed_ms=since_ms(self._phase_began),
            bytes_received=self._phase_received,
        )

    def _failure(self, exc: BaseException) -> Failure:
        return failure(
            exc,
            self._phase,
            started=self._phase_began,
            received=self._phase_received,
            first=self.first,
            tcp=self.connection.tcp_info() if isinstance(exc, TimeoutError) else None,
            scrub=self._scrub,
        )

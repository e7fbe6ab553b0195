"""RFC 6455 frames, both ways. Pure: bytes in, frames out.

The decoder reports what a browser would refuse (reserved bits, masked frames from a server, broken
UTF-8) and does not hide it: middleboxes that corrupt a stream are told by exactly that.
"""

from __future__ import annotations

import os
import random
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from bot.net.errors import BadFrameError

MAX_PAYLOAD: Final = 1_048_576  # a probe is sent nothing big; more is a broken length


class Opcode(IntEnum):
    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


_OPCODES: Final = frozenset(Opcode)
_PING: Final = struct.Struct("!BBII")


@dataclass(frozen=True, slots=True)
class WireFrame:
    """One frame as it came."""

    opcode: int
    payload: bytes
    fin: bool = True
    reserved_bits: int = 0
    masked: bool = False

    def violation(self) -> str | None:
        """What of RFC 6455 a frame from a server breaks, or None."""
        if self.reserved_bits:
            return f"reserved bits {self.reserved_bits:03b} are set"
        if self.masked:
            return "a server's frame is masked"
        if self.opcode not in _OPCODES:
            return f"opcode {self.opcode} does not exist"
        if self.opcode >= Opcode.CLOSE and (not self.fin or len(self.payload) > 125):
            return "a control frame is fragmented or too long"
        return None


def encode(opcode: Opcode, payload: bytes, *, mask: bytes | None = None) -> bytes:
    """A client's frame: always final and always masked (RFC 6455 §5.3)."""
    key = os.urandom(4) if mask is None else mask
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    elif size < 65_536:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
    return head + key + _masked(payload, key)


def ping(number: int) -> bytes:
    """A client's ping that carries a number, in four bytes.

    The mask is no secret here: nobody else chooses what is sent.
    """
    number &= 0xFFFFFFFF
    mask = random.getrandbits(32)
    return _PING.pack(0x80 | Opcode.PING, 0x80 | 4, mask, number ^ mask)


def close_payload(code: int, reason: str = "") -> bytes:
    """What a close frame carries."""
    return struct.pack("!H", code) + reason.encode()[:123]


def read_close(payload: bytes) -> tuple[int, str]:
    """Code and reason of a close frame; 1005 where it carries none (RFC 6455 §7.1.5)."""
    if len(payload) < 2:
        return 1005, ""
    return int(struct.unpack_from("!H", payload)[0]), payload[2:].decode("utf-8", "replace")


class Decoder:
    """Cuts a stream into frames of at most `longest` bytes."""

    __slots__ = ("_buffer", "_longest")

    def __init__(self, longest: int = MAX_PAYLOAD) -> None:
        self._buffer = bytearray()
        self._longest = longest

    @property
    def empty(self) -> bool:
        """Whether nothing waits for the rest of its frame."""
        return not self._buffer

    def feed(self, data: bytes) -> None:
        """Add bytes of the stream."""
        self._buffer += data

    def __next__(self) -> WireFrame:
        frame = self.take()
        if frame is None:
            raise StopIteration
        return frame

    def __iter__(self) -> Decoder:
        return self

    def take(self) -> WireFrame | None:
        """The next whole frame, or None. Raises BadFrameError for a length beyond reason."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        size, offset = second & 0x7F, 2
        if size >= 126:
            width = 2 if size == 126 else 8
            if len(buffer) < 2 + width:
                return None
            size, offset = int.from_bytes(buffer[2 : 2 + width], "big"), 2 + width
        if size > self._longest:
            raise BadFrameError(f"a frame claims {size} bytes{_bits(first)}")
        masked = bool(second & 0x80)
        start = offset + (4 if masked else 0)
        if len(buffer) < start + size:
            self._refuse_unfinished(first)
            return None
        payload = bytes(buffer[start : start + size])
        if masked:
            payload = _masked(payload, bytes(buffer[offset:start]))
        del buffer[: start + size]
        return WireFrame(
            opcode=first & 0x0F,
            payload=payload,
            fin=bool(first & 0x80),
            reserved_bits=(first >> 4) & 0x07,
            masked=masked,
        )

    def _refuse_unfinished(self, first: int) -> None:
        """What is broken already will not get better: do not wait for its end."""
        if first & 0x70:
            raise BadFrameError(_bits(first).lstrip("; "))


def _bits(first: int) -> str:
    bits = (first >> 4) & 0x07
    return f"; reserved bits {bits:03b} are set" if bits else ""


def _masked(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    if not size:
        return b""
    repeated = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")

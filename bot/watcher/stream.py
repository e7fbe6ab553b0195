"""The bytes and frames of a held WebSocket: a socket and a TLS session without tasks or buffers.

Where the peer has stopped reading, what is not sent yet waits, and more is dropped: silence says
enough. Nothing here judges; a subclass says what frames mean.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import Final

from bot.model import Reason
from bot.net import frames, tls
from bot.net.connection import Connection
from bot.net.errors import BadFrameError, errno_name, reason_of
from bot.net.frames import Opcode, WireFrame
from bot.watcher.wire import Ended

_CHUNK: Final = 16_384
_MAX_MESSAGE: Final = 16 * 1024 * 1024  # what the app sends to its clients is its own business
_MAX_UNSENT: Final = 65_536
_PONG_HEAD: Final = b"\x8a\x04"  # final, unmasked, four bytes
_PONG_SIZE: Final = 6


class Stream:
    """One WebSocket after its handshake."""

    __slots__ = ("_decoder", "_engine", "_loop", "_sock", "_unsent")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._sock: socket.socket | None = None
        self._engine: tls.Engine | None = None
        self._decoder = frames.Decoder(_MAX_MESSAGE)
        self._unsent = b""

    # ------------------------------------------------------------ for a subclass to say

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        raise NotImplementedError

    def end(self, ended: Ended) -> None:
        """It is over, by this."""
        raise NotImplementedError

    def frame(self, frame: WireFrame) -> None:
        """A frame that breaks no rule has come."""
        raise NotImplementedError

    def pong(self, payload: bytes) -> None:
        """One that is a pong has come alone, as nearly all of them do."""
        raise NotImplementedError

    # ------------------------------------------------------------ what comes in

    def adopt(self, connection: Connection, rest: bytes) -> None:
        """Take over a connection; `rest` came along with the 101."""
        self._sock, self._engine = connection.detach()
        self._loop.add_reader(self._sock, self.readable)
        self._decoder.feed(rest)
        self._take(b"")  # more may be in the TLS session already

    def readable(self) -> None:
        """Take what the kernel has; called by the loop, and before anything is missed."""
        if self._sock is None:
            return
        try:
            data = self._sock.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.end(Ended(reason_of(error), errno_name(error) or ""))
            return
        if data:
            self._take(data)
        else:
            self.end(Ended(Reason.EOF, "no close frame"))

    def _take(self, data: bytes) -> None:
        try:
            whole = self._decrypted(data)
            while not self._decoder.empty and (frame := self._decoder.take()) is not None:
                self._checked(frame)
                if self.ended:
                    return
        except BadFrameError as error:
            self.end(Ended(Reason.BAD_FRAME, str(error)))
        except ssl.SSLError as error:
            self.end(Ended(reason_of(error), error.reason or ""))
        except OSError as error:
            self.end(Ended(reason_of(error), errno_name(error) or ""))
        else:
            if not whole:
                self.end(Ended(Reason.EOF, "no close frame"))

    def _decrypted(self, data: bytes) -> bool:
        """Hand the plain bytes to the decoder. False at the end of the TLS session."""
        engine = self._engine
        if engine is None:
            self._decoder.feed(data)
            return True
        if data:
            engine.feed(data)
        while (plain := engine.read()) is not None:
            if not plain:
                return False
            if plain[:2] == _PONG_HEAD and len(plain) == _PONG_SIZE and self._decoder.empty:
                self.pong(plain[2:])
                continue
            self._decoder.feed(plain)
        if answer := engine.pending():  # a key update wants one
            self._write(answer)
        return True

    def _checked(self, frame: WireFrame) -> None:
        violation = frame.violation()
        if violation is not None:
            raise BadFrameError(violation)
        self.frame(frame)

    # ------------------------------------------------------------ what goes out

    def send(self, opcode: Opcode, payload: bytes) -> None:
        """One frame; see `push`."""
        self.push(frames.encode(opcode, payload))

    def push(self, data: bytes) -> None:
        """A frame's bytes; dropped where the peer has not read for so long that nothing fits."""
        if self._sock is None or len(self._unsent) > _MAX_UNSENT:
            return
        if self._engine is not None:
            self._engine.write(data)
            data = self._engine.pending()
        self._write(data)

    def _write(self, data: bytes) -> None:
        """That the connection is broken shows when it is read."""
        if self._unsent or self._sock is None:
            self._unsent += data
            return
        try:
            sent = self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            return
        if sent < len(data):
            self._unsent = data[sent:]
            self._loop.add_writer(self._sock, self._writable)

    def _writable(self) -> None:
        data, self._unsent = self._unsent, b""
        if self._sock is not None:
            self._loop.remove_writer(self._sock)
            self._write(data)

    def let_go(self) -> None:
        """Close the socket. Waits for nothing; doing it twice is harmless."""
        sock, self._sock = self._sock, None
        if sock is None:
            return
        self._loop.remove_reader(sock)
        self._loop.remove_writer(sock)
        if self._engine is not None and not self._unsent:
            self._engine.goodbye()
            with contextlib.suppress(OSError):
                sock.send(self._engine.pending())
        sock.close()

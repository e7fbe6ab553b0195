"""A held WebSocket of our own: a socket, a TLS session and a few callbacks.

A thousand of them are held by one process, so each is as small and as idle as can be: no task, no
stream, no buffer that waits to be used (docs/design/011 has the figures). What it costs to connect
is shared with the probes: `bot.net` dials, shakes hands and decodes.

Nothing here blames the peer for our own delays: before an answer is missed, what has arrived in the
socket meanwhile is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import ssl
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from bot.model import Reason, Target, Transport
from bot.net import frames, packets, websocket
from bot.net.dial import Dialer
from bot.net.errors import WireError
from bot.net.frames import Opcode, WireFrame
from bot.net.packets import SioType
from bot.net.text import printable
from bot.net.websocket import Handshake
from bot.watcher.log import ConnectionLog
from bot.watcher.pace import Pace
from bot.watcher.reach import ConnectError, Reach
from bot.watcher.stream import Stream
from bot.watcher.ticks import Round, Ticket, Ticks
from bot.watcher.wire import Ended, Sockets

ECHO: Final = "/wsdiag-echo"  # a namespace that nobody has

_PARSED: Final = 16_384  # longer events are believed to be JSON
_DETAIL: Final = 200
_ECHO_EVERY: Final = 2  # heartbeats: an echo is work for the server
_MUTE: Final = 2  # heartbeats that only an echo was answered to: pongs do not come through here


class Line(Stream):
    """A WebSocket connection; see `held.Held`."""

    __slots__ = (
        "_beat_at", "_by_echo", "_count", "_give_up_timer", "_joined", "_keep_alive_timer", "_log",
        "_message_at", "_mute", "_namespace", "_open", "_pace", "_patience_s", "_ping_by",
        "_pinged_at", "_reach", "_round", "_scrub", "_target", "_ticks", "answered", "idle_s",
        "keep_alives", "lost", "on_rtt", "on_suspicion", "rtt_ms", "suspect",
    )  # fmt: skip

    def __init__(self, target: Target, reach: Reach, pace: Pace, log: ConnectionLog) -> None:
        self._target = target
        self._reach: Reach | None = reach  # until it is connected
        self._scrub = reach.scrub
        self._namespace = reach.endpoint.namespace
        self._pace = pace
        self._log = log
        super().__init__()
        self._ticks = Ticks()  # until it is connected: then those of all
        self._joined: asyncio.Future[None] | None = None
        self._open = False
        self._round: Round | None = None  # of heartbeats
        self._give_up_timer: Ticket | None = None
        self._keep_alive_timer: Ticket | None = None
        self._count = 0
        self._beat_at = 0.0  # when the last heartbeat was sent
        self._pinged_at: float | None = None  # … unless its pong has come
        self._by_echo = False
        self._mute = 0
        self._patience_s = 0.0  # pingInterval + pingTimeout of the server
        self._ping_by = math.inf  # a browser's client gives up then
        self._message_at: float | None = None
        self.lost: asyncio.Future[Ended] = self._loop.create_future()
        self.rtt_ms: float | None = None
        self.keep_alives = 0
        self.idle_s: float | None = None
        self.answered = True  # since the last heartbeat
        self.suspect = False
        self.on_rtt: Callable[[float], None] = _nothing
        self.on_suspicion: Callable[[], None] = _nothing

    @property
    def transport(self) -> Transport:
        """Always WebSocket."""
        return Transport.WEBSOCKET

    async def connect(self, sockets: Sockets, _transports: Sequence[Transport]) -> None:
        """Connect, namespace included, within the pace's deadline. Raises ConnectError."""
        reach = self._reach
        if reach is None:
            raise RuntimeError("a line connects once")
        self._ticks = sockets.ticks
        dialer = Dialer(sockets.names, reach.policy, reach.scrub)
        self._joined = self._loop.create_future()
        try:
            async with asyncio.timeout(self._pace.connect_s):
                await self._shake(dialer, reach)
                either: set[asyncio.Future[Any]] = {self._joined, self.lost}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise ConnectError(
                Ended(Reason.TIMEOUT, f"nothing within {self._pace.connect_s:g} s")
            ) from None
        except WireError as error:
            failure = error.failure
            raise ConnectError(Ended(failure.reason, failure.detail[:_DETAIL])) from error
        finally:
            await dialer.release()
        if self.lost.done():
            raise ConnectError(self.lost.result())
        self._reach = self._joined = None
        self._open = True
        self._round = self._ticks.join(self, self._pace.heartbeat_s, self._pace.pong_s)
        self._keep_alive_later()

    async def close(self) -> None:
        """Say goodbye if anybody listens, and let go. Waits for nothing."""
        if self._sock is not None and not self.lost.done():
            with contextlib.suppress(OSError, ssl.SSLError):
                if self._open:
                    self._send_text(packets.leave(self._namespace))
                self.send(Opcode.CLOSE, frames.close_payload(1000))
        self._stop()
        if not self.lost.done():
            self.lost.set_result(Ended(Reason.CLOSED, "closed by us"))

    # ------------------------------------------------------------ connecting

    async def _shake(self, dialer: Dialer, reach: Reach) -> None:
        connection = await dialer.dial(reach.endpoint)
        path, shown = reach.endpoint.request_path("websocket")
        shaken = await websocket.handshake(
            connection,
            path=path,
            shown=shown,
            headers=reach.lines,
            timeout_s=self._pace.connect_s,
            scrub=reach.scrub,
        )
        if not shaken.switched:
            raise ConnectError(_refused(shaken))
        self.adopt(connection, shaken.reply.rest)

    def _opening(self, text: str) -> None:
        """Messages before the namespace has let us in."""
        reach, joined = self._reach, self._joined
        if not self._patience_s:
            opened = packets.read_open(text, self._scrub)
            if opened is None:
                self.end(Ended(Reason.NOT_EIO, ""))
                return
            interval_ms, timeout_ms = opened.open.ping_interval_ms, opened.open.ping_timeout_ms
            self._patience_s = ((interval_ms or 25_000) + (timeout_ms or 20_000)) / 1000
            self._pinged()
            self._send_text(packets.connect(self._namespace, _plain(reach and reach.auth)))
            return
        packet = packets.read_message(text)
        if packet is None or packet.namespace != self._namespace:
            return
        if packet.type is SioType.CONNECT and joined is not None:
            joined.set_result(None)
        elif packet.type is SioType.CONNECT_ERROR:
            data = packet.data
            words = data.get("message", "") if isinstance(data, dict) else data
            self.end(Ended(Reason.CONNECT_REFUSED, str(words or "")))
        elif packet.type is SioType.DISCONNECT:
            self.end(Ended(Reason.DISCONNECTED, "by the server"))

    # ------------------------------------------------------------ what comes in

    def frame(self, frame: WireFrame) -> None:
        """What has come: any frame is a sign of life."""
        if frame.opcode == Opcode.PONG:
            self.pong(frame.payload)
            return
        self._alive()
        if frame.opcode == Opcode.TEXT:
            self._message_at = self._loop.time()
            self._text(frame)
        elif frame.opcode in (Opcode.BINARY, Opcode.CONTINUATION):
            self._message_at = self._loop.time()
        elif frame.opcode == Opcode.PING:
            self.send(Opcode.PONG, frame.payload)
        elif frame.opcode == Opcode.CLOSE:
            code, said = frames.read_close(frame.payload)
            self.send(Opcode.CLOSE, frame.payload[:2])
            self.end(Ended(Reason.CLOSED, f"close {code} {printable(said, 100)}".rstrip(), code))

    def pong(self, payload: bytes) -> None:
        """Nearly all that ever comes. One of an earlier heartbeat is a sign of life as well."""
        self._mute = 0
        if self._pinged_at is not None and payload == self._count.to_bytes(4, "big"):
            self._measured()
        self.answered = True
        if self.suspect:
            self._alive()

    def _text(self, frame: WireFrame) -> None:
        """One Engine.IO packet; of one in several frames only the beginning is looked at."""
        kind = frame.payload[:1]
        if kind == b"2":
            self._pinged()
            self._send_text("3" + frame.payload[1:_PARSED].decode("utf-8", "replace"))
        elif kind == b"1":
            self.end(Ended(Reason.CLOSED, "closed by Engine.IO"))
        elif self._joined is not None and not self._joined.done():
            self._opening(frame.payload.decode("utf-8", "replace"))
        elif kind == b"4":
            self._packet(frame)

    def _packet(self, frame: WireFrame) -> None:
        """A Socket.IO packet on an open connection: the app's events are only skimmed."""
        kind = frame.payload[1:2]
        if kind in (b"2", b"3"):
            if frame.fin and len(frame.payload) <= _PARSED and not _readable_event(frame.payload):
                self.end(Ended(Reason.UNRECOGNISED, "a packet that no client can read"))
        elif kind in (b"0", b"1", b"4"):
            text = frame.payload[:_PARSED].decode("utf-8", "replace")
            packet = packets.read_message(text)
            if packet is None:
                return
            if packet.namespace == self._namespace and packet.type is SioType.DISCONNECT:
                self.end(Ended(Reason.DISCONNECTED, "by the server"))
            elif packet.namespace == ECHO:
                self._echoed(packet.type)

    def _pinged(self) -> None:
        """The server has pinged, or is about to begin."""
        self._ping_by = self._loop.time() + self._patience_s

    # ------------------------------------------------------------ signs of life

    def beat(self, now: float) -> None:
        """Ask for a sign of life; any frame is one."""
        if now > self._ping_by:
            self.readable()  # it may lie there, unread
            if now > self._ping_by and not self.lost.done():
                detail = f"no ping of the server for {self._patience_s:g} s"
                self.end(Ended(Reason.TIMEOUT, detail))
        if self.suspect or self.lost.done():
            return
        self._count += 1
        if self._by_echo and self._count % _ECHO_EVERY:
            return
        self.answered = False
        self._beat_at = self._pinged_at = now
        if self._by_echo:
            self._ask_echo()
        else:
            self.push(frames.ping(self._count))

    def missed(self) -> None:
        """Nothing has come, unless it has, and was not read for our own being late."""
        self.readable()
        if self.answered or self.suspect or self.lost.done():
            return
        self._suspect(True)
        if not self._by_echo:  # perhaps something on the way swallows pings: ask the server itself
            self._ask_echo()
        self._give_up_timer = self._ticks.later(self._pace.drop_s, self._give_up)

    def _give_up(self) -> None:
        self.readable()
        if self.suspect and not self.lost.done():
            waited_s = self._loop.time() - self._beat_at
            self.end(Ended(Reason.TIMEOUT, f"silent for {waited_s:.1f} s"))

    def _alive(self) -> None:
        self.answered = True
        if self.suspect:
            if self._give_up_timer is not None:
                self._give_up_timer.cancel()
            self._suspect(False)

    def _ask_echo(self) -> None:
        """Ask to join a namespace that nobody has: the server says no, whatever the app is."""
        self._send_text(packets.connect(ECHO, {}))

    def _echoed(self, kind: SioType) -> None:
        if kind is SioType.CONNECT:  # it lets everybody in everywhere: not for long
            self._send_text(packets.leave(ECHO))
        if self._by_echo:
            self._measured()
            return
        self._mute += 1
        self._by_echo = self._mute >= _MUTE

    def _measured(self) -> None:
        if self._pinged_at is not None:
            self.rtt_ms = (self._loop.time() - self._pinged_at) * 1000
            self._pinged_at = None
            self.on_rtt(self.rtt_ms)
            self._log.heartbeat(self.rtt_ms)

    def _suspect(self, suspect: bool) -> None:
        self.suspect = suspect
        waited_s = self._loop.time() - self._beat_at
        (self._log.suspicious if suspect else self._log.alive_again)(waited_s)
        self.on_suspicion()

    # ------------------------------------------------------------ what goes out

    def _keep_alive_later(self) -> None:
        every_s = self._target.client.keep_alive_s
        if self._target.watch.keep_alive and every_s:
            self._keep_alive_timer = self._ticks.later(every_s, self._keep_alive)

    def _keep_alive(self) -> None:
        """The guide's own event, as the team's browser client sends it."""
        space = "" if self._namespace == "/" else f"{self._namespace},"
        self._send_text(f'42{space}["keep-alive"]')
        self.keep_alives += 1
        self._log.keep_alive()
        self._keep_alive_later()

    def _send_text(self, text: str) -> None:
        self._message_at = self._loop.time()
        self.send(Opcode.TEXT, text.encode())

    # ------------------------------------------------------------ the end

    def end(self, ended: Ended) -> None:
        """It is over: say how, and let go."""
        if self.lost.done():
            return
        if self._message_at is not None:
            self.idle_s = self._loop.time() - self._message_at
        self.lost.set_result(replace(ended, detail=self._scrub(ended.detail, _DETAIL)))
        self._stop()

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.lost.done()

    def _stop(self) -> None:
        if self._round is not None:
            self._round.leave(self)
        for timer in (self._give_up_timer, self._keep_alive_timer):
            if timer is not None:
                timer.cancel()
        self._round = self._give_up_timer = self._keep_alive_timer = None
        self.let_go()


def _nothing(*_: object) -> None:
    """Nobody wants to know."""


def _plain(auth: object) -> dict[str, object] | None:
    return dict(auth) if isinstance(auth, dict) else None


def _refused(shaken: Handshake) -> Ended:
    """What came instead of a WebSocket."""
    answer = shaken.reply.answer
    if answer.status is None:
        failure = answer.failure
        return Ended(failure.reason, failure.detail) if failure else Ended(Reason.NOT_HTTP)
    if answer.status == 101:
        return Ended(Reason.BAD_HANDSHAKE, "")
    if 300 <= answer.status < 400:
        return Ended(Reason.REDIRECT, f"HTTP {answer.status}, a redirect", answer.status)
    return Ended(Reason.HTTP_STATUS, f"HTTP {answer.status}", answer.status)


def _readable_event(payload: bytes) -> bool:
    """Whether a client could parse an event or an acknowledgement."""
    rest = payload[2:]
    if rest.startswith(b"/"):
        rest = rest.partition(b",")[2]
    rest = rest.lstrip(b"0123456789")
    try:
        return not rest or isinstance(json.loads(rest), list)
    except (ValueError, RecursionError):
        return False

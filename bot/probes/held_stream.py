"""A WebSocket session of its own: opened, joined, held, and asked for an echo at the end."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Final

from bot.evidence import HeldSession, Keep, Parted, TcpInfo
from bot.model import Reason, Transport
from bot.net import packets
from bot.net.errors import WireError, since_ms
from bot.net.frames import Opcode
from bot.net.packets import SioType
from bot.net.websocket import Received, Stream
from bot.probes import open_stream
from bot.probes.heartbeat import Heartbeat
from bot.probes.look import Look

JOIN_S: Final = 8.0
ECHO_S: Final = 3.0  # time for three retransmissions, which tell a lost path from a silent peer
_STEP_S: Final = 0.25
_FIRST, _LATE = b"first", b"late"


@dataclass(frozen=True, slots=True)
class Plan:
    """How to hold: until when (`time.monotonic()`), what to send and how often (seconds).

    `zero` is when the probe began. `settled` ends the hold early.
    """

    zero: float
    until: float
    keep: Keep = Keep.NOTHING
    every_s: float | None = None
    settled: asyncio.Event | None = None

    @property
    def over(self) -> bool:
        """Whether there is nothing left to wait for."""
        early = self.settled is not None and self.settled.is_set()
        return early or time.monotonic() >= self.until


async def hold(look: Look, plan: Plan) -> HeldSession:
    """One session from its dial to its end. A fault of the target is in the result."""
    try:
        connection = await look.dialer.dial(look.endpoint)
    except WireError as exc:
        return HeldSession(Transport.WEBSOCKET, plan.keep, failure=exc.failure)
    with connection:
        shaken = await open_stream.shake(look, connection, look.endpoint)
        if not shaken.switched:
            answer = shaken.reply.answer
            return HeldSession(
                Transport.WEBSOCKET, plan.keep, failure=answer.failure, answer=answer
            )
        session = SocketSession(look, Stream(connection, shaken.reply.rest, look.scrub))
        try:
            if await session.join():
                await session.stay(plan)
                if session.parted in (Parted.HELD, Parted.SILENT):
                    await session.late_echo()
            return session.described(plan)
        finally:
            await session.leave()


class SocketSession:
    """A session on an upgraded connection. Whoever made it leaves it."""

    def __init__(self, look: Look, stream: Stream) -> None:
        self.stream = stream
        self.parted = Parted.NOT_OPENED
        self.beat: Heartbeat | None = None
        self.first_echo_ms: float | None = None
        self._look = look
        self._joined_ms: float | None = None
        self._goodbye = ""
        self._ended_ms: float | None = None
        self._echo_asked: float | None = None  # time.monotonic()
        self._echo_ms: float | None = None
        self._tcp: TcpInfo | None = None
        self._received = 0

    async def join(self) -> bool:
        """Wait for OPEN and join the namespace. False when that did not come about."""
        opened, _ = await open_stream.first_packet(self._look, self.stream)
        if opened is None or opened.protocol != 4:
            return False
        self.beat = Heartbeat(opened, self.stream.connection.connect_ms / 1_000)
        began = time.monotonic()
        await self.stream.send_text(packets.connect(self._look.endpoint.namespace, self._look.auth))
        await self.stream.send(Opcode.PING, _FIRST)
        deadline = began + JOIN_S
        while self._joined_ms is None and not self._ended and time.monotonic() < deadline:
            await self._listen(deadline)
        if self._joined_ms is None:
            self._end(Parted.NOT_OPENED)
            return False
        if not self._ended:
            self.parted = Parted.HELD
        return True

    async def stay(self, plan: Plan) -> None:
        """Answer pings, and send what the plan says, until it is over or the session is."""
        beat = self.beat
        if beat is None:
            return
        due = time.monotonic() if plan.every_s is not None else None
        while not self._ended and not plan.over:
            if time.monotonic() >= beat.dead_at:
                self._end(Parted.SILENT)
                return
            if due is not None and plan.every_s is not None and time.monotonic() >= due:
                due += plan.every_s
                await self._keep_alive(plan.keep)
            until = min(plan.until, beat.dead_at, due or plan.until)
            await self._listen(until)

    async def late_echo(self) -> None:
        """Does a WebSocket ping still come back? If not: was it at least acknowledged?"""
        if self.parted is Parted.HELD and self.first_echo_ms is None:
            return  # this peer has never answered WebSocket pings
        asked = self._echo_asked = time.monotonic()
        await self.stream.send(Opcode.PING, _LATE)
        deadline = asked + max(ECHO_S, 4 * (self.beat.round_trip_s if self.beat else 0.0))
        was = self.parted
        while self._echo_ms is None and self.stream.ended is None and time.monotonic() < deadline:
            await self._listen(deadline, ends=False)
        self._tcp = self.stream.connection.tcp_info()
        if self.stream.ended is not None:
            self._lost()
        elif self._echo_ms is None and was is Parted.HELD:
            self._end(Parted.SILENT)

    async def echoed(self, payload: bytes, timeout_s: float) -> float | None:
        """Wait for a pong with this payload: milliseconds from now, or None."""
        asked = time.monotonic()
        deadline = asked + timeout_s
        while not self._ended and time.monotonic() < deadline:
            received = await self._listen(deadline)
            if received and received.opcode == Opcode.PONG and received.payload == payload:
                return since_ms(asked)
        return None

    async def message(self, head: str, timeout_s: float) -> bool:
        """Wait for a text message that begins so."""
        deadline = time.monotonic() + timeout_s
        while not self._ended and time.monotonic() < deadline:
            received = await self._listen(deadline)
            if received and received.opcode == Opcode.TEXT and received.text.startswith(head):
                return True
        return False

    async def leave(self) -> None:
        """Say goodbye, if there is still somebody."""
        if self.stream.ended is None and self.parted is Parted.HELD:
            await self.stream.leave()
        else:
            self.stream.connection.close()

    def described(self, plan: Plan) -> HeldSession:
        """The session as evidence."""
        beat, stream = self.beat, self.stream
        age = self._ended_ms if self._ended_ms is not None else self._now_ms()
        return HeldSession(
            transport=Transport.WEBSOCKET,
            keep=plan.keep,
            every_ms=round(plan.every_s * 1_000, 3) if plan.every_s is not None else None,
            parted=self.parted,
            open=beat.opened if beat else None,
            began_ms=round((beat.began - plan.zero) * 1_000, 3) if beat else 0.0,
            joined_ms=self._joined_ms,
            age_ms=age,
            pings_ms=tuple(beat.pings_ms) if beat else (),
            talked_ms=min(beat.talked_ms, age) if beat else 0.0,
            survived_ms=beat.survived_ms if beat else 0.0,
            goodbye=self._goodbye,
            close_code=stream.close_code,
            close_reason=stream.close_reason,
            failure=stream.ended,
            first_echo_ms=self.first_echo_ms,
            echo_asked=self._echo_asked is not None,
            echo_ms=self._echo_ms,
            tcp=self._tcp,
        )

    @property
    def _ended(self) -> bool:
        return self._ended_ms is not None

    def _now_ms(self) -> float:
        return since_ms(self.beat.began) if self.beat else 0.0

    def _end(self, parted: Parted) -> None:
        self.parted = parted
        if self._ended_ms is None:
            self._ended_ms = self._now_ms()

    def _lost(self) -> None:
        ended = self.stream.ended
        if ended is None or self._goodbye:
            return
        parted = Parted.CUT
        if ended.reason is Reason.CLOSED:
            parted = Parted.CLOSED
        elif ended.reason is Reason.TIMEOUT:
            parted = Parted.SILENT
        self._end(parted if self._joined_ms is not None else Parted.NOT_OPENED)

    async def _keep_alive(self, keep: Keep) -> None:
        if keep is Keep.EVENT:
            space = self._look.endpoint.namespace
            await self.stream.send_text(
                ("42" if space == "/" else f"42{space},") + json.dumps(["keep-alive"])
            )
        elif keep is Keep.PING:
            await self.stream.send(Opcode.PING, b"alive")
        if self.beat is not None:
            self.beat.talk()

    async def _listen(self, until: float, *, ends: bool = True) -> Received | None:
        """One message, or a moment without any."""
        step = min(_STEP_S, max(until - time.monotonic(), 0.001))
        received = None
        try:
            received = await self.stream.receive(step)
        except WireError:
            if self.stream.ended is not None:
                self._heard()
                if ends:
                    self._lost()
                return None
        self._heard()
        if received is not None:
            await self._take(received)
        return received

    def _heard(self) -> None:
        if self.beat is not None and self.stream.received != self._received:
            self._received = self.stream.received
            if self.stream.ended is None:  # the end itself is no talk
                self.beat.talk()

    async def _take(self, received: Received) -> None:
        if received.opcode == Opcode.PONG:
            if received.payload == _LATE:
                self._echo_ms = since_ms(self._echo_asked or time.monotonic())
            elif received.payload == _FIRST and self.beat is not None:
                self.first_echo_ms = self._now_ms()
            return
        text = received.text
        if text[:1] == packets.PING and self.beat is not None:
            self.beat.ping()
            await self.stream.send_text(packets.PONG + text[1:])
        elif text == packets.CLOSE:
            self._goodbye = text
            self._end(Parted.KICKED if self._joined_ms is not None else Parted.NOT_OPENED)
        else:
            self._message(text)

    def _message(self, text: str) -> None:
        packet = packets.read_message(text)
        if packet is None or packet.namespace != self._look.endpoint.namespace:
            return
        if packet.type is SioType.CONNECT:
            self._joined_ms = self._now_ms()
        elif packet.type is SioType.DISCONNECT:
            self._goodbye = "41"
            self._end(Parted.KICKED if self._joined_ms is not None else Parted.NOT_OPENED)
        elif packet.type is SioType.CONNECT_ERROR and self._joined_ms is None:
            self._end(Parted.NOT_OPENED)

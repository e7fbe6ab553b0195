"""The namespace CONNECT on the WebSocket that the `websocket` probe left open."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any, Final

from bot.evidence import Failure, NamespaceAttempt, Outcome
from bot.model import Reason, Transport
from bot.net import packets
from bot.net.errors import WireError, since_ms
from bot.net.frames import Opcode
from bot.net.packets import SioPacket, SioType
from bot.net.websocket import Received, Stream
from bot.probes.look import Look

NAMESPACE_S: Final = 8.0  # slow middlewares exist; clients wait for their own timeout of 30 s
PINGS: Final = 5
MIN_SETTLE_S: Final = 0.06  # a server that throws clients out does so within 10 ms (faults.md)
_ASK_AFTER_S: Final = 1.0  # then ask by WebSocket ping whether our frames arrive at all
_TEXT: Final = 300


@dataclass(slots=True)
class _Talk:
    """One attempt as it goes."""

    look: Look
    stream: Stream
    began: float = field(default_factory=time.monotonic)
    outcome: Outcome = Outcome.SILENT
    elapsed_ms: float = 0.0
    message: str = ""
    data: str = ""
    pings: int = 0
    asked: int = 0
    pongs: int = 0
    failure: Failure | None = None


async def attempt(look: Look) -> NamespaceAttempt:
    """Join, watch for a moment whether it holds, and measure the round trip."""
    stream = await look.stream.get()
    if stream is None:
        return NamespaceAttempt(Transport.WEBSOCKET, Outcome.NOT_TRIED)
    talk = _Talk(look, stream)
    await stream.send_text(packets.connect(look.endpoint.namespace, look.auth))
    try:
        await _join(talk)
    except WireError as exc:
        _lost(talk, exc.failure, Outcome.CLOSED)
    if talk.outcome in (Outcome.CONNECTED, Outcome.REFUSED):
        await _settle(talk)
    return NamespaceAttempt(
        transport=Transport.WEBSOCKET,
        outcome=talk.outcome,
        elapsed_ms=talk.elapsed_ms,
        message=talk.message,
        data=talk.data,
        close_code=stream.close_code,
        close_reason=stream.close_reason,
        pings=talk.pings,
        asked=talk.asked,
        pongs=talk.pongs,
        failure=talk.failure,
    )


async def _join(talk: _Talk) -> None:
    patience_s = min(NAMESPACE_S, talk.look.patience_s)
    deadline, ask = talk.began + patience_s, talk.began + _ASK_AFTER_S
    while talk.outcome is Outcome.SILENT and (now := time.monotonic()) < deadline:
        if now >= ask:
            talk.asked += 1
            await talk.stream.send(Opcode.PING, b"there")
            ask = now + _ASK_AFTER_S
        try:
            received = await talk.stream.receive(min(deadline, ask) - now)
        except WireError as exc:
            if exc.failure.reason is not Reason.TIMEOUT or talk.stream.ended is not None:
                raise
            talk.failure = exc.failure
            continue
        await _handle(talk, received)
    talk.elapsed_ms = since_ms(talk.began)
    if talk.outcome is not Outcome.SILENT:
        talk.failure = None


async def _handle(talk: _Talk, received: Received) -> None:
    if received.opcode == Opcode.PONG:
        talk.pongs += 1
        return
    text = received.text
    if text[:1] == packets.PING:
        talk.pings += 1
        await talk.stream.send_text(packets.PONG + text[1:])
        return
    if text[:1] == packets.CLOSE:
        talk.outcome = Outcome.CLOSED
        return
    packet = packets.read_message(text)
    if packet is not None and packet.namespace == talk.look.endpoint.namespace:
        _take(talk, packet)


def _take(talk: _Talk, packet: SioPacket) -> None:
    if packet.type is SioType.CONNECT:
        talk.outcome = Outcome.CONNECTED
    elif packet.type is SioType.CONNECT_ERROR:
        talk.outcome = Outcome.REFUSED
        talk.message, talk.data = refusal(talk.look, packet.data)
    elif packet.type is SioType.DISCONNECT:
        talk.outcome = Outcome.DISCONNECTED


def refusal(look: Look, data: Any) -> tuple[str, str]:
    """Message and data of a `44`, scrubbed."""
    if not isinstance(data, dict):
        return look.scrub(str(data), _TEXT) if data is not None else "", ""
    rest = data.get("data")
    shown = json.dumps(rest, ensure_ascii=False) if rest is not None else ""
    return look.scrub(str(data.get("message", "")), _TEXT), look.scrub(shown, _TEXT)


async def _settle(talk: _Talk) -> None:
    """Five pipelined pings; until they are back, and no shorter than the minimum, watch."""
    stream = talk.stream
    sent = time.monotonic()
    for number in range(PINGS):
        await stream.send(Opcode.PING, b"%d" % number)
    samples: list[float] = []
    watch = talk.outcome is Outcome.CONNECTED
    shortest = sent + (MIN_SETTLE_S if watch else 0.0)
    longest = sent + MIN_SETTLE_S + 2 * _round_trip_s(stream)
    try:
        while (now := time.monotonic()) < longest:
            if len(samples) >= PINGS and now >= shortest:
                break
            until = longest if len(samples) < PINGS else shortest
            received = await stream.receive(until - now)
            if received.opcode == Opcode.PONG and received.payload.isdigit():
                samples.append(since_ms(sent))
            else:
                await _handle(talk, received)
            if talk.outcome in (Outcome.DISCONNECTED, Outcome.CLOSED):
                break
    except WireError as exc:
        if stream.ended is not None:
            _lost(talk, exc.failure, Outcome.DISCONNECTED if watch else talk.outcome)
    if talk.outcome is Outcome.CLOSED and watch:
        talk.outcome = Outcome.DISCONNECTED
    if samples:
        talk.look.samples.transport = Transport.WEBSOCKET
        talk.look.samples.round_trips_ms = samples


def _round_trip_s(stream: Stream) -> float:
    info = stream.connection.tcp_info()
    known = info.rtt_ms if info is not None else 0.0
    return max(known, stream.connection.connect_ms) / 1_000


def _lost(talk: _Talk, failure: Failure, as_: Outcome) -> None:
    talk.outcome = as_
    talk.failure = failure
    if not talk.elapsed_ms:
        talk.elapsed_ms = since_ms(talk.began)

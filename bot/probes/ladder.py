"""Follow-up `ladder` (deep): payloads of 1, 20 and 200 kB, up and down. Do they all arrive?

What is sent must harm no application, so none of it reaches one:

- up, the payload is padding behind an Engine.IO pong, a packet that every server takes from every
  client and whose text it does not read. A WebSocket ping behind it comes back once all of it has
  been read; over polling the answer to the POST says so.
- down, the payload is the name of a namespace that cannot exist: Socket.IO's refusal repeats it.
  It is tried with a short name first, and left alone where that is not refused.

Nothing above the announced `maxPayload` is sent, but for one case: a server that announces less
than the 20 kB rung is asked once whether it means it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Final

from bot import measured
from bot.evidence import Failure, LadderEvidence, NoEvidence, Phase, Rung
from bot.model import Finding, FollowUp, Reason, Status, Transport, say
from bot.net import packets
from bot.net.connection import Connection
from bot.net.errors import WireError, since_ms
from bot.net.frames import Opcode
from bot.net.websocket import Stream
from bot.probes import open_stream, outcome
from bot.probes.held_stream import SocketSession
from bot.probes.look import DEFAULT_HEALTH, Look, PollingSession, cookies_of
from bot.probes.outcome import Judged
from bot.tasks import call_off

_TINY: Final = 16
_STEPS: Final = (1_000, 20_000, 200_000)
_HONEST: Final = 20_000  # a server that announces less than this is asked whether it means it
_DOWN: Final = 20_000  # a namespace's name longer than that may meet limits of its own
_RUNG_S: Final = 5.0
_BIG_S: Final = 9.0
_SLOW_MS: Final = 500.0  # a rung that took longer is climbed again: was it a moment, or the path?
_REPEATS: Final = 2
_LOOK_S: Final = 0.02
_HEADROOM: Final = 64  # of the announced maximum: the packet's own bytes
_ASK_S: Final = 3.0


async def probe(look: Look) -> Finding:
    """Climb over WebSocket, then over polling, as far as the client uses them."""
    started = time.monotonic()
    name = FollowUp.LADDER.value
    climb = _Climb(look)
    if look.uses_websocket and look.stream.peek() is not None:
        await climb.over_socket()
    shaken = look.shaken.peek()
    polls = look.uses_polling and shaken is not None and shaken.session is not None
    if polls and not climb.stalled:
        await climb.over_polling()
    if not climb.rungs:
        note = NoEvidence("no session, or a server that takes no padding")
        return outcome.found(name, (Status.SKIPPED, Reason.NOT_POSSIBLE), note, started)
    if climb.stalled:
        climb.others_ok = await _others_ok(look)
    times = look.dialer.connects_ms
    evidence = LadderEvidence(
        announced=climb.announced,
        rungs=tuple(climb.rungs),
        others_ok=climb.others_ok,
        rtt_ms=min(times, default=None),
    )
    return outcome.found(name, _judge(evidence), evidence, started)


class _Climb:
    def __init__(self, look: Look) -> None:
        self.look = look
        self.rungs: list[Rung] = []
        self.announced: int | None = None
        self.others_ok: bool | None = None

    @property
    def stalled(self) -> bool:
        """A payload got lost on the way: the next would as well."""
        return any(r.elapsed_ms is None and r.failure is not None for r in self.rungs)

    async def over_socket(self) -> None:
        session = await self._session()
        if session is None:
            return
        try:
            if not await self._takes_padding(session):
                return
            for size in self._sizes():
                self._say(size)
                rung = await _push(session, size)
                for _ in range(_REPEATS):
                    if size > _HONEST or rung.elapsed_ms is None or rung.elapsed_ms < _SLOW_MS:
                        break
                    self.rungs.append(rung)
                    rung = await _push(session, size)
                self.rungs.append(rung)
                if rung.elapsed_ms is None or (size < _STEPS[-1] and rung.elapsed_ms > _SLOW_MS):
                    return  # lost, or so slow that ten times as much would tell no more
            await self._pull(session)
        finally:
            await session.leave()

    async def over_polling(self) -> None:
        look = self.look
        reply = await look.fetch(look.engine_request("GET"), to=look.polling_endpoint)
        opened = packets.read_open(reply.text)
        if reply.answer.status != 200 or opened is None or opened.open.protocol != 4:
            return
        session = PollingSession(opened, cookies_of(reply), time.monotonic())
        self.announced = opened.open.max_payload
        if (await self._post(session, _TINY)).status != 200:
            return  # no affinity, or no padding: others tell
        for size in self._sizes():
            self._say(size)
            rung = await self._post(session, size)
            self.rungs.append(rung)
            if rung.status != 200 or (rung.elapsed_ms or 0.0) > _SLOW_MS:
                break
        request = look.engine_request("POST", body=packets.CLOSE, session=session)
        await look.fetch(request, to=look.polling_endpoint, timeout_s=0.5)

    def _sizes(self) -> list[int]:
        most = self.announced
        if most is None:
            return [s for s in _STEPS if s <= _HONEST]  # nothing is promised beyond
        allowed = [s for s in _STEPS if s <= most - _HEADROOM]
        return allowed if most - _HEADROOM >= _HONEST else [*allowed, _HONEST]

    def _say(self, size: int) -> None:
        self.look.tell(say("{n} kB", n=size // 1_000))

    async def _session(self) -> SocketSession | None:
        look = self.look
        try:
            connection = await look.dialer.dial(look.endpoint)
        except WireError:
            return None
        kept = False
        try:
            shaken = await open_stream.shake(look, connection, look.endpoint)
            if not shaken.switched:
                return None
            session = SocketSession(look, Stream(connection, shaken.reply.rest, look.scrub))
            if await session.join() and session.beat is not None:
                self.announced = session.beat.opened.max_payload
                kept = True
                return session
            return None
        finally:
            if not kept:
                connection.close()

    async def _takes_padding(self, session: SocketSession) -> bool:
        rung = await _push(session, _TINY)
        return rung.elapsed_ms is not None

    async def _pull(self, session: SocketSession) -> None:
        """The same way back: a refusal repeats the name that it refuses."""
        most = self.announced
        if most is not None and most - _HEADROOM < _DOWN:
            return
        for size in (_TINY, _DOWN):
            name = f"/wsdiag-{secrets.token_hex(4)}".ljust(size, "x")
            began = time.monotonic()
            await session.stream.send_text(packets.connect(name, None))
            refused = await session.message(f"44{name},", _RUNG_S if size > _TINY else _ASK_S)
            if not refused and size == _TINY:
                return  # accepted, or not answered: nothing to learn here
            failure = session.stream.ended
            if not refused and failure is None:
                failure = _timeout(began, session.stream.connection)
                await session.stream.send(Opcode.PING, b"there")
                if await session.echoed(b"there", _ASK_S) is not None:
                    return  # what follows arrives: this server repeats no long names
            self.rungs.append(
                Rung(
                    size,
                    upload=False,
                    transport=Transport.WEBSOCKET,
                    elapsed_ms=since_ms(began) if refused else None,
                    close_code=session.stream.close_code,
                    failure=None if refused else failure,
                    tcp=session.stream.connection.tcp_info(),
                )
            )

    async def _post(self, session: PollingSession, size: int) -> Rung:
        look = self.look
        body = packets.PONG + "x" * size
        request = look.engine_request("POST", body=body, session=session)
        began = time.monotonic()
        reply = await look.fetch(
            request, to=look.polling_endpoint, timeout_s=_RUNG_S if size < 100_000 else _BIG_S
        )
        answer = reply.answer
        return Rung(
            size,
            upload=True,
            transport=Transport.POLLING,
            elapsed_ms=since_ms(began) if answer.status is not None else None,
            status=answer.status,
            failure=answer.failure,
            tcp=answer.failure.tcp if answer.failure else None,
        )


async def _push(session: SocketSession, size: int) -> Rung:
    """Padding behind a pong, then a ping, which comes back when all of it has been read."""
    stream = session.stream
    token = secrets.token_hex(4).encode()
    limit = _RUNG_S if size < 100_000 else _BIG_S
    began, before = time.monotonic(), stream.connection.bytes_acked()
    acked: list[float] = []
    watching = asyncio.create_task(_watch_acks(stream.connection, size, began, acked))
    try:
        sending = asyncio.create_task(_send(stream, size, token, limit))
        try:
            echoed = await session.echoed(token, limit)
            elapsed = since_ms(began) if echoed is not None else None
        finally:
            await call_off(sending, watching)
    finally:
        watching.cancel()
    failure = stream.ended
    if elapsed is None and failure is None:
        failure = _timeout(began, stream.connection)
    after = stream.connection.bytes_acked()
    return Rung(
        size,
        upload=True,
        transport=Transport.WEBSOCKET,
        arrived=after - before if after is not None and before is not None else None,
        elapsed_ms=elapsed,
        acked_ms=acked[-1] if acked else None,
        close_code=stream.close_code,
        failure=failure,
        tcp=stream.connection.tcp_info(),
    )


async def _send(stream: Stream, size: int, token: bytes, limit_s: float) -> None:
    await stream.send(Opcode.TEXT, packets.PONG.encode() + b"x" * size, timeout_s=limit_s)
    await stream.send(Opcode.PING, token, timeout_s=limit_s)


async def _watch_acks(connection: Connection, size: int, began: float, acked: list[float]) -> None:
    """Note when the peer's kernel has acknowledged all of it."""
    before = connection.bytes_acked()
    while before is not None and not acked:
        now = connection.bytes_acked()
        if now is not None and now - before >= size:
            acked.append(since_ms(began))
        await asyncio.sleep(_LOOK_S)


def _timeout(began: float, connection: Connection) -> Failure:
    tcp = connection.tcp_info()
    return Failure(Phase.SESSION, Reason.TIMEOUT, elapsed_ms=since_ms(began), tcp=tcp)


async def _others_ok(look: Look) -> bool:
    reply = await look.fetch(
        look.get(look.target.health_path or DEFAULT_HEALTH), timeout_s=_ASK_S, body_bytes=2_048
    )
    return reply.answer.status is not None


def _judge(evidence: LadderEvidence) -> Judged:
    for rung in evidence.rungs:
        if rung.elapsed_ms is None:
            reason = rung.failure.reason if rung.failure else Reason.TIMEOUT
            return Status.FAIL, reason
        if rung.status is not None and rung.status != 200:
            return Status.FAIL, Reason.HTTP_STATUS
    return (Status.WARN, Reason.SLOW_ANSWER) if measured.slow_kbit(evidence) else outcome.OK

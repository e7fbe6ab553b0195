"""A polling session of its own: opened, joined, held poll after poll."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Final

from bot.evidence import Failure, HeldSession, HttpAnswer, Parted
from bot.model import Transport
from bot.net import packets
from bot.net.errors import since_ms
from bot.net.http import Reply
from bot.net.packets import SioType
from bot.probes.heartbeat import Heartbeat
from bot.probes.held_stream import ECHO_S, JOIN_S, Plan
from bot.probes.look import ANSWER_S, LEAVE_S, Look, PollingSession, cookies_of
from bot.tasks import call_off

_STEP_S: Final = 0.25
_POLL_BYTES: Final = 1_000_000  # what an application sends on connect: engine.io's own bound
_NOOP_PAUSE_S: Final = 0.1


async def hold(look: Look, plan: Plan) -> HeldSession:
    """One session from its handshake to its end. A fault of the target is in the result."""
    reply = await look.fetch(look.engine_request("GET"), to=look.polling_endpoint)
    opened = packets.read_open(reply.text, look.scrub)
    if reply.answer.status != 200 or opened is None or opened.open.protocol != 4:
        return HeldSession(Transport.POLLING, answer=reply.answer, failure=reply.answer.failure)
    session = PollingSession(opened, cookies_of(reply), time.monotonic())
    held = _Held(look, session, plan, (reply.answer.connect_ms or 0.0) / 1_000)
    try:
        await held.run()
    finally:
        await held.leave()
    return held.described()


class _Held:
    def __init__(
        self, look: Look, session: PollingSession, plan: Plan, round_trip_s: float
    ) -> None:
        self._look = look
        self._session = session
        self._plan = plan
        self._beat = Heartbeat(session.opened.open, round_trip_s, began=session.began)
        self._parted = Parted.NOT_OPENED
        self._joined_ms: float | None = None
        self._goodbye = ""
        self._ended_ms: float | None = None
        self._answer: HttpAnswer | None = None
        self._failure: Failure | None = None
        self._echo_ms: float | None = None
        self._echo_asked = False

    async def run(self) -> None:
        body = packets.connect(self._look.endpoint.namespace, self._look.auth)
        joining = asyncio.create_task(self._post(body))
        polling = asyncio.create_task(self._polls())
        try:
            while not polling.done() and not self._over():
                await asyncio.wait({polling}, timeout=_STEP_S)
            if not polling.done() and self._ended_ms is None:
                await self._echo(polling)
        finally:
            await call_off(joining, polling)

    async def leave(self) -> None:
        """End the session on the server, if it is still there."""
        if self._parted is not Parted.HELD:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * LEAVE_S):
                await self._post(packets.CLOSE)

    def described(self) -> HeldSession:
        """The session as evidence."""
        beat = self._beat
        age = self._ended_ms if self._ended_ms is not None else since_ms(beat.began)
        return HeldSession(
            transport=Transport.POLLING,
            parted=self._parted,
            open=beat.opened,
            began_ms=round((beat.began - self._plan.zero) * 1_000, 3),
            joined_ms=self._joined_ms,
            age_ms=age,
            pings_ms=tuple(beat.pings_ms),
            talked_ms=min(beat.talked_ms, age),
            survived_ms=beat.survived_ms,
            goodbye=self._goodbye,
            failure=self._failure,
            answer=self._answer,
            echo_asked=self._echo_asked,
            echo_ms=self._echo_ms,
        )

    def _over(self) -> bool:
        if self._joined_ms is None:
            return since_ms(self._beat.began) >= JOIN_S * 1_000
        if time.monotonic() >= self._beat.dead_at:
            self._end(Parted.SILENT)
        # A session that is silent gets its echo as well.
        return self._parted is Parted.SILENT or self._plan.over

    async def _polls(self) -> None:
        while self._ended_ms is None:
            request = self._look.engine_request("GET", session=self._session)
            reply = await self._look.fetch(
                request,
                to=self._look.polling_endpoint,
                timeout_s=max(self._beat.dead_at - time.monotonic(), 0.0) + ECHO_S,
                body_bytes=_POLL_BYTES,
            )
            if reply.answer.status != 200 or reply.answer.failure is not None:
                self._refused(reply)
                return
            self._beat.talk()
            await self._read(reply)

    async def _read(self, reply: Reply) -> None:
        only_noop = True
        for text in packets.split(reply.text)[0]:
            only_noop = only_noop and text[:1] == packets.NOOP
            if text[:1] == packets.PING:
                self._beat.ping()
                await self._post(packets.PONG + text[1:])
            elif text == packets.CLOSE:
                self._goodbye = text
                self._end(Parted.KICKED)
            else:
                self._message(text)
        if only_noop:
            await asyncio.sleep(_NOOP_PAUSE_S)

    def _message(self, text: str) -> None:
        packet = packets.read_message(text)
        if packet is None or packet.namespace != self._look.endpoint.namespace:
            return
        if packet.type is SioType.CONNECT:
            self._joined_ms = since_ms(self._beat.began)
            self._parted = Parted.HELD
        elif packet.type is SioType.DISCONNECT:
            self._goodbye = "41"
            self._end(Parted.KICKED)
        elif packet.type is SioType.CONNECT_ERROR:
            self._end(Parted.NOT_OPENED)

    async def _post(self, body: str, timeout_s: float = ANSWER_S) -> bool:
        request = self._look.engine_request("POST", body=body, session=self._session)
        reply = await self._look.fetch(request, to=self._look.polling_endpoint, timeout_s=timeout_s)
        if reply.answer.status == 200:
            return True
        if body != packets.CLOSE and self._ended_ms is None:
            self._refused(reply)
        return False

    async def _echo(self, polling: asyncio.Task[None]) -> None:
        """A pong nobody asked for: Engine.IO answers its POST, the application never sees it."""
        was = self._parted
        if polling.done() or was is Parted.NOT_OPENED:
            return
        self._echo_asked = True
        asked = time.monotonic()
        request = self._look.engine_request("POST", body=packets.PONG, session=self._session)
        reply = await self._look.fetch(request, to=self._look.polling_endpoint, timeout_s=ECHO_S)
        if reply.answer.status == 200:
            self._echo_ms = since_ms(asked)
        elif was is Parted.HELD:
            self._refused(reply)

    def _refused(self, reply: Reply) -> None:
        if self._ended_ms is not None:
            return
        self._answer, self._failure = reply.answer, reply.answer.failure
        self._end(Parted.REFUSED if self._joined_ms is not None else Parted.NOT_OPENED)

    def _end(self, parted: Parted) -> None:
        joined = self._joined_ms is not None
        self._parted = parted if joined else Parted.NOT_OPENED
        if self._ended_ms is None:
            self._ended_ms = since_ms(self._beat.began)

"""Socket Mode: tickets, up to ten sockets, envelopes to exactly one of them, acks.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.demo.workspace.changes import Changes
from bot.demo.workspace.clock import Clock
from bot.tasks import call_off

MOST_SOCKETS = 10
TICKET_LIFE_S = 30.0
ACK_DEADLINE_S = 3.0
PING_EVERY_S = 10.0
SEND_DEADLINE_S = 5.0


@dataclass(frozen=True, slots=True)
class Ack:
    """How a payload was received. `error` is None when it was acknowledged in time."""

    error: str | None = None  # "timeout" | "connection_failed", over HTTP also "http_*"
    payload: Any = None
    final: bool = False  # the app asked not to be sent this again


@dataclass(eq=False, slots=True)
class Socket:
    """One connection of the app."""

    id: int
    ws: web.WebSocketResponse
    transport: asyncio.Transport | None
    frozen: bool = False  # looks open, answers nothing
    retiring: bool = False  # asked to go: gets no more envelopes
    pending: dict[str, asyncio.Future[Ack]] = field(default_factory=dict)
    delivered: int = 0

    async def send(self, frame: dict[str, Any]) -> None:
        """Send a JSON frame; a socket that died meanwhile raises ConnectionError."""
        async with asyncio.timeout(SEND_DEADLINE_S):
            await self.ws.send_str(json.dumps(frame))


class SocketHub:
    """The app's sockets. Which of them gets an envelope is Slack's secret, so it is random."""

    def __init__(self, app_id: str, clock: Clock, changes: Changes) -> None:
        self._app_id = app_id
        self._clock = clock
        self._changes = changes
        self._tickets: dict[str, float] = {}
        self._sockets: dict[int, Socket] = {}
        self._last_id = 0
        self._closing: set[asyncio.Task[None]] = set()
        self.ping_every_s = PING_EVERY_S
        self.violations: deque[str] = deque(maxlen=100)  # what the app sent and may not send

    @property
    def count(self) -> int:
        """How many sockets are open."""
        return len(self._sockets)

    @property
    def delivered(self) -> list[int]:
        """How many envelopes each open socket was given."""
        return [socket.delivered for socket in self._sockets.values()]

    # ---------------------------------------------------------------- connecting

    def issue_ticket(self) -> str:
        """A ticket that lets one WebSocket in, once."""
        ticket = secrets.token_urlsafe(18)
        self._tickets[ticket] = self._clock.now() + TICKET_LIFE_S
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle one WebSocket connection until it ends."""
        expires = self._tickets.pop(request.query.get("ticket", ""), None)
        if expires is None or self._clock.now() > expires:
            return web.Response(status=403, text="invalid ticket")
        ws = web.WebSocketResponse(autoping=False, max_msg_size=1024 * 1024)
        await ws.prepare(request)
        self._last_id += 1
        transport = request.transport
        socket = Socket(self._last_id, ws, transport)
        if len(self._sockets) >= MOST_SOCKETS:
            await socket.send(self._disconnect_frame("too_many_websockets"))
            await ws.close()
            return ws
        self._sockets[socket.id] = socket
        pinging = asyncio.create_task(self._ping(socket))
        try:
            await socket.send(
                {
                    "type": "hello",
                    "num_connections": len(self._sockets),
                    "debug_info": {
                        "host": "applink-local",
                        "build_number": 1,
                        "approximate_connection_time": 3600,
                    },
                    "connection_info": {"app_id": self._app_id},
                }
            )
            self._changes.publish("sockets", count=self.count)
            await self._read(socket)
        except (ConnectionError, TimeoutError):
            pass
        finally:
            pinging.cancel()
            self._forget(socket)
        return ws

    async def _read(self, socket: Socket) -> None:
        async for frame in socket.ws:
            if socket.frozen:
                continue
            if frame.type is WSMsgType.PING:
                await socket.ws.pong(frame.data)
            elif frame.type is WSMsgType.TEXT:
                self._acknowledge(socket, frame.data)

    async def _ping(self, socket: Socket) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await asyncio.sleep(self.ping_every_s)
                if not socket.frozen:
                    await socket.ws.ping(b"Ping from applink-local")

    def _acknowledge(self, socket: Socket, text: str) -> None:
        try:
            answer = json.loads(text)
            envelope_id = answer["envelope_id"]
        except (ValueError, TypeError, KeyError):
            self.violations.append("a frame that is no acknowledgement")
            return
        waiting = socket.pending.get(envelope_id)
        if waiting is None:
            self.violations.append("an acknowledgement of an envelope not sent on this socket")
        elif not waiting.done():
            waiting.set_result(Ack(payload=answer.get("payload")))

    def _forget(self, socket: Socket) -> None:
        if self._sockets.pop(socket.id, None) is None:
            return
        for waiting in socket.pending.values():
            if not waiting.done():
                waiting.set_result(Ack(error="connection_failed"))
        self._changes.publish("sockets", count=self.count)

    # ---------------------------------------------------------------- envelopes

    async def deliver(
        self,
        kind: str,
        payload: dict[str, Any],
        *,
        accepts_response: bool,
        retry: tuple[int, str] | None = None,
    ) -> Ack:
        """Give an envelope to one socket and wait for its ack.

        Args:
            kind: `slash_commands`, `interactive` or `events_api`.
            payload: the payload, as over HTTP.
            accepts_response: whether the ack may carry a payload.
            retry: attempt and reason, for an event that was not acknowledged before.
        """
        open_sockets = [s for s in self._sockets.values() if not s.retiring and not s.ws.closed]
        if not open_sockets:
            return Ack(error="connection_failed")
        socket = secrets.choice(open_sockets)
        envelope_id = secrets.token_hex(16)
        frame: dict[str, Any] = {
            "envelope_id": envelope_id,
            "type": kind,
            "accepts_response_payload": accepts_response,
            "payload": payload,
        }
        if kind == "events_api":
            attempt, reason = retry or (0, "")
            frame |= {"retry_attempt": attempt, "retry_reason": reason}
        waiting: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        socket.pending[envelope_id] = waiting
        deadline = asyncio.ensure_future(self._clock.sleep(ACK_DEADLINE_S))
        try:
            socket.delivered += 1
            if not socket.frozen:
                await socket.send(frame)
            racing: set[asyncio.Future[Any]] = {waiting, deadline}
            await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
            ack = waiting.result() if waiting.done() else Ack(error="timeout")
        except (ConnectionError, TimeoutError):
            ack = Ack(error="connection_failed")
        finally:
            deadline.cancel()
            waiting.cancel()
            socket.pending.pop(envelope_id, None)
        if ack.payload and not accepts_response:
            self.violations.append(f"a payload in the acknowledgement of {kind}")
            return Ack()
        return ack

    # ---------------------------------------------------------------- trouble

    @staticmethod
    def _disconnect_frame(reason: str) -> dict[str, Any]:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-local"}}

    async def disconnect(self, reason: str = "refresh_requested", *, grace_s: float = 10.0) -> None:
        """Ask every socket to go, as Slack does every few hours.

        `warning` only announces it. Any other reason (`refresh_requested`, `link_disabled`) ends
        the connection after `grace_s` seconds, and sends nothing more on it meanwhile.
        """
        for socket in tuple(self._sockets.values()):
            if reason != "warning":
                socket.retiring = True
            with contextlib.suppress(ConnectionError, TimeoutError):
                await socket.send(self._disconnect_frame(reason))
            if reason != "warning":
                task = asyncio.create_task(self._close_later(socket, grace_s))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    async def _close_later(self, socket: Socket, grace_s: float) -> None:
        await self._clock.sleep(grace_s)
        if socket.id in self._sockets:
            await socket.ws.close()

    def drop(self) -> None:
        """Cut every socket without a word, as a dying network does."""
        for socket in tuple(self._sockets.values()):
            if socket.transport is not None:
                socket.transport.abort()

    def freeze(self) -> None:
        """Let the sockets of this moment look open and say nothing more."""
        for socket in self._sockets.values():
            socket.frozen = True

    async def close(self) -> None:
        """End all sockets at shutdown."""
        await call_off(*self._closing)
        for socket in tuple(self._sockets.values()):
            if socket.frozen:
                if socket.transport is not None:
                    socket.transport.abort()
                continue
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(1):
                    await socket.ws.close()

"""A connection over long polling, upgraded where that works: python-socketio speaks the protocol.

Everything else is ours. Its reconnection, its signal handler and its log handlers are off, a fresh
client is made for every attempt, and each of its tasks is ours to end (measurements.md, "Hazards of
python-socketio").
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, Final

import aiohttp
import engineio.base_client  # type: ignore[import-untyped]
import socketio  # type: ignore[import-untyped]

from bot.model import Reason, Target, Transport
from bot.net import tls
from bot.tasks import call_off
from bot.watcher.line import ECHO
from bot.watcher.log import ConnectionLog
from bot.watcher.pace import Pace
from bot.watcher.reach import ConnectError, Reach
from bot.watcher.wire import Ended, Sockets, Wire, ended_by

_GOODBYE_S: Final = 2.0
_DETAIL: Final = 200


def _quiet() -> logging.Logger:
    """A logger for the library, whose own lines are no use to anyone and may hold secrets."""
    logger = logging.getLogger("wsdiag.socketio")
    logger.disabled = True
    return logger


class Polled:
    """A connection that begins with polling, and may be upgraded; see `held.Held`."""

    def __init__(self, target: Target, reach: Reach, pace: Pace, log: ConnectionLog) -> None:
        self._target = target
        self._reach = reach
        self._pace = pace
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._client: Any = None
        self._wire: Wire | None = None
        self._refusal: Ended | None = None
        self._ping_sent: tuple[bytes, float] | None = None
        self._frame = asyncio.Event()
        self._open = False
        self._closed = False
        self.lost: asyncio.Future[Ended] = self._loop.create_future()
        self.rtt_ms: float | None = None
        self.keep_alives = 0
        self.idle_s: float | None = None
        """Once it is lost: the time since the last message in either direction."""
        self.suspect = False
        self.on_rtt: Callable[[float], None] = lambda _ms: None
        self.on_suspicion: Callable[[], None] = lambda: None
        """Called when a heartbeat is missed, and again when a sign of life comes after all."""

    @property
    def transport(self) -> Transport:
        """What it runs over: an upgrade that was refused leaves it on polling, silently."""
        return Transport(self._client.eio.transport())

    async def connect(self, sockets: Sockets, transports: Sequence[Transport]) -> None:
        """Connect, namespace included, within the pace's deadline. Raises ConnectError."""
        reach = self._reach
        self._wire = Wire(
            sockets.session(reach.headers),
            context=None if reach.trust == tls.Trust() else tls.verifying(reach.trust),
            proxy=reach.proxy,
            upgrade_s=self._pace.connect_s / 3,
            on_frame=self._frame.set,
            on_pong=self._pong,
            on_text=self._text,
            on_posted=self._measured,
            on_ended=self._ended,
        )
        self._client = client = socketio.AsyncClient(
            reconnection=False,
            handle_sigint=False,
            logger=_quiet(),
            engineio_logger=_quiet(),
            request_timeout=self._pace.connect_s,
            http_session=self._wire,
        )
        client.eio.start_background_task = self._start
        namespace = reach.endpoint.namespace
        client.on("connect_error", self._refused, namespace=namespace)
        client.on("disconnect", self._disconnected, namespace=namespace)
        try:
            async with asyncio.timeout(self._pace.connect_s):
                await client.connect(
                    reach.url,
                    headers={},
                    auth=reach.auth,
                    transports=[transport.value for transport in transports],
                    namespaces=[namespace],
                    socketio_path=reach.endpoint.path.strip("/"),
                    wait_timeout=self._pace.connect_s,
                )
        except TimeoutError:
            raise ConnectError(
                Ended(Reason.TIMEOUT, f"nothing within {self._pace.connect_s:g} s")
            ) from None
        except Exception as error:  # the library lets TypeError and ValueError out too
            raise ConnectError(self._why(error)) from error
        if self.lost.done():  # ended between the answer and here
            raise ConnectError(self.lost.result())
        self._open = True
        self._start(self._heartbeat)
        if self._target.watch.keep_alive and self._target.client.keep_alive_s:
            self._start(self._keep_alive, self._target.client.keep_alive_s)

    async def close(self) -> None:
        """Say goodbye if anybody listens, then end every task and socket of the connection; whoever
        is cancelled meanwhile leaves when that is done, which takes a moment at most."""
        closing = asyncio.ensure_future(self._close())
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            await asyncio.wait({closing})
            raise

    async def _close(self) -> None:
        self._open = False
        eio = self._client.eio if self._client is not None else None
        if eio is not None and eio.state == "connected" and not self.lost.done():
            with contextlib.suppress(Exception):
                async with asyncio.timeout(_GOODBYE_S):
                    await self._client.disconnect()
        self._closed = True
        while self._tasks:  # the library may start one more while it is being ended
            await call_off(*self._tasks)
        if self._wire is not None:
            await self._wire.close()
        if eio is not None:
            eio.state = "disconnected"
            with contextlib.suppress(ValueError):  # the library's global list would keep it
                engineio.base_client.connected_clients.remove(eio)
        if not self.lost.done():
            self.lost.set_result(Ended(Reason.CLOSED, "closed by us"))

    # ------------------------------------------------------------ tasks

    def _start(self, function: Callable[..., Any], *arguments: Any) -> asyncio.Task[Any]:
        """What the library uses to start a task, and we too: each is ours to end."""

        async def run() -> Any:
            result = function(*arguments)
            return await result if isinstance(result, Coroutine) else result

        task = asyncio.create_task(run(), name=f"held {self._target.name}")
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        if self._closed:
            task.cancel()
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # What the peer sent made the library fail: no message of it can be trusted to arrive.
            self._ended(self._why(error))

    async def _heartbeat(self) -> None:
        """Ping, expect any frame; silence is a suspicion first and the end only later."""
        polling = self.transport is Transport.POLLING
        every_s = self._pace.echo_s if polling else self._pace.heartbeat_s
        within_s = 2 * self._pace.pong_s if polling else self._pace.pong_s
        await asyncio.sleep(every_s * random.random())
        count = 0
        while (beat := self._echo() if polling else self._ping(count := count + 1)) is not None:
            self._frame.clear()
            sent = self._loop.time()
            if not await self._answered(beat, within_s):
                self._suspect(True, self._loop.time() - sent)
                # Perhaps something on the way swallows pings: ask the server itself.
                ask = None if polling else self._echo()
                if not await self._answered(ask, self._pace.drop_s):
                    waited = self._loop.time() - sent
                    self._ended(Ended(Reason.TIMEOUT, f"silent for {waited:.1f} s"))
                    return
                self._suspect(False, self._loop.time() - sent)
            await asyncio.sleep(max(0.0, every_s - (self._loop.time() - sent)))

    def _ping(self, count: int) -> Coroutine[Any, Any, None] | None:
        """A WebSocket ping; None: there is no WebSocket."""
        socket = self._wire.socket if self._wire else None
        if socket is None:
            return None
        data = count.to_bytes(4, "big")
        self._ping_sent = (data, self._loop.time())
        return socket.ping(data)

    def _echo(self) -> Coroutine[Any, Any, None] | None:
        """On polling: ask for a namespace that nobody has. The server takes the request and says
        no, whatever application it is; silence says that it hangs. None: it let us in."""
        self._client.failed_namespaces.clear()  # the library would gather them for ever
        if ECHO in self._client.namespaces:
            return None
        echo: Coroutine[Any, Any, None] = self._client.eio.send(f"0{ECHO},{{}}")
        return echo

    async def _answered(self, sending: Coroutine[Any, Any, None] | None, within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                if sending is not None:
                    await sending  # blocks when the peer has stopped reading
                await self._frame.wait()
        except TimeoutError:
            return False
        except (OSError, RuntimeError, aiohttp.ClientError) as error:
            self._ended(ended_by(error))
            return True
        return True

    async def _keep_alive(self, every_s: float) -> None:
        """The guide's own event, as the team's browser client sends it."""
        while True:
            await asyncio.sleep(every_s)
            await self._client.emit("keep-alive", namespace=self._reach.endpoint.namespace)
            self.keep_alives += 1
            self._log.keep_alive()

    # ------------------------------------------------------------ what comes in

    def _pong(self, data: bytes) -> None:
        if self._ping_sent is not None and self._ping_sent[0] == data:
            self._measured((self._loop.time() - self._ping_sent[1]) * 1000)

    def _measured(self, rtt_ms: float) -> None:
        self.rtt_ms = rtt_ms
        self.on_rtt(rtt_ms)
        self._log.heartbeat(rtt_ms)

    def _text(self, data: str) -> None:
        # A namespace DISCONNECT right after CONNECT is lost on the library: it still counts itself
        # as not connected and ignores it.
        namespace = self._reach.endpoint.namespace
        if data == "41" if namespace == "/" else data.startswith(f"41{namespace}"):
            self._ended(Ended(Reason.DISCONNECTED, "by the server"))

    def _suspect(self, suspect: bool, waited_s: float) -> None:
        self.suspect = suspect
        (self._log.suspicious if suspect else self._log.alive_again)(waited_s)
        self.on_suspicion()

    def _ended(self, ended: Ended) -> None:
        if not self.lost.done() and (self._open or ended.reason is Reason.DISCONNECTED):
            detail = self._reach.scrub(ended.detail, _DETAIL)
            if self._wire is not None and self._wire.message_at is not None:
                self.idle_s = self._loop.time() - self._wire.message_at
            self.lost.set_result(replace(ended, detail=detail))

    def _refused(self, *data: Any) -> None:
        first = data[0] if data else ""
        text = first.get("message", "") if isinstance(first, dict) else first
        # The library raises this for failures of its own too; the server's answer needs a session.
        if self._client.eio.state == "connected":
            detail = self._reach.scrub(str(text), _DETAIL)
            self._refusal = Ended(Reason.CONNECT_REFUSED, detail)

    def _disconnected(self, reason: Any = "") -> None:
        self._ended(Ended(Reason.CLOSED, str(reason)))

    def _why(self, error: BaseException) -> Ended:
        """What really happened: never the library's text, which collapses causes."""
        if self._refusal is not None:
            return self._refusal
        if self._wire is not None and self._wire.error is not None:
            return self._wire.error
        if self.lost.done() and not self.lost.cancelled():
            return self.lost.result()
        inner = error.__cause__ or error
        if isinstance(
            inner, engineio.exceptions.ConnectionError | socketio.exceptions.SocketIOError
        ):
            return Ended(Reason.NOT_EIO, "")
        return Ended(Reason.UNRECOGNISED, type(inner).__name__)

"""Keeps one target's Socket.IO connection up: attempt, hold, lose, try again, for ever.

The browser client gives up after its attempts; the holder never does. It judges nothing: it tells
what trouble it has (`trouble`) and lets whoever watches the target find out why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from bot.evidence import Ending
from bot.model import Reason, Target, Transport, Trouble
from bot.patterns import Session
from bot.watcher.change import Change
from bot.watcher.held import ConnectError, Held, open_held
from bot.watcher.log import ConnectionLog
from bot.watcher.pace import Backoff, Pace, gives_up_after_s
from bot.watcher.wire import Ended, Sockets

_RTTS: Final = 120  # of a minute, should nobody take them
_ENDINGS: Final = {
    Reason.EOF: Ending.CUT,
    Reason.RESET: Ending.CUT,
    Reason.SOCKET_ERROR: Ending.CUT,
    Reason.CLOSED: Ending.CLOSED,
    Reason.DISCONNECTED: Ending.KICKED,
    Reason.TIMEOUT: Ending.SILENT,
}
_UNREACHED: Final = frozenset(
    {
        Reason.REFUSED,
        Reason.HOST_UNREACHABLE,
        Reason.NO_ROUTE,
        Reason.NAME_NOT_FOUND,
        Reason.NO_ADDRESS,
        Reason.RESOLVER_FAILED,
        Reason.RESOLVER_TIMEOUT,
        Reason.CERTIFICATE_INVALID,
    }
)


class Link(StrEnum):
    """What the held connection is doing."""

    OFF = "off"  # periodic probes only
    CONNECTING = "connecting"
    CONNECTED = "connected"
    SUSPECT = "suspect"  # open, but a heartbeat has not been answered
    DISCONNECTED = "disconnected"  # waiting for the next attempt


@dataclass(frozen=True, slots=True)
class Noticed:
    """Trouble with the held connection, and since when. `ended` is what ended it, if anything."""

    trouble: Trouble
    since: datetime
    ended: Ended | None = None


class Holder:
    """Run `run()` in a task; read the rest. `changed` is set whenever something changes."""

    def __init__(
        self,
        target: Target,
        *,
        sockets: Sockets,
        pace: Pace,
        log: ConnectionLog,
        now: Callable[[], datetime],
        on_end: Callable[[Session], None] = lambda _session: None,
    ) -> None:
        """`on_end` is told of every connection that was open and has ended, also by our doing."""
        self._target = target
        self._backend = urlsplit(target.url).netloc.rpartition("@")[2].lower()
        self._sockets = sockets
        self._pace = pace
        self._log = log
        self._now = now
        self._on_end = on_end
        self._retries = Backoff(pace.retry_first_s, pace.retry_max_s)
        self._held: Held | None = None
        self._kick = Change()
        self._over: asyncio.Future[None] | None = None  # there while a connection is held
        self._attempt = 0  # of the current row of attempts
        self._attempt_s = 0.0  # how long the last failed one took
        self._attempts_done = 0
        self._failed = 0  # attempts since the last connection
        self._failure: Reason | None = None  # of the first of them
        self._opened: Session | None = None  # the open connection as it began
        self._opened_at = 0.0  # loop time
        self._rtts: list[float] = []
        self.changed = Change()
        self.link = Link.CONNECTING
        self.trouble: Noticed | None = None
        self.reconnects = 0
        self.connected_at: datetime | None = None
        self.next_attempt_at: datetime | None = None

    @property
    def transport(self) -> Transport | None:
        """What the open connection runs over."""
        return self._held.transport if self._held is not None else None

    @property
    def rtt_ms(self) -> float | None:
        """Round trip of the last heartbeat."""
        return self._held.rtt_ms if self._held is not None else None

    def take_rtts(self) -> list[float]:
        """Round trips measured since they were taken the last time, in milliseconds."""
        taken, self._rtts = self._rtts, []
        return taken

    def session(self) -> Session | None:
        """The open connection as it is remembered if nothing more happens."""
        return self._session(Ended(Reason.CLOSED), Ending.OPEN)

    def client_gave_up(self) -> bool:
        """Whether a browser client that lost its connection when we did would have given up."""
        if self.trouble is None or self._held is not None:
            return False
        after_s = gives_up_after_s(self._target.client, self._attempt_s)
        if after_s is None:
            return False
        return self._now() - self.trouble.since >= timedelta(seconds=after_s)

    def retry_now(self) -> None:
        """Do not wait for the next attempt's turn."""
        self._kick.set()

    def renew(self) -> None:
        """Give the connection up for a new one, e.g. to leave polling."""
        if self._over is not None:
            _end(self._over)

    async def next_attempt(self, within_s: float) -> None:
        """Make the next attempt at once and wait for how it ends, at most `within_s`."""
        if self._held is not None:
            return
        before = self._attempts_done
        self.retry_now()
        await self._until(lambda: self._attempts_done != before, within_s)

    async def healthy(self, within_s: float) -> bool:
        """Wait until there is no trouble; False if there still is after `within_s`."""
        return await self._until(lambda: self.trouble is None and self._held is not None, within_s)

    async def _until(self, true: Callable[[], bool], within_s: float) -> bool:
        """Wait for what a change may make true; whether it is."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        while not true() and loop.time() < deadline:
            self.changed.clear()
            await self.changed.wait(deadline - loop.time())
        return true()

    async def run(self) -> None:
        """Until cancelled; closes its connection on the way out."""
        while True:
            await self._once()
            pause = self._sockets.crowd.pause_s(self._backend, self._retries.next())
            self.next_attempt_at = self._now() + timedelta(seconds=pause)
            self._set(Link.DISCONNECTED)
            with self._sockets.crowd.waiting(self._backend, self._kick.set):
                await self._kick.wait(pause)
            self._kick.clear()
            self.next_attempt_at = None

    async def _once(self) -> None:
        loop = asyncio.get_running_loop()
        self._attempt += 1
        self._set(Link.CONNECTING)
        self._log.connecting(self._attempt + (1 if self.reconnects or self.connected_at else 0))
        started = loop.time()
        try:
            with self._sockets.crowd.knocking():
                held = await open_held(
                    self._target,
                    self._transports(),
                    sockets=self._sockets,
                    pace=self._pace,
                    log=self._log,
                )
        except ConnectError as error:
            self._attempt_s = loop.time() - started
            self._attempts_done += 1
            self._failed += 1
            self._failure = self._failure or error.ended.reason
            self._log.failed(error.ended.reason.value, error.ended.detail, self._attempt)
            self._notice(Trouble.CONNECT_FAILED, error.ended)
            return
        ended: Ended | None = None
        try:
            self._connected(held, started)
            ended = await self._until_lost(held)
        finally:
            self._remember(ended)
            self._held = None
            await held.close()
        lived = loop.time() - started
        if lived >= self._pace.stable_s:
            self._retries.reset()
        self._attempt = 0
        if ended is not None:
            self._log.disconnected(ended.reason.value, ended.detail, lived)
            missed = self.trouble is not None and self.trouble.trouble is Trouble.HEARTBEAT_MISSED
            self._notice(Trouble.HEARTBEAT_MISSED if missed else Trouble.CONNECTION_LOST, ended)

    def _transports(self) -> tuple[Transport, ...]:
        """As the client is told. Where WebSocket comes first, every second attempt begins with
        polling, since to hold anything beats nothing; unless the last one did not even connect,
        which polling would not either."""
        client = self._target.client
        if self._target.url.strip().lower().startswith(("ws:", "wss:")):
            return (Transport.WEBSOCKET,)
        if len(client.transports) < 2:
            return client.transports or (Transport.WEBSOCKET, Transport.POLLING)
        polling = (
            (Transport.POLLING, Transport.WEBSOCKET) if client.upgrade else (Transport.POLLING,)
        )
        if client.transports[0] is Transport.POLLING:
            return polling
        last = self.trouble.ended.reason if self.trouble and self.trouble.ended else None
        if self._attempt % 2 or last in _UNREACHED:
            return (Transport.WEBSOCKET,)
        return (Transport.POLLING, Transport.WEBSOCKET)

    def _connected(self, held: Held, started: float) -> None:
        took_s = asyncio.get_running_loop().time() - started
        self._held = held
        self._opened_at = started
        self._opened = Session(
            self._target.name,
            self._now(),
            0.0,
            held.transport,
            Ending.OPEN,
            connect_ms=took_s * 1000,
            failed_before=self._failed,
            failure_before=self._failure,
        )
        if self._failed:
            self._sockets.crowd.got_through(self._backend)
        self._failed, self._failure = 0, None
        held.on_rtt = self._rtts_add
        self._attempts_done += 1
        if self.connected_at is not None:
            self.reconnects += 1
        self.connected_at = self._now()
        self._log.connected(held.transport, self._attempt, took_s)
        held.on_suspicion = self._suspicion
        if held.transport is Transport.POLLING and self._expects_websocket():
            self._notice(Trouble.POLLING_ONLY, None)
        else:
            self.trouble = None
        self._set(Link.CONNECTED)

    def _rtts_add(self, rtt_ms: float) -> None:
        if len(self._rtts) < _RTTS:
            self._rtts.append(rtt_ms)

    def _session(self, ended: Ended, ending: Ending) -> Session | None:
        held = self._held
        if held is None or self._opened is None:
            return None
        is_open = ending is Ending.OPEN
        return replace(
            self._opened,
            ended_at=self._now(),
            age_s=asyncio.get_running_loop().time() - self._opened_at,
            transport=held.transport,
            ending=ending,
            reason=None if is_open or ending is Ending.OURS else ended.reason,
            code=ended.code,
            idle_s=held.idle_s,
            keep_alives=held.keep_alives,
        )

    def _remember(self, ended: Ended | None) -> None:
        """`ended`: None when we let go of it ourselves."""
        if ended is None:
            session = self._session(Ended(Reason.CLOSED), Ending.OURS)
        else:
            session = self._session(ended, _ENDINGS.get(ended.reason, Ending.FAILED))
        if session is not None:
            self._on_end(session)

    def _expects_websocket(self) -> bool:
        client = self._target.client
        first_is_websocket = client.transports[:1] == (Transport.WEBSOCKET,)
        return Transport.WEBSOCKET in client.transports and (client.upgrade or first_is_websocket)

    async def _until_lost(self, held: Held) -> Ended | None:
        """How it was lost; None when it was given up for a new one."""
        self._over = over = asyncio.get_running_loop().create_future()
        lost = partial(_end, over)
        held.lost.add_done_callback(lost)
        try:
            await over
        finally:
            held.lost.remove_done_callback(lost)
            self._over = None
        return held.lost.result() if held.lost.done() else None

    def _suspicion(self) -> None:
        if self._held is None:
            return
        if self._held.suspect:
            self._notice(Trouble.HEARTBEAT_MISSED, None)
            self._set(Link.SUSPECT)
        else:
            self.trouble = None
            self._set(Link.CONNECTED)

    def _notice(self, trouble: Trouble, ended: Ended | None) -> None:
        """Trouble lasts from when it was first noticed, whatever it turns into."""
        since = self.trouble.since if self.trouble is not None else self._now()
        self.trouble = Noticed(trouble, since, ended)
        self.changed.set()

    def _set(self, link: Link) -> None:
        self.link = link
        self.changed.set()


def _end(over: asyncio.Future[None], _lost: object = None) -> None:
    if not over.done():
        over.set_result(None)

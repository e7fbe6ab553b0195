"""One held Socket.IO connection, whatever it runs over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from bot import credentials
from bot.model import Reason, Target, Transport
from bot.urls import UrlError
from bot.watcher.line import Line
from bot.watcher.log import ConnectionLog
from bot.watcher.pace import Pace
from bot.watcher.polled import Polled
from bot.watcher.reach import ConnectError, Reach
from bot.watcher.wire import Ended, Sockets

__all__ = ["ConnectError", "Held", "open_held"]

_DETAIL: Final = 200


class Held(Protocol):
    """An open connection. Make one with `open_held`; `lost` settles when it has ended."""

    lost: asyncio.Future[Ended]
    rtt_ms: float | None
    keep_alives: int
    idle_s: float | None
    """Once it is lost: the time since the last message in either direction."""
    suspect: bool
    on_rtt: Callable[[float], None]
    on_suspicion: Callable[[], None]
    """Called when a heartbeat is missed, and again when a sign of life comes after all."""

    @property
    def transport(self) -> Transport:
        """What it runs over: an upgrade that was refused leaves it on polling, silently."""
        ...

    async def connect(self, sockets: Sockets, transports: Sequence[Transport]) -> None:
        """Connect, namespace included, within the pace's deadline. Raises ConnectError."""
        ...

    async def close(self) -> None:
        """Say goodbye if anybody listens, then let go of everything."""
        ...


async def open_held(
    target: Target,
    transports: Sequence[Transport],
    *,
    sockets: Sockets,
    pace: Pace,
    log: ConnectionLog,
) -> Held:
    """Connect once. Raises ConnectError; whatever happens, nothing is left open behind it."""
    try:
        reach = Reach.of(target)
    except (UrlError, credentials.CredentialError) as error:
        raise ConnectError(Ended(Reason.SETTING_INVALID, str(error)[:_DETAIL])) from error
    websocket_only = tuple(transports) == (Transport.WEBSOCKET,)
    held: Held = (Line if websocket_only else Polled)(target, reach, pace, log)
    try:
        await held.connect(sockets, transports)
    except BaseException:
        await held.close()
        raise
    return held

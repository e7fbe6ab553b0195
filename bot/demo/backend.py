"""A real Socket.IO backend that can be broken at will, behind a port that stays the same.

A child process (`bot.demo.server`) speaks Socket.IO; a small proxy in this process
(`bot.demo.front`) holds the public port. Each fault is the real thing: `hang` is SIGSTOP, `stop`
and `restart` are SIGKILL, `no_websocket` is a proxy that hands no Upgrade header on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from bot.demo.child import BackendError, Child
from bot.demo.front import Front, Mode
from bot.tasks import call_off


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to be broken: what the proxy does, whether the process runs, what it is told."""

    name: str
    mode: Mode = Mode.PASS
    alive: bool = True
    listening: bool = True
    frozen: bool = False
    orders: dict[str, Any] = field(default_factory=dict)


_WRONG_ORIGIN = "https://old-frontend.example"
_FAULTS = {
    fault.name: fault
    for fault in (
        Fault("none"),
        Fault("stop", alive=False, listening=False),
        Fault("hang", frozen=True),
        Fault("restart", alive=False, listening=False),  # and back to none after a while
        Fault("502", mode=Mode.BAD_GATEWAY, alive=False),
        Fault("no_websocket", mode=Mode.STRIP_UPGRADE),
        Fault("wrong_cors", orders={"allowed_origin": _WRONG_ORIGIN}),
        Fault("slow", orders={"stall": True}),
        Fault("auth_refused", orders={"refuse_auth": True}),
    )
}
FAULTS: tuple[str, ...] = tuple(_FAULTS)
__all__ = ["FAULTS", "BackendError", "BreakableBackend"]


class BreakableBackend:
    """`async with BreakableBackend(origin=…) as backend: await backend.set_fault("hang")`.

    `origin` is the web page's origin that CORS allows; `restart_s` is how long a restart takes;
    `on_change` is told the name of every fault once it is in force, `none` included.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        origin: str = "https://app.example",
        restart_s: float = 12.0,
        on_change: Callable[[str], None] | None = None,
    ) -> None:
        self.origin = origin
        self.restart_s = restart_s
        self.fault = "none"
        self._on_change = on_change
        self._front = Front(host, port)
        self._child: Child | None = None
        self._changing = asyncio.Lock()
        self._comeback: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The public port; the same over every fault."""
        return self._front.port

    @property
    def url(self) -> str:
        """What a client is given as the backend's address."""
        host = f"[{self._front.host}]" if ":" in self._front.host else self._front.host
        return f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Start it, healthy. BackendError or OSError (port taken) if that cannot be."""
        self._front.reserve()
        try:
            await self._apply(_FAULTS["none"])
        except BaseException:
            await self.stop()
            raise

    async def set_fault(self, name: str) -> None:
        """Break it in one of the ways of FAULTS, or mend it with `none`; ValueError otherwise.

        Returns when the fault is in force. `restart` mends itself after `restart_s`.
        """
        if name not in _FAULTS:
            raise ValueError(f"no such fault: {name!r}; there are {', '.join(FAULTS)}")
        await self._forget_comeback()
        async with self._changing:
            await self._apply(_FAULTS[name])
        if name == "restart":
            self._comeback = asyncio.create_task(self._come_back(), name="demo restart")

    async def stop(self) -> None:
        """End the process and give the port back; harmless when done already."""
        await self._forget_comeback()
        async with self._changing:
            await self._front.close()
            await self._kill()

    async def _apply(self, fault: Fault) -> None:
        if "hang" not in {self.fault, fault.name}:
            # A new process or a reloaded proxy ends connections; a hung one keeps them.
            await self._front.drop()
        self.fault = fault.name
        self._front.mode = fault.mode
        if not fault.listening:
            await self._front.refuse()
        if fault.alive:
            await self._run(fault)
        else:
            await self._kill()
        if fault.listening:
            await self._front.listen()
        if self._on_change is not None:
            self._on_change(fault.name)

    async def _run(self, fault: Fault) -> None:
        child = self._child
        if child is None or not child.running:
            child = await Child.spawn(self.origin)
        self._child = child
        self._front.upstream_port = child.port
        child.resume()
        healthy = {"allowed_origin": self.origin, "stall": False, "refuse_auth": False}
        try:
            await child.obey(healthy | fault.orders)
        except BaseException:
            await self._kill()  # half told is worse than gone: the next change starts afresh
            raise
        if fault.frozen:
            child.freeze()

    async def _come_back(self) -> None:
        await asyncio.sleep(self.restart_s)
        async with self._changing:
            await self._apply(_FAULTS["none"])

    async def _forget_comeback(self) -> None:
        if self._comeback is not None:
            await call_off(self._comeback)
            self._comeback = None

    async def _kill(self) -> None:
        child, self._child = self._child, None
        self._front.upstream_port = None
        if child is not None:
            await child.kill()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

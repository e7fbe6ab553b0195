"""What a scenario is, and the bench that its components are set up on."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.model import State, Target
from tests.servers.certificates import CertificateAuthority
from tests.servers.node import NodeServer
from tests.servers.process import free_port
from tests.servers.proxies import Apache, Haproxy, Nginx
from tests.servers.python_socketio import PythonServer
from tests.servers.tools import require


class Bench(contextlib.AsyncExitStack):
    """Starts components on loopback and ends them all when the scenario is over."""

    def __init__(self, folder: Path, ca: CertificateAuthority) -> None:
        super().__init__()
        self.folder = folder
        self.ca = ca
        self._count = 0

    def _place(self, name: str) -> Path:
        self._count += 1
        return self.folder / f"{name}{self._count}"

    async def node(self, **options: Any) -> NodeServer:
        require("node")
        return await self.enter_async_context(NodeServer(**options))

    async def python(self, **options: Any) -> PythonServer:
        return await self.enter_async_context(PythonServer(**options))

    async def nginx(self, server: str, **options: Any) -> Nginx:
        require("nginx")
        return await self.enter_async_context(Nginx(self._place("nginx"), server, **options))

    async def haproxy(self, frontend: str, rest: str = "", **options: Any) -> Haproxy:
        require("haproxy")
        proxy = Haproxy(self._place("haproxy"), frontend, rest, **options)
        return await self.enter_async_context(proxy)

    async def apache(self, server: str) -> Apache:
        require("apache2")
        return await self.enter_async_context(Apache(self._place("apache"), server))

    async def talk(self, serve: Callable[[socket.socket], Awaitable[None]]) -> int:
        """A server that hands every accepted socket to `serve` and closes it afterwards.

        Returns its port.
        """
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        listener.setblocking(False)
        loop = asyncio.get_running_loop()
        tasks: set[asyncio.Task[None]] = set()

        async def one(connection: socket.socket) -> None:
            with contextlib.suppress(OSError), connection:
                await serve(connection)

        async def accept() -> None:
            while True:
                connection, _ = await loop.sock_accept(listener)
                connection.setblocking(False)
                task = asyncio.create_task(one(connection))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

        accepting = asyncio.create_task(accept())

        async def end() -> None:
            for task in (accepting, *tasks):
                task.cancel()
            await asyncio.gather(accepting, *tasks, return_exceptions=True)
            listener.close()

        self.push_async_callback(end)
        return int(listener.getsockname()[1])

    def free_port(self) -> int:
        """A port that nobody listens on."""
        return free_port("127.0.0.1")


Start = Callable[[Bench], Awaitable[Target]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault: how to make it, and what must be said of it.

    cause None: nothing may be named. state None: down or degraded, as chance has it. `or_else`
    holds further codes that are as right, because one vantage cannot tell them apart.
    """

    name: str
    cause: str | None
    state: State | None
    start: Start
    or_else: frozenset[str] = frozenset()

    @property
    def right(self) -> frozenset[str]:
        return self.or_else | ({self.cause} if self.cause else frozenset())


def target(url: str, **options: Any) -> Target:
    """A target for the lab; the name says nothing about the fault."""
    return Target("lab", url, **options)

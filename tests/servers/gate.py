"""A TCP proxy on loopback that hangs as a stopped process does: the kernel takes connections and
data as long as it has room, and nobody ever answers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class Gate:
    """`async with Gate(port) as gate`: dial `gate.port` instead. `shut` hangs it until `open`."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._open = asyncio.Event()
        self._open.set()
        # Room for all who dial while it hangs: a full queue would have them wait for the kernel.
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        self._dialling = asyncio.Semaphore(16)  # nor may what goes on fill the queue behind it
        self._tasks: set[asyncio.Task[None]] = set()
        self.port: int = self._listener.getsockname()[1]

    def shut(self) -> None:
        """From now on it hangs."""
        self._open.clear()

    def open(self) -> None:
        """It goes on, with whatever has gathered meanwhile."""
        self._open.set()

    async def __aenter__(self) -> Self:
        self._start(self._accept())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listener.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._open.wait()
            connection, _ = await loop.sock_accept(self._listener)
            self._start(self._carry(connection))

    async def _carry(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        upstream: asyncio.StreamWriter | None = None
        try:
            await self._open.wait()
            async with self._dialling:
                back, upstream = await asyncio.open_connection("127.0.0.1", self._to_port)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, upstream))
                both.create_task(self._pump(back, writer))
        finally:
            for end in (writer, upstream):
                if end is not None:
                    end.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        await self._open.wait()
        writer.close()

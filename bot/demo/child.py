"""The process of the demo's Socket.IO server, as its parent holds it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SERVER = Path(__file__).with_name("server.py")
_START_DEADLINE_S = 30.0
_ORDER_DEADLINE_S = 10.0
_END_DEADLINE_S = 5.0


class BackendError(Exception):
    """The demo's server process could not be started or does not obey."""


class Child:
    """A running `bot.demo.server`; `.port` is where it listens on loopback. Use `Child.spawn`."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        orders: asyncio.StreamWriter,
        answers: asyncio.StreamReader,
    ) -> None:
        self.port = 0
        self._process = process
        self._orders = orders
        self._answers = answers

    @classmethod
    async def spawn(cls, origin: str) -> Child:
        """Start one that allows `origin`; BackendError if it does not come up."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # or the folder of the script would hide modules
            str(_SERVER),
            origin,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us, who end it then
        )
        if process.stdin is None or process.stdout is None:
            raise BackendError("the demo's Socket.IO server has no pipes")
        child = cls(process, process.stdin, process.stdout)
        try:
            child.port = int((await child._answer(_START_DEADLINE_S))["listening"])
        except BaseException:
            await child.kill()
            raise
        return child

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def obey(self, orders: Mapping[str, Any]) -> None:
        """Change its settings (see `server.Server.obey`); BackendError if it does not answer."""
        try:
            self._orders.write(json.dumps(dict(orders)).encode() + b"\n")
            await self._orders.drain()
        except OSError as error:
            raise BackendError("the demo's Socket.IO server has ended") from error
        await self._answer(_ORDER_DEADLINE_S)

    def freeze(self) -> None:
        """SIGSTOP: its sockets stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    async def kill(self) -> None:
        """SIGKILL, and wait for its end. Harmless when it has ended."""
        self._signal(signal.SIGKILL)
        self._orders.close()
        async with asyncio.timeout(_END_DEADLINE_S):
            await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    async def _answer(self, deadline_s: float) -> dict[str, Any]:
        line = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                line = await self._answers.readline()
        if not line:
            raise BackendError("the demo's Socket.IO server does not answer")
        answer: dict[str, Any] = json.loads(line)
        return answer

"""A child process of a test: lines awaited with a deadline, signals, always killed at the end."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

START_DEADLINE_S = 20.0
_KEPT_LINES = 2_000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class StartError(Exception):
    """The program did not come up; the text carries what it printed."""


def die_with_parent() -> None:
    """Let the kernel kill this process when the one that started it ends."""
    # A test run that is killed outright must not leave servers behind.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class ChildProcess:
    """Runs one program; use as an async context manager, or start() and stop()."""

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        self.command = list(command)
        self.lines: list[str] = []  # stdout and stderr, as they came
        self._env = dict(env) if env is not None else None
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Spawn the program; OSError if it cannot be."""
        self._process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._env,
            limit=8 * 1024 * 1024,  # a line of statistics can be long
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            asyncio.create_task(self._read(stream))
            for stream in (self._process.stdout, self._process.stderr)
        ]

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            text = line.decode(errors="replace").rstrip("\n")
            self.lines.append(text)
            del self.lines[:-_KEPT_LINES]
            self.heard(text)
            self._news.set()

    def heard(self, line: str) -> None:
        """For a subclass that wants every line as it comes, and not only the latest ones."""

    async def line(
        self, wanted: Callable[[str], bool], deadline_s: float = START_DEADLINE_S
    ) -> str:
        """First line, past or to come, that `wanted` accepts; StartError if none comes."""
        try:
            async with asyncio.timeout(deadline_s):
                while True:
                    self._news.clear()
                    found = next((line for line in self.lines if wanted(line)), None)
                    if found is not None:
                        return found
                    if all(reader.done() for reader in self._readers):
                        raise StartError(self.story("ended"))
                    await self._next_line()
        except TimeoutError:
            raise StartError(self.story(f"silent for {deadline_s} s")) from None

    async def _next_line(self) -> None:
        news = asyncio.create_task(self._news.wait())
        try:
            await asyncio.wait({news, *self._readers}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()

    async def said_everything(self) -> None:
        """Wait until all that an ended program printed is in `.lines`."""
        await asyncio.gather(*self._readers)

    def story(self, what: str) -> str:
        """One text for an error: the command and the last it printed."""
        return f"{self.command[0]}: {what}\n" + "\n".join(self.lines[-30:])

    async def write(self, text: str) -> None:
        """One line to its stdin."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode() + b"\n")
        await self._process.stdin.drain()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program and its children."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def freeze(self) -> None:
        """SIGSTOP: sockets stay open, nothing answers."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self.signal(signal.SIGCONT)

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone. Harmless when it is."""
        if self._process is None:
            return
        self.signal(signal.SIGKILL)
        async with asyncio.timeout(10):
            await self._process.wait()
            await asyncio.gather(*self._readers, return_exceptions=True)
        # Process.wait() leaves the transport to the garbage collector, which warns.
        self._process._transport.close()  # type: ignore[attr-defined]

    async def stop(self) -> None:
        """The end of a test: kill it, whatever state it is in."""
        await self.kill()

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


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on right now (another process may take it: retry on EADDRINUSE)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


async def accepts(
    host: str, port: int, child: ChildProcess, deadline_s: float = START_DEADLINE_S
) -> None:
    """Wait until a program accepts connections; StartError when it ends first or never does."""
    try:
        async with asyncio.timeout(deadline_s):
            while True:
                if not child.running:
                    await child.said_everything()
                    raise StartError(child.story("ended"))
                try:
                    _, writer = await asyncio.open_connection(host, port)
                except OSError:
                    # There is no event to wait for: the program says nothing when it is ready.
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                await writer.wait_closed()
                return
    except TimeoutError:
        raise StartError(child.story(f"accepts nothing at {host}:{port}")) from None

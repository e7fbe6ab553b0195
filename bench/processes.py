"""The processes that are compared: the bot as it ships, and Node's client, with what they use.

Both are black boxes. What happened when is read from their own log (the bot's JSON lines carry the
wall clock to the millisecond, Node's lines too), what they use from /proc.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from bot.demo.workspace import Workspace
from tests.servers.process import ChildProcess
from tests.servers.tools import NODE_FOLDER, find

ROOT = Path(__file__).parents[1]
PATIENCE_S = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a process said. `at`: seconds since 1970. `who`: a target, or an index."""

    at: float
    name: str
    who: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used so far: memory in KB, processor time in seconds."""

    rss_kb: float
    cpu_s: float

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Of a process that runs."""
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        user, system = stat.rsplit(")", 1)[1].split()[11:13]
        return cls(pages * _PAGE_KB, (int(user) + int(system)) / _TICKS)


class Talking(ChildProcess):
    """A process whose JSON lines become events, each kept."""

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        super().__init__(command, env=env)
        self.events: list[Event] = []
        self.other: list[str] = []  # the last lines that were no JSON
        self._changed = asyncio.Event()

    def heard(self, line: str) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        event = self.event(said) if isinstance(said, dict) else None
        if event is not None:
            self.events.append(event)
        elif said is None:
            self.other = [*self.other, line][-20:]
        self._changed.set()

    def event(self, said: dict[str, Any]) -> Event | None:
        """What a line means; None: nothing here."""
        raise NotImplementedError

    def since(self, at: float, *names: str) -> Iterator[Event]:
        """The events of these names from that moment on."""
        return (e for e in self.events if e.at >= at and e.name in names)

    async def until(self, true: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
        """Wait for something that a line may make true; RuntimeError if nothing does."""
        try:
            async with asyncio.timeout(patience_s):
                while not true():
                    self._changed.clear()
                    if not self.running:
                        raise RuntimeError(self.story("ended"))
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.5):
                            await self._changed.wait()
        except TimeoutError:
            raise RuntimeError(self.story(f"not within {patience_s:g} s")) from None

    async def idle(self, seconds: float) -> tuple[Usage, float]:
        """Let it be, then: what it uses, and the processor's share in per cent meanwhile."""
        before = Usage.of(self.pid)
        await asyncio.sleep(seconds)
        after = Usage.of(self.pid)
        return after, (after.cpu_s - before.cpu_s) / seconds * 100


class Bot(Talking):
    """`wsdiag run` in a folder of its own, with a `wsdiag.toml`."""

    def __init__(
        self, folder: Path, workspace: Workspace, toml: str, *, level: str = "info"
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "wsdiag.toml").write_text(toml, encoding="utf-8")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("WSDIAG_", "SLACK_"))}
        environment = {
            **kept,
            "PYTHONPATH": str(ROOT),
            "PWD": str(folder),
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "WSDIAG_SLACK_API_URL": workspace.api_url,
            "WSDIAG_DATABASE_URL": f"sqlite:///{folder / 'wsdiag.db'}",
            "WSDIAG_HTTP_PORT": "0",
            "WSDIAG_LOG_LEVEL": level,
        }
        start = (
            "import os, sys; os.chdir(sys.argv[1]); from bot.__main__ import run; "
            "sys.exit(run(['run', '--log-format', 'json']))"
        )
        super().__init__([sys.executable, "-c", start, str(folder)], env=environment)
        self.address = ""

    def event(self, said: dict[str, Any]) -> Event | None:
        message = str(said.get("message", ""))
        if message.endswith("/healthz"):
            self.address = message.rsplit(" ", 1)[-1].removesuffix("/healthz")
        if "time" not in said:
            return None
        at = datetime.fromisoformat(said["time"]).timestamp()
        name = str(said.get("event", said.get("level")))
        return Event(at, name, str(said.get("target", "")), said)

    async def metrics(self) -> dict[str, dict[str, float]]:
        """The samples of /metrics: name → labels as they are written → value."""
        timeout = aiohttp.ClientTimeout(total=20)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{self.address}/metrics") as answer,
        ):
            text = await answer.text()
        found: dict[str, dict[str, float]] = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                series, value = line.rsplit(" ", 1)
                name, _, labels = series.partition("{")
                found.setdefault(name, {})[labels.rstrip("}")] = float(value)
        return found

    def open_connections(self) -> int:
        """How many targets the log has connected, and not lost again."""
        now: dict[str, str] = {}
        for event in self.events:
            if event.name in ("connected", "disconnected"):
                now[event.who] = event.name
        return sum(name == "connected" for name in now.values())


class Node(Talking):
    """`socket.io-client` in one process: tests/node/hold.js."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        ca: Path | None,
        echo_ms: int | None,
        enter: Callable[[Sequence[str]], list[str]] = list,
    ) -> None:
        options = {"urls": list(urls), "ca": str(ca) if ca else None, "echoMs": echo_ms}
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(Path.home())}
        script = str(NODE_FOLDER / "hold.js")
        command = enter([find("node") or "node", script, json.dumps(options)])
        super().__init__(command, env=environment)

    def event(self, said: dict[str, Any]) -> Event | None:
        return Event(said["at"] / 1000, said["event"], str(said.get("n", "")), said)

    def open_connections(self) -> int:
        """How many are open now."""
        made = sum(e.name == "connect" for e in self.events)
        return made - sum(e.name == "lost" for e in self.events)


class Fleet(ChildProcess):
    """`tests/node/fleet.js`: backends on many ports, one process."""

    def __init__(
        self, ports: int, *, tls: dict[str, str] | None = None, host: str = "127.0.0.1"
    ) -> None:
        super().__init__([])
        self._tls = tls
        self.host = host
        self.ports = [0] * ports

    async def start(self) -> None:
        """Listen; again on the same ports when it did before."""
        options = {"ports": self.ports, "tls": self._tls, "host": self.host}
        self.command = [find("node") or "node", str(NODE_FOLDER / "fleet.js"), json.dumps(options)]
        self.lines.clear()
        await super().start()
        said = json.loads(await self.line(lambda line: line.startswith("{")))
        self.ports = said["listening"]

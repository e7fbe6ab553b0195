"""`NodeServer`: tests/node/server.js with options, commands and signals."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.process import ChildProcess, StartError
from tests.servers.tools import NODE_FOLDER, find

SCRIPT = NODE_FOLDER / "server.js"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOptions:
    """What server.js is told; None leaves the library's default. Times in milliseconds.

    kind: "socket.io" (v4), "socket.io-v2", "ws" (plain WebSocket echo), "http" (no
    WebSocket), "h2" (HTTP/2 and nothing else; needs tls).
    auth: {"mode": "reject"|"expired"|"dependency"|"token"|"hang"|"ok", "message", "data",
    "token", "slowMs", "only": "websocket"|"polling"} as a namespace middleware. allow_request:
    {"origins": [...]} (no Origin header passes), {"deny": True}, {"upgrades": True} (denied), each
    with "message"; {"hang": True}. health: {"path", "status",
    "delayMs", "absent", "body", "contentType", "headers"}. tls: {"key", "cert", "clientCa"} files.
    on_connect: "disconnect" (namespace), "close" (transport), "crash", "newest" (throws the others
    out), "first" (throws the new one out while there is another).
    """

    kind: str = "socket.io"
    host: str = "127.0.0.1"
    port: int = 0
    tls: dict[str, str] | None = None
    # Socket.IO
    path: str | None = None
    transports: list[str] | None = None
    ping_interval: int | None = None
    ping_timeout: int | None = None
    upgrade_timeout: int | None = None
    destroy_upgrade_timeout: int | None = None
    connect_timeout: int | None = None
    max_http_buffer_size: int | None = None
    per_message_deflate: bool | dict[str, Any] | None = None
    http_compression: bool | dict[str, Any] | None = None
    connection_state_recovery: dict[str, Any] | None = None
    allow_upgrades: bool | None = None
    allow_eio3: bool | None = None
    cors: dict[str, Any] | None = None
    cookie: Any = None
    allow_request: dict[str, Any] | None = None
    namespaces: list[str] | None = None
    auth: dict[str, Any] | None = None
    on_connect: str | None = None
    kick_after_ms: int | None = None
    greetings: int | None = None  # events sent to everybody who connects, every third binary
    tick_every_ms: int | None = None  # an event to everybody, all the time
    json_parser: bool = False  # packets are bare JSON, as socket.io-json-parser has them
    set_cookies: list[str] | None = None  # with every handshake
    close_after_ms: int | None = None  # Engine.IO's own close, not Socket.IO's
    crash_on_connect_ms: int | None = None
    block_on_connect_ms: int | None = None
    keep_alive_within_ms: int | None = None  # kicks who does not send `keep-alive` so often
    no_pings: bool = False
    origins: str | None = None  # socket.io-v2 only
    # plain ws
    greeting: str | None = None
    close_code: int | None = None
    close_reason: str | None = None
    max_payload: int | None = None
    # HTTP and process
    health: dict[str, Any] | None = None
    not_found: str | None = None  # whose 404: "express" (default), "fastify", "nest", "koa", "bare"
    spa: bool = False
    mute_elsewhere: bool = False  # a bare http.createServer(): only Socket.IO answers
    max_connections: int | None = None
    backlog: int | None = None
    reset_on_accept: bool = False
    listen_after_ms: int | None = None
    crash_after_ms: int | None = None
    stall_per_request_ms: int | None = None
    stall_every_ms: int | None = None
    stall_ms: int | None = None

    def as_json(self) -> str:
        values = {
            _camel(field.name): value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) is not None and value is not False
        }
        # Socket.IO reads an explicit false; our own switches are simply absent when off.
        for name in ("per_message_deflate", "http_compression", "allow_upgrades"):
            if getattr(self, name) is False:
                values[_camel(name)] = False
        return json.dumps(values)


def _camel(name: str) -> str:
    if name == "allow_eio3":
        return "allowEIO3"
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


class NodeServer(ChildProcess):
    """A Node server as an async context manager.

    `.port` is stable over `restart()`; `.url` is http(s)://host:port; freeze(), resume() and
    kill() do to the real process what they say. `enter` turns the command into one that runs
    elsewhere: NetworkLab.far, NetworkLab.near.
    """

    def __init__(
        self,
        options: NodeOptions | None = None,
        *,
        enter: Callable[[Sequence[str]], list[str]] | None = None,
        **changes: Any,
    ) -> None:
        self.options = dataclasses.replace(options or NodeOptions(), **changes)
        self._enter = enter or list
        self.port = self.options.port
        self._ids = itertools.count(1)
        super().__init__([])

    @property
    def host(self) -> str:
        return self.options.host

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.options.tls else 'http'}://{host}:{self.port}"

    async def start(self) -> None:
        """Spawn it and wait until it listens; StartError with its output when it does not."""
        options = dataclasses.replace(self.options, port=self.port)
        self.command = self._enter([find("node") or "node", str(SCRIPT), options.as_json()])
        # NODE_OPTIONS and proxies of the machine have no business here.
        self._env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(Path.home())}
        self.lines.clear()
        await super().start()
        try:
            said = json.loads(await self.line(lambda line: line.startswith('{"')))
            if "listening" not in said:
                raise StartError(self.story("did not listen"))
        except BaseException:
            await self.stop()
            raise
        self.port = said["listening"]

    async def ask(self, cmd: str, **values: Any) -> dict[str, Any]:
        """Send one command of server.js and return its reply."""
        number = next(self._ids)
        await self.write(json.dumps({"id": number, "cmd": cmd, **values}))
        heads = (f'{{"reply":{number},', f'{{"reply":{number}}}')
        answer: dict[str, Any] = json.loads(await self.line(lambda line: line.startswith(heads)))
        return answer

    async def restart(self, **changes: Any) -> None:
        """Kill it and start it again on the same port, with changed options if given."""
        await self.kill()
        self.options = dataclasses.replace(self.options, **changes)
        await self.start()

    async def stats(self) -> dict[str, Any]:
        """connections, upgrades, keepAlives, sockets, open, requests[{method,url,headers}]."""
        return await self.ask("stats")

    async def stall(self, ms: int) -> None:
        """Block its event loop for `ms`."""
        await self.ask("stall", ms=ms)

    async def set_health(self, **change: Any) -> None:
        """Change /health from now on: status, delayMs, absent, body."""
        await self.ask("health", **change)

    async def set_auth(self, auth: dict[str, Any] | None) -> None:
        """Replace the auth middleware's rule."""
        await self.ask("auth", value=auth)

    async def set_allow_request(self, rule: dict[str, Any] | None) -> None:
        """Replace the rule of allowRequest."""
        await self.ask("allowRequest", value=rule)

    async def disconnect_all(self, *, close: bool = True) -> None:
        """Server-side disconnect of every Socket.IO client (close: the transport as well)."""
        await self.ask("disconnectAll", close=close)

    async def close_engines(self) -> None:
        """Close every Engine.IO session."""
        await self.ask("closeEngines")

    async def emit(self, event: str, value: Any) -> None:
        """Send an event to every client of the main namespace."""
        await self.ask("emit", event=event, value=value)

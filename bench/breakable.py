"""Backends that can be broken and mended while they run, and what a true verdict calls each fault.

Three sorts: a Node process with several Socket.IO servers, which fail together; a Node server that
refuses or stalls on command; and a proxy before a server that is well, with the faults of proxies.
Every one has a loopback address of its own, so that no two share a place.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bench.processes import Fleet
from bot.demo.front import Front, Mode, without_upgrade
from tests.servers.node import NodeServer

_DEAD = frozenset({"tcp_refused", "srv_restarting", "srv_crash_loop"})
_MUTE = frozenset(
    {
        "srv_frozen",
        "srv_frozen_after_connect",
        "http_app_hangs",
        "tcp_backlog_full",
        "srv_overloaded",
    }
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault. causes: the codes that are true of it. found_s: by when an undisturbed bot has
    found it; what only the routine check shows takes longest."""

    name: str
    causes: frozenset[str]
    found_s: float = 40.0


class Backend(Protocol):
    """Something that is watched under one or more names."""

    kinds: Sequence[Kind]

    @property
    def urls(self) -> Mapping[str, str]:
        """Names of targets → addresses."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def strike(self, kind: Kind) -> None:
        """Break it."""
        ...

    async def heal(self, kind: Kind) -> None:
        """Mend what `strike` broke."""
        ...


class Process:
    """Several servers in one Node process: they die, freeze and restart together."""

    kinds = (
        Kind("killed", _DEAD),
        Kind("frozen", _MUTE),
    )

    def __init__(self, name: str, host: str, servers: int = 3) -> None:
        self._name = name
        self._fleet = Fleet(servers, host=host)

    @property
    def urls(self) -> Mapping[str, str]:
        fleet = self._fleet
        return {
            f"{self._name}-{n}": f"http://{fleet.host}:{port}" for n, port in enumerate(fleet.ports)
        }

    async def start(self) -> None:
        await self._fleet.start()

    async def stop(self) -> None:
        await self._fleet.stop()

    async def strike(self, kind: Kind) -> None:
        if kind.name == "killed":
            await self._fleet.kill()
        else:
            self._fleet.freeze()

    async def heal(self, kind: Kind) -> None:
        if kind.name == "killed":
            await self._fleet.start()
        else:
            self._fleet.resume()


class App:
    """A server that does on command what applications do wrong."""

    kinds = (
        Kind("auth rejected", frozenset({"sio_auth_rejected"})),
        Kind("auth expired", frozenset({"sio_auth_expired"})),
        Kind("dependency down", frozenset({"sio_dependency_down"})),
        Kind("middleware hangs", frozenset({"sio_middleware_hang"})),
        # Without words of the server's own nothing tells these two apart.
        Kind("everybody forbidden", frozenset({"eio_forbidden_all", "eio_forbidden_origin"})),
        Kind("health page fails", frozenset({"http_health_500"}), found_s=120.0),
        Kind("app killed", _DEAD),
    )
    _AUTH: Final = {
        "auth rejected": "reject",
        "auth expired": "expired",
        "dependency down": "dependency",
        "middleware hangs": "hang",
    }

    def __init__(self, name: str, host: str) -> None:
        self._name = name
        self._server = NodeServer(host=host, cors={"origin": "*"})

    @property
    def urls(self) -> Mapping[str, str]:
        return {self._name: self._server.url}

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    async def strike(self, kind: Kind) -> None:
        server = self._server
        match kind.name:
            case "app killed":
                await server.kill()
                return
            case "health page fails":
                await server.set_health(status=500)
                return  # connections go on as ever
            case "everybody forbidden":
                await server.set_allow_request({"deny": True})
            case name:
                await server.set_auth({"mode": self._AUTH[name]})
        await server.disconnect_all()  # who is connected would not meet it

    async def heal(self, kind: Kind) -> None:
        match kind.name:
            case "app killed":
                await self._server.start()
            case "health page fails":
                await self._server.set_health(status=200)
            case "everybody forbidden":
                await self._server.set_allow_request(None)
            case _:
                await self._server.set_auth(None)


class Proxied:
    """A proxy before a server that is well."""

    kinds = (
        Kind("port closed", _DEAD),
        Kind("reset on accept", frozenset({"tcp_rst_on_accept"})),
        Kind("accepts and is silent", _MUTE),
        Kind("502", frozenset({"http_502_upstream_down"})),
        Kind("no Upgrade handed on", frozenset({"ws_no_upgrade_header"})),
        Kind("WebSocket reset", frozenset({"ws_blocked_rst"})),
        Kind("WebSocket swallowed", frozenset({"ws_blocked_drop"})),
    )

    def __init__(self, name: str, host: str, upstream_port: int) -> None:
        self._name = name
        self._front = _Tricky(host, 0)
        self._front.upstream_port = upstream_port

    @property
    def urls(self) -> Mapping[str, str]:
        return {self._name: f"http://{self._front.host}:{self._front.port}"}

    async def start(self) -> None:
        self._front.reserve()
        await self._front.listen()

    async def stop(self) -> None:
        await self._front.close()

    async def strike(self, kind: Kind) -> None:
        match kind.name:
            case "port closed":
                await self._front.refuse()
                return
            case "502":
                self._front.mode = Mode.BAD_GATEWAY
            case "no Upgrade handed on":
                self._front.mode = Mode.STRIP_UPGRADE
            case name:
                self._front.trick = name
        await self._front.drop()

    async def heal(self, kind: Kind) -> None:
        front = self._front
        front.mode, front.trick = Mode.PASS, ""
        if kind.name == "port closed":
            await front.listen()
        else:
            await front.drop()  # what hangs in it ends, as with the proxy that hung it


class _Tricky(Front):
    """The demo's proxy, which can also be silent, reset what it accepts, and mistreat WebSocket."""

    trick = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match self.trick:
            case "":
                await super()._serve(reader, writer)
            case "reset on accept":
                _reset(writer)
            case "accepts and is silent":
                await _silence(writer)
            case trick:
                with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                    async with asyncio.timeout(30):
                        head = await reader.readuntil(b"\r\n\r\n")
                    if b"upgrade: websocket" not in head.lower():
                        # One request per connection: the next might ask for an upgrade.
                        await self._pass(reader, writer, without_upgrade(head))
                    elif trick == "WebSocket reset":
                        _reset(writer)
                    else:
                        await _silence(writer)
                writer.transport.abort()


async def _silence(writer: asyncio.StreamWriter) -> None:
    """Until called off."""
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        writer.transport.abort()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End it with RST."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()

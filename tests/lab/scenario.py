"""What a scenario is, and the bench that its components are set up on.

A scenario is a row of a tuple `SCENARIOS` in any module of this folder (`tests.lab.table` finds
them). Its `start` sets a fault up on a `Bench` and returns the target to look at:

    async def dead_upstream(bench: Bench) -> Target:
        front = await bench.nginx(Nginx.pass_to(f"http://127.0.0.1:{bench.free_port()}"))
        return target(front.url)

    SCENARIOS = (Scenario("nginx, dead upstream", "http_502_upstream_down", DOWN, dead_upstream),)

Whatever the fault does not depend on is left to chance: ports and heartbeats are varied by the
bench itself, other timers, delays, sizes, wordings and software come from `bench.chance`, a
`random.Random` that the seed of the run decides. Rules written to a scenario's constants fail.

Faults of the network say `network=True` and call `await bench.lay(Way(...))` first: a shaped link
is laid, and everything that is started afterwards is on its far side, `wsdiag` on the near one.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

from bot.causes import describe
from bot.model import Controls, Layer, Section, State, Target
from tests.lab.isolation import Isolation
from tests.servers.certificates import CertificateAuthority, CertificateFiles
from tests.servers.dns_server import DnsServer, Rule
from tests.servers.netns import FAR, FAR6, NEAR, NetworkLab, Way
from tests.servers.node import NodeServer
from tests.servers.process import free_port
from tests.servers.proxies import Apache, Caddy, Haproxy, Nginx, Proxy, Tinyproxy
from tests.servers.python_socketio import PythonServer
from tests.servers.tools import require

__all__ = ["ALSO_FAR", "FAR", "FAR6", "HOST", "NEAR", "NOBODY", "Bench", "Rule", "Scenario", "Way"]

HOST = "backend.lab"
NOBODY = "10.77.9.9"  # routed to the far side, where nobody has it
ALSO_FAR = "10.77.8.8"  # the far side's once `bench.far("ip addr add …")` says so

_COMMON_PORTS = (80, 443, 3000, 3001, 4000, 5000, 8000, 8080, 8443, 8888, 9000)
# Below the range from which the kernel takes the ports of outgoing connections.
_OTHER_PORTS = range(1_100, 32_000)
# (pingInterval, pingTimeout) in ms as they are met: the default, cautious, eager, patient.
_HEARTBEATS = (None, None, (10_000, 5_000), (5_000, 4_000), (60_000, 30_000), (15_000, 30_000))

# Whose words a server has for a route that does not exist.
_FRAMEWORKS = ("express", "fastify", "nest", "koa", "bare")


class Bench(contextlib.AsyncExitStack):
    """Starts components and ends them all when the scenario is over.

    `isolation` is given in a process that has namespaces of its own (`make lab`); there, ports vary
    and links can be laid. Without it everything is on loopback at ports the kernel chooses.
    `chance` decides what a scenario leaves open; equal seeds give equal runs.
    """

    def __init__(
        self,
        folder: Path,
        ca: CertificateAuthority,
        chance: random.Random | None = None,
        isolation: Isolation | None = None,
    ) -> None:
        super().__init__()
        self.folder = folder
        self.ca = ca
        self.chance = chance or random.Random(1)
        self.controls = Controls()  # what a scenario sets here is given to the check
        self.environment: dict[str, str] = {}  # of the check, in namespaces
        self.host = "127.0.0.1"  # where components listen; the far address once a link is laid
        self.link: NetworkLab | None = None
        self._isolation = isolation
        self._count = 0
        self._ports: set[int] = set()

    def _place(self, name: str) -> Path:
        self._count += 1
        return self.folder / f"{name}{self._count}"

    # ------------------------------------------------------------------ what varies

    def port(self) -> int:
        """A port for the next component; 0 (the kernel chooses) where the network is shared."""
        if self._isolation is None:
            return 0
        while True:
            common = self.chance.random() < 0.5
            port = self.chance.choice(_COMMON_PORTS if common else _OTHER_PORTS)
            if port not in self._ports:
                self._ports.add(port)
                return port

    def free_port(self) -> int:
        """A port that nobody listens on."""
        return self.port() or free_port("127.0.0.1")

    def between(self, low: float, high: float) -> float:
        """A number that the scenario does not care about, between two that it does."""
        return self.chance.uniform(low, high)

    # ------------------------------------------------------------------ components

    async def node(self, **options: Any) -> NodeServer:
        """See NodeOptions. Port, heartbeat and framework vary unless they are given."""
        require("node")
        options.setdefault("host", self.host)
        options.setdefault("port", self.port())
        if options.get("kind", "socket.io") == "socket.io" and "ping_interval" not in options:
            heartbeat = self.chance.choice(_HEARTBEATS)
            if heartbeat is not None and "ping_timeout" not in options:
                options["ping_interval"], options["ping_timeout"] = heartbeat
        if self._isolation is not None:
            options.setdefault("not_found", self.chance.choice(_FRAMEWORKS))
        return await self.enter_async_context(NodeServer(**options))

    async def python(self, **options: Any) -> PythonServer:
        """python-socketio in this process, see PythonServer (its times are seconds)."""
        options.setdefault("host", self.host)
        options.setdefault("port", self.port())
        if "ping_interval" not in options and "ping_timeout" not in options:
            heartbeat = self.chance.choice(_HEARTBEATS)
            if heartbeat is not None:
                options["ping_interval"], options["ping_timeout"] = (ms / 1000 for ms in heartbeat)
        return await self.enter_async_context(PythonServer(**options))

    async def nginx(self, server: str, **options: Any) -> Nginx:
        """See Nginx."""
        require("nginx")
        options.setdefault("host", self.host)
        options.setdefault("port", self.port())
        return await self.enter_async_context(Nginx(self._place("nginx"), server, **options))

    async def haproxy(self, frontend: str, rest: str = "", **options: Any) -> Haproxy:
        """See Haproxy."""
        require("haproxy")
        options.setdefault("host", self.host)
        options.setdefault("port", self.port())
        proxy = Haproxy(self._place("haproxy"), frontend, rest, **options)
        return await self.enter_async_context(proxy)

    async def apache(self, server: str) -> Apache:
        """See Apache."""
        require("apache2")
        proxy = Apache(self._place("apache"), server, host=self.host, port=self.port())
        return await self.enter_async_context(proxy)

    async def caddy(self, site: str, **options: Any) -> Caddy:
        """See Caddy."""
        require("caddy")
        options.setdefault("host", self.host)
        # Caddy refuses plain HTTP at 443 and TLS at 80.
        unfit = 80 if options.get("certificate") else 443
        while (port := self.port()) == unfit:
            pass
        options.setdefault("port", port)
        return await self.enter_async_context(Caddy(self._place("caddy"), site, **options))

    async def tinyproxy(self, more: str = "", **options: Any) -> Tinyproxy:
        """See Tinyproxy."""
        require("tinyproxy")
        options.setdefault("host", self.host)
        options.setdefault("port", self.port())
        return await self.enter_async_context(Tinyproxy(self._place("proxy"), more, **options))

    async def front(self, url: str, certificate: CertificateFiles | None = None) -> Proxy:
        """Any proxy before `url` (http://host:port) that forwards everything as it should."""
        place = url.removeprefix("http://")
        kinds = ["nginx", "haproxy", "caddy", *([] if certificate else ["apache"])]
        match self.chance.choice(kinds):
            case "nginx":
                return await self.nginx(Nginx.pass_to(url), certificate=certificate)
            case "haproxy":
                rest = f"backend b\n    server s {place}"
                return await self.haproxy("default_backend b", rest, certificate=certificate)
            case "caddy":
                return await self.caddy(f"reverse_proxy {place}", certificate=certificate)
            case _:
                return await self.apache(f"ProxyPass / {url}/ upgrade=websocket")

    async def talk(
        self,
        serve: Callable[[socket.socket], Awaitable[None]],
        *,
        host: str | None = None,
        port: int | None = None,
    ) -> int:
        """A server that hands every accepted socket to `serve` and closes it afterwards.

        Returns its port.
        """
        host = host or self.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        address = (host, self.port() if port is None else port)
        listener = socket.create_server(address, family=family, backlog=64)
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

    # ------------------------------------------------------------------ the network

    @property
    def isolation(self) -> Isolation:
        """The namespaces of this run; RuntimeError in a scenario that forgot `network=True`."""
        if self._isolation is None:
            raise RuntimeError("this scenario needs network=True: it changes the network")
        return self._isolation

    async def lay(self, way: Way | None = None, *, nameserver: str = FAR) -> NetworkLab:
        """Lay a link. From here on components start on its far side, `wsdiag` on the near one.

        `bench.host` is FAR afterwards (127.0.0.1 is there as well, for what is behind a front).
        The near side asks `nameserver`; `bench.names` answers there.
        """
        require("netns")
        isolation = self.isolation
        lab = NetworkLab(
            self._place("link"), way, nameserver=nameserver, seed=self.chance.randrange(1 << 30)
        )
        self.link = await self.enter_async_context(lab)
        self.host = FAR
        isolation.move_to(lab)
        return lab

    async def names(
        self, zone: Mapping[str, Sequence[str] | Rule], *, host: str | None = None, **options: Any
    ) -> DnsServer:
        """A DNS server for {"name": ["address", …] or a Rule} at `host`, port 53; see DnsServer.

        Over a link it is the near side's resolver when host is FAR (the default); without one it
        becomes the resolver of this run.
        """
        if host is None:
            host = FAR if self.link else "127.0.0.53"
            if not self.link:
                self.isolation.use_resolver(host, self.folder / "resolv.conf")
        return await self.enter_async_context(DnsServer(zone, host=host, port=53, **options))

    def far(self, command: str) -> None:
        """Run a command of the shell on the far side, or where everything is without a link."""
        _shell(["sh", "-c", command])

    def near(self, command: str) -> None:
        """Run a command of the shell where `wsdiag` will run."""
        words = ["sh", "-c", command]
        _shell(self.link.near(words) if self.link else words)


def _shell(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[-1]}: {done.stderr.strip()}")


Start = Callable[[Bench], Awaitable[Target]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault: how to make it, and what must be said of it.

    cause None: the backend is well, nothing may be named. state None: down or degraded, as chance
    has it. `or_else` holds further codes that are as right, because one vantage cannot tell them
    apart.
    network: it needs namespaces of its own (`bench.lay`, `bench.names`, iptables).
    deep: the check is told `--deep`. arguments: further words of its command line.
    slow: not in the test suite, only in `make lab` (so are deep ones).
    needs: programs without which it is skipped, beyond what the bench's methods ask for.
    """

    name: str
    cause: str | None
    state: State | None
    start: Start
    or_else: frozenset[str] = frozenset()
    _: KW_ONLY
    network: bool = False
    deep: bool = False
    slow: bool = False
    arguments: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def right(self) -> frozenset[str]:
        """The codes that are right; empty for a healthy one."""
        return self.or_else | ({self.cause} if self.cause else frozenset())

    @property
    def layer(self) -> Layer | None:
        """The layer that must be named, of the catalogue."""
        return describe(self.cause).layer if self.cause else None

    @property
    def section(self) -> Section | None:
        """The section of the guide that must be named, of the catalogue."""
        return describe(self.cause).section if self.cause else None


def target(url: str, **options: Any) -> Target:
    """A target for the lab; the name says nothing about the fault."""
    return Target("lab", url, **options)

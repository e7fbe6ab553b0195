"""The fixtures: each yields a factory whose servers are killed when the test ends."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.servers.certificates import CertificateAuthority
from tests.servers.netns import NetworkLab, Way
from tests.servers.node import NodeServer
from tests.servers.proxies import Haproxy, Nginx
from tests.servers.python_socketio import PythonServer
from tests.servers.tools import require

StartNode = Callable[..., Awaitable[NodeServer]]
StartNginx = Callable[..., Awaitable[Nginx]]
StartHaproxy = Callable[..., Awaitable[Haproxy]]
StartLab = Callable[..., Awaitable[NetworkLab]]
StartPython = Callable[..., Awaitable[PythonServer]]


@pytest.fixture
async def node_server() -> AsyncIterator[StartNode]:
    """`server = await node_server(kind="socket.io", ping_interval=300, …)`: see NodeOptions."""
    require("node")
    async with contextlib.AsyncExitStack() as stack:

        async def start(**options: Any) -> NodeServer:
            return await stack.enter_async_context(NodeServer(**options))

        yield start


@pytest.fixture
async def nginx(tmp_path: Path) -> AsyncIterator[StartNginx]:
    """`front = await nginx(Nginx.pass_to(url), http=…, certificate=…)`: see Nginx."""
    require("nginx")
    async with contextlib.AsyncExitStack() as stack:
        count = 0

        async def start(server: str, **options: Any) -> Nginx:
            nonlocal count
            count += 1
            folder = tmp_path / f"nginx{count}"
            return await stack.enter_async_context(Nginx(folder, server, **options))

        yield start


@pytest.fixture
async def haproxy(tmp_path: Path) -> AsyncIterator[StartHaproxy]:
    """`front = await haproxy("default_backend b", "backend b …")`: see Haproxy."""
    require("haproxy")
    async with contextlib.AsyncExitStack() as stack:
        count = 0

        async def start(frontend: str, rest: str = "", **options: Any) -> Haproxy:
            nonlocal count
            count += 1
            folder = tmp_path / f"haproxy{count}"
            return await stack.enter_async_context(Haproxy(folder, frontend, rest, **options))

        yield start


@pytest.fixture
async def socketio_server() -> AsyncIterator[StartPython]:
    """`server = await socketio_server(ping_interval=0.3, prepare=…)`: see PythonServer."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**options: Any) -> PythonServer:
            return await stack.enter_async_context(PythonServer(**options))

        yield start


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    """A CA of this run; `ca.issue()`, `ca.expired()`, `ca.self_signed()` …"""
    return CertificateAuthority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
async def network_lab(tmp_path: Path) -> AsyncIterator[StartLab]:
    """`lab = await network_lab(Way(delay_ms=25))`: two namespaces and a shaped link."""
    require("netns")
    async with contextlib.AsyncExitStack() as stack:
        count = 0

        async def start(way: Way | None = None, **options: Any) -> NetworkLab:
            nonlocal count
            count += 1
            folder = tmp_path / f"lab{count}"
            return await stack.enter_async_context(NetworkLab(folder, way, **options))

        yield start

"""python-socketio's AsyncServer on aiohttp, inside the test's own loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import socketio  # type: ignore[import-untyped]
from aiohttp import web

from tests.servers.certificates import CertificateFiles


class PythonServer:
    """An AsyncServer with `/health`, as an async context manager.

    `prepare(server)` runs before the start and may add handlers to `.sio` and routes to `.app`;
    other keywords go to socketio.AsyncServer (ping_interval, cors_allowed_origins, transports …).
    """

    def __init__(
        self,
        *,
        path: str = "/socket.io/",
        certificate: CertificateFiles | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        health_status: int = 200,
        prepare: Callable[[PythonServer], None] | None = None,
        **options: Any,
    ) -> None:
        options.setdefault("cors_allowed_origins", "*")
        options.setdefault("monitor_clients", False)  # its task outlives the server
        self.sio = socketio.AsyncServer(async_mode="aiohttp", **options)
        self._tasks: set[asyncio.Future[Any]] = set()
        # Engine.IO forgets its tasks; a ping timer would run on for 25 s after the end.
        self.sio.eio.start_background_task = self._background
        self.app = web.Application()
        self.host = host
        self.port = port
        self.health_status = health_status
        self.certificate = certificate
        self.connections: list[dict[str, Any]] = []  # the auth payload of each, in order
        self.requests: list[tuple[str, str, dict[str, str]]] = []  # method, path, headers
        self.keep_alives = 0
        self._runner: web.AppRunner | None = None
        self.sio.attach(self.app, socketio_path=path)
        self.app.router.add_get("/health", self._health)
        self.app.middlewares.append(self._note)
        self.sio.on("connect", self._connected)
        self.sio.on("keep-alive", self._keep_alive)
        self.sio.on("echo", self._echo)
        if prepare is not None:
            prepare(self)

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"

    def _background(self, target: Any, *args: Any, **kwargs: Any) -> asyncio.Future[Any]:
        task: asyncio.Future[Any] = asyncio.ensure_future(target(*args, **kwargs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @web.middleware
    async def _note(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append((request.method, request.path_qs, dict(request.headers)))
        # A long poll whose client has gone is nobody's any more, and waits on.
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"}, status=self.health_status)

    async def _connected(self, _sid: str, _environ: dict[str, Any], auth: Any = None) -> None:
        self.connections.append(auth or {})

    async def _keep_alive(self, _sid: str, *_data: Any) -> None:
        self.keep_alives += 1

    async def _echo(self, _sid: str, value: Any) -> Any:
        return value

    async def start(self) -> None:
        """Listen; the port is kept for the next start."""
        self._runner = web.AppRunner(self.app, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        context = self.certificate.server_context() if self.certificate else None
        site = web.TCPSite(self._runner, self.host, self.port, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close every session and the port. A stopped server does not start again."""
        await self.sio.shutdown()
        if self._runner is not None:
            await self._runner.cleanup()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

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

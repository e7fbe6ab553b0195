"""The demo's Socket.IO server: a program of its own, so that it can really hang and really die.

Run by `bot.demo.backend` as `python -P server.py`; imports nothing of wsdiag. It listens on a free
loopback port, says `{"listening": PORT}` on stdout, then obeys JSON lines on stdin, each answered
by a JSON line. The end of stdin, or of its parent, ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import signal
import sys
import time
from typing import Any

import socketio  # type: ignore[import-untyped]
from aiohttp import web

_STALL_S = 0.8  # clearly late, also on a busy machine


class Server:
    """python-socketio on aiohttp with `/health`, and the ways in which its own settings fail it."""

    def __init__(self, allowed_origin: str) -> None:
        self.allowed_origin = allowed_origin
        self.refuse_auth = False
        self.stall = False
        # [] switches off the library's own handling: it would refuse a foreign Origin outright,
        # where the widespread fault is an answer that carries the wrong origin.
        self.sio = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins=[])
        self.sio.on("connect", self._connect)
        self.sio.on("keep-alive", self._keep_alive)
        self.app = web.Application(middlewares=[self._cost])
        self.sio.attach(self.app)
        self.app.router.add_get("/health", self._health)
        self.app.on_response_prepare.append(self._cors)

    @web.middleware
    async def _cost(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.stall:
            time.sleep(_STALL_S)  # noqa: ASYNC251 - blocking the loop is what overload does
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _cors(self, request: web.Request, response: web.StreamResponse) -> None:
        if "Origin" in request.headers:
            response.headers["Access-Control-Allow-Origin"] = self.allowed_origin
            response.headers["Vary"] = "Origin"

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _connect(self, _sid: str, _environ: dict[str, Any], _auth: Any = None) -> None:
        if self.refuse_auth:
            raise socketio.exceptions.ConnectionRefusedError("invalid token")

    async def _keep_alive(self, _sid: str, *_data: Any) -> None:
        """The guide's client sends it; receiving is all there is to do."""

    def obey(self, order: dict[str, Any]) -> None:
        """One line from the parent: any of allowed_origin, refuse_auth, stall."""
        self.allowed_origin = order.get("allowed_origin", self.allowed_origin)
        self.refuse_auth = order.get("refuse_auth", self.refuse_auth)
        self.stall = order.get("stall", self.stall)


async def serve(server: Server) -> None:
    """Listen and obey until stdin ends."""
    runner = web.AppRunner(server.app, handle_signals=False, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    say({"listening": runner.addresses[0][1]})
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    while line := await orders.readline():
        server.obey(json.loads(line))
        say({"done": True})


def say(words: dict[str, Any]) -> None:
    """One JSON line to the parent."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def die_with_parent() -> None:
    """Ask Linux for SIGKILL when the parent ends: a stopped process reads no end of stdin."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(serve(Server(sys.argv[1])))

"""The HTTP side: routes, what every API call meets before its method runs, and the listener.

Binds loopback addresses only.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import secrets
import socket
from collections.abc import Callable, Iterable

from aiohttp import web

from bot.demo.workspace.answers import respond
from bot.demo.workspace.arguments import LARGEST_BODY, Arguments, bearer, read_arguments
from bot.demo.workspace.core import ApiCall, Core
from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.faults import Fault, Trouble
from bot.demo.workspace.methods import METHODS
from bot.demo.workspace.methods.calls import need_scope
from bot.demo.workspace.methods.files import LARGEST_FILE, receive
from bot.demo.workspace.records import Json

SHUTDOWN_S = 0.5  # what still runs after this is cut off


class _DropError(Exception):
    """Cut the connection without an answer."""


class Api:
    """The handlers under /api/, for uploads and for response URLs."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """All that Slack itself would serve."""
        return [
            web.route("*", "/api/{method}", self.call),
            web.get("/link/", self._core.sockets.serve),
            web.post("/upload/v1/{ticket}", self.upload),
            web.post("/commands/{team}/{key}", self.response_url),
            web.post("/actions/{team}/{key}", self.response_url),
        ]

    async def call(self, request: web.Request) -> web.StreamResponse:
        """One Web API call, through the faults set up for it."""
        name = request.match_info["method"]
        fault = self._core.faults.meet(name)
        try:
            if fault is not None:
                self._core.changes.publish("fault")
                answer = await self._troubled(fault)
                if answer is not None:
                    await request.read()
                    self._remember(
                        name, Arguments({}), {"error": fault.trouble.value}, answer.status
                    )
                    return answer
            answer = await self._answer(request, name)
        except _DropError:
            return _cut(request)
        if fault is not None and fault.trouble is Trouble.DROP_AFTER:
            return _cut(request)
        return answer

    async def _troubled(self, fault: Fault) -> web.Response | None:
        if fault.trouble is Trouble.RATE_LIMIT:
            return _ratelimited(fault.retry_after)
        if fault.trouble is Trouble.STATUS:
            return web.Response(
                status=fault.status, text="upstream error", content_type="text/html"
            )
        if fault.trouble is Trouble.ERROR:
            return web.json_response({"ok": False, "error": fault.code})
        if fault.trouble is Trouble.DROP_BEFORE:
            raise _DropError
        if fault.trouble is Trouble.HANG:
            await fault.lifted.wait()
        return None

    async def _answer(self, request: web.Request, name: str) -> web.Response:
        arguments = Arguments({})
        headers: dict[str, str] = {"x-slack-req-id": secrets.token_hex(16)}
        status = 200
        try:
            method = METHODS.get(name)
            arguments = await read_arguments(request, json_allowed=method is None or method.json)
            if method is None:
                raise SlackError("unknown_method", req_method=name)
            token = bearer(request, arguments)
            if name != "api.test":
                self._core.tokens.check(token, app_level=method.app_level)
            if method.app_level:
                headers["x-oauth-scopes"] = "connections:write"
            else:
                headers["x-oauth-scopes"] = ",".join(sorted(self._core.state.scopes))
                headers["x-accepted-oauth-scopes"] = method.scope or ""
            if method.scope is not None:
                need_scope(self._core, method.scope)
            channel = arguments.text("channel") if method.per_channel else None
            wait = self._core.limits.take(name, method.tier, channel)
            if wait is not None:
                self._remember(name, arguments, {"ok": False, "error": "ratelimited"}, 429)
                return _ratelimited(wait)
            answer = {"ok": True, **await method.handler(self._core, arguments)}
            if request.content_type == "application/json" and request.charset is None:
                answer.setdefault("warning", "missing_charset")
                answer.setdefault("response_metadata", {}).setdefault(
                    "warnings", ["missing_charset"]
                )
        except SlackError as error:
            answer, status = error.body(), error.status
        self._remember(name, arguments, answer, status)
        return web.json_response(answer, status=status, headers=headers)

    def _remember(self, name: str, arguments: Arguments, answer: Json, status: int) -> None:
        kept = {key: value for key, value in arguments.values.items() if key != "token"}
        self._core.calls.append(ApiCall(name, kept, answer, status, self._core.clock.now()))
        self._core.changes.publish("call")

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """The second step of an upload: the bytes, raw or as a form's file."""
        if request.content_type == "multipart/form-data":
            form = await request.post()
            entry = next((v for v in form.values() if isinstance(v, web.FileField)), None)
            content = entry.file.read() if entry is not None else b""
        else:
            content = await request.read()
        file = receive(self._core, request.match_info["ticket"], content)
        if file is None:
            return web.Response(status=400, text="upload refused")
        return web.Response(text=f"OK - {len(content)}")

    async def response_url(self, request: web.Request) -> web.StreamResponse:
        """An answer to a command or a click."""
        fault = self._core.faults.meet("response_url")
        if fault is not None:
            try:
                answer = await self._troubled(fault)
            except _DropError:
                return _cut(request)
            if answer is not None:
                return answer
        body: Json = {}
        try:
            body = json.loads(await request.text())
            if not isinstance(body, dict):
                raise SlackError("invalid_payload", status=400)
            url = self._core.response_urls.use(request.match_info["key"])
            respond(self._core, url, body)
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        except SlackError as error:
            status = error.status if error.status != 200 else 400
            self._remember("response_url", Arguments(body), error.body(), status)
            return web.json_response(error.body(), status=status)
        self._remember("response_url", Arguments(body), {"ok": True}, 200)
        if fault is not None and fault.trouble is Trouble.DROP_AFTER:
            return _cut(request)
        return web.Response(text="ok")


def _ratelimited(retry_after: int) -> web.Response:
    return web.json_response(
        {"ok": False, "error": "ratelimited"},
        status=429,
        headers={"Retry-After": str(retry_after)},
    )


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # goes nowhere


class Listener:
    """Listens on one loopback port, can go away entirely and come back on the same one."""

    def __init__(self, make_app: Callable[[], web.Application]) -> None:
        self._make_app = make_app
        self._runner: web.AppRunner | None = None
        self._placeholder: socket.socket | None = None
        self._host = "127.0.0.1"
        self.port = 0

    @property
    def listening(self) -> bool:
        """Whether connections are accepted at the moment."""
        return self._runner is not None

    async def start(self, host: str, port: int) -> None:
        """Listen.

        Raises:
            ValueError: `host` is no loopback address.
            OSError: the port is taken.
        """
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the workspace listens on loopback only, not on {host}")
        self._host = host
        await self._serve(_bound(host, port))

    async def _serve(self, sock: socket.socket) -> None:
        self.port = sock.getsockname()[1]
        runner = web.AppRunner(self._make_app(), access_log=None, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        await web.SockSite(runner, sock).start()
        self._runner = runner

    async def go_away(self) -> None:
        """Stop listening; connections are refused, the port stays ours."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        await runner.cleanup()
        with contextlib.suppress(OSError):
            self._placeholder = _bound(self._host, self.port)

    async def come_back(self) -> None:
        """Listen again on the same port."""
        if self._runner is not None:
            return
        sock, self._placeholder = self._placeholder, None
        await self._serve(sock or _bound(self._host, self.port))

    async def stop(self) -> None:
        """End for good."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()
        if self._placeholder is not None:
            self._placeholder.close()
            self._placeholder = None


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def new_application() -> web.Application:
    """An application with room for uploads."""
    return web.Application(client_max_size=max(LARGEST_BODY, LARGEST_FILE))

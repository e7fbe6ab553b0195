"""The page in the browser: its files, its live feed, and what its visitor does.

The page acts as one person of the workspace at a time. Only requests for our own loopback host
and from our own origin count: a web site open in the same browser must not reach in.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.demo.workspace.core import Core
from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.panel import Panel
from bot.demo.workspace.people import Outcome, People
from bot.demo.workspace.records import Channel, Json, Message, User, View
from bot.demo.workspace.sight import Sight
from bot.tasks import call_off

FEED_SEND_S = 10.0
LONGEST_TEXT = 12_000

_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
_HEADERS = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}

Action = Callable[["_Doing"], Awaitable[Outcome | None]]


class _Doing:
    """One thing the visitor does: who, and with which values."""

    def __init__(self, core: Core, body: Json) -> None:
        self._core = core
        self.body = body
        user = core.state.users.get(str(body.get("user")))
        if user is None or user.is_bot:
            raise LookupError("user")
        self.user: User = user

    def text(self, name: str) -> str:
        return str(self.body.get(name) or "")[:LONGEST_TEXT]

    @property
    def channel(self) -> Channel:
        channel = self._core.state.channels.get(self.text("channel"))
        if channel is None or self.user.id not in channel.members:
            raise LookupError("channel")
        return channel

    @property
    def message(self) -> Message:
        state = self._core.state
        ts = self.text("ts")
        found = state.message(self.channel.id, ts) or state.ephemeral(self.channel.id, ts)
        if found is None or found.ephemeral_to not in {None, self.user.id}:
            raise LookupError("message")
        return found

    @property
    def view(self) -> View:
        state = self._core.state
        home = state.homes.get(self.user.id)
        view = state.views.get(self.text("view"))
        if home is not None and home.id == self.text("view"):
            return home
        if view is None or view.user != self.user.id:
            raise LookupError("view")
        return view


class Page:
    """Serves the page of a workspace."""

    def __init__(self, core: Core, people: People, panel: Panel | None) -> None:
        self._core = core
        self._people = people
        self._panel = panel
        self._sight = Sight(core, panel)
        self._files = resources.files("bot.demo").joinpath("page")
        self._actions: dict[str, Action] = {
            "say": self._say,
            "command": self._command,
            "act": self._act,
            "submit": self._submit,
            "close": self._close,
            "home": self._home,
            "shortcut": self._shortcut,
            "run_step": self._run_step,
            "switch": self._switch,
            "locale": self._locale,
            "dismiss": self._dismiss,
        }

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """The page and what it calls."""
        return [
            web.get("/", self._index),
            web.get("/archives/{rest:.*}", self._index),
            web.get("/page/{name}", self._file),
            web.get("/files/{id}/{name}", self._upload),
            web.get("/feed", self._feed),
            web.post("/do/{action}", self._do),
        ]

    # ---------------------------------------------------------------- files

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return self._static(request, "index.html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return self._static(request, request.match_info["name"])

    def _static(self, request: web.Request, name: str) -> web.StreamResponse:
        _own_host(request)
        suffix = name[name.rfind(".") :]
        file = self._files.joinpath(name)
        if "/" in name or name.startswith(".") or suffix not in _TYPES or not file.is_file():
            raise web.HTTPNotFound
        return web.Response(
            body=file.read_bytes(), content_type=_TYPES[suffix], charset="utf-8", headers=_HEADERS
        )

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        """An uploaded file; anything but a picture is a download, never a page of ours."""
        _own_host(request)
        file = self._core.state.files.get(request.match_info["id"])
        if file is None or file.content is None or not file.completed:
            raise web.HTTPNotFound
        headers = dict(_HEADERS)
        picture = file.content_type in {"image/png", "image/jpeg", "image/gif", "image/webp"}
        if not picture:
            headers["Content-Disposition"] = "attachment"
        kind = file.content_type if picture else "application/octet-stream"
        return web.Response(body=file.content, content_type=kind, headers=headers)

    # ---------------------------------------------------------------- the live feed

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        """A WebSocket: a snapshot for the visitor first, then every change."""
        _own_origin(request)
        user = self._visitor(request.query.get("user"))
        ws = web.WebSocketResponse(heartbeat=20, max_msg_size=4096)
        await ws.prepare(request)
        with self._core.changes.follow() as follower:
            sending = asyncio.create_task(self._send_feed(ws, user, follower.events()))
            try:
                async for _ in ws:
                    pass
            finally:
                await call_off(sending)
        return ws

    async def _send_feed(self, ws: web.WebSocketResponse, user: User, events: Any) -> None:
        await _send(ws, {"type": "snapshot", **self._sight.snapshot(user)})
        async for event in events:
            shown = self._sight.event(event, user)
            if shown is not None:
                await _send(ws, shown)
        await ws.close()

    def _visitor(self, user_id: str | None) -> User:
        """The person the page acts as: the one asked for, else the first."""
        users = [u for u in self._core.state.users.values() if not u.is_bot and not u.deleted]
        if not users:
            raise web.HTTPServiceUnavailable(text="the workspace has no people yet")
        return next((u for u in users if user_id in {u.id, u.name}), users[0])

    # ---------------------------------------------------------------- what the visitor does

    async def _do(self, request: web.Request) -> web.StreamResponse:
        _own_origin(request)
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        action = self._actions.get(request.match_info["action"])
        if action is None:
            raise web.HTTPNotFound
        try:
            body = json.loads(await request.text())
            outcome = await action(_Doing(self._core, body if isinstance(body, dict) else {}))
        except ValueError:
            raise web.HTTPBadRequest from None
        except LookupError as error:
            return web.json_response({"ok": False, "error": f"not_found: {error}"}, status=404)
        except SlackError as error:
            return web.json_response(error.body(), status=400)
        failed = outcome.error if outcome is not None else None
        return web.json_response({"ok": failed is None, "error": failed})

    async def _say(self, doing: _Doing) -> None:
        thread = doing.text("thread_ts") or None
        await self._people.say(doing.user, doing.channel, doing.text("text"), thread_ts=thread)

    async def _command(self, doing: _Doing) -> Outcome:
        return await self._people.command(
            doing.user, doing.channel, doing.text("command"), doing.text("text")
        )

    async def _act(self, doing: _Doing) -> Outcome:
        on = doing.view if doing.text("view") else doing.message
        return await self._people.act(
            doing.user,
            on,
            doing.text("action_id"),
            doing.body.get("value"),
            block_id=doing.text("block_id") or None,
        )

    async def _submit(self, doing: _Doing) -> Outcome:
        values = doing.body.get("values")
        return await self._people.submit(
            doing.user, doing.view, values if isinstance(values, dict) else {}
        )

    async def _close(self, doing: _Doing) -> Outcome:
        return await self._people.close_modal(doing.user, all_of_them=bool(doing.body.get("all")))

    async def _home(self, doing: _Doing) -> None:
        await self._people.open_home(doing.user)

    async def _shortcut(self, doing: _Doing) -> Outcome:
        on = doing.message if doing.text("ts") else None
        return await self._people.shortcut(doing.user, doing.text("callback_id"), on)

    async def _run_step(self, doing: _Doing) -> None:
        inputs = doing.body.get("inputs")
        given = (
            {k: v for k, v in inputs.items() if v is not None} if isinstance(inputs, dict) else {}
        )
        await self._people.run_step(doing.user, doing.text("callback_id"), given)

    async def _switch(self, doing: _Doing) -> Outcome:
        if self._panel is None:
            raise LookupError("panel")
        trouble = await self._panel.set(doing.text("name"))
        self._core.changes.publish("panel")
        return Outcome(trouble)

    async def _locale(self, doing: _Doing) -> None:
        locale = doing.text("locale")
        if locale not in {"en-US", "ru-RU"}:
            raise LookupError("locale")
        doing.user.locale = locale
        self._core.changes.publish("roster")

    async def _dismiss(self, doing: _Doing) -> None:
        if doing.message.ephemeral_to is not None:
            self._core.state.remove(doing.message)


async def _send(ws: web.WebSocketResponse, value: Json) -> None:
    async with asyncio.timeout(FEED_SEND_S):
        await ws.send_str(json.dumps(value))


def _own_host(request: web.Request) -> None:
    """Refuse names that resolve here but are not ours (DNS rebinding)."""
    host = urlsplit(f"//{request.host}").hostname
    if host not in {"127.0.0.1", "::1", "localhost"}:
        raise web.HTTPForbidden(text="not this host")


def _own_origin(request: web.Request) -> None:
    _own_host(request)
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text="not this origin")

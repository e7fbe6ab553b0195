"""Servers that answer in fixed words: what the scenarios of fronts and pages are made of."""

from __future__ import annotations

from collections.abc import Callable

from bot.model import Target
from tests.lab import wire
from tests.lab.scenario import Bench, Start, target

JSON = "application/json"
TEXT = "text/plain"


def page(status: str, body: str = "", *headers: str, kind: str = "text/html") -> Start:
    """The same answer to everything."""
    return by_path(lambda _: wire.http(status, body, *headers, kind=kind))


def by_path(rule: Callable[[str], bytes]) -> Start:
    """An answer that depends on the path asked for (with its query)."""

    async def serve(bench: Bench) -> Target:
        port = await bench.talk(wire.replies(rule))
        return target(f"http://127.0.0.1:{port}")

    return serve


def app(not_found: Callable[[str], bytes], health: bytes | None = None) -> Start:
    """An application: its health page, and its own 404 for everything else."""
    fine = health or wire.http("200 OK", '{"status":"ok"}', kind=JSON)
    return by_path(lambda path: fine if path.startswith("/health") else not_found(path))


def missing(body: str, *headers: str, kind: str = "text/html") -> Callable[[str], bytes]:
    """A 404 whose body may hold {path} and {query}."""

    def reply(asked: str) -> bytes:
        path, _, query = asked.partition("?")
        text = body.replace("{path}", path).replace("{query}", query)
        return wire.http("404 Not Found", text, *headers, kind=kind)

    return reply


def redirect(status: str, location: str) -> Start:
    """{host}, {path} and {query} are those of the request."""

    async def serve(bench: Bench) -> Target:
        def rule(asked: str) -> bytes:
            path, _, query = asked.partition("?")
            place = location.replace("{path}", path).replace("{query}", query)
            return wire.http(status, "", f"Location: {place}")

        return target(f"http://127.0.0.1:{await bench.talk(wire.replies(rule))}")

    return serve

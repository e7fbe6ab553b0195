"""The door in front of Bolt's handler: what cannot come from Slack goes no further."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from aiohttp import web

LARGEST_BODY = 4 * 1024 * 1024  # Slack's own are a few kilobytes
# The signature verifier turns a timestamp that is no number into a 500.
_TIMESTAMP = re.compile(r"[0-9]{1,12}")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guarded(handler: Handler) -> Handler:
    """Refuse unsigned requests (401) and declared giants (413) before `handler` reads a byte.

    A body without a declared length is for `handler` to bound: only it knows when it has read
    enough.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        if not _TIMESTAMP.fullmatch(timestamp) or "X-Slack-Signature" not in request.headers:
            return web.json_response({"error": "not signed by Slack"}, status=401)
        if (request.content_length or 0) > LARGEST_BODY:
            return web.json_response({"error": "the body is too large"}, status=413)
        return await handler(request)

    return handle

"""HTTP mode: Slack's requests come to the bot's own web server, signed.

Bolt verifies signatures, but a timestamp that is no number or a signature that is not ASCII ends
in a traceback and a 500 there; such requests are refused here, before Bolt sees them. So is a body
larger than Slack sends, declared (before a byte is read) or not.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

LARGEST_BODY: Final = 4 * 1024 * 1024  # Slack's own are a few kilobytes
_READ_S: Final = 10.0
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def handler(app: AsyncApp) -> Handler:
    """The handler that the web server mounts at /slack/events (POST)."""

    async def handle(request: web.Request) -> web.StreamResponse:
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            return web.json_response({"error": "invalid request"}, status=401)
        if (request.content_length or 0) > LARGEST_BODY:
            return web.json_response({"error": "the body is too large"}, status=413)
        try:
            async with asyncio.timeout(_READ_S):
                body = await _body(request)
        except TimeoutError:
            return web.json_response({"error": "the body did not arrive"}, status=408)
        except UnicodeDecodeError:
            return web.json_response({"error": "the body is not UTF-8"}, status=400)
        if body is None:
            return web.json_response({"error": "the body is too large"}, status=413)
        response = await app.async_dispatch(
            AsyncBoltRequest(body=body, query=request.query_string, headers=dict(request.headers))
        )
        return await to_aiohttp_response(response)

    return handle


async def _body(request: web.Request) -> str | None:
    """The body as text; None when it is too large. Raises UnicodeDecodeError."""
    received = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        received += chunk
        if len(received) > LARGEST_BODY:
            return None
    return received.decode()

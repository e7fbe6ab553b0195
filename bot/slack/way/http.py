"""HTTP mode: Slack's requests come to the bot's own web server, signed.

Everything is checked here, before anything else sees it: the signature over the very bytes that
came, its age, that it comes once, and the shape of what it signs. From then on a request goes the
way of one that came over a socket. Bolt's own check is left out: it parses first and verifies
afterwards, so that broken JSON ends in a traceback, and it takes a command whose text has the word
"payload" in it for an interaction without one.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

LARGEST_BODY: Final = 4 * 1024 * 1024  # Slack's own are a few kilobytes
_UNSIGNED: Final = 8 * 1024  # of a request that is only to look at the certificate
_READ_S: Final = 10.0
_REPLAY_S: Final = 600  # what is older, or as much too new, is refused for its age
_MOST_FIELDS: Final = 100  # a command has thirteen
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _RefusedError(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def handler(app: AsyncApp, secret: str, *, now: Callable[[], float] = time.time) -> Handler:
    """The handler that the web server mounts at /slack/events (POST). `secret` signs requests."""
    verifier = SignatureVerifier(secret)
    seen = Seen(now)

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            payload = await _payload(request, verifier, seen)
        except _RefusedError as refused:
            return web.json_response({"error": str(refused)}, status=refused.status)
        if payload is None:
            return web.Response()  # the certificate was looked at
        # As of a socket: verified, and parsed by us.
        bolt = AsyncBoltRequest(body=payload, headers=dict(request.headers), mode="socket_mode")
        return await to_aiohttp_response(await app.async_dispatch(bolt))

    return handle


class Seen:
    """The signatures of the last minutes: whoever sends one again has not signed it."""

    MOST: Final = 20_000

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._at: OrderedDict[str, float] = OrderedDict()

    def again(self, signature: str) -> bool:
        """Whether it came before; from now on it has."""
        now = self._now()
        while self._at and (
            len(self._at) >= self.MOST or next(iter(self._at.values())) < now - _REPLAY_S
        ):
            self._at.popitem(last=False)
        if signature in self._at:
            return True
        self._at[signature] = now
        return False


async def _payload(
    request: web.Request, verifier: SignatureVerifier, seen: Seen
) -> dict[str, Any] | None:
    """What Slack sent; None where it only looks at the certificate. Raises _RefusedError."""
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
    signature = request.headers.get("X-Slack-Signature", "")
    if not timestamp and not signature and request.content_type == _FORM:
        if _form(_text(await _body(request, _UNSIGNED))).get("ssl_check") == "1":
            return None
        raise _RefusedError(401, "the request is not signed")
    if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
        raise _RefusedError(401, "the request is not signed as Slack does")
    if request.content_type not in (_JSON, _FORM):
        raise _RefusedError(415, f"send {_JSON} or {_FORM}")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise _RefusedError(415, "send the body as it is signed")
    text = _text(await _body(request, LARGEST_BODY))
    if not verifier.is_valid(text, timestamp, signature):
        raise _RefusedError(401, "the signature is old or wrong")
    if seen.again(signature):
        raise _RefusedError(401, "the request came before")
    return _read(text, request.content_type)


async def _body(request: web.Request, most: int) -> bytes:
    """The bytes as they were signed, refused unread where they are declared too many."""
    if (request.content_length or 0) > most:
        raise _RefusedError(413, "the body is too large")
    received = bytearray()
    try:
        async with asyncio.timeout(_READ_S):
            async for chunk in request.content.iter_chunked(64 * 1024):
                received += chunk
                if len(received) > most:
                    raise _RefusedError(413, "the body is too large")
    except TimeoutError:
        raise _RefusedError(408, "the body did not arrive") from None
    except web.RequestPayloadError:
        raise _RefusedError(400, "the body cannot be read") from None
    return bytes(received)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise _RefusedError(400, "the body is not UTF-8") from None


def _form(text: str) -> dict[str, str]:
    try:
        return dict(
            parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        )
    except ValueError:  # UnicodeDecodeError is one
        raise _RefusedError(400, "the body is no form") from None


def _read(text: str, content_type: str) -> dict[str, Any]:
    """An event is JSON, an interaction is JSON in a form, a command is a form."""
    if content_type == _FORM:
        form = _form(text)
        if "payload" not in form:
            return dict(form)
        text = form["payload"]
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        raise _RefusedError(400, "the body is no JSON") from None
    if not isinstance(payload, dict):
        raise _RefusedError(400, "the body is no JSON object")
    return payload

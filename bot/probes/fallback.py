"""`fallback`: would each fallback URL complete an Engine.IO handshake? One finding per URL."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.evidence import Failure, FallbackEvidence, HttpAnswer, NoEvidence, Phase
from bot.model import Finding, Reason, Status
from bot.net import endpoint, packets
from bot.net.endpoint import Endpoint
from bot.net.errors import WireError
from bot.net.websocket import Stream
from bot.probes import open_stream, outcome
from bot.probes.look import Look
from bot.urls import UrlError, without_secrets

MAX_URLS: Final = 5


async def probe(look: Look) -> tuple[Finding, ...]:
    """Try every fallback URL at once."""
    started = time.monotonic()
    urls = look.target.fallback_urls[:MAX_URLS]
    if not urls:
        evidence = NoEvidence("no fallback URL is configured")
        return (outcome.found("fallback", outcome.NOT_CONFIGURED, evidence, started),)
    return tuple(await asyncio.gather(*(_try(look, url) for url in urls)))


async def _try(look: Look, url: str) -> Finding:
    started = time.monotonic()
    shown = without_secrets(url)
    try:
        to = endpoint.parse(
            url,
            path=look.target.path,
            namespace=look.target.namespace,
            query=tuple(look.target.query.items()),
        )
    except UrlError as exc:
        failure = Failure(Phase.RESOLVE, Reason.SETTING_INVALID, str(exc))
        evidence = FallbackEvidence(shown, same_host=False, failure=failure)
    else:
        same = to.host == look.endpoint.host
        alone = to.websocket_only or not look.uses_polling
        evidence = await (_socket if alone else _poll)(look, to, shown, same)
    ok = evidence.open is not None and evidence.open.protocol == 4
    judged = outcome.OK if ok else (Status.WARN, Reason.FALLBACK_DEAD)
    return outcome.found("fallback", judged, evidence, started)


async def _poll(look: Look, to: Endpoint, url: str, same: bool) -> FallbackEvidence:
    reply = await look.fetch(look.engine_request("GET", to=to), to=to)
    opened = packets.read_open(reply.text)
    found = opened.open if opened is not None and reply.answer.status == 200 else None
    return FallbackEvidence(url, same, reply.answer, found, reply.answer.failure)


async def _socket(look: Look, to: Endpoint, url: str, same: bool) -> FallbackEvidence:
    try:
        connection = await look.dialer.dial(to)
    except WireError as exc:
        _, shown = to.request_path("websocket")
        answer = HttpAnswer("GET", shown, failure=exc.failure)
        return FallbackEvidence(url, same, answer, None, exc.failure)
    with connection:
        shaken = await open_stream.shake(look, connection, to)
        answer = shaken.reply.answer
        if not shaken.switched:
            return FallbackEvidence(url, same, answer, None, answer.failure)
        stream = Stream(connection, shaken.reply.rest, look.scrub)
        opened, ended = await open_stream.first_packet(look, stream)
        await stream.leave()
        return FallbackEvidence(url, same, answer, opened, ended)

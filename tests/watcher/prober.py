"""A small prober over real sockets: enough to tell up, polling only and down apart."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import aiohttp

from bot.evidence import HistoryEvidence
from bot.model import (
    Confidence,
    Controls,
    Layer,
    Named,
    Report,
    Section,
    State,
    Target,
    Verdict,
)


async def probe(
    target: Target,
    *,
    controls: Controls = Controls(),  # noqa: B008
    memory: HistoryEvidence | None = None,
) -> Report:
    started = datetime.now(UTC)
    cause: tuple[str, Layer] | None = None
    state = State.UP
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1.5)) as session:
            url = f"{target.url}{target.path}?EIO=4"
            async with session.get(f"{url}&transport=polling") as answer:
                body = (await answer.read())[1:]
                sid = json.loads(body)["sid"] if answer.status == 200 else None
            if sid is None:
                state, cause = State.DOWN, (f"http_{answer.status}", Layer.HTTP)
            else:
                async with session.post(f"{url}&transport=polling&sid={sid}", data=b"1"):
                    pass
                try:
                    async with session.ws_connect(f"{url}&transport=websocket") as socket:
                        await socket.receive(timeout=1)
                except aiohttp.WSServerHandshakeError:
                    state, cause = State.DEGRADED, ("ws_transport_disabled", Layer.WEBSOCKET)
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as error:
        refused = isinstance(error, aiohttp.ClientConnectorError)
        state = State.DOWN
        cause = ("tcp_refused", Layer.TCP) if refused else ("srv_frozen", Layer.SERVER)
    named = Named(cause[0], cause[1], Section.SERVER, Confidence.LIKELY) if cause else None
    return Report(target.name, target.url, "local", (), Verdict(state, named), started, 1.0)

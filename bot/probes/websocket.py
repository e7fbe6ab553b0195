"""`websocket`: a handshake on a fresh socket, up to the Engine.IO OPEN."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from bot.evidence import HttpAnswer, WebSocketEvidence
from bot.model import Finding, Reason, Status
from bot.net.errors import WireError
from bot.net.websocket import Stream
from bot.probes import open_stream, outcome
from bot.probes.look import Look
from bot.probes.outcome import Judged

BUFFERED_MS: Final = 800.0  # engine.io writes its OPEN right after the 101


async def probe(look: Look) -> Finding:
    """Open a WebSocket session, and leave it for the namespace probe."""
    started = time.monotonic()
    try:
        finding = await _look(look, started)
    finally:
        look.stream.put(None)
    return outcome.excused(finding, needed=look.uses_websocket)


async def _look(look: Look, started: float) -> Finding:
    to = look.endpoint
    try:
        connection = await look.dialer.dial(to)
    except WireError as exc:
        _, shown = to.request_path("websocket")
        evidence = WebSocketEvidence(HttpAnswer("GET", shown, failure=exc.failure))
        return outcome.found("websocket", outcome.blame(exc.failure), evidence, started)
    with_owner = False
    try:
        shaken = await open_stream.shake(look, connection, to)
        evidence = open_stream.described(look, shaken)
        judged = open_stream.refused(evidence)
        if judged is not None:
            return outcome.found("websocket", judged, evidence, started)
        stream = Stream(connection, shaken.reply.rest, look.scrub)
        opened, ended = await open_stream.first_packet(look, stream)
        evidence = open_stream.with_stream(replace(evidence, open=opened, closed=ended), stream)
        if ended is not None:
            judged = open_stream.ended(ended)
        elif opened is None:
            judged = (Status.FAIL, Reason.NOT_EIO)
        elif opened.protocol != 4:
            judged = (Status.FAIL, Reason.EIO_VERSION)
        else:
            judged = _prompt(look, evidence)
            look.stream.put(stream)
            look.opened = look.opened or opened
            with_owner = True
        return outcome.found("websocket", judged, evidence, started)
    finally:
        if not with_owner:
            connection.close()


def _prompt(look: Look, evidence: WebSocketEvidence) -> Judged:
    """Whether the OPEN came with the 101. Late, it is a suspicion that the next packets settle."""
    first = evidence.frames[0].at_ms if evidence.frames else 0.0
    trip = min(look.dialer.connects_ms, default=0.0)
    late = first - trip >= BUFFERED_MS + look.lag.worst_ms
    return (Status.WARN, Reason.SLOW_ANSWER) if late else outcome.OK

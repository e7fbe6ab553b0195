"""`upgrade`: the polling session moved to a WebSocket with a probe, as clients do by default.

The socket is dialled while polling still shakes hands. The last step (`5`) is left for the end of
the look: until then the polling session stays usable for the namespace probe, and with it the
session ends at once instead of haunting the server until its ping timeout.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from bot.evidence import HttpAnswer, NoEvidence, Phase, WebSocketEvidence
from bot.model import Finding, Reason, Status
from bot.net import packets
from bot.net.connection import Connection
from bot.net.errors import WireError, since_ms
from bot.net.websocket import Stream
from bot.probes import open_stream, outcome
from bot.probes.look import Look, PollingSession
from bot.probes.outcome import Judged

PROBE_S: Final = 4.0


async def probe(look: Look) -> Finding:
    """Upgrade the session that the polling probe opened."""
    started = time.monotonic()
    finding = await _look(look, started)
    needed = look.uses_polling and look.uses_websocket and look.target.client.upgrade
    return outcome.excused(finding, needed=needed)


async def _look(look: Look, started: float) -> Finding:
    to = look.endpoint
    _, shown = to.request_path("websocket")
    async with look.ahead(to) as ahead:
        session = (await look.shaken.get()).session
        if session is None:
            return outcome.found(
                "upgrade", outcome.NOT_REACHED, NoEvidence("no polling session"), started
            )
        if "websocket" not in session.opened.open.upgrades:
            evidence = WebSocketEvidence(HttpAnswer("GET", shown), open=session.opened.open)
            refused = (Status.FAIL, Reason.NO_WEBSOCKET_UPGRADE)
            return outcome.found("upgrade", refused, evidence, started)
        try:
            connection = await ahead.take()
        except WireError as exc:
            evidence = WebSocketEvidence(HttpAnswer("GET", shown, failure=exc.failure))
            return outcome.found("upgrade", outcome.blame(exc.failure), evidence, started)
        evidence, judged = await _upgrade(look, connection, session)
        if look.upgraded is not None:
            ahead.keep()
        return outcome.found("upgrade", judged, evidence, started)


async def _upgrade(
    look: Look, connection: Connection, session: PollingSession
) -> tuple[WebSocketEvidence, Judged]:
    shaken = await open_stream.shake(look, connection, look.endpoint, session)
    evidence = open_stream.described(shaken)
    judged = open_stream.refused(evidence)
    if judged is not None:
        return evidence, judged
    stream = Stream(connection, shaken.reply.rest, look.scrub)
    stream.enter(Phase.SESSION)
    asked = time.monotonic()
    await stream.send_text(packets.PROBE_PING)
    try:
        received = await stream.receive(PROBE_S)
    except WireError as exc:
        judged = open_stream.ended(exc.failure)
        if judged[1] is Reason.NO_PACKET:
            judged = (Status.FAIL, Reason.PROBE_UNANSWERED)
        return open_stream.with_stream(replace(evidence, closed=exc.failure), stream), judged
    evidence = open_stream.with_stream(evidence, stream)
    if received.text != packets.PROBE_PONG:
        return evidence, (Status.FAIL, Reason.PROBE_UNANSWERED)
    look.upgraded = stream
    return replace(evidence, probe_ms=since_ms(asked)), outcome.OK

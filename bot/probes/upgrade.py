"""`upgrade`: a polling session moved to a WebSocket with a probe, as clients do by default.

The session is one of its own: some servers answer every poll with nothing once an upgrade has
begun, which would hide the namespace from the other one. Its OPEN is kept in the evidence, since
two handshakes with one session id, or of two versions, tell a cache or a mixed rollout. The socket
is dialled while the handshake runs. The last step (`5`) is left for the end of the look.
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
from bot.probes.look import Ahead, Look, PollingSession, cookies_of
from bot.probes.outcome import Judged

PROBE_S: Final = 4.0


async def probe(look: Look) -> Finding:
    """Open a polling session and upgrade it."""
    started = time.monotonic()
    async with look.ahead(look.endpoint) as ahead:
        reply = await look.fetch(look.engine_request("GET"), to=look.polling_endpoint)
        began = time.monotonic()
        opened = packets.read_open(reply.text)
        if opened is None or reply.answer.status != 200 or opened.open.protocol != 4:
            note = NoEvidence("no polling session to upgrade")
            return outcome.found("upgrade", outcome.NOT_REACHED, note, started)
        session = PollingSession(opened, cookies_of(reply), began)
        evidence, judged = await _try(look, ahead, session)
    evidence = replace(evidence, open=opened.open)
    finding = outcome.found("upgrade", judged, evidence, started)
    needed = look.uses_polling and look.uses_websocket and look.target.client.upgrade
    if needed and judged[1] is Reason.NO_WEBSOCKET_UPGRADE:
        # `allowUpgrades: false` is a choice: WebSocket itself may well be there.
        needed = await look.stream.get() is None
    return outcome.excused(finding, needed=needed)


async def _try(
    look: Look, ahead: Ahead, session: PollingSession
) -> tuple[WebSocketEvidence, Judged]:
    _, shown = look.endpoint.request_path("websocket")
    if "websocket" not in session.opened.open.upgrades:
        evidence = WebSocketEvidence(HttpAnswer("GET", shown))
        return evidence, (Status.FAIL, Reason.NO_WEBSOCKET_UPGRADE)
    try:
        connection = await ahead.take()
    except WireError as exc:
        evidence = WebSocketEvidence(HttpAnswer("GET", shown, failure=exc.failure))
        return evidence, outcome.blame(exc.failure)
    evidence, judged = await _upgrade(look, connection, session)
    if look.upgraded is not None:
        ahead.keep()
    return evidence, judged


async def _upgrade(
    look: Look, connection: Connection, session: PollingSession
) -> tuple[WebSocketEvidence, Judged]:
    shaken = await open_stream.shake(look, connection, look.endpoint, session)
    evidence = open_stream.described(look, shaken)
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

"""Follow-up `first_message`: we speak first on a WebSocket that says nothing. Does anybody answer?

A WebSocket server that waits for its clients answers a ping by itself, and its application often
our text (an echo, an error, a close). Where not even the ping comes back, nobody speaks WebSocket
behind the handshake.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from bot.evidence import HttpAnswer, SpokenToEvidence
from bot.model import Finding, FollowUp
from bot.net import packets
from bot.net.errors import WireError
from bot.net.frames import Opcode
from bot.net.websocket import Stream
from bot.probes import open_stream, outcome
from bot.probes.look import Look

LISTEN_S: Final = 1.5


async def probe(look: Look) -> Finding:
    """Open a WebSocket, send a ping and a text, and listen."""
    started = time.monotonic()
    name = FollowUp.FIRST_MESSAGE.value
    try:
        connection = await look.dialer.dial(look.endpoint)
    except WireError as exc:
        _, shown = look.endpoint.request_path("websocket")
        evidence = SpokenToEvidence(HttpAnswer("GET", shown, failure=exc.failure))
        return outcome.found(name, outcome.OK, evidence, started)
    with connection:
        shaken = await open_stream.shake(look, connection, look.endpoint)
        evidence = SpokenToEvidence(shaken.reply.answer)
        if shaken.switched:
            evidence = await _speak(Stream(connection, shaken.reply.rest, look.scrub), evidence)
    return outcome.found(name, outcome.OK, evidence, started)


async def _speak(stream: Stream, evidence: SpokenToEvidence) -> SpokenToEvidence:
    began = time.monotonic()
    await stream.send(Opcode.PING, b"wsdiag")
    await stream.send_text(packets.PROBE_PING)
    ponged, spoken = False, False
    try:
        while not spoken and (left := began + LISTEN_S - time.monotonic()) > 0:
            received = await stream.receive(left)
            ponged = ponged or received.opcode == Opcode.PONG
            spoken = received.opcode != Opcode.PONG
    except WireError:
        pass  # what ended it is in the stream; silence ends nothing
    evidence = replace(
        evidence,
        ponged=ponged,
        frames=tuple(stream.frames),
        closed=stream.ended,
        close_code=stream.close_code,
    )
    await stream.leave()
    return evidence

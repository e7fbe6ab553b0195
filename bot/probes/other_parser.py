"""Follow-up `other_parser`: a namespace that says nothing is asked in the form of other parsers.

A server whose parser is another one cannot read our CONNECT. Node then ends the session; python-
socketio logs an error and keeps silent, as a middleware does that never answers. In its own form
it answers: in MessagePack (socket.io-msgpack-parser), or as one JSON text (socket.io-json-parser).
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Final

from bot.evidence import ParsersEvidence
from bot.model import Finding, FollowUp
from bot.net import packets
from bot.net.errors import WireError
from bot.net.frames import Opcode
from bot.net.websocket import Stream
from bot.probes import open_stream, outcome
from bot.probes.look import Look

LISTEN_S: Final = 1.5
MESSAGE_PACK: Final = "msgpack"
JSON_TEXT: Final = "json"


async def probe(look: Look) -> Finding:
    """Ask in each form, on a WebSocket of its own, and listen for any packet of Socket.IO's."""
    started = time.monotonic()
    asked = {MESSAGE_PACK: _message_pack(look), JSON_TEXT: _json(look)}
    heard = await asyncio.gather(*(_heard(look, *packet) for packet in asked.values()))
    answered = tuple(name for name, some in zip(asked, heard, strict=True) if some)
    evidence = ParsersEvidence(tuple(asked), answered)
    return outcome.found(FollowUp.OTHER_PARSER.value, outcome.OK, evidence, started)


def _message_pack(look: Look) -> tuple[Opcode, bytes]:
    """`{"type": 0, "nsp": …}`: a map of two, strings, a small number (MessagePack's spec)."""
    space = look.endpoint.namespace.encode()[:255]
    return Opcode.BINARY, b"\x82\xa4type\x00\xa3nsp\xd9" + bytes([len(space)]) + space


def _json(look: Look) -> tuple[Opcode, bytes]:
    packet = json.dumps({"type": 0, "nsp": look.endpoint.namespace}, separators=(",", ":"))
    return Opcode.TEXT, b"4" + packet.encode()


async def _heard(look: Look, opcode: Opcode, payload: bytes) -> bool:
    try:
        connection = await look.dialer.dial(look.endpoint)
    except WireError:
        return False
    with connection:
        shaken = await open_stream.shake(look, connection, look.endpoint)
        if not shaken.switched:
            return False
        stream = Stream(connection, shaken.reply.rest, look.scrub)
        opened, _ = await open_stream.first_packet(look, stream)
        heard = opened is not None and await _answer(stream, opcode, payload)
        await stream.leave()
    return heard


async def _answer(stream: Stream, opcode: Opcode, payload: bytes) -> bool:
    """Whether a message comes: binary, or a text that begins as Engine.IO's messages do."""
    until = time.monotonic() + LISTEN_S
    await stream.send(opcode, payload)
    try:
        while (left := until - time.monotonic()) > 0:
            received = await stream.receive(left)
            if received.opcode == Opcode.BINARY or received.text[:1] == "4":
                return True
            if received.text[:1] == packets.PING:
                await stream.send_text(packets.PONG + received.text[1:])
    except WireError:
        pass  # silence, or an end: neither is an answer
    return False

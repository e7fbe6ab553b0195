"""Follow-up `alone`: the transport that was turned away joins once more, with nothing beside it.

The base suite joins over both transports at once. A server that wants one session per user throws
the older one out, or the newer one: that is its rule and no fault. What happens to a session that
is the only one tells the two apart.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.evidence import NamespaceAttempt, NamespaceEvidence, NoEvidence, Outcome
from bot.model import Finding, FollowUp, Transport
from bot.net import packets
from bot.net.errors import WireError, since_ms
from bot.net.packets import SioType
from bot.net.websocket import Stream
from bot.probes import open_stream, outcome
from bot.probes.look import Look, PollingSession, cookies_of

ANSWER_S: Final = 3.0
WATCH_S: Final = 0.4  # as long as the suite and the follow-up `linger` watch together


async def probe(look: Look) -> Finding:
    """Join over the transport that was turned away, and watch whether it holds."""
    started = time.monotonic()
    name = FollowUp.ALONE.value
    if look.turned_away is None:
        return outcome.found(name, outcome.NOT_NEEDED, NoEvidence("nothing to repeat"), started)
    over = _polling if look.turned_away is Transport.POLLING else over_websocket
    attempt = await over(look)
    evidence = NamespaceEvidence(look.endpoint.namespace, look.auth is not None, (attempt,))
    return outcome.found(name, outcome.OK, evidence, started)


def _outcome(look: Look, text: str, so_far: Outcome) -> Outcome:
    """What a packet makes of the attempt."""
    if text[:1] == packets.CLOSE:
        return Outcome.DISCONNECTED if so_far is Outcome.CONNECTED else Outcome.CLOSED
    packet = packets.read_message(text)
    if packet is None or packet.namespace != look.endpoint.namespace:
        return so_far
    told = {
        SioType.CONNECT: Outcome.CONNECTED,
        SioType.CONNECT_ERROR: Outcome.REFUSED,
        SioType.DISCONNECT: Outcome.DISCONNECTED,
    }
    return told.get(packet.type, so_far)


async def over_websocket(look: Look) -> NamespaceAttempt:
    """One WebSocket that joins, is watched and leaves; `not_tried` where it was not let in."""
    began = time.monotonic()
    seen = Outcome.SILENT
    try:
        connection = await look.dialer.dial(look.endpoint)
    except WireError as exc:
        return NamespaceAttempt(Transport.WEBSOCKET, Outcome.CLOSED, failure=exc.failure)
    with connection:
        shaken = await open_stream.shake(look, connection, look.endpoint)
        if not shaken.switched:
            answer = shaken.reply.answer
            return NamespaceAttempt(Transport.WEBSOCKET, Outcome.NOT_TRIED, answer=answer)
        stream = Stream(connection, shaken.reply.rest, look.scrub)
        await open_stream.first_packet(look, stream)
        await stream.send_text(packets.connect(look.endpoint.namespace, look.auth))
        until = time.monotonic() + ANSWER_S
        try:
            while (left := until - time.monotonic()) > 0:
                text = (await stream.receive(left)).text
                if text[:1] == packets.PING:
                    await stream.send_text(packets.PONG + text[1:])
                before, seen = seen, _outcome(look, text, seen)
                if seen not in (Outcome.SILENT, Outcome.CONNECTED):
                    break
                if seen is Outcome.CONNECTED and before is Outcome.SILENT:
                    until = time.monotonic() + WATCH_S
        except WireError:
            if stream.ended is not None:
                seen = Outcome.DISCONNECTED if seen is Outcome.CONNECTED else Outcome.CLOSED
        await stream.leave()
    return NamespaceAttempt(Transport.WEBSOCKET, seen, since_ms(began))


async def _polling(look: Look) -> NamespaceAttempt:
    began = time.monotonic()
    to = look.polling_endpoint
    reply = await look.fetch(look.engine_request("GET"), to=to, timeout_s=ANSWER_S)
    opened = packets.read_open(reply.text)
    if reply.answer.status != 200 or opened is None:
        return NamespaceAttempt(Transport.POLLING, Outcome.NOT_TRIED, answer=reply.answer)
    session = PollingSession(opened, cookies_of(reply), time.monotonic())
    joined = packets.connect(look.endpoint.namespace, look.auth)
    post = look.engine_request("POST", body=joined, session=session)
    sent = await look.fetch(post, to=to, timeout_s=ANSWER_S)
    seen = Outcome.SILENT if sent.answer.status == 200 else Outcome.CLOSED
    answer = None if sent.answer.status == 200 else sent.answer
    until = time.monotonic() + ANSWER_S
    while seen in (Outcome.SILENT, Outcome.CONNECTED) and (left := until - time.monotonic()) > 0:
        request = look.engine_request("GET", session=session)
        try:
            async with asyncio.timeout(left):
                reply = await look.fetch(request, to=to)
        except TimeoutError:
            break
        if reply.answer.status != 200:
            seen = Outcome.DISCONNECTED if seen is Outcome.CONNECTED else Outcome.CLOSED
            answer = reply.answer
            break
        for text in packets.split(reply.text)[0]:
            before, seen = seen, _outcome(look, text, seen)
            if seen is Outcome.CONNECTED and before is Outcome.SILENT:
                until = time.monotonic() + WATCH_S
    if seen is Outcome.CONNECTED:
        leave = look.engine_request("POST", body=packets.CLOSE, session=session)
        await look.fetch(leave, to=to, timeout_s=1.0)
    return NamespaceAttempt(Transport.POLLING, seen, since_ms(began), answer=answer)

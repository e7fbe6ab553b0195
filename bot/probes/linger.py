"""Follow-up `linger`: the sessions of the base suite, watched a little longer. Do they hold?

A server that looks the user up first throws him out some tens or hundreds of milliseconds after it
let him in. The base suite does not wait that long; here the sessions it left open are only listened
to, on WebSocket and with one poll.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Final

from bot.evidence import NamespaceAttempt, NamespaceEvidence, NoEvidence, Outcome
from bot.model import Finding, FollowUp, Reason, Status, Transport
from bot.net import packets
from bot.net.errors import WireError, since_ms
from bot.net.frames import Opcode
from bot.net.http import Reply
from bot.net.packets import SioType
from bot.net.websocket import Stream
from bot.probes import outcome
from bot.probes.look import Look, PollingSession

_SHORTEST_BEAT_MS: Final = 2_000
_CUT: Final = frozenset({Reason.EOF, Reason.RESET})
_BREATH_S: Final = 0.02
_PATIENT: Final = 0.9
_SESSION_UNKNOWN: Final = 1  # engine.io's code
WATCH_S: Final = 0.3  # a lookup in a database, and the packet that follows it


async def probe(look: Look) -> Finding:
    """Listen to what is still open."""
    started = time.monotonic()
    name = FollowUp.LINGER.value
    stream, farewell = look.stream.peek(), look.farewell
    watches = []
    if _beats_too_fast(look) or _left_alone_too_long(look):
        note = NoEvidence("the heartbeat may have run out while nobody listened")
        return outcome.found(name, (Status.SKIPPED, Reason.NOT_POSSIBLE), note, started)
    if stream is not None and stream.ended is None:
        watches.append(_socket(look, stream))
    if farewell is not None:
        watches.append(_poll(look, farewell[1]))
    if not watches:
        return outcome.found(name, outcome.NOT_REACHED, NoEvidence("no session is open"), started)
    attempts = _both_gone(tuple(await asyncio.gather(*watches)))
    evidence = NamespaceEvidence(look.endpoint.namespace, look.auth is not None, attempts)
    thrown = any(a.outcome is Outcome.DISCONNECTED for a in attempts)
    judged = (Status.FAIL, Reason.DISCONNECTED) if thrown else outcome.OK
    return outcome.found(name, judged, evidence, started)


def _both_gone(attempts: tuple[NamespaceAttempt, ...]) -> tuple[NamespaceAttempt, ...]:
    """A session that is unknown when the socket beside it was cut has gone with its process.

    Alone, an unknown session may be a lost affinity, which others tell.
    """
    cut = any(a.failure is not None and a.failure.reason in _CUT for a in attempts)
    return tuple(
        replace(a, outcome=Outcome.DISCONNECTED)
        if cut and a.answer is not None and a.outcome is Outcome.CONNECTED
        else a
        for a in attempts
    )


def _beats_too_fast(look: Look) -> bool:
    """Between base suite and follow-up nobody answers pings: a short heartbeat ends a session."""
    shaken = look.shaken.peek()
    if shaken is None or shaken.session is None:
        return False
    opened = shaken.session.opened.open
    return (opened.ping_interval_ms or 0) + (opened.ping_timeout_ms or 0) < _SHORTEST_BEAT_MS


def _left_alone_too_long(look: Look) -> bool:
    """A base suite that took as long as a heartbeat has left the server's ping unanswered."""
    opened, stream, shaken = look.opened, look.stream.peek(), look.shaken.peek()
    if opened is None or opened.ping_interval_ms is None or opened.ping_timeout_ms is None:
        return False
    began = [stream.began] if stream is not None else []
    if shaken is not None and shaken.session is not None:
        began.append(shaken.session.began)
    beat_s = (opened.ping_interval_ms + opened.ping_timeout_ms) / 1_000
    return bool(began) and time.monotonic() - min(began) >= _PATIENT * beat_s


async def _socket(look: Look, stream: Stream) -> NamespaceAttempt:
    began = time.monotonic()
    ended, pings = False, 0
    failure = None
    try:
        while not ended and (left := began + WATCH_S - time.monotonic()) > 0:
            received = await stream.receive(left)
            if received.opcode == Opcode.PONG:
                continue  # a late answer to a ping of the base suite: its number is no packet
            text = received.text
            if text[:1] == packets.PING:
                pings += 1
                await stream.send_text(packets.PONG + text[1:])
            ended = _says_goodbye(look, text)
    except WireError as exc:
        ended = stream.ended is not None
        failure = exc.failure if ended else None
    return NamespaceAttempt(
        transport=Transport.WEBSOCKET,
        outcome=Outcome.DISCONNECTED if ended else Outcome.CONNECTED,
        elapsed_ms=since_ms(began),
        close_code=stream.close_code,
        close_reason=stream.close_reason,
        pings=pings,
        failure=failure,
    )


async def _poll(look: Look, session: PollingSession) -> NamespaceAttempt:
    began = time.monotonic()
    ended = False
    answer = failure = None
    try:
        async with asyncio.timeout(WATCH_S):
            while not ended:
                request = look.engine_request("GET", session=session)
                reply = await look.fetch(request, to=look.polling_endpoint)
                failure = reply.answer.failure
                if failure is not None and failure.reason in _CUT:
                    await asyncio.sleep(_BREATH_S)  # cut: by whom, the next poll tells
                    continue
                if failure is not None and failure.reason is Reason.REFUSED:
                    ended = True  # nobody listens any more
                    break
                body = reply.text
                if reply.answer.status != 200:
                    # Two polls at once, a lost affinity, a limiter: told by others, no goodbye.
                    answer = reply.answer if _unknown(look, reply) else None
                    break
                ended = any(_says_goodbye(look, p) for p in packets.split(body)[0])
                answer = reply.answer if ended else None
    except TimeoutError:
        pass  # silence is what a connection that holds sounds like
    return NamespaceAttempt(
        transport=Transport.POLLING,
        outcome=Outcome.DISCONNECTED if ended else Outcome.CONNECTED,
        elapsed_ms=since_ms(began),
        answer=answer,
        failure=failure if ended else None,
    )


def _unknown(look: Look, reply: Reply) -> bool:
    error = packets.read_error(reply.text, look.scrub)
    return error is not None and error.code == _SESSION_UNKNOWN


def _says_goodbye(look: Look, text: str) -> bool:
    if text == packets.CLOSE:
        return True
    packet = packets.read_message(text)
    return (
        packet is not None
        and packet.type is SioType.DISCONNECT
        and packet.namespace == look.endpoint.namespace
    )

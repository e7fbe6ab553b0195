"""The namespace CONNECT on the polling session: a POST, and a GET beside it that waits."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

from bot.evidence import Failure, HttpAnswer, NamespaceAttempt, Outcome
from bot.model import Transport
from bot.net import http, packets
from bot.net.errors import WireError, since_ms
from bot.net.http import Reply
from bot.net.packets import SioType
from bot.probes.look import Ahead, Look, PollingSession
from bot.probes.namespace_websocket import MIN_SETTLE_S, NAMESPACE_S, refusal
from bot.tasks import call_off

_POST_S: Final = 6.0
_POST_GRACE_S: Final = 0.25  # the poll may overtake it on a busy machine
_NOOP_PAUSE_S: Final = 0.5  # during an upgrade the server answers every poll with an empty one
_MAX_POLLS: Final = 12
# The answer may begin with what the application sends on connect; engine.io's maxHttpBufferSize.
POLL_BYTES: Final = 1_000_000


@dataclass(slots=True)
class _Talk:
    look: Look
    session: PollingSession
    began: float = field(default_factory=time.monotonic)
    outcome: Outcome = Outcome.SILENT
    elapsed_ms: float = 0.0
    message: str = ""
    data: str = ""
    pings: int = 0
    answer: HttpAnswer | None = None
    failure: Failure | None = None


async def attempt(look: Look, *, beside: asyncio.Task[NamespaceAttempt]) -> NamespaceAttempt:
    """Join over polling, if the client polls. `beside` is the attempt on WebSocket."""
    nothing = NamespaceAttempt(Transport.POLLING, Outcome.NOT_TRIED)
    if not look.uses_polling:
        return nothing
    await _dialled(look)
    async with look.ahead(look.polling_endpoint) as post, look.ahead(look.polling_endpoint) as get:
        session = (await look.shaken.get()).session
        if session is None:
            return nothing
        talk = _Talk(look, session)
        await _join(talk, post, get)
    if talk.outcome is Outcome.CONNECTED and not await _holds_elsewhere(look, beside):
        await _settle(talk)
    return NamespaceAttempt(
        transport=Transport.POLLING,
        outcome=talk.outcome,
        elapsed_ms=talk.elapsed_ms,
        message=talk.message,
        data=talk.data,
        pings=talk.pings,
        answer=talk.answer,
        failure=talk.failure,
    )


async def _dialled(look: Look) -> None:
    """Wait until polling reaches the server: a dead one need not be dialled twice more."""
    reached = asyncio.create_task(look.polling_dialled.wait())
    ended = asyncio.create_task(look.shaken.get())
    try:
        await asyncio.wait({reached, ended}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await call_off(reached, ended)


async def _holds_elsewhere(look: Look, beside: asyncio.Task[NamespaceAttempt]) -> bool:
    """Whether the WebSocket was watched and held: then one more request here says no more."""
    done, _ = await asyncio.wait({beside}, timeout=_window_s(look))
    return bool(done) and beside.result().outcome is Outcome.CONNECTED


async def _join(talk: _Talk, post: Ahead, get: Ahead) -> None:
    text = packets.connect(talk.look.endpoint.namespace, talk.look.auth)
    sending = asyncio.create_task(_post(talk, post, text))
    polling = asyncio.create_task(_poll(talk, get))
    try:
        async with asyncio.timeout(min(NAMESPACE_S, talk.look.patience_s)):
            await asyncio.wait({sending, polling}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and not sending.result():
                return  # the server did not take our packet: nothing to wait for
            await polling
            if talk.outcome is not Outcome.CLOSED:
                # Its answer is the sample of the round trip, and its connection says farewell.
                await asyncio.wait({sending}, timeout=_POST_GRACE_S)
                return
            await sending  # its refusal says more than the end of the poll
    except TimeoutError:
        return
    finally:
        await call_off(sending, polling)
        talk.elapsed_ms = since_ms(talk.began)


async def _post(talk: _Talk, ahead: Ahead, text: str) -> bool:
    request = talk.look.engine_request("POST", body=text, session=talk.session, close=False)
    try:
        connection = await ahead.take()
    except WireError as exc:
        reply = http.unreached(request, exc.failure, talk.look.scrub)
    else:
        reply = await http.exchange(connection, request, timeout_s=_POST_S, scrub=talk.look.scrub)
    if reply.answer.status == 200:
        ahead.keep()
        talk.look.farewell = (connection, talk.session)
        talk.look.samples.round_trips_ms += _sample(talk.look, reply.answer)
        return True
    _refused(talk, reply.answer)
    return False


def _sample(look: Look, answer: HttpAnswer) -> list[float]:
    if look.samples.transport is Transport.WEBSOCKET or answer.ttfb_ms is None:
        return []
    look.samples.transport = Transport.POLLING
    return [answer.ttfb_ms]


async def _poll(talk: _Talk, ahead: Ahead) -> None:
    try:
        connection = await ahead.take()
    except WireError as exc:
        request = talk.look.engine_request("GET", session=talk.session)
        _refused(talk, http.unreached(request, exc.failure, talk.look.scrub).answer)
        return
    reply = await http.exchange(
        connection,
        talk.look.engine_request("GET", session=talk.session),
        timeout_s=NAMESPACE_S,
        scrub=talk.look.scrub,
        body_bytes=POLL_BYTES,
    )
    for _ in range(_MAX_POLLS):
        if not await _read(talk, reply):
            return
        reply = await talk.look.fetch(
            talk.look.engine_request("GET", session=talk.session),
            to=talk.look.polling_endpoint,
            timeout_s=NAMESPACE_S,
            body_bytes=POLL_BYTES,
        )


async def _read(talk: _Talk, reply: Reply) -> bool:
    """Take the packets of one poll; True when another is due."""
    if reply.answer.status != 200:
        _refused(talk, reply.answer)
        return False
    only_noop = True
    for packet in packets.split(reply.text)[0]:
        only_noop = only_noop and packet[:1] == packets.NOOP
        if packet[:1] == packets.PING:
            talk.pings += 1
            pong = talk.look.engine_request("POST", body=packets.PONG, session=talk.session)
            await talk.look.fetch(pong, to=talk.look.polling_endpoint)
        elif packet[:1] == packets.CLOSE:
            held = talk.outcome is Outcome.CONNECTED
            talk.outcome = Outcome.DISCONNECTED if held else Outcome.CLOSED
        else:
            _take(talk, packet)
    if only_noop:
        await asyncio.sleep(_NOOP_PAUSE_S)
    return talk.outcome is Outcome.SILENT


def _take(talk: _Talk, text: str) -> None:
    packet = packets.read_message(text)
    if packet is None or packet.namespace != talk.look.endpoint.namespace:
        return
    if packet.type is SioType.CONNECT:
        talk.outcome = Outcome.CONNECTED
    elif packet.type is SioType.CONNECT_ERROR:
        talk.outcome = Outcome.REFUSED
        talk.message, talk.data = refusal(talk.look, packet.data)
    elif packet.type is SioType.DISCONNECT:
        talk.outcome = Outcome.DISCONNECTED


def _refused(talk: _Talk, answer: HttpAnswer) -> None:
    if talk.outcome is Outcome.SILENT:
        talk.outcome = Outcome.CLOSED
    if talk.answer is None:
        talk.answer = answer
        talk.failure = answer.failure


async def _settle(talk: _Talk) -> None:
    """One more poll: a server that throws clients out answers it at once."""
    request = talk.look.engine_request("GET", session=talk.session)
    try:
        async with asyncio.timeout(_window_s(talk.look)):
            reply = await talk.look.fetch(request, to=talk.look.polling_endpoint)
            if reply.answer.status == 200:
                await _read(talk, reply)
            elif reply.answer.status is not None:
                talk.outcome = Outcome.DISCONNECTED
                talk.answer = reply.answer
    except TimeoutError:
        return  # silence is what a connection that holds sounds like


def _window_s(look: Look) -> float:
    """How long to watch: a dial, the way there and back, and the minimum."""
    round_trip = min(look.dialer.connects_ms, default=0.0) / 1_000
    trips = 4 if look.endpoint.secure else 3
    return MIN_SETTLE_S + trips * round_trip

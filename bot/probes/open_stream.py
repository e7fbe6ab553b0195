"""From a WebSocket handshake to the Engine.IO OPEN: what several probes share."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.evidence import EioOpen, Failure, Phase, WebSocketEvidence
from bot.model import Reason, Status
from bot.net import packets, websocket
from bot.net.connection import Connection
from bot.net.endpoint import Endpoint
from bot.net.errors import WireError
from bot.net.frames import Opcode
from bot.net.websocket import Handshake, Stream
from bot.probes import outcome
from bot.probes.look import ANSWER_S, Look, PollingSession
from bot.probes.outcome import Judged

OPEN_S: Final = (
    4.0  # a proxy that buffers delayed the stream by 1.5 s (faults.md: ws_proxy_buffers)
)
# A Socket.IO v2 server sends `40`, or the `44` of its middleware, together with its OPEN: a v4
# server says nothing of a namespace before it is asked.
_UNASKED_S: Final = 0.15


async def shake(
    look: Look, connection: Connection, to: Endpoint, session: PollingSession | None = None
) -> Handshake:
    """Ask for the upgrade, as a new session or for an open polling session."""
    extra = {} if session is None else {"sid": session.opened.sid}
    path, shown = to.request_path("websocket", **extra)
    headers = look.headers(to, origin=True)
    if session is not None:
        headers = (*headers, *session.cookies)  # browsers always send them with a WebSocket
    return await websocket.handshake(
        connection,
        path=path,
        shown=shown,
        headers=headers,
        timeout_s=min(ANSWER_S, look.patience_s),
        scrub=look.scrub,
    )


def described(look: Look, handshake: Handshake) -> WebSocketEvidence:
    """The handshake as evidence."""
    body = handshake.reply.text
    return WebSocketEvidence(
        answer=handshake.reply.answer,
        accept_ok=handshake.accept_ok,
        wrong_headers=handshake.wrong_headers,
        unasked_extensions=handshake.unasked_extensions,
        error=packets.read_error(body, look.scrub),
    )


def with_stream(evidence: WebSocketEvidence, stream: Stream) -> WebSocketEvidence:
    """The evidence with what the stream has shown so far."""
    return replace(
        evidence,
        frames=tuple(stream.frames),
        closed=stream.ended or evidence.closed,
        close_code=stream.close_code,
        close_reason=stream.close_reason,
    )


def refused(evidence: WebSocketEvidence) -> Judged | None:
    """What a handshake that did not switch comes to; None when it did."""
    answer = evidence.answer
    if answer.status is None:
        return outcome.blame(answer.failure) if answer.failure else (Status.FAIL, Reason.NOT_HTTP)
    if answer.status == 101:
        return None if evidence.switched else (Status.FAIL, Reason.BAD_HANDSHAKE)
    if evidence.error is not None and evidence.error.code == 1:
        return Status.FAIL, Reason.SESSION_UNKNOWN
    if 300 <= answer.status < 400:
        return Status.FAIL, Reason.REDIRECT
    return Status.FAIL, Reason.UPGRADE_REFUSED


async def first_packet(look: Look, stream: Stream) -> tuple[EioOpen | None, Failure | None]:
    """Wait for OPEN. Without one: how the waiting ended, or neither for some other message."""
    try:
        received = await stream.receive(OPEN_S)
    except WireError as exc:
        return None, exc.failure
    opened = None
    if received.opcode == Opcode.TEXT:
        opened = packets.read_open(received.text, look.scrub)
    if opened is None:
        return None, None
    stream.enter(Phase.SESSION)
    if opened.open.max_payload is not None:
        return opened.open, None
    return await _version(look, stream, opened.open), None


async def _version(look: Look, stream: Stream, opened: EioOpen) -> EioOpen:
    try:
        unasked = await stream.receive(_UNASKED_S)
    except WireError:
        return opened
    message = packets.read_message(unasked.text)
    joined = (packets.SioType.CONNECT, packets.SioType.CONNECT_ERROR)
    if message is None or message.type not in joined:
        return opened
    return replace(opened, protocol=3, extra=look.scrub(unasked.text, 64))


def ended(failure: Failure) -> Judged:
    """What a stream that ended before its OPEN comes to."""
    if failure.reason is Reason.TIMEOUT:
        return Status.FAIL, Reason.NO_PACKET
    if failure.reason is Reason.BAD_FRAME and failure.first_bytes.startswith("HTTP/1.1 400"):
        return Status.FAIL, Reason.EIO_VERSION
    return Status.FAIL, failure.reason

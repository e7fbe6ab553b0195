"""Causes at the WebSocket layer: the handshake succeeds, and then frames are lost or cut."""

from __future__ import annotations

from bot.causes.engineio import speaks
from bot.causes.row import Cause, Fit, Reach
from bot.causes.ws_handshake import THROWN_OUT
from bot.evidence import Failure, Outcome, Phase, WebSocketEvidence
from bot.findings import FindingSet, cut, waited_in_vain
from bot.model import Confidence, Layer, Reason, Section, Transport, say

_AT_ONCE_MS = 1_000.0


def _opened(found: FindingSet) -> WebSocketEvidence | None:
    ws = found.websocket
    return ws if ws is not None and ws.switched else None


def _http_inside(ws: WebSocketEvidence) -> bool:
    """The server itself writes HTTP into the stream: a late refusal, or a second 101."""
    began = ws.closed.first_bytes if ws.closed is not None else ""
    return "HTTP/1." in began or any("HTTP/1." in f.text for f in ws.frames)


def frames_corrupted(found: FindingSet) -> Fit | None:
    """Reserved bits without an extension."""
    ws = _opened(found)
    if ws is None or _http_inside(ws):
        return None
    broken = ws.closed is not None and ws.closed.reason is Reason.BAD_FRAME
    if not broken and not any(f.reserved_bits for f in ws.frames):
        return None
    return Fit((say("A frame arrives damaged: reserved bits or an invalid length."),))


def open_never_sent(found: FindingSet) -> Fit | None:
    """101, and nobody behind it: not even a ping is answered. Polling is not Socket.IO either."""
    ws, spoken = _opened(found), found.spoken_to
    if ws is None or spoken is None or ws.open is not None or found.eio_seen:
        return None
    if ws.frames or ws.close_code is not None or speaks(spoken):
        return None
    return Fit(
        (say("The WebSocket opens, and nothing comes back: no packet, not even to our ping."),),
        Confidence.LIKELY,
        rivals=("eio_plain_ws_server",),
    )


def frames_blocked_down(found: FindingSet) -> Fit | None:
    """101, and nothing comes, while polling opens a session at once."""
    ws = _opened(found)
    if ws is None or ws.open is not None or ws.frames or not found.polling_open or found.upgraded:
        return None
    if not waited_in_vain(ws.closed, Phase.OPEN):
        return None
    return Fit((say("Polling opens a session; the WebSocket opens and stays silent."),))


def frames_blocked_up(found: FindingSet) -> Fit | None:
    """Their frames come, ours do not arrive."""
    ws = _opened(found)
    attempt = found.attempt(Transport.WEBSOCKET)
    if ws is None or ws.open is None or attempt is None or found.upgraded:
        return None
    unheard = attempt.asked > 0 and attempt.pongs == 0
    if attempt.outcome not in (Outcome.SILENT, Outcome.CLOSED) or not unheard:
        return None
    return Fit(
        (say("Packets of the server arrive; ours, even WebSocket pings, are never answered."),),
    )


def cut_after_first_frame(found: FindingSet) -> Fit | None:
    """The WebSocket dies as soon as it lives."""
    ws = _opened(found)
    attempt = found.attempt(Transport.WEBSOCKET)
    polled = found.attempt(Transport.POLLING)
    if polled is None:
        return None
    # An upgrade may still have got its one frame through: the direct socket tells.
    ended = ws.closed or (attempt.failure if attempt else None) if ws else _overtaken(found)
    if not cut(ended, Phase.OPEN, Phase.SESSION, Phase.REQUEST) or ended is None:
        return None
    if attempt is not None and attempt.outcome is Outcome.CONNECTED:
        return None
    late = ended.elapsed_ms > _AT_ONCE_MS
    # Later an application may end a session that does not please it, but none without a packet.
    if polled.outcome is not Outcome.CONNECTED or (late and ended.phase is not Phase.OPEN):
        return None
    why = (
        say(
            "The WebSocket is cut {seconds} s after it opens, before any packet, while polling "
            "connects.",
            seconds=round(ended.elapsed_ms / 1000, 1),
        )
        if late
        else say("The WebSocket is cut right after it opens, while polling connects.")
    )
    return Fit((why,), Confidence.LIKELY)


def _overtaken(found: FindingSet) -> Failure | None:
    """The cut came before the 101 did, while an upgrade beside it got its 101."""
    let_through = found.upgrade is not None and found.upgrade.answer.status == 101
    return found.websocket.answer.failure if found.websocket and let_through else None


def _close(found: FindingSet) -> tuple[int, str] | None:
    ws = _opened(found)
    if ws is not None and ws.close_code is not None:
        return ws.close_code, ws.close_reason
    attempt = found.attempt(Transport.WEBSOCKET)
    if attempt is not None and attempt.close_code is not None:
        return attempt.close_code, attempt.close_reason
    return None


def _closed_with(found: FindingSet, code: int) -> Fit | None:
    close = _close(found)
    if close is None or close[0] != code:
        return None
    return Fit(
        (
            say(
                "The server closes with {code}: {reason}.",
                code=code,
                reason=close[1] or "—",
            ),
        ),
    )


def close_policy(found: FindingSet) -> Fit | None:
    """RFC 6455 7.4.1: 1008, policy violation."""
    return _closed_with(found, 1008)


def close_overload(found: FindingSet) -> Fit | None:
    """IANA registry: 1013, try again later."""
    return _closed_with(found, 1013)


def close_restart(found: FindingSet) -> Fit | None:
    """IANA registry: 1012, service restart."""
    return _closed_with(found, 1012)


ROWS = (
    Cause(
        "ws_open_never_sent",
        Layer.WEBSOCKET,
        Section.SERVER,
        say("The WebSocket opens, but nobody speaks Engine.IO"),
        say("Clients connect and never get further."),
        say("Check which server the URL leads to: it is no Socket.IO endpoint."),
        holds=open_never_sent,
    ),
    Cause(
        "ws_frames_blocked_down",
        Layer.WEBSOCKET,
        Section.NETWORK,
        say("A middlebox swallows the server's WebSocket frames"),
        say("WebSocket-first clients hang; polling-first clients stay on polling."),
        say("Use wss, and ask for an exception in the middlebox; polling works meanwhile."),
        reach=Reach.PART,
        holds=frames_blocked_down,
    ),
    Cause(
        "ws_frames_blocked_up",
        Layer.WEBSOCKET,
        Section.NETWORK,
        say("A middlebox swallows the client's WebSocket frames"),
        say("WebSocket-first clients hang; polling-first clients stay on polling."),
        say("Use wss, and ask for an exception in the middlebox; polling works meanwhile."),
        reach=Reach.PART,
        holds=frames_blocked_up,
    ),
    Cause(
        "ws_rst_after_first_frame",
        Layer.WEBSOCKET,
        Section.NETWORK,
        say("Something cuts WebSockets right after they open"),
        THROWN_OUT,
        say("Look at the inspection policy of proxies and firewalls on the way."),
        reach=Reach.PART,
        holds=cut_after_first_frame,
    ),
    Cause(
        "ws_frames_corrupted",
        Layer.WEBSOCKET,
        Section.NETWORK,
        say("A middlebox damages WebSocket frames"),
        THROWN_OUT,
        say("Use wss: TLS keeps middleboxes out of the frames."),
        reach=Reach.PART,
        holds=frames_corrupted,
    ),
    Cause(
        "ws_close_policy",
        Layer.WEBSOCKET,
        Section.SERVER,
        say("The server closes for reasons of policy (1008)"),
        THROWN_OUT,
        say("Allow this origin or token on the server."),
        reach=Reach.PART,
        holds=close_policy,
    ),
    Cause(
        "ws_close_overload",
        Layer.WEBSOCKET,
        Section.SERVER,
        say("The server sheds load (1013)"),
        say("New users are turned away until the load falls."),
        say("Let clients back off, and scale out."),
        reach=Reach.PART,
        holds=close_overload,
    ),
    Cause(
        "ws_close_restart",
        Layer.WEBSOCKET,
        Section.SERVER,
        say("The server announces a restart (1012)"),
        say("Users are cut off for the length of the restart and reconnect by themselves."),
        say("Wait for the restart to end; clients should reconnect with backoff."),
        reach=Reach.PART,
        holds=close_restart,
    ),
)

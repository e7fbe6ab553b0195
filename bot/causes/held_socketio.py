"""Causes at the Socket.IO layer that only time or size shows: kicks, and messages too large."""

from __future__ import annotations

from bot.causes import held
from bot.causes.row import Cause, Fit, Reach
from bot.evidence import HeldSession, Keep, Parted, Rung
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Message, Reason, Section, Transport, say

_ENTITY_TOO_LARGE = 413
_ENDED = (Reason.CLOSED, Reason.EOF, Reason.RESET)


def _kicked(found: FindingSet) -> HeldSession | None:
    """The quiet session, ended by the application itself: in its own words, or a clean close."""
    lost = held.lost_socket(found)
    if lost is None or held.unheard(lost):
        return None
    clean = lost.parted is Parted.CLOSED and lost.close_code in (1000, 1005)
    return lost if lost.parted is Parted.KICKED or clean else None


def _settle(found: FindingSet) -> tuple[FollowUp, ...]:
    return () if found.ran(FollowUp.TWIN) else (FollowUp.TWIN,)


def _told(lost: HeldSession) -> Message:
    return say(
        "After {age} s the server ends the session ({how}).",
        age=round(lost.age_ms / 1000, 1),
        how="disconnect" if lost.goodbye else f"close {lost.close_code}",
    )


def kicked_no_keepalive(found: FindingSet) -> Fit | None:
    """The application throws out who does not send its keep-alive event."""
    lost = _kicked(found)
    event = held.twin(found, Keep.EVENT)
    if lost is None or event is None or not held.outlived(event, lost):
        return None
    again = held.again(found, lost)
    if again is False:
        return None
    ping = held.twin(found, Keep.PING)
    pings_help = ping is not None and bool(held.outlived(ping, lost))
    return Fit(
        (
            _told(lost),
            say("A session that sends the keep-alive event more often lives on."),
        ),
        Confidence.CERTAIN if again and not pings_help else Confidence.LIKELY,
        rivals=("ws_proxy_idle",) if pings_help else (),
    )


def kicked_later(found: FindingSet) -> Fit | None:
    """The application ends sessions at an age, whatever they send."""
    lost = _kicked(found)
    if lost is None or kicked_no_keepalive(found) is not None:
        return None
    again = held.again(found, lost)
    event = held.twin(found, Keep.EVENT)
    sure = bool(again and event is not None and held.same_age(event, lost))
    why = [_told(lost)]
    if again:
        why.append(say("So are others at the same age, also those that talk all the time."))
    return Fit(
        tuple(why),
        Confidence.CERTAIN if sure else Confidence.LIKELY,
        _settle(found),
        () if sure else ("sio_kicked_no_keepalive",),
    )


def _refused(rung: Rung) -> bool:
    """The payload ended the session, or was turned away."""
    if rung.close_code == held.TOO_BIG or rung.status == _ENTITY_TOO_LARGE:
        return True
    ended = rung.failure is not None and rung.failure.reason in _ENDED
    on_its_way = rung.tcp is not None and rung.tcp.unacked > 0 and rung.tcp.retransmits > 0
    return rung.elapsed_ms is None and ended and not on_its_way


def max_payload(found: FindingSet) -> Fit | None:
    """A message of ordinary size is too large for the server."""
    ladder = found.ladder
    if ladder is None:
        return None
    refused = [r for r in ladder.rungs if r.upload and _refused(r)]
    if not refused:
        return None
    limit = ladder.announced
    over = limit is not None and refused[0].size > limit
    # A proxy's own limit turns POSTs away that the server would have taken.
    if not over and all(r.transport is Transport.POLLING for r in refused):
        return None
    told = any(r.close_code == held.TOO_BIG or r.status == _ENTITY_TOO_LARGE for r in refused)
    why = [
        say(
            "A message of {size} kB ends the session ({how}).",
            size=refused[0].size // 1_000,
            how=f"close {refused[0].close_code}"
            if refused[0].close_code
            else f"HTTP {refused[0].status}"
            if refused[0].status
            else "cut",
        )
    ]
    if over and limit is not None:
        why.append(say("The server announces at most {limit} bytes (maxPayload).", limit=limit))
    return Fit(tuple(why), Confidence.CERTAIN if told else Confidence.LIKELY)


ROWS = (
    Cause(
        "sio_kicked_no_keepalive",
        Layer.SOCKETIO,
        Section.HEARTBEAT,
        say("The server wants the keep-alive event"),
        say("Users whose client does not send it are thrown out at a steady beat."),
        say("Send the keep-alive event more often than the server's limit."),
        holds=kicked_no_keepalive,
    ),
    Cause(
        "sio_kicked_later",
        Layer.SOCKETIO,
        Section.SERVER,
        say("The server ends sessions after a fixed time"),
        say("Every user is disconnected at that age."),
        say("Look for session limits and timers that call disconnect() on the server."),
        holds=kicked_later,
    ),
    Cause(
        "sio_max_payload",
        Layer.SOCKETIO,
        Section.ERRORS,
        say("The message is too large"),
        say("Whoever sends a bigger message is disconnected, and loses it."),
        say("Raise maxHttpBufferSize on the server, or send smaller messages."),
        reach=Reach.PART,
        holds=max_payload,
    ),
    Cause(
        "sio_no_ack",
        Layer.SOCKETIO,
        Section.ERRORS,
        say("The server does not acknowledge"),
        say("Calls that wait for an acknowledgement time out; everything else works."),
        say("Every path of the handler must call the acknowledgement callback."),
        reach=Reach.QUALITY,
    ),
)

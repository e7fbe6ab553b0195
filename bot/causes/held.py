"""Questions about held sessions that the rows of several layers ask. Pure; holds no row itself."""

from __future__ import annotations

from bot import measured
from bot.evidence import EioOpen, HeldSession, Keep, Parted, Sample
from bot.findings import FindingSet
from bot.model import Reason, Transport

TOO_BIG = 1009  # RFC 6455 7.4.1
_SAME = 0.15  # ages of two sessions that one timer has ended
_SAME_MS = 400.0
_OUTLIVED = 1.12
_NEAR_MS = 1_500.0
_EARLY_MS = 25.0  # what a ping may take longer on its way than the end that follows it


def sessions(found: FindingSet) -> tuple[HeldSession, ...]:
    """What was held, without the twins."""
    return found.hold.sessions if found.hold else ()


def lost_socket(found: FindingSet) -> HeldSession | None:
    """The quiet WebSocket session of the hold, if it was lost."""
    held = (s for s in sessions(found) if s.transport is Transport.WEBSOCKET)
    return next((s for s in held if s.lost), None)


def samples(found: FindingSet) -> tuple[Sample, ...]:
    """The sampler's, beside the hold."""
    return found.hold.samples if found.hold else ()


def twin(found: FindingSet, keep: Keep) -> HeldSession | None:
    """The twin that did this, if it came to a session."""
    held = found.twin.sessions if found.twin else ()
    return next((s for s in held if s.keep is keep and s.parted is not Parted.NOT_OPENED), None)


def same_age(one: HeldSession, other: HeldSession) -> bool:
    """Whether one timer may have ended both."""
    apart = abs(one.age_ms - other.age_ms)
    return apart <= max(_SAME_MS, _SAME * max(one.age_ms, other.age_ms))


def again(found: FindingSet, lost: HeldSession) -> bool | None:
    """Whether the quiet twin was lost at the same age in the same way; None: there is no twin."""
    quiet = twin(found, Keep.NOTHING)
    if quiet is None:
        return None
    return quiet.parted is lost.parted and same_age(quiet, lost)


def outlived(kept: HeldSession | None, lost: HeldSession) -> bool | None:
    """Whether a twin lived clearly longer than the lost session; None: there is no twin."""
    if kept is None:
        return None
    return kept.age_ms >= lost.age_ms * _OUTLIVED


def stood(found: FindingSet, lost: HeldSession) -> bool:
    """Whether the server answered others around the loss: it was no crash and no dead network."""
    seen = samples(found)
    at = lost.began_ms + lost.age_ms
    near = [s for s in seen if abs(s.at_ms - at) <= _NEAR_MS] or list(seen)
    answered = [s for s in near if s.status is not None and not measured.is_down(s)]
    if found.hold is not None and found.hold.limited:
        return True  # nothing was seen, and nothing speaks against it
    return bool(answered) and not any(measured.is_down(s) for s in near)


def deaf_since(found: FindingSet) -> bool:
    """Whether nothing answers any more at the end of the hold, in silence."""
    last = samples(found)[-3:]
    hold = found.hold
    if hold is None or hold.limited or len(last) < 3:
        return False
    return all(s.status is None and s.reason is Reason.TIMEOUT for s in last)


def unconnected(found: FindingSet) -> bool:
    """Whether the last samples did not even connect, in silence."""
    last = samples(found)[-3:]
    return len(last) == 3 and all(
        s.connect_ms is None and s.reason in (Reason.TIMEOUT, Reason.HOST_UNREACHABLE) for s in last
    )


def interval_ms(opened: EioOpen | None) -> float:
    """pingInterval, by Socket.IO's default where it is not announced."""
    return float((opened.ping_interval_ms if opened else None) or 25_000)


def timeout_ms(opened: EioOpen | None) -> float:
    """pingTimeout, by Socket.IO's default where it is not announced."""
    return float((opened.ping_timeout_ms if opened else None) or 20_000)


def unheard(lost: HeldSession) -> bool:
    """The server ends the session when the answer to its ping was due: it did not arrive.

    Engine.IO closes with an empty close frame, or just hangs up; the age is that of a ping plus
    pingTimeout, or pingInterval + pingTimeout where no ping came through.
    """
    if lost.parted not in (Parted.CLOSED, Parted.CUT, Parted.KICKED) or lost.goodbye == "41":
        return False
    if lost.parted is Parted.CLOSED and lost.close_code not in (1000, 1005):
        return False
    due = (lost.pings_ms[-1] if lost.pings_ms else interval_ms(lost.open)) + timeout_ms(lost.open)
    rtt_ms = lost.first_echo_ms or 0.0
    late = (
        max(120.0, 0.06 * timeout_ms(lost.open)) + rtt_ms
    )  # timers may be, and no server is early
    return due - _EARLY_MS - rtt_ms <= lost.age_ms <= due + late

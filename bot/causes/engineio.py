"""Causes at the Engine.IO layer: versions, sessions, admission."""

from __future__ import annotations

import re

from bot.causes.row import Cause, Fit, Reach
from bot.evidence import EioError, EioOpen, WebSocketEvidence
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Section, Transport, say

_UNKNOWN_SESSION = re.compile(r"session id unknown|invalid session|unknown sid", re.IGNORECASE)
_ORIGIN_WORDS = re.compile(r"\borigins?\b|\bcors\b", re.IGNORECASE)
_FORBIDDEN = re.compile(r"^\W*forbidden\W*$", re.IGNORECASE)


def _opens(found: FindingSet) -> tuple[EioOpen, ...]:
    looks = (found.polling, found.websocket, found.upgrade, found.affinity)
    seen = [e.open for e in looks if e is not None]
    return tuple(o for o in seen if o is not None)


def server_v2(found: FindingSet) -> Fit | None:
    """Every OPEN is a Socket.IO v2 server's."""
    opens = _opens(found)
    if not opens or any(o.protocol == 4 for o in opens):
        return None
    return Fit(
        (say("The OPEN packet is that of Socket.IO v2 (Engine.IO 3)."),),
        Confidence.CERTAIN,
    )


def mixed_versions(found: FindingSet) -> Fit | None:
    """Some handshakes speak Engine.IO 3, some 4."""
    if len({o.protocol for o in _opens(found)}) < 2:
        return None
    return Fit((say("Some handshakes are answered by Socket.IO v2, others by v4."),))


def _lost(error: EioError | None) -> bool:
    return bool(error and (error.code == 1 or _UNKNOWN_SESSION.search(error.message)))


def no_sticky(found: FindingSet) -> Fit | None:
    """A session opened a moment ago is unknown to the next request."""
    if not found.polling_open:
        return None
    affinity = found.affinity
    losses = sum(1 for e in affinity.errors if _lost(e)) if affinity else 0
    young = max(affinity.ages_ms, default=0.0) if affinity else 0.0
    interval = affinity.open.ping_interval_ms if affinity and affinity.open else None
    posts = found.attempt(Transport.POLLING)
    refused = posts.answer if posts and posts.answer and posts.answer.status == 400 else None
    early = bool(refused and _UNKNOWN_SESSION.search(refused.body))
    upgrade = bool(found.upgrade and _lost(found.upgrade.error))
    if not (losses or early or upgrade):
        return None
    if losses and interval is not None and young > interval:
        return None  # old enough to have expired on a slow link
    total = len(affinity.errors) if affinity else 0
    why = (
        say(
            "{lost} of {total} requests of one session met “Session ID unknown”.",
            lost=losses,
            total=total,
        )
        if losses
        else say("A request met “Session ID unknown” a moment after its session was opened.")
    )
    settle = () if affinity else (FollowUp.AFFINITY,)
    certain = bool(losses) and losses < total
    return Fit((why,), Confidence.CERTAIN if certain else Confidence.LIKELY, settle)


def _denied(found: FindingSet) -> tuple[bool, str]:
    """Engine.IO refused the handshake (allowRequest, CORS of python-socketio), with its words."""
    for evidence in (found.polling, found.websocket):
        error = evidence.error if evidence else None
        if error and (error.code == 4 or _ORIGIN_WORDS.search(error.message)):
            return True, error.message
    ws = found.websocket
    if (
        ws
        and ws.answer.status in (400, 403)
        and not found.polling_open
        and (_FORBIDDEN.match(ws.answer.body.strip()))
    ):
        return True, "Forbidden"
    return False, ""


def _admitted(found: FindingSet) -> tuple[str, ...]:
    return found.origin_variants.opens if found.origin_variants else ()


def _settle_origin(found: FindingSet) -> tuple[FollowUp, ...]:
    return () if found.ran(FollowUp.ORIGIN_VARIANTS) else (FollowUp.ORIGIN_VARIANTS,)


def forbidden_origin(found: FindingSet) -> Fit | None:
    """Refused for where the page comes from."""
    denied, words = _denied(found)
    if not denied or found.completed:
        return None
    admitted = _admitted(found)
    told = bool(_ORIGIN_WORDS.search(words))
    if not admitted and not told and found.ran(FollowUp.ORIGIN_VARIANTS) and not _plain(words):
        return None  # its words give another reason, and no Origin helps
    why = [say("Engine.IO refuses the handshake: {message}.", message=words or "Forbidden")]
    if admitted:
        why.append(say("With another Origin it is admitted."))
    sure = bool(admitted) or told
    return Fit(
        tuple(why),
        Confidence.CERTAIN if sure else Confidence.LIKELY,
        _settle_origin(found),
        () if sure else ("eio_forbidden_all",),
    )


def _plain(words: str) -> bool:
    """Engine.IO's default message: no reason given."""
    return not words or bool(_FORBIDDEN.match(words.strip()))


def forbidden_all(found: FindingSet) -> Fit | None:
    """Refused whatever the Origin, for a reason of its own."""
    denied, words = _denied(found)
    if not denied or found.completed or _admitted(found):
        return None
    if _ORIGIN_WORDS.search(words) or _plain(words) or not found.ran(FollowUp.ORIGIN_VARIANTS):
        return None
    return Fit(
        (say("Engine.IO refuses every handshake: {message}.", message=words),),
        Confidence.LIKELY,
        rivals=("eio_forbidden_origin",),
    )


def _session_of(ws: WebSocketEvidence | None) -> bool:
    return bool(ws and ws.answer.status == 101 and ws.accept_ok is not False)


def plain_ws(found: FindingSet) -> Fit | None:
    """A WebSocket server that is no Socket.IO server."""
    ws = found.websocket
    if ws is None or not _session_of(ws) or ws.open is not None or found.eio_seen:
        return None
    if found.polling_open or any(f.reserved_bits for f in ws.frames):
        return None
    data = [f for f in ws.frames if f.opcode in (1, 2)]
    if data:
        return Fit(
            (
                say(
                    "The WebSocket opens and says “{text}”, which is no Engine.IO packet.",
                    text=data[0].text[:80],
                ),
            ),
        )
    if ws.close_code in (1008, 1012, 1013):
        return None
    return Fit(
        (say("The WebSocket opens, no Engine.IO packet comes, and polling is not served."),),
        Confidence.LIKELY,
        rivals=("ws_open_never_sent",),
    )


def client_too_old(found: FindingSet) -> Fit | None:
    """The server refuses the protocol version that we (a v4 client) speak."""
    errors = [e.error for e in (found.polling, found.websocket) if e is not None]
    inside = found.websocket is not None and any(
        "unsupported protocol version" in f.text.lower() for f in found.websocket.frames
    )
    if not inside and not any(e and e.code == 5 for e in errors):
        return None
    return Fit((say("The server says: unsupported protocol version."),))


_NOBODY = say("Nobody can connect.")

ROWS = (
    Cause(
        "eio_no_sticky",
        Layer.ENGINEIO,
        Section.TRANSPORTS,
        say("Requests of one session reach different servers (no sticky sessions)"),
        say("Polling clients are thrown out at random; upgrades to WebSocket fail."),
        say("Switch session affinity on at the balancer, or use the WebSocket transport only."),
        reach=Reach.PART,
        holds=no_sticky,
    ),
    Cause(
        "eio_mixed_versions",
        Layer.ENGINEIO,
        Section.SERVER,
        say("Servers of two Socket.IO versions answer"),
        say("Users connect or fail at random, depending on the server they meet."),
        say("Finish the rollout: run one server version."),
        holds=mixed_versions,
    ),
    Cause(
        "eio_server_v2",
        Layer.ENGINEIO,
        Section.TRANSPORTS,
        say("The server speaks Socket.IO v2"),
        say("Clients of version 3 and 4 cannot connect."),
        say("Upgrade the server to v4, or use a v2 client."),
        holds=server_v2,
    ),
    Cause(
        "eio_client_too_old",
        Layer.ENGINEIO,
        Section.TRANSPORTS,
        say("Client and server speak different Engine.IO versions"),
        _NOBODY,
        say("Upgrade the client, or set allowEIO3: true on the server."),
        holds=client_too_old,
    ),
    Cause(
        "eio_plain_ws_server",
        Layer.ENGINEIO,
        Section.ENVIRONMENT,
        say("This is a plain WebSocket server, not Socket.IO"),
        say("Socket.IO clients connect and never get further."),
        say("Use the client that belongs to this server, or the URL of the Socket.IO backend."),
        holds=plain_ws,
    ),
    Cause(
        "eio_forbidden_origin",
        Layer.ENGINEIO,
        Section.SERVER,
        say("The server refuses this Origin"),
        say("Users of that frontend cannot connect."),
        say("Add the frontend's origin to the server's allow-list (allowRequest, cors)."),
        holds=forbidden_origin,
    ),
    Cause(
        "eio_forbidden_all",
        Layer.ENGINEIO,
        Section.SERVER,
        say("The server refuses the handshake by a rule of its own"),
        say("Users to whom the rule applies cannot connect."),
        say("Look at allowRequest and its IP rules on the server."),
        holds=forbidden_all,
    ),
)

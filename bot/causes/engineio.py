"""Causes at the Engine.IO layer: versions, sessions, admission."""

from __future__ import annotations

import re

from bot.causes.row import Cause, Fit, Reach
from bot.evidence import EioError, EioOpen, SpokenToEvidence, WebSocketEvidence
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Section, Transport, say

_OURS = 4  # the Engine.IO version that we speak
_UNSUPPORTED = 5  # engine.io's code for a version that it does not speak
_UNKNOWN_SESSION = re.compile(r"session id unknown|invalid session|unknown sid", re.IGNORECASE)
_ORIGIN_WORDS = re.compile(r"\borigins?\b|\bcors\b", re.IGNORECASE)
_FORBIDDEN = re.compile(r"^\W*forbidden\W*$", re.IGNORECASE)


def _opens(found: FindingSet) -> tuple[EioOpen, ...]:
    """Every answer to a handshake of our version."""
    looks = (found.polling, found.websocket, found.upgrade, found.affinity)
    seen = [e.open for e in looks if e is not None]
    again = found.versions.tries if found.versions else ()
    seen += [t.open for t in again if t.asked == _OURS]
    return tuple(o for o in seen if o is not None)


def _refusals(found: FindingSet) -> tuple[EioError, ...]:
    """Every refusal of our version."""
    seen = [e.error for e in (found.polling, found.websocket) if e is not None]
    again = found.versions.tries if found.versions else ()
    seen += [t.error for t in again if t.asked == _OURS]
    return tuple(e for e in seen if e is not None and e.code == _UNSUPPORTED)


def _older_opens(found: FindingSet) -> bool:
    """The handshake of the older version succeeds."""
    again = found.versions.tries if found.versions else ()
    return any(t.asked < _OURS and t.open is not None for t in again)


def _settle_version(found: FindingSet) -> tuple[FollowUp, ...]:
    return () if found.ran(FollowUp.OLDER_VERSION) else (FollowUp.OLDER_VERSION,)


def server_v2(found: FindingSet) -> Fit | None:
    """Every OPEN is a Socket.IO v2 server's, or only the older handshake is answered."""
    opens = _opens(found)
    if opens and all(o.protocol == _OURS - 1 for o in opens):
        why = say("The OPEN packet is that of Socket.IO v2 (Engine.IO 3).")
        return Fit((why,), Confidence.CERTAIN, _settle_version(found) if len(opens) < 2 else ())
    if not opens and _refusals(found) and _older_opens(found):
        why = say("The server refuses Engine.IO 4 and opens a session with Engine.IO 3.")
        return Fit((why,))
    return None


def mixed_versions(found: FindingSet) -> Fit | None:
    """Some handshakes speak Engine.IO 3, some 4."""
    opens = _opens(found)
    newer = any(o.protocol == _OURS for o in opens)
    if len({o.protocol for o in opens}) < 2 and not (newer and _refusals(found)):
        return None
    return Fit((say("Some handshakes are answered by Socket.IO v2, others by v4."),))


def _lost(error: EioError | None) -> bool:
    return bool(error and (error.code == 1 or _UNKNOWN_SESSION.search(error.message)))


def no_sticky(found: FindingSet) -> Fit | None:
    """A session opened a moment ago is unknown to the next request."""
    if not found.polling_open or mixed_versions(found) is not None:
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
    settle = () if affinity else (*_settle_version(found), FollowUp.AFFINITY)
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
    """Origins under which a handshake opens that fails with ours over the same transport."""
    opens = found.origin_variants.opens if found.origin_variants else ()
    ours = {label.removeprefix("configured") for label in opens if label.startswith("configured")}
    return tuple(o for o in opens if not any(_over(o) == transport for transport in ours))


def _over(label: str) -> str:
    """What follows the first word of a label: the transport, if it is not polling."""
    return label.removeprefix(label.split(" ", maxsplit=1)[0])


def admitted_over_websocket(found: FindingSet) -> tuple[str, ...]:
    """The same, of WebSocket handshakes only."""
    return tuple(o for o in _admitted(found) if _over(o))


def _settle_origin(found: FindingSet) -> tuple[FollowUp, ...]:
    return () if found.ran(FollowUp.ORIGIN_VARIANTS) else (FollowUp.ORIGIN_VARIANTS,)


def forbidden_origin(found: FindingSet) -> Fit | None:
    """Refused for where the page comes from."""
    if found.polling_open and admitted_over_websocket(found):
        status = found.websocket.answer.status if found.websocket else None
        return Fit(
            (
                say(
                    "The WebSocket handshake is answered {status} with this Origin, and opens "
                    "with another.",
                    status=status or 0,
                ),
            ),
        )
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
    if (upgrade := upgrade_denied(found)) is not None:
        return upgrade
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


def upgrade_denied(found: FindingSet) -> Fit | None:
    """Engine.IO's "Forbidden", to the WebSocket only: a rule that looks at the request."""
    ws = found.websocket
    if ws is None or not found.polling_open or ws.answer.status not in (400, 403):
        return None
    if not _FORBIDDEN.match(ws.answer.body.strip()) or admitted_over_websocket(found):
        return None
    if not refused_alike(found):
        return None
    why = say("Polling is admitted; the WebSocket handshake is answered “Forbidden”.")
    rivals = ("ws_webfilter_403",)
    return Fit((why,), Confidence.LIKELY, _settle_origin_of(found), rivals)


def refused_alike(found: FindingSet) -> bool:
    """The refusal of the upgrade comes from whoever answers polling, as far as headers tell."""
    ws, polling = found.websocket, found.polling
    if ws is None or polling is None:
        return False
    return ws.answer.header("server") == polling.answer.header("server")


def _settle_origin_of(found: FindingSet) -> tuple[FollowUp, ...]:
    return _settle_origin(found) if found.target.origin is not None else ()


def plain_ws(found: FindingSet) -> Fit | None:
    """A WebSocket server that is no Socket.IO server."""
    ws = found.websocket
    if ws is None or not ws.switched or ws.open is not None or found.eio_seen:
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
    return _mute(ws, found.spoken_to)


def _mute(ws: WebSocketEvidence, spoken: SpokenToEvidence | None) -> Fit | None:
    """No packet came by itself: what comes when we speak first tells who is there."""
    if spoken is not None and speaks(spoken):
        said = [f for f in spoken.frames if f.opcode in (1, 2)]
        why = (
            say("Spoken to first, it answers “{text}”.", text=said[0].text[:80])
            if said
            else say("It answers our ping, as WebSocket servers do, and no Engine.IO packet comes.")
        )
        return Fit((why,), Confidence.CERTAIN if said else Confidence.LIKELY)
    pinged = any(f.opcode == 9 for f in ws.frames) or ws.close_code is not None
    if spoken is not None and not pinged:
        return None  # ws_open_never_sent
    return Fit(
        (say("The WebSocket opens, no Engine.IO packet comes, and polling is not served."),),
        Confidence.LIKELY,
        () if spoken is not None else (FollowUp.FIRST_MESSAGE,),
        ("ws_open_never_sent",),
    )


def speaks(spoken: SpokenToEvidence) -> bool:
    """Somebody behind the handshake speaks WebSocket: a pong, a message, a close with a code."""
    return spoken.ponged or bool(spoken.frames) or spoken.close_code is not None


def client_too_old(found: FindingSet) -> Fit | None:
    """The server refuses the protocol version that we (a v4 client) speak."""
    inside = found.websocket is not None and any(
        "unsupported protocol version" in f.text.lower() for f in found.websocket.frames
    )
    if not inside and not _refusals(found):
        return None
    if _opens(found) or _older_opens(found):
        return None  # mixed versions, or a server that speaks the older one only
    why = say("The server says: unsupported protocol version.")
    return Fit((why,), Confidence.CERTAIN, _settle_version(found))


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

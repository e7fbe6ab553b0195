"""Causes at the WebSocket layer: polling gets through, the handshake does not."""

from __future__ import annotations

import re

from bot.causes.engineio import admitted_over_websocket, upgrade_denied
from bot.causes.http_uneven import odd_one
from bot.causes.http_whose import by_asgi
from bot.causes.row import Cause, Fit, Reach
from bot.evidence import Failure, HttpAnswer, Outcome, Phase, WebSocketEvidence
from bot.findings import FindingSet, cut, waited_in_vain
from bot.model import Confidence, FollowUp, Layer, Message, Reason, Section, Transport, say

_TRANSPORT_UNKNOWN = re.compile(r"transport unknown|invalid transport", re.IGNORECASE)
_AT_ONCE_MS = 1_000.0
_NOT_SERVED = frozenset({400, 404, 405, 406, 410, 421, 426, 501})  # no such thing under this path


def _refusal(found: FindingSet) -> HttpAnswer | None:
    """A complete HTTP answer other than 101 to the WebSocket handshake."""
    ws = found.websocket
    if ws is None or ws.answer.status is None or ws.answer.status == 101:
        return None
    return ws.answer


def refused_while_polling(found: FindingSet) -> HttpAnswer | None:
    """The same, where polling is a real Engine.IO that offers WebSocket."""
    refused = found.polling_open and not found.upgraded and not _no_websocket_offered(found)
    return _refusal(found) if refused and not odd_one(found) else None


def _handshake_failure(found: FindingSet, *evidences: WebSocketEvidence | None) -> Failure | None:
    if not found.polling_open or found.upgraded or _no_websocket_offered(found):
        return None
    for evidence in evidences:
        if evidence is not None and evidence.answer.failure is not None:
            return evidence.answer.failure
    return None


def says(answer: HttpAnswer) -> Message:
    """Who refuses, and how."""
    return say(
        "Polling works; the WebSocket handshake is answered {status} (Server: {server}).",
        status=answer.status or 0,
        server=answer.header("server") or "?",
    )


def _code(found: FindingSet) -> int | None:
    return found.websocket.error.code if found.websocket and found.websocket.error else None


def _no_websocket_offered(found: FindingSet) -> bool:
    opened = found.polling.open if found.polling else None
    return opened is not None and "websocket" not in opened.upgrades


def transport_disabled(found: FindingSet) -> Fit | None:
    """The server itself does not offer the transport."""
    ws = found.websocket
    if ws is None or ws.answer.status == 101 or not found.polling_open:
        return None
    if refused_by_asgi(found):
        return Fit(
            (say("The application server itself closes the handshake with 403."),),
            Confidence.LIKELY,
            rivals=("ws_webfilter_403",),
        )
    unknown = _code(found) == 0 or bool(_TRANSPORT_UNKNOWN.search(ws.answer.body))
    offered = not _no_websocket_offered(found)
    if not unknown and offered:
        return None
    return Fit(
        (say("The server offers no upgrade to WebSocket and does not know the transport."),)
        if unknown
        else (say("The server's OPEN offers no upgrade to WebSocket."),),
        Confidence.CERTAIN if unknown and not offered else Confidence.LIKELY,
    )


def refused_by_asgi(found: FindingSet) -> bool:
    """An ASGI application that closes before it accepts gives 403, and its words are lost."""
    answer = _refusal(found)
    polled = found.polling.answer if found.polling else None
    if answer is None or answer.status != 403 or answer.body_bytes or polled is None:
        return False
    return by_asgi(polled) and answer.header("server") in (None, polled.header("server"))


def no_upgrade_header(found: FindingSet) -> Fit | None:
    """Engine.IO was reached by a request that was no WebSocket handshake any more."""
    answer = _refusal(found)
    if answer is None or transport_disabled(found) or found.upgraded:
        return None
    if _code(found) == 3:
        return Fit(
            (say("Engine.IO got the WebSocket request without its Upgrade header."),),
        )
    foreign = refused_while_polling(found)
    if foreign is None or foreign.status != 400 or _code(found) is not None:
        return None
    if admitted_over_websocket(found) or upgrade_denied(found):
        return None  # eio_forbidden_origin, eio_forbidden_all
    return Fit((says(foreign),), Confidence.LIKELY, settle_origin(found), ("ws_200_instead_101",))


def polling_disabled(found: FindingSet) -> Fit | None:
    """The server knows only WebSocket."""
    polling = found.polling
    if polling is None or polling.open is not None or not found.websocket_open or odd_one(found):
        return None
    unknown = polling.error is not None and polling.error.code == 0
    unknown = unknown or bool(_TRANSPORT_UNKNOWN.search(polling.answer.body))
    if unknown:
        return Fit((say("Polling is answered “Transport unknown”, the WebSocket opens."),))
    status = polling.answer.status
    if polling.error is not None or status not in _NOT_SERVED or not found.completed:
        return None
    why = say("Polling is answered {status}, the WebSocket opens and joins.", status=status)
    return Fit((why,), Confidence.LIKELY, rivals=("http_sio_absent",))


def _settle_control(found: FindingSet) -> tuple[FollowUp, ...]:
    ran = found.ran(FollowUp.WEBSOCKET_CONTROL)
    return () if ran else (FollowUp.WEBSOCKET_CONTROL,)


def _elsewhere_too(found: FindingSet) -> tuple[Message, ...]:
    """What became of an upgrade where no Engine.IO can be."""
    if found.websocket_control is None:
        return ()
    status = elsewhere(found)
    if status is None:
        return (say("An upgrade request to any other path fares no better."),)
    return (say("An upgrade request to another path is answered {status}.", status=status),)


def blocked_rst(found: FindingSet) -> Fit | None:
    """Cut off upon the upgrade request."""
    failure = _handshake_failure(found, found.websocket)
    if not cut(failure, Phase.REQUEST) or failure is None or failure.bytes_received:
        return None
    late = failure.elapsed_ms > _AT_ONCE_MS + 5 * (found.connect_rtt_ms or 0.0)
    polled = found.attempt(Transport.POLLING)
    if late and (polled is None or polled.outcome is not Outcome.CONNECTED):
        return None  # the server itself may have gone meanwhile
    unsure = late or failure.reason is Reason.EOF  # a server may close so as well
    why = (
        say(
            "Polling works; the connection is cut {seconds} s after the WebSocket's upgrade "
            "request.",
            seconds=round(failure.elapsed_ms / 1000, 1),
        )
        if late
        else say("Polling works; the connection is cut upon the WebSocket's upgrade request.")
    )
    return Fit(
        (why, *_elsewhere_too(found)),
        Confidence.LIKELY if unsure else Confidence.CERTAIN,
        _settle_control(found) if unsure else (),
    )


def blocked_drop(found: FindingSet) -> Fit | None:
    """The upgrade request vanishes, or is never answered."""
    failure = _handshake_failure(found, found.websocket)
    if not waited_in_vain(failure, Phase.REQUEST, Phase.RESPONSE):
        return None
    if failure is None or failure.bytes_received:
        return None
    return Fit(
        (say("Polling works; the WebSocket's upgrade request is never answered."),),
    )


def elsewhere(found: FindingSet) -> int | None:
    """The status that an upgrade on a path without Engine.IO gets."""
    answers = dict(found.websocket_control.answers) if found.websocket_control else {}
    answer = answers.get("upgrade elsewhere")
    return answer.status if answer is not None else None


def settle_origin(found: FindingSet) -> tuple[FollowUp, ...]:
    """Whether the page's Origin is what is refused; without one there is nothing to swap."""
    if found.target.origin is None or found.ran(FollowUp.ORIGIN_VARIANTS):
        return ()
    return (FollowUp.ORIGIN_VARIANTS,)


def bad_accept(found: FindingSet) -> Fit | None:
    """101 with a key that is not the answer to ours, or with headers that a client must refuse."""
    ws = found.websocket
    if ws is None or not (ws.accept_ok is False or ws.wrong_headers):
        return None
    damaged = ("Sec-WebSocket-Accept",) if ws.accept_ok is False else ()
    names = ", ".join((*damaged, *ws.wrong_headers))
    return Fit((say("The answer 101 carries wrong headers or lacks them: {names}.", names=names),))


def bad_extension(found: FindingSet) -> Fit | None:
    """101 with an extension that we did not offer."""
    ws = found.websocket
    if ws is None or not ws.unasked_extensions:
        return None
    return Fit(
        (
            say(
                "The answer 101 switches on {extensions}, which was not offered.",
                extensions=", ".join(ws.unasked_extensions),
            ),
        ),
    )


FALLS_BACK = say(
    "Clients that may fall back work over polling, slower; WebSocket-only clients are cut off. "
    "Mind that ['websocket', 'polling'] does not fall back without tryAllTransports."
)
_WS_ONLY = say("Users whose traffic passes there stay on polling, or are cut off.")
THROWN_OUT = say("Users connect and are thrown out again at once.")

ROWS = (
    Cause(
        "ws_no_upgrade_header",
        Layer.WEBSOCKET,
        Section.TRANSPORTS,
        say("The proxy does not forward the WebSocket upgrade"),
        FALLS_BACK,
        say(
            "Forward Upgrade and Connection over HTTP/1.1 (nginx: proxy_http_version 1.1, "
            "proxy_set_header Upgrade $http_upgrade, Connection “upgrade”)."
        ),
        reach=Reach.PART,
        holds=no_upgrade_header,
    ),
    Cause(
        "ws_blocked_rst",
        Layer.WEBSOCKET,
        Section.NETWORK,
        say("Something resets WebSocket handshakes"),
        FALLS_BACK,
        say("Use wss on port 443, and ask for an exception in the firewall or proxy."),
        reach=Reach.PART,
        needs_control=True,
        holds=blocked_rst,
    ),
    Cause(
        "ws_blocked_drop",
        Layer.WEBSOCKET,
        Section.NETWORK,
        say("Something swallows WebSocket handshakes"),
        say(
            "WebSocket-first clients hang until their timeout and see “closed before the "
            "connection is established”; polling-first clients work."
        ),
        say("Put polling first for now, and ask for an exception in the firewall or proxy."),
        reach=Reach.PART,
        needs_control=True,
        holds=blocked_drop,
    ),
    Cause(
        "ws_bad_accept",
        Layer.WEBSOCKET,
        Section.NETWORK,
        say("A proxy damages the WebSocket handshake"),
        _WS_ONLY,
        say("Bypass or update the proxy that rewrites the handshake."),
        reach=Reach.PART,
        holds=bad_accept,
    ),
    Cause(
        "ws_bad_extension",
        Layer.WEBSOCKET,
        Section.NETWORK,
        say("A proxy switches on a WebSocket extension nobody asked for"),
        THROWN_OUT,
        say("Repair the proxy, or set perMessageDeflate: false on the server."),
        reach=Reach.PART,
        holds=bad_extension,
    ),
    Cause(
        "ws_transport_disabled",
        Layer.WEBSOCKET,
        Section.TRANSPORTS,
        say("The server has the WebSocket transport switched off"),
        FALLS_BACK,
        say("Add 'websocket' to `transports` of the server."),
        reach=Reach.PART,
        holds=transport_disabled,
    ),
    Cause(
        "poll_transport_disabled",
        Layer.WEBSOCKET,
        Section.TRANSPORTS,
        say("The server has the polling transport switched off"),
        say("Clients that start with polling cannot connect; WebSocket-first clients work."),
        say("Connect with transports: ['websocket'], or enable polling on the server."),
        reach=Reach.PART,
        holds=polling_disabled,
    ),
)

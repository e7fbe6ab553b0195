"""Causes at the TLS layer: protocol, and what stands in the way of a handshake."""

from __future__ import annotations

import re

from bot.causes.row import Cause, Fit
from bot.causes.tls_certificate import REFUSED_BY_BROWSERS
from bot.causes.tls_hellos import (
    any_name_is_cut,
    completed,
    filtered_by_name,
    lost_by_size,
    unanswered,
)
from bot.evidence import Failure, HelloAnswer, Phase, TlsHello
from bot.findings import FindingSet, cut, waited_in_vain
from bot.model import Confidence, FollowUp, Layer, Reason, Section, say

_NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL")
# RFC 8446 6.2: the server refuses, and does not say what it dislikes.
_MUTE_ALERTS = (
    "ACCESS_DENIED",
    "DECODE_ERROR",
    "DECRYPT_ERROR",
    "ILLEGAL_PARAMETER",
    "UNEXPECTED_MESSAGE",
    "BAD_RECORD_MAC",
    "USER_CANCEL",
    "MISSING_EXTENSION",
)
_PLAIN_ON_TLS = re.compile(
    r"plain http request|https port|client sent an http request to an https|"
    r"speaking plain http to an ssl|requires tls\b|use (?:the )?https scheme",
    re.IGNORECASE,
)
_REFUSALS = ("HANDSHAKE_FAILURE", "NO_SHARED_CIPHER", "INSUFFICIENT_SECURITY")
# What OpenSSL says of a ServerHello that no browser accepts either
_WEAK_HELLO = ("DH_KEY_TOO_SMALL", "UNSAFE_LEGACY_RENEGOTIATION", "WRONG_SIGNATURE_TYPE")
_OLD = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})


def _alert(found: FindingSet, *parts: str) -> str | None:
    alerts = [t.alert.upper() for t in found.tls if t.alert]
    return next((a for a in alerts if any(part in a for part in parts)), None)


def settle(found: FindingSet, *asked: FollowUp) -> tuple[FollowUp, ...]:
    """Of these follow-ups the ones that have not run."""
    return tuple(f for f in asked if not found.ran(f))


def sni_unrecognized(found: FindingSet) -> Fit | None:
    """The front knows no such name: by the alert meant for it, or by answering another name."""
    name = found.tls[0].server_name if found.tls else ""
    if _alert(found, "UNRECOGNIZED_NAME"):
        return Fit((say("The server's TLS alert: it does not know the name {host}.", host=name),))
    alert = _alert(found, *_REFUSALS, "INTERNAL_ERROR", "ACCESS_DENIED")
    own = found.hellos.get("own")
    known = [h for h in (found.hellos.get("other"), found.hellos.get("none")) if completed(h)]
    if any_name_is_cut(found):
        return Fit(
            (say("The server answers a TLS hello without a name, and cuts off any with one."),),
            Confidence.LIKELY,
            rivals=("tls_rst_in_handshake",),
        )
    if known and own and not completed(own) and not completed(found.hellos.get("lenient")):
        if alert is not None and own.answer is HelloAnswer.ALERT:
            return Fit(
                (
                    say("The server's TLS alert: {alert}.", alert=alert),
                    say("It completes the handshake for another name, or for none."),
                ),
            )
        if own.server_name is None and unanswered(own):
            return Fit(
                (say("The server answers a TLS hello only if it names a host, and an address is "
                     "no name."),),
                Confidence.LIKELY,
            )  # fmt: skip
    if alert is None or "INTERNAL_ERROR" not in alert:
        return None
    return Fit(
        (
            say("The server's TLS alert: {alert}.", alert=alert),
            say("Fronts that have no certificate for {host} answer so.", host=name),
        ),
        Confidence.LIKELY,
        settle(found, FollowUp.TLS_HELLOS),
        rivals=("tls_rst_in_handshake",),
    )


def _lenient(found: FindingSet) -> TlsHello | None:
    """The hello that offers what browsers do not, if the server took only that one."""
    lenient = found.hellos.get("lenient")
    if lenient is None or not lenient.completed or completed(found.hellos.get("own")):
        return None
    return lenient


def old_protocol(found: FindingSet) -> Fit | None:
    """Only TLS versions that clients no longer speak."""
    lenient = _lenient(found)
    if lenient is not None and lenient.version in _OLD:
        return Fit(
            (say("The server speaks {version} and nothing newer.", version=lenient.version),)
        )
    alert = _alert(found, "PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL")
    return Fit((say("The server's TLS alert: {alert}.", alert=alert),)) if alert else None


def cipher_mismatch(found: FindingSet) -> Fit | None:
    """No cipher in common."""
    lenient = _lenient(found)
    if lenient is not None and lenient.version not in _OLD and not filtered_by_name(found):
        return Fit(
            (say("The server agrees only to {cipher}, which clients refuse.",
                 cipher=lenient.cipher or "?"),)
        )  # fmt: skip
    alert = _alert(found, *_REFUSALS, *_WEAK_HELLO)
    if not alert or lenient is not None or refused_after_hello(found):
        return None
    return Fit(
        (say("The server's TLS alert: {alert}.", alert=alert),),
        Confidence.LIKELY,
        settle(found, FollowUp.TLS_HELLOS),
        ("tls_client_cert_required",),
    )


def refused_after_hello(found: FindingSet) -> bool:
    """The server agreed on version and cipher, and refused what came next: our certificate."""
    own = found.hellos.get("own")
    if own is not None:
        return bool(own.asks_certificate and own.failure and own.answer is HelloAnswer.HELLO)
    return any(
        t.failure and t.failure.first_bytes.startswith("\\x16\\x03") and _refusal(t.alert)
        for t in found.tls
    )


def _refusal(alert: str | None) -> bool:
    """An alert with which servers answer an empty certificate message; GnuTLS cannot read it."""
    parts = (*_REFUSALS, "CERTIFICATE", "DECODE_ERROR", "UNEXPECTED_MESSAGE", "ACCESS_DENIED")
    return any(part in (alert or "").upper() for part in parts)


def all_cut_after_handshake(found: FindingSet) -> bool:
    """TLS stands, and every request is cut before a byte comes back."""
    ends = [a.failure for a in found.answers]
    ended = (Reason.RESET, Reason.EOF, Reason.TLS_ALERT)
    return (
        found.over_tls
        and found.tls_up
        and bool(ends)
        and all(f and f.phase is Phase.REQUEST and f.reason in ended for f in ends)
    )


def _not_tls(found: FindingSet) -> bool:
    return found.over_tls and (
        _alert(found, *_NOT_TLS) is not None
        or any(f.reason is Reason.TLS_NOT_SPOKEN for f in found.all)
    )


def plain_http(found: FindingSet) -> Fit | None:
    """The port speaks HTTP without TLS."""
    other = found.plain_http
    if found.tls_up and found.tls:
        return None
    if other and other.spoken:
        return Fit((say("The port answers plain HTTP, not TLS."),))
    if not _not_tls(found) or other:
        return None
    return Fit(
        (say("The answer to a TLS hello is not TLS."),),
        Confidence.LIKELY,
        (FollowUp.PLAIN_HTTP,),
        ("tcp_wrong_service",),
    )


def https_on_http_url(found: FindingSet) -> Fit | None:
    """An http URL leads to a TLS port."""
    if found.over_tls:
        return None
    page = any(a.status in (400, 497) and _PLAIN_ON_TLS.search(a.body) for a in found.answers)
    alert = any(f.first_bytes.startswith("\\x15\\x03") for f in found.failures)
    other = found.tls_on_plain_port
    why = (say("The port speaks TLS, the URL says http."),)
    if page or alert or (other and other.spoken and not found.eio_seen):
        return Fit(why)
    if other is None and found.statuses and set(found.statuses) == {400} and not found.eio_seen:
        # Whatever the page says: a server that expects TLS calls plain HTTP a bad request.
        return Fit(why, Confidence.POSSIBLE, settle(found, FollowUp.TLS_ON_PLAIN_PORT))
    return None


def _waits(found: FindingSet) -> list[Failure]:
    return [t.failure for t in found.tls if t.failure is not None]


def handshake_hang(found: FindingSet) -> Fit | None:
    """A ClientHello, and silence, whatever it says."""
    waits = _waits(found)
    if not waits or len(waits) != len(found.tls) or found.statuses:
        return None
    if not all(waited_in_vain(f, Phase.TLS) for f in waits) or (
        found.plain_http and found.plain_http.spoken
    ):
        return None
    if filtered_by_name(found) or lost_by_size(found) or _lenient(found) or sni_unrecognized(found):
        return None
    lost = any(f.tcp and f.tcp.unacked for f in waits)
    why = (
        say("TCP connects, but the TLS hello is never acknowledged.")
        if lost
        else say("TCP connects and acknowledges, but no TLS answer comes.")
    )
    told = found.hellos.get("own") is not None
    return Fit(
        (why, say("Neither another server name nor small segments change that."))
        if told
        else (why,),
        Confidence.LIKELY,
        settle(found, FollowUp.TLS_HELLOS, FollowUp.PLAIN_HTTP),
        _hang_rivals(told=told, lost=lost),
    )


def _hang_rivals(*, told: bool, lost: bool) -> tuple[str, ...]:
    if not told:
        return ("tls_dpi_sni_drop", "net_mtu_blackhole_tls")
    return ("tcp_blackhole", "tcp_backlog_full") if lost else ("srv_frozen",)


def rst_in_handshake(found: FindingSet) -> Fit | None:
    """A ClientHello, and the connection is cut, or ended by an alert that explains nothing."""
    alert, waits = _alert(found, *_MUTE_ALERTS), _waits(found)
    later = refused_after_hello(found)  # what it dislikes came next, and it had asked for that
    if alert is not None and not (later or _lenient(found) or sni_unrecognized(found)):
        return Fit((say("The server's TLS alert: {alert}.", alert=alert),), Confidence.LIKELY)
    if later or not waits or len(waits) != len(found.tls) or found.statuses:
        return None
    spoken = found.plain_http and found.plain_http.spoken
    if spoken or not all(cut(f, Phase.TLS) for f in waits):
        return None
    if found.burst and found.burst.silent and "open" not in found.burst.silent:
        return None  # cut without a word from us: no matter of TLS
    if filtered_by_name(found) or _lenient(found) or sni_unrecognized(found):
        return None
    own = found.hellos.get("own")
    steady = own is not None and all(unanswered(h) for h in found.hellos.values())
    return Fit(
        (say("The server cuts the connection when it reads the TLS hello."),),
        Confidence.CERTAIN if steady else Confidence.LIKELY,
        settle(found, FollowUp.TCP_BURST, FollowUp.PLAIN_HTTP, FollowUp.TLS_HELLOS),
        () if own is not None else ("tls_dpi_sni_rst",),
    )


# RFC 9113 §3.4: a server of HTTP/2 begins with SETTINGS: 3 bytes of length, type 4, no flags.
_SETTINGS = re.compile(r"^\\x00\\x00.{1,4}\\x04\\x00\\x00\\x00\\x00\\x00", re.DOTALL)


def speaks_http2(failure: Failure) -> bool:
    """The first bytes are HTTP/2's, although HTTP/1.1 was spoken."""
    return bool(_SETTINGS.match(failure.first_bytes))


def h2_only(found: FindingSet) -> Fit | None:
    """HTTP/2 without HTTP/1.1: WebSocket clients have nothing to talk to."""
    why = (say("The server wants HTTP/2 and refuses HTTP/1.1."),)
    refused = _alert(found, "NO_APPLICATION_PROTOCOL") is not None
    page = any(a.status in (403, 505) and "alpn" in a.body.lower() for a in found.answers)
    if refused or page or any(speaks_http2(f) for f in found.failures):
        return Fit(why)
    own, lenient = found.hellos.get("own"), found.hellos.get("lenient")
    offered = bool(own and lenient and lenient.alpn == "h2" and own.alpn != "http/1.1")
    if offered and all_cut_after_handshake(found):
        return Fit(why)
    return None


ROWS = (
    Cause(
        "tls_old_protocol",
        Layer.TLS,
        Section.SERVER,
        say("The server speaks only outdated TLS"),
        REFUSED_BY_BROWSERS,
        say("Enable TLS 1.2 and 1.3 on the server."),
        holds=old_protocol,
    ),
    Cause(
        "tls_cipher_mismatch",
        Layer.TLS,
        Section.SERVER,
        say("Client and server share no TLS cipher"),
        REFUSED_BY_BROWSERS,
        say("Enable modern cipher suites (ECDHE with AES-GCM or ChaCha20)."),
        holds=cipher_mismatch,
    ),
    Cause(
        "tls_sni_unrecognized",
        Layer.TLS,
        Section.SERVER,
        say("The TLS front does not know this host name"),
        REFUSED_BY_BROWSERS,
        say("Add this host name to the TLS configuration of the proxy."),
        holds=sni_unrecognized,
    ),
    Cause(
        "tls_plain_http_on_tls_port",
        Layer.TLS,
        Section.ENVIRONMENT,
        say("The URL says https, the port speaks plain HTTP"),
        say("Nobody can connect."),
        say("Use the http:// (ws://) scheme, or enable TLS on that port."),
        holds=plain_http,
    ),
    Cause(
        "tls_https_on_http_url",
        Layer.TLS,
        Section.ENVIRONMENT,
        say("The URL says http, the port speaks TLS"),
        say("Nobody can connect."),
        say("Change the URL to https:// (wss://)."),
        holds=https_on_http_url,
    ),
    Cause(
        "tls_handshake_hang",
        Layer.TLS,
        Section.SERVER,
        say("The TLS handshake gets no answer"),
        say("Connection attempts hang until the client's timeout, then fail."),
        say("Restart the load balancer or process that terminates TLS."),
        holds=handshake_hang,
    ),
    Cause(
        "tls_rst_in_handshake",
        Layer.TLS,
        Section.SERVER,
        say("The TLS handshake is cut off"),
        say("Nobody can connect."),
        say("Look into the logs of whatever terminates TLS, and at its certificate files."),
        holds=rst_in_handshake,
    ),
    Cause(
        "tls_h2_only",
        Layer.TLS,
        Section.TRANSPORTS,
        say("The server accepts HTTP/2 only"),
        say("WebSockets and clients that speak HTTP/1.1 cannot connect."),
        say("Enable HTTP/1.1 on this listener."),
        holds=h2_only,
    ),
)

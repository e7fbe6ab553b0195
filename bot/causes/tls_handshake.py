"""Causes at the TLS layer: protocol, and what stands in the way of a handshake."""

from __future__ import annotations

import re

from bot.causes.row import Cause, Fit
from bot.causes.tls_certificate import REFUSED_BY_BROWSERS
from bot.evidence import Failure, Phase
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
_CLIENT_CERTIFICATE = re.compile(
    r"required ssl certificate|certificate.required|client certificate|bad_certificate",
    re.IGNORECASE,
)
_PLAIN_ON_TLS = re.compile(
    r"plain http request|https port|client sent an http request to an https", re.IGNORECASE
)


def _alert(found: FindingSet, *parts: str) -> str | None:
    alerts = [t.alert.upper() for t in found.tls if t.alert]
    return next((a for a in alerts if any(part in a for part in parts)), None)


def sni_unrecognized(found: FindingSet) -> Fit | None:
    """The front knows no such name: by the alert meant for it, or by Caddy's and Go's own."""
    name = found.tls[0].server_name if found.tls else ""
    if _alert(found, "UNRECOGNIZED_NAME"):
        return Fit((say("The server's TLS alert: it does not know the name {host}.", host=name),))
    alert = _alert(found, "INTERNAL_ERROR")
    if alert is None:
        return None
    return Fit(
        (
            say("The server's TLS alert: {alert}.", alert=alert),
            say("Fronts that have no certificate for {host} answer so.", host=name),
        ),
        Confidence.LIKELY,
        rivals=("tls_rst_in_handshake",),
    )


def old_protocol(found: FindingSet) -> Fit | None:
    """Only TLS versions that clients no longer speak."""
    alert = _alert(found, "PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL")
    return Fit((say("The server's TLS alert: {alert}.", alert=alert),)) if alert else None


def cipher_mismatch(found: FindingSet) -> Fit | None:
    """No cipher in common."""
    alert = _alert(found, "HANDSHAKE_FAILURE", "NO_SHARED_CIPHER", "INSUFFICIENT_SECURITY")
    if not alert:
        return None
    return Fit(
        (say("The server's TLS alert: {alert}.", alert=alert),),
        Confidence.LIKELY,
        rivals=("tls_client_cert_required",),
    )


def client_cert_required(found: FindingSet) -> Fit | None:
    """Mutual TLS, and we have nothing to show."""
    if found.eio_seen:
        return None
    page = next(
        (a for a in found.answers if a.status in (400, 403, 495, 496) and _asks(a.body)), None
    )
    alert = _alert(found, "CERTIFICATE_REQUIRED")
    told = next((f for f in found.failures if "CERTIFICATE_REQUIRED" in f.detail.upper()), None)
    if page is None and alert is None and told is None:
        return None
    return Fit((say("The server asks for a client certificate and none was sent."),))


def _asks(body: str) -> bool:
    return bool(_CLIENT_CERTIFICATE.search(body))


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
    if page or alert or (other and other.spoken and not found.eio_seen):
        return Fit((say("The port speaks TLS, the URL says http."),))
    return None


def _waits(found: FindingSet) -> list[Failure]:
    return [t.failure for t in found.tls if t.failure is not None]


def handshake_hang(found: FindingSet) -> Fit | None:
    """A ClientHello, and silence."""
    waits = _waits(found)
    if not waits or len(waits) != len(found.tls) or found.statuses:
        return None
    if not all(waited_in_vain(f, Phase.TLS) for f in waits) or (
        found.plain_http and found.plain_http.spoken
    ):
        return None
    lost = any(f.tcp and f.tcp.unacked for f in waits)
    why = (
        say("TCP connects, but the TLS hello is never acknowledged.")
        if lost
        else say("TCP connects and acknowledges, but no TLS answer comes.")
    )
    return Fit(
        (why,),
        Confidence.LIKELY,
        rivals=("tls_dpi_sni_drop", "net_mtu_blackhole_tls"),
    )


def rst_in_handshake(found: FindingSet) -> Fit | None:
    """A ClientHello, and the connection is cut, or ended by an alert that explains nothing."""
    alert = _alert(found, *_MUTE_ALERTS)
    if alert is not None:
        return Fit((say("The server's TLS alert: {alert}.", alert=alert),), Confidence.LIKELY)
    waits = _waits(found)
    if not waits or len(waits) != len(found.tls) or found.statuses:
        return None
    if not all(cut(f, Phase.TLS) for f in waits):
        return None
    burst = found.burst
    if burst and burst.silent and not any(end == "open" for end in burst.silent):
        return None  # cut without a word from us: no matter of TLS
    if found.plain_http and found.plain_http.spoken:
        return None
    settle = tuple(f for f in (FollowUp.TCP_BURST, FollowUp.PLAIN_HTTP) if not found.ran(f))
    return Fit(
        (say("The server cuts the connection when it reads the TLS hello."),),
        Confidence.LIKELY,
        settle,
        ("tls_dpi_sni_rst",),
    )


def h2_only(found: FindingSet) -> Fit | None:
    """HTTP/2 without HTTP/1.1: WebSocket clients have nothing to talk to."""
    refused = _alert(found, "NO_APPLICATION_PROTOCOL") is not None
    page = any(a.status in (403, 505) and "alpn" in a.body.lower() for a in found.answers)
    if not refused and not page:
        return None
    return Fit((say("The server wants HTTP/2 and refuses HTTP/1.1."),))


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
        "tls_client_cert_required",
        Layer.TLS,
        Section.SERVER,
        say("The server demands a client certificate"),
        say("Browsers without the certificate cannot connect."),
        say("Provide the client certificate, or switch mutual TLS off for this host."),
        holds=client_cert_required,
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
        "tls_dpi_sni_rst",
        Layer.TLS,
        Section.NETWORK,
        say("A filter resets TLS for this host name"),
        say("Users behind this filter cannot connect; others can."),
        say("Ask for this host name to be allowed in the filter."),
        needs_control=True,
    ),
    Cause(
        "tls_dpi_sni_drop",
        Layer.TLS,
        Section.NETWORK,
        say("A filter swallows TLS for this host name"),
        say("Users behind this filter cannot connect; others can."),
        say("Ask for this host name to be allowed in the filter."),
        needs_control=True,
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

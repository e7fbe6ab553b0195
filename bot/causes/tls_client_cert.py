"""Causes at the TLS layer: the server wants to see a certificate of ours."""

from __future__ import annotations

import re

from bot.causes.row import Cause, Fit
from bot.causes.tls_handshake import all_cut_after_handshake, refused_after_hello, settle
from bot.evidence import TlsHello
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Reason, Section, say

_CLIENT_CERTIFICATE = re.compile(
    r"required ssl certificate|ssl certificate error|certificate.required|client certificate|"
    r"bad_certificate|post-handshake auth",
    re.IGNORECASE,
)
# RFC 8446 6.2: what a server says of the certificate that a client has shown, or has not.
_OURS = re.compile(
    r"(BAD|UNSUPPORTED)_CERTIFICATE$|CERTIFICATE_(REQUIRED|EXPIRED|REVOKED|UNKNOWN)|UNKNOWN_CA"
)


def client_cert_required(found: FindingSet) -> Fit | None:
    """Mutual TLS, and we have nothing to show."""
    if found.eio_seen:
        return None
    why = (say("The server asks for a client certificate and none was sent."),)
    page = any(a.status in (400, 403, 495, 496) and _asks(a.body) for a in found.answers)
    alerts = _alerts_about_us(found)
    if page or any("CERTIFICATE_REQUIRED" in alert for alert in alerts):
        return Fit(why)
    if found.statuses:
        return _forbidden_without(found)
    own = found.hellos.get("own")
    asked = _asked_and_ended(found, own) if own is not None else None
    if asked is None and alerts:
        told = say("The server's TLS alert: {alert}.", alert=alerts[0])
        return Fit((told,), Confidence.LIKELY, settle(found, FollowUp.TLS_HELLOS))
    return asked if own is not None else _ended_early(found)


def _ended_early(found: FindingSet) -> Fit | None:
    """Before the hellos have run: what else would end a session that has just been agreed upon?"""
    if not (refused_after_hello(found) or all_cut_after_handshake(found)):
        return None
    return Fit(
        (say("The server ends the session right after the TLS handshake."),),
        Confidence.LIKELY,
        (FollowUp.TLS_HELLOS,),
        ("tcp_conn_limit",),
    )


def _alerts_about_us(found: FindingSet) -> list[str]:
    """Alerts that speak of a client's certificate, in the handshake or upon the request.

    In a session that stands, "handshake failure" ends a renegotiation: of all that a server may
    want to negotiate anew, a certificate of ours is what we do not have.
    """
    later = [f.detail.upper() for f in found.failures if f.reason is Reason.TLS_ALERT]
    alerts = [t.alert.upper() for t in found.tls if t.alert] + later
    about_us = [alert for alert in alerts if _OURS.search(alert)]
    return about_us or [a for a in later if found.tls_up and "HANDSHAKE_FAILURE" in a]


def _forbidden_without(found: FindingSet) -> Fit | None:
    """Everything is forbidden (403) by a server that asked for a certificate in the handshake."""
    if not found.over_tls or set(found.statuses) != {403} or found.failures or _browser(found):
        return None
    own = found.hellos.get("own")
    if own is None:
        why = say("Everything is answered {status}.", status=403)
        return Fit((why,), Confidence.POSSIBLE, settle(found, FollowUp.TLS_HELLOS))
    if not own.asks_certificate:
        return None
    return Fit(
        (
            say("The server asks for a client certificate and none was sent."),
            say("Everything is answered {status}.", status=403),
        ),
        Confidence.LIKELY,
        rivals=("http_waf_403",),
    )


def _browser(found: FindingSet) -> bool:
    swapped = found.user_agent
    return swapped is not None and any(a.status != 403 for _, a in swapped.answers)


def _asked_and_ended(found: FindingSet, own: TlsHello) -> Fit | None:
    """The server asked for a certificate and then ended the session.

    To a client that says nothing more it can say why; where it does not, its backend may be gone.
    """
    end = own.after or own.failure
    if not own.asks_certificate or not (end or all_cut_after_handshake(found)):
        return None
    told = bool(end and end.reason is Reason.TLS_ALERT)
    return Fit(
        (say("The server asks for a client certificate and none was sent."),),
        Confidence.CERTAIN if told else Confidence.LIKELY,
        rivals=() if told else ("tcp_conn_limit",),
    )


def _asks(body: str) -> bool:
    return bool(_CLIENT_CERTIFICATE.search(body))


ROWS = (
    Cause(
        "tls_client_cert_required",
        Layer.TLS,
        Section.SERVER,
        say("The server demands a client certificate"),
        say("Browsers without the certificate cannot connect."),
        say("Provide the client certificate, or switch mutual TLS off for this host."),
        holds=client_cert_required,
    ),
)

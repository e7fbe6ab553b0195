"""Wordings of OpenSSL, which Node, Python, nginx, curl and many others pass on."""

from __future__ import annotations

from bot.explain import network
from bot.explain.reading import Pattern

_WHO = "OpenSSL"
_VERIFY = "OpenSSL: crypto/x509/x509_txt.c"
_ALERTS = "OpenSSL: ssl/ssl_err.c"

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        _WHO,
        _VERIFY,
        (
            "unable to verify the first certificate",
            "unable to get local issuer certificate",
            "unable to get issuer certificate",
        ),
        network.CERTIFICATE_ISSUER,
    ),
    Pattern(
        _WHO,
        _VERIFY,
        ("certificate has expired",),
        network.CERTIFICATE_EXPIRED,
    ),
    Pattern(
        _WHO,
        _VERIFY,
        ("certificate is not yet valid",),
        network.CERTIFICATE_EARLY,
    ),
    Pattern(
        _WHO,
        _VERIFY,
        ("self-signed certificate in certificate chain", "self signed certificate in certificate"),
        network.CERTIFICATE_CHAIN,
    ),
    Pattern(
        _WHO,
        _VERIFY,
        ("self-signed certificate", "self signed certificate"),
        network.CERTIFICATE_SELF_SIGNED,
        without=("in certificate chain",),
    ),
    Pattern(
        _WHO,
        _VERIFY,
        ("hostname mismatch", "ip address mismatch"),
        network.CERTIFICATE_NAME,
    ),
    Pattern(
        _WHO,
        f"{_VERIFY}; {_ALERTS}",
        ("certificate key too weak", "ee key too small", "ca md too weak"),
        network.CERTIFICATE_WEAK,
    ),
    Pattern(
        _WHO,
        _ALERTS,
        ("wrong version number", "wrong_version_number", "packet length too long", "http_request]"),
        network.TLS_NOT_SPOKEN,
    ),
    Pattern(
        _WHO,
        _ALERTS,
        (
            "tlsv1 alert protocol version",
            "tlsv1_alert_protocol_version",
            "unsupported protocol",
            "unsupported_protocol",
        ),
        network.TLS_VERSION,
        without=("unsupported protocol version", "err_ssl_"),
    ),
    Pattern(
        _WHO,
        _ALERTS,
        ("alert handshake failure", "alert_handshake_failure"),
        network.TLS_CIPHER,
        without=("err_ssl_",),
    ),
    Pattern(
        _WHO,
        _ALERTS,
        ("tlsv1 unrecognized name", "tlsv1_unrecognized_name", "tlsv1 alert unrecognized name"),
        network.TLS_NAME,
        without=("err_ssl_",),
    ),
    Pattern(
        _WHO,
        _ALERTS,
        ("alert certificate required", "alert_certificate_required"),
        network.CERTIFICATE_WANTED,
        without=("err_ssl_",),
    ),
    Pattern(
        _WHO,
        _ALERTS,
        (
            "unexpected eof while reading",
            "unexpected_eof_while_reading",
            "eof occurred in violation of protocol",
        ),
        network.TLS_BROKEN,
    ),
)

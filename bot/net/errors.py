"""Exception → Reason and Failure. The only place that knows what an errno or an alert means."""

from __future__ import annotations

import errno
import re
import socket
import ssl
import time
from collections.abc import Callable
from typing import Final

import h11

from bot.evidence import Failure, Phase, TcpInfo
from bot.model import Reason
from bot.net.text import FIRST_BYTES, Scrubber, printable


class WireError(Exception):
    """An exchange ended without what it waited for. A fault of the target, not of ours."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.phase}: {failure.reason} {failure.detail}".rstrip())
        self.failure = failure


class StreamEndedError(EOFError):
    """The peer finished the stream although more was owed."""


class NotHttpError(Exception):
    """What arrived is no HTTP/1.1 response."""


class BadFrameError(Exception):
    """What arrived breaks RFC 6455, so that a browser would drop the connection."""


_BY_ERRNO: Final = {
    errno.ECONNREFUSED: Reason.REFUSED,
    errno.ECONNRESET: Reason.RESET,
    errno.ECONNABORTED: Reason.RESET,
    errno.EPIPE: Reason.RESET,
    errno.ETIMEDOUT: Reason.TIMEOUT,
    errno.EHOSTUNREACH: Reason.HOST_UNREACHABLE,
    errno.EHOSTDOWN: Reason.HOST_UNREACHABLE,
    errno.ENETUNREACH: Reason.NO_ROUTE,
    errno.ENETDOWN: Reason.NO_ROUTE,
    errno.EADDRNOTAVAIL: Reason.NO_ROUTE,
    errno.EAFNOSUPPORT: Reason.NO_ROUTE,
    errno.EINVAL: Reason.NO_ROUTE,  # ip-route(8): what connect() says of a "blackhole" route
}

_BY_EAI: Final = {
    socket.EAI_NONAME: Reason.NAME_NOT_FOUND,
    socket.EAI_NODATA: Reason.NO_ADDRESS,
    socket.EAI_ADDRFAMILY: Reason.NO_ADDRESS,
}

# OpenSSL's names for "these bytes are no TLS record"
_NOT_TLS: Final = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "HTTPS_PROXY_REQUEST",
    "UNKNOWN_PROTOCOL",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
    "UNEXPECTED_MESSAGE",
    "INVALID_SSL_MESSAGE",
)

_WHERE: Final = re.compile(r"^\[[^]]*\] | \(_ssl\.c:\d+\)$")  # what Python puts around it

# RFC 8446 §6, and those of its extensions that OpenSSL tells without a word of its own
_ALERTS: Final = {
    20: "BAD_RECORD_MAC",
    40: "HANDSHAKE_FAILURE",
    47: "ILLEGAL_PARAMETER",
    49: "ACCESS_DENIED",
    50: "DECODE_ERROR",
    51: "DECRYPT_ERROR",
    70: "PROTOCOL_VERSION",
    71: "INSUFFICIENT_SECURITY",
    80: "INTERNAL_ERROR",
    86: "INAPPROPRIATE_FALLBACK",
    109: "MISSING_EXTENSION",
    110: "UNSUPPORTED_EXTENSION",
    112: "UNRECOGNIZED_NAME",
    113: "BAD_CERTIFICATE_STATUS_RESPONSE",
    115: "UNKNOWN_PSK_IDENTITY",
    116: "CERTIFICATE_REQUIRED",
    120: "NO_APPLICATION_PROTOCOL",
}


def reason_of(exc: BaseException) -> Reason:
    """One word for an exception of the network. Unknown kinds are `unrecognised`."""
    for kind, reason in _BY_KIND:
        if isinstance(exc, kind):
            return reason(exc) if callable(reason) else reason
    return Reason.UNRECOGNISED


def _of_failure(exc: BaseException) -> Reason:
    return exc.failure.reason if isinstance(exc, WireError) else Reason.UNRECOGNISED


def _of_lookup(exc: BaseException) -> Reason:
    return _BY_EAI.get(exc.args[0] if exc.args else 0, Reason.RESOLVER_FAILED)


def _of_socket(exc: BaseException) -> Reason:
    fallback = Reason.RESET if isinstance(exc, ConnectionResetError) else Reason.SOCKET_ERROR
    return _BY_ERRNO.get(getattr(exc, "errno", None) or 0, fallback)


def _of_tls(exc: BaseException) -> Reason:
    name = str(getattr(exc, "reason", None) or "")
    if "ALERT" in name or name.startswith(("TLSV1_", "TLSV13_")):
        return Reason.TLS_ALERT
    if any(word in name for word in _NOT_TLS):
        return Reason.TLS_NOT_SPOKEN
    return Reason.TLS_ERROR


# The first kind that fits: TimeoutError and the TLS errors are OSErrors too.
_BY_KIND: Final[tuple[tuple[type[BaseException], Reason | Callable[..., Reason]], ...]] = (
    (WireError, _of_failure),
    (BadFrameError, Reason.BAD_FRAME),
    (NotHttpError, Reason.NOT_HTTP),
    (h11.RemoteProtocolError, Reason.NOT_HTTP),
    (ssl.SSLCertVerificationError, Reason.CERTIFICATE_INVALID),
    (ssl.SSLEOFError, Reason.EOF),
    (ssl.SSLZeroReturnError, Reason.EOF),
    (ssl.SSLError, _of_tls),
    (EOFError, Reason.EOF),
    (socket.gaierror, _of_lookup),
    (TimeoutError, Reason.TIMEOUT),
    (OSError, _of_socket),
)


def eai_name(exc: socket.gaierror) -> str:
    """`EAI_AGAIN` and its like, as the manual page spells them."""
    code = exc.args[0]
    for name in ("NONAME", "NODATA", "AGAIN", "FAIL", "ADDRFAMILY", "FAMILY", "SERVICE", "MEMORY"):
        if getattr(socket, f"EAI_{name}", None) == code:
            return f"EAI_{name}"
    return f"EAI {code}"


def errno_name(exc: BaseException) -> str | None:
    """`ECONNREFUSED` and its like; None where an exception has no errno."""
    number = exc.errno if isinstance(exc, OSError) else None
    if number is None:
        return "ETIMEDOUT" if isinstance(exc, TimeoutError) else None
    return errno.errorcode.get(number, str(number))


def failure(
    exc: BaseException,
    phase: Phase,
    *,
    started: float,
    received: int = 0,
    first: bytes = b"",
    tcp: TcpInfo | None = None,
    scrub: Scrubber | None = None,
) -> Failure:
    """Describe how an exchange ended.

    `started` is `time.monotonic()` at the start of the phase, `received` counts its bytes.
    """
    words, reason = _words(exc), reason_of(exc)
    if reason is Reason.TLS_ERROR and (alert := alert_name(first)) is not None:
        words, reason = alert, Reason.TLS_ALERT  # one that this Python has no name for
    head = first[:FIRST_BYTES]
    return Failure(
        phase=phase,
        reason=reason,
        detail=scrub(words) if scrub else printable(words, 300),
        elapsed_ms=since_ms(started),
        bytes_received=received,
        first_bytes=scrub(head, FIRST_BYTES) if scrub else printable(head, FIRST_BYTES),
        tcp=tcp,
    )


def alert_name(first: bytes) -> str | None:
    """The fatal alert that the first bytes of a connection are (RFC 8446 §6), by OpenSSL's word."""
    is_alert = len(first) >= 7 and first[:2] == b"\x15\x03" and first[3:6] == b"\x00\x02\x02"
    if not is_alert:
        return None
    return f"ALERT_{_ALERTS.get(first[6], str(first[6]))}"


def _words(exc: BaseException) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"{exc.verify_code}: {exc.verify_message}"
    if isinstance(exc, ssl.SSLError):  # its errno is none: 1 is SSL_ERROR_SSL, not EPERM
        return exc.reason or _WHERE.sub("", exc.strerror or "TLS error")
    return errno_name(exc) or str(exc) or type(exc).__name__


def since_ms(started: float) -> float:
    """Milliseconds since a `time.monotonic()`."""
    return round((time.monotonic() - started) * 1_000, 3)

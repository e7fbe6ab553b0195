"""TLS contexts and a TLS engine without I/O.

Building a verifying context reads the whole trust store (31 ms, 1 MB: measurements.md), so equal
ones are shared; a changed file makes a new one. The engine runs over memory: the bytes of a failed
handshake stay visible, and nothing differs between event loops.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

ALPN: Final = ["http/1.1"]
_BROWSERS_OLDEST: Final = ssl.TLSVersion.TLSv1_2
# CPython's own choice since 3.10, on every build of it: Debian's would take all of OpenSSL's.
_CIPHERS: Final = (
    "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
)
_RECORD: Final = 16_384
_OP_LEGACY_SERVER_CONNECT: Final = 0x4  # <openssl/ssl.h>; in the ssl module since Python 3.12


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe and who we are. File names; `key_password` never shows."""

    ca_file: str | None = None  # added to the system's store
    cert_file: str | None = None
    key_file: str | None = None
    key_password: str | None = None

    def __repr__(self) -> str:
        return f"Trust(ca_file={self.ca_file!r}, cert_file={self.cert_file!r})"


def check_files(trust: Trust) -> None:
    """Load the files of a trust into a bare context. Raises OSError, ssl.SSLError or ValueError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _load(context, trust)


def verifying(trust: Trust) -> ssl.SSLContext:
    """The context that every real request uses: a browser's rules, Python's defaults."""
    return _verifying(trust, _stamp(trust.ca_file), _stamp(trust.cert_file))


def unverifying(trust: Trust) -> ssl.SSLContext:
    """A context that accepts any certificate: only to read the chain of one that was refused."""
    return _unverifying(trust, _stamp(trust.cert_file))


def lenient(trust: Trust) -> ssl.SSLContext:
    """A context that accepts what no browser does: old versions, weak ciphers, any certificate.

    It offers HTTP/2 as well, so that what a server speaks instead shows.
    """
    context = _bare(trust, "ALL:@SECLEVEL=0", ["h2", *ALPN])
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.options |= _OP_LEGACY_SERVER_CONNECT
    return context


class Overheard:
    """The handshake messages that a context's connections receive, by name.

    Only OpenSSL's message callback sees a CertificateRequest; Python has it for debugging.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._names: set[str] = set()
        self._able = hasattr(context, "_msg_callback")
        if self._able:
            cast("Any", context)._msg_callback = self._message  # noqa: SLF001

    @property
    def asks_certificate(self) -> bool | None:
        """Whether a CertificateRequest came; None where this Python cannot tell."""
        return "CERTIFICATE_REQUEST" in self._names if self._able else None

    def _message(self, _conn: object, direction: str, *about: object) -> None:
        if direction == "read" and len(about) > 2:
            self._names.add(str(getattr(about[2], "name", about[2])))


def plain_hello(trust: Trust) -> ssl.SSLContext:
    """A context of its own that says what `verifying` says, and accepts any certificate."""
    return _bare(trust, _CIPHERS, ALPN)


@lru_cache(maxsize=16)
def _verifying(trust: Trust, *_stamps: int) -> ssl.SSLContext:
    context = ssl.create_default_context()
    # OpenSSL falls back to the subject's CN where there is no SAN; browsers do not (faults.md §3).
    context.hostname_checks_common_name = False
    context.minimum_version = _BROWSERS_OLDEST
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(ALPN)
    _load(context, trust)
    return context


@lru_cache(maxsize=16)
def _unverifying(trust: Trust, *_stamps: int) -> ssl.SSLContext:
    # A key that is too weak for us must still be readable.
    return _bare(trust, "DEFAULT:@SECLEVEL=0", ALPN)


def _bare(trust: Trust, ciphers: str, protocols: list[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = _BROWSERS_OLDEST
    context.set_alpn_protocols(protocols)
    context.set_ciphers(ciphers)
    _load(context, Trust(None, trust.cert_file, trust.key_file, trust.key_password))
    return context


def _load(context: ssl.SSLContext, trust: Trust) -> None:
    if trust.ca_file:
        context.load_verify_locations(cafile=trust.ca_file)
    if trust.cert_file:
        # With no password given OpenSSL would ask on the terminal and wait there.
        context.load_cert_chain(trust.cert_file, trust.key_file, trust.key_password or "")


def _stamp(file: str | None) -> int:
    try:
        return Path(file).stat().st_mtime_ns if file else 0
    except OSError:
        return 0


class Engine:
    """One TLS session over memory: feed what was received, send what is pending."""

    def __init__(self, context: ssl.SSLContext, server_name: str | None) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)

    def feed(self, data: bytes) -> None:
        """Bytes from the wire; empty means that the peer has finished."""
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def pending(self) -> bytes:
        """Bytes for the wire."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def handshake(self) -> bool:
        """True when done; False when more bytes are needed. Raises ssl.SSLError."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def read(self) -> bytes | None:
        """Plain bytes; empty at the end of the stream; None when more is needed."""
        if not (self._incoming.pending or self._object.pending() or self._incoming.eof):
            return None  # an exception costs ten times as much
        try:
            return self._object.read(_RECORD)
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLEOFError:
            return b""  # closed without close_notify: common, and a plain end for HTTP/1.1

    def write(self, data: bytes) -> None:
        """Encrypt; the result is pending."""
        written = self._object.write(data)
        while written < len(data):
            written += self._object.write(memoryview(data)[written:])

    def goodbye(self) -> None:
        """Put close_notify among the pending bytes; a session that never was has none."""
        try:
            self._object.unwrap()
        except (ssl.SSLError, OSError, ValueError):
            return  # it is pending all the same, or there was no session

    @property
    def version(self) -> str | None:
        return self._object.version()

    @property
    def cipher(self) -> str | None:
        cipher = self._object.cipher()
        return cipher[0] if cipher else None

    @property
    def alpn(self) -> str | None:
        return self._object.selected_alpn_protocol()

    def chain(self) -> tuple[bytes, ...]:
        """The certificates that the server sent, leaf first, in DER."""
        return _chain(self._object)


def _chain(session: ssl.SSLObject) -> tuple[bytes, ...]:
    public = getattr(session, "get_unverified_chain", None)  # public since Python 3.13
    if public is not None:
        return tuple(bytes(c) for c in public())
    inner = cast("Any", session)._sslobj  # noqa: SLF001 - the same method, before it was public
    chain = inner.get_unverified_chain() or ()
    return tuple(ssl.PEM_cert_to_DER_cert(c.public_bytes()) for c in chain)

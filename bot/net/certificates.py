"""What a certificate says, however strange: nothing in one may break a probe."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import AuthorityInformationAccessOID

from bot.evidence import Certificate
from bot.net.text import printable

T = TypeVar("T")

EXPIRING_DAYS: Final = 21.0
EXPIRING_SHARE: Final = 1 / 3  # of the lifetime: renewal of short-lived certificates comes later
_MAX_NAMES: Final = 64
_NAME_CHARACTERS: Final = 256

# What reading a malformed certificate may raise: ASN.1 errors, unknown algorithms, bad dates.
_STRANGE: Final = (
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
    NotImplementedError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


def read(chain: Sequence[bytes], now: datetime) -> Certificate | None:
    """Describe the leaf of a chain in DER; None where it cannot be parsed at all."""
    if not chain:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        return _or(None, lambda: _read(chain, now))


def is_expiring(certificate: Certificate) -> bool:
    """Whether renewal is late: under 21 days or a third of the lifetime, whichever is shorter."""
    enough = min(EXPIRING_DAYS, certificate.lifetime_days * EXPIRING_SHARE)
    return certificate.days_left < enough


def _read(chain: Sequence[bytes], now: datetime) -> Certificate:
    leaf = x509.load_der_x509_certificate(chain[0])
    begin = _or(datetime.min.replace(tzinfo=UTC), lambda: leaf.not_valid_before_utc)
    end = _or(datetime.max.replace(tzinfo=UTC), lambda: leaf.not_valid_after_utc)
    return Certificate(
        subject=_name(lambda: leaf.subject),
        issuer=_name(lambda: leaf.issuer),
        names=_or((), lambda: _names(leaf)),
        not_before=begin,
        not_after=end,
        days_left=round((end - now).total_seconds() / 86_400, 3),
        lifetime_days=round((end - begin).total_seconds() / 86_400, 3),
        chain_length=len(chain),
        self_signed=_or(False, lambda: leaf.subject == leaf.issuer),
        issuer_url=_or(False, lambda: _has_issuer_url(leaf)),
        key=_or("unknown", lambda: _key(leaf)),
        issuer_sent=_or(None, lambda: _issuer_is_among(leaf, chain[1:])),
    )


def _or(otherwise: T, get: Callable[[], T]) -> T:
    try:
        return get()
    except _STRANGE:
        return otherwise


def _name(get: Callable[[], x509.Name]) -> str:
    return printable(_or("unreadable", lambda: get().rfc4514_string()), _NAME_CHARACTERS)


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    found = [n.value for n in san if isinstance(n, x509.DNSName)]
    found += [str(n.value) for n in san if isinstance(n, x509.IPAddress)]
    return tuple(printable(name, _NAME_CHARACTERS) for name in found[:_MAX_NAMES])


def _issuer_is_among(leaf: x509.Certificate, others: Sequence[bytes]) -> bool:
    sent = (x509.load_der_x509_certificate(other) for other in others)
    return leaf.issuer == leaf.subject or any(other.subject == leaf.issuer for other in sent)


def _has_issuer_url(leaf: x509.Certificate) -> bool:
    try:
        access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return False
    return any(a.access_method == AuthorityInformationAccessOID.CA_ISSUERS for a in access)


def _key(leaf: x509.Certificate) -> str:
    key = leaf.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC-P-{key.key_size}"
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA-{key.key_size}"
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        return "Ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else "Ed448"
    return "unknown"

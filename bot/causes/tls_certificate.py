"""Causes at the TLS layer: the certificate."""

from __future__ import annotations

import re

from bot.causes.controls import date_is_ours
from bot.causes.row import Cause, Fit, Reach
from bot.evidence import Certificate, TlsEvidence
from bot.findings import FindingSet
from bot.model import Confidence, Layer, Reason, Section, Status, say

# X509_V_ERR_* of OpenSSL (x509_vfy.h)
_NOT_YET_VALID = 9
_EXPIRED = 10
_SELF_SIGNED_LEAF = 18
_SELF_SIGNED_IN_CHAIN = 19
_NO_ISSUER = frozenset({2, 20, 21})
_HOST_MISMATCH = frozenset({62, 63, 64})
_WEAK = frozenset({66, 67, 68})  # EE key, CA key, CA digest too weak

# What inspects TLS says so in the name of its issuer: by what it does, or by whose it is.
_INSPECTION = re.compile(
    r"inspect|intercept|decrypt|proxy|firewall|mitm|ssl.?bump|ssl.?visib|forward.(un)?trust|"
    r"(web|mail|secure|internet|security).(gateway|shield|filter)|content.filter|parental|"
    r"zscaler|netskope|goskope|fortigate|fortinet|palo ?alto|blue ?coat|forcepoint|websense|mcafee|"
    r"skyhigh|sophos|kaspersky|avast|\bavg\b|bitdefender|\beset\b|norton|f-?secure|dr\.? ?web|"
    r"adguard|trend.?micro|check ?point|cisco umbrella|barracuda|untangle|trustwave|smoothwall|"
    r"sonicwall|watchguard|cyberoam|pfsense|opnsense|\bsquid\b|iboss|contentkeeper|menlo|lightspeed|"
    r"securly|gfi software|burp|portswigger|charles|fiddler",
    re.IGNORECASE,
)


def _codes(found: FindingSet) -> frozenset[int]:
    return frozenset(t.verify_code for t in found.tls if t.verify_code)


def _with_code(found: FindingSet, codes: frozenset[int]) -> TlsEvidence | None:
    return next((t for t in found.tls if t.verify_code in codes), None)


def _certificate(found: FindingSet, *codes: int) -> Certificate | None:
    shown = _with_code(found, frozenset(codes))
    return shown.certificate if shown else None


def expired(found: FindingSet) -> Fit | None:
    """notAfter has passed."""
    if _EXPIRED not in _codes(found) or date_is_ours(found):
        return None
    leaf = _certificate(found, _EXPIRED)
    if leaf is None or leaf.days_left >= 0:
        return Fit((say("A certificate of the chain has expired."),))
    return Fit(
        (
            say(
                "The certificate expired on {date}, {days} days ago.",
                date=leaf.not_after.date().isoformat(),
                days=max(round(-leaf.days_left), 0),
            ),
        ),
    )


def not_yet_valid(found: FindingSet) -> Fit | None:
    """notBefore lies ahead."""
    if _NOT_YET_VALID not in _codes(found) or date_is_ours(found):
        return None
    leaf = _certificate(found, _NOT_YET_VALID)
    date = leaf.not_before.date().isoformat() if leaf else "?"
    return Fit((say("The certificate is only valid from {date} on.", date=date),))


def self_signed(found: FindingSet) -> Fit | None:
    """The leaf signed itself."""
    if _SELF_SIGNED_LEAF not in _codes(found):
        return None
    leaf = _certificate(found, _SELF_SIGNED_LEAF)
    return Fit(
        (say("Subject and issuer are the same: {subject}.", subject=leaf.subject if leaf else "?"),)
    )


def hostname_mismatch(found: FindingSet) -> Fit | None:
    """The certificate is good, for other names."""
    shown = _with_code(found, _HOST_MISMATCH)
    if shown is None or (shown.certificate and not shown.certificate.names):
        return None
    names = shown.certificate.names if shown.certificate else ()
    return Fit(
        (
            say(
                "The certificate is for {names}, not for {host}.",
                names=", ".join(names[:5]) or "?",
                host=shown.server_name,
            ),
        ),
    )


def no_san(found: FindingSet) -> Fit | None:
    """Only a common name: browsers have not accepted that since 2017."""
    nameless = next((t for t in found.tls if t.certificate and not t.certificate.names), None)
    if nameless is None or _codes(found) - _HOST_MISMATCH:
        return None
    return Fit((say("The certificate has no subjectAltName; browsers refuse it."),))


def _inspected(found: FindingSet) -> Certificate | None:
    """The leaf, if its issuer is an inspecting product by name, or forges the controls' as well."""
    untrusted = _with_code(found, _NO_ISSUER | {_SELF_SIGNED_IN_CHAIN})
    leaf = untrusted.certificate if untrusted else None
    if leaf is None or not (_INSPECTION.search(leaf.issuer) or _everywhere(found, leaf)):
        return None
    return leaf


def _everywhere(found: FindingSet, leaf: Certificate) -> bool:
    """Other hosts, which the controls are, show certificates of the same untrusted issuer."""
    looks = found.control.looks if found.control else ()
    return any(look.untrusted_issuer == leaf.issuer for look in looks)


def mitm(found: FindingSet) -> Fit | None:
    """The issuer is a product that inspects TLS."""
    leaf = _inspected(found)
    if leaf is None:
        return None
    issued = say("The certificate was issued by “{issuer}”.", issuer=leaf.issuer)
    if _everywhere(found, leaf):
        return Fit((issued, say("The controls show certificates of the same issuer.")))
    return Fit((issued,), Confidence.LIKELY, rivals=("tls_unknown_ca",))


def missing_intermediate(found: FindingSet) -> Fit | None:
    """The leaf came without its issuer, and says where that can be fetched, or came with others."""
    shown = _with_code(found, _NO_ISSUER)
    leaf = shown.certificate if shown else None
    if leaf is None or _issuer_sent(leaf) or _inspected(found):
        return None
    alone = leaf.chain_length <= 1
    if alone and not leaf.issuer_url:
        return None
    why = (
        say(
            "The server sends its certificate alone, without that of its issuer “{issuer}”.",
            issuer=leaf.issuer,
        )
        if alone
        else say(
            "Of the certificates that the server sends none is that of the issuer “{issuer}”.",
            issuer=leaf.issuer,
        )
    )
    if leaf.issuer_url:
        return Fit((why,))
    return Fit((why,), Confidence.LIKELY, rivals=("tls_unknown_ca",))


def _issuer_sent(leaf: Certificate) -> bool:
    return leaf.chain_length > 1 if leaf.issuer_sent is None else leaf.issuer_sent


def unknown_ca(found: FindingSet) -> Fit | None:
    """A chain that ends at nobody we trust."""
    shown = _with_code(found, _NO_ISSUER | {_SELF_SIGNED_IN_CHAIN})
    if shown is None or missing_intermediate(found) or _inspected(found):
        return None
    leaf = shown.certificate
    alone = leaf is not None and leaf.chain_length == 1 and shown.verify_code in _NO_ISSUER
    return Fit(
        (
            say(
                "The issuer “{issuer}” is not in the trust store.",
                issuer=leaf.issuer if leaf else "?",
            ),
        ),
        rivals=("tls_missing_intermediate",) if alone else (),
    )


def weak_key(found: FindingSet) -> Fit | None:
    """A key or digest below what clients accept."""
    shown = _with_code(found, _WEAK)
    if shown is None:
        return None
    key = shown.certificate.key if shown.certificate else "?"
    return Fit((say("The certificate's key or signature is too weak ({key}).", key=key),))


def expiring(found: FindingSet) -> Fit | None:
    """Still valid, not for long."""
    soon = next(
        (
            f.evidence.certificate
            for f in found.named("tls")
            if f.reason is Reason.CERTIFICATE_EXPIRING
            and f.status is Status.WARN
            and isinstance(f.evidence, TlsEvidence)
        ),
        None,
    )
    if soon is None or _codes(found):
        return None
    return Fit(
        (
            say(
                "The certificate ends on {date}, in {days} days.",
                date=soon.not_after.date().isoformat(),
                days=max(int(soon.days_left), 0),
            ),
        ),
    )


REFUSED_BY_BROWSERS = say("Browsers refuse the connection; users see only “connection failed”.")

ROWS = (
    Cause(
        "tls_expired",
        Layer.TLS,
        Section.SERVER,
        say("The certificate has expired"),
        REFUSED_BY_BROWSERS,
        say("Renew the certificate and switch automatic renewal on."),
        holds=expired,
    ),
    Cause(
        "tls_expiring",
        Layer.TLS,
        Section.SERVER,
        say("The certificate is about to expire"),
        say("Nobody is affected yet; on that day every browser will refuse to connect."),
        say("Renew the certificate now and check why automatic renewal did not."),
        reach=Reach.QUALITY,
        holds=expiring,
    ),
    Cause(
        "tls_not_yet_valid",
        Layer.TLS,
        Section.SERVER,
        say("The certificate is not valid yet"),
        REFUSED_BY_BROWSERS,
        say("Correct the clock, or reissue the certificate with valid dates."),
        holds=not_yet_valid,
    ),
    Cause(
        "tls_self_signed",
        Layer.TLS,
        Section.SERVER,
        say("The certificate is self-signed"),
        REFUSED_BY_BROWSERS,
        say("Install a certificate of a public certificate authority."),
        holds=self_signed,
    ),
    Cause(
        "tls_hostname_mismatch",
        Layer.TLS,
        Section.SERVER,
        say("The certificate is for another host name"),
        REFUSED_BY_BROWSERS,
        say("Add this host name to the certificate (subjectAltName), or correct the URL."),
        holds=hostname_mismatch,
    ),
    Cause(
        "tls_no_san",
        Layer.TLS,
        Section.SERVER,
        say("The certificate has no subjectAltName"),
        REFUSED_BY_BROWSERS,
        say("Reissue the certificate with a subjectAltName entry."),
        holds=no_san,
    ),
    Cause(
        "tls_missing_intermediate",
        Layer.TLS,
        Section.SERVER,
        say("The server does not send the intermediate certificate"),
        say("Some browsers complete the chain themselves; others, Node and phones refuse."),
        say("Serve the full chain (fullchain.pem)."),
        holds=missing_intermediate,
    ),
    Cause(
        "tls_unknown_ca",
        Layer.TLS,
        Section.SERVER,
        say("The certificate's issuer is not trusted"),
        REFUSED_BY_BROWSERS,
        say("Use a public certificate authority, or install this root where it is needed."),
        holds=unknown_ca,
    ),
    Cause(
        "tls_mitm_corp_ca",
        Layer.TLS,
        Section.NETWORK,
        say("TLS is inspected on the way"),
        say("Clients that do not trust the inspecting root are refused."),
        say("Exempt the host from TLS inspection, or install the corporate root."),
        holds=mitm,
    ),
    Cause(
        "tls_weak_key",
        Layer.TLS,
        Section.SERVER,
        say("The certificate's key is too weak"),
        REFUSED_BY_BROWSERS,
        say("Reissue the certificate with RSA-2048 or P-256 and SHA-256."),
        holds=weak_key,
    ),
)

"""`tls`: a verified handshake with every address; a refused certificate is read by a second one."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import replace
from typing import Final

from bot.evidence import Certificate, Failure, NoEvidence, Phase, TlsEvidence
from bot.model import Finding, Reason, Status
from bot.net import certificates, tls
from bot.net.connection import Connection
from bot.net.endpoint import Endpoint
from bot.net.errors import WireError
from bot.probes import outcome
from bot.probes.look import Look
from bot.probes.outcome import Judged

MAX_ADDRESSES: Final = 8
_HOSTNAME_MISMATCH: Final = frozenset({62, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, IP_ADDRESS_MISMATCH


async def probe(look: Look) -> tuple[Finding, ...]:
    """Shake hands with every address at once."""
    started = time.monotonic()
    to = look.endpoint
    if not to.secure:
        evidence = NoEvidence("the URL asks for no TLS")
        return (outcome.found("tls", outcome.NOT_NEEDED, evidence, started),)
    known: tuple[str | None, ...] = (None,)
    if look.dialer.proxy_for(to) is None:
        try:
            known = (await look.dialer.allowed(to.host)).addresses[:MAX_ADDRESSES]
        except WireError as exc:
            return (
                outcome.found(
                    "tls",
                    outcome.NOT_REACHED,
                    TlsEvidence(to.host, failure=exc.failure),
                    started,
                ),
            )
    return tuple(await asyncio.gather(*(_address(look, to, address) for address in known)))


async def _address(look: Look, to: Endpoint, address: str | None) -> Finding:
    started = time.monotonic()
    try:
        connection = await look.dialer.dial(to, address=address)
    except WireError as exc:
        evidence = _failed(to, exc)
        if exc.failure.reason is Reason.CERTIFICATE_INVALID:
            certificate = await _unverified(look, to, address)
            evidence = replace(evidence, certificate=certificate)
    else:
        with connection:
            evidence = _seen(look, to, connection)
    return outcome.found("tls", _judge(evidence), evidence, started, address=address)


def _seen(look: Look, to: Endpoint, connection: Connection) -> TlsEvidence:
    engine = connection.tls
    if engine is None:
        raise RuntimeError("a secure endpoint was dialled without TLS")
    return TlsEvidence(
        server_name=to.host,
        version=engine.version,
        cipher=engine.cipher,
        alpn=engine.alpn,
        handshake_ms=connection.tls_ms,
        verify_code=0,
        certificate=certificates.read(engine.chain(), look.clock()),
    )


def _failed(to: Endpoint, exc: WireError) -> TlsEvidence:
    cause = exc.__cause__
    evidence = TlsEvidence(to.host, failure=exc.failure)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return replace(
            evidence, verify_code=cause.verify_code, verify_message=cause.verify_message[:200]
        )
    if isinstance(cause, ssl.SSLError):
        told = exc.failure.detail if exc.failure.reason is Reason.TLS_ALERT else None
        return replace(evidence, alert=cause.reason or told)
    return evidence


async def _unverified(look: Look, to: Endpoint, address: str | None) -> Certificate | None:
    """The certificate that was refused; None when the second handshake fails as well."""
    context = tls.unverifying(look.dialer.policy.trust)
    try:
        with await look.dialer.reach(to, address=address) as connection:
            await look.dialer.secure(connection, context, to.host)
            chain = connection.tls.chain() if connection.tls is not None else ()
    except WireError:
        return None
    return certificates.read(chain, look.clock())


def _judge(evidence: TlsEvidence) -> Judged:
    certificate = evidence.certificate
    if evidence.failure is not None:
        return _blame(evidence, evidence.failure)
    if certificate is not None and certificates.is_expiring(certificate):
        return Status.WARN, Reason.CERTIFICATE_EXPIRING
    return outcome.OK


def _blame(evidence: TlsEvidence, failure: Failure) -> Judged:
    if failure.phase is not Phase.TLS:
        return outcome.NOT_REACHED
    nameless = evidence.certificate is not None and not evidence.certificate.names
    if nameless and evidence.verify_code in _HOSTNAME_MISMATCH:
        return Status.FAIL, Reason.CERTIFICATE_NAMELESS
    return Status.FAIL, failure.reason

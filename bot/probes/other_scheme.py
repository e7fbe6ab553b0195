"""Follow-ups `tls_on_plain_port` and `plain_http`: the port addressed the other way round."""

from __future__ import annotations

import time
from typing import Final

from bot.evidence import Failure, OtherSchemeEvidence, Phase, TlsEvidence
from bot.model import Finding, FollowUp, Reason
from bot.net import certificates, tls
from bot.net.errors import WireError
from bot.probes import outcome
from bot.probes.look import DEFAULT_HEALTH, Look

ANSWER_S: Final = 3.0
_TLS_ANSWERS: Final = frozenset({Reason.TLS_ALERT, Reason.CERTIFICATE_INVALID})
_WANTS_TLS: Final = "https port"  # nginx: "The plain HTTP request was sent to HTTPS port"


async def tls_on_plain_port(look: Look) -> Finding:
    """Offer a TLS handshake to the port of an http URL, whatever its certificate."""
    started = time.monotonic()
    name = FollowUp.TLS_ON_PLAIN_PORT.value
    host = look.endpoint.host
    context = tls.unverifying(look.dialer.policy.trust)
    try:
        with await look.dialer.reach(look.endpoint) as connection:
            await look.dialer.secure(connection, context, host)
            engine = connection.tls
            evidence = TlsEvidence(
                server_name=host,
                version=engine.version if engine else None,
                handshake_ms=connection.tls_ms,
                certificate=certificates.read(engine.chain(), look.clock()) if engine else None,
            )
            spoken = True
    except WireError as exc:
        evidence = TlsEvidence(host, failure=exc.failure)
        spoken = _is_tls(exc.failure)
    return outcome.found(name, outcome.OK, OtherSchemeEvidence(spoken, tls=evidence), started)


async def plain_http(look: Look) -> Finding:
    """Send a plain GET to the port of an https URL."""
    started = time.monotonic()
    name = FollowUp.PLAIN_HTTP.value
    to = look.endpoint.flipped() if look.endpoint.secure else look.endpoint
    request = look.get(look.target.health_path or DEFAULT_HEALTH)
    answer = (await look.fetch(request, to=to, timeout_s=ANSWER_S)).answer
    spoken = answer.status is not None and _WANTS_TLS not in answer.body.lower()
    return outcome.found(name, outcome.OK, OtherSchemeEvidence(spoken, answer), started)


def _is_tls(failure: Failure) -> bool:
    return failure.phase is Phase.TLS and failure.reason in _TLS_ANSWERS

"""When an answer is late, and how an exchange ended without one. Pure."""

from __future__ import annotations

from bot.evidence import Failure, HttpAnswer, Phase, TlsEvidence
from bot.model import Reason

# Above the path's round trip; a healthy handshake takes single milliseconds, a busy loop of 93 %
# answers in 400 to 1400 (faults.md). What was late once is asked again before it is said.
SLOW_MS = 400.0
COLD_MS = 1_000.0  # an instance that starts takes at least that
ANSWERED = "answered"
NOT_ENGINE_IO = frozenset({404, 500, 502, 503})  # its own refusals are 400 and 403


def verified(tls: TlsEvidence) -> bool:
    """The handshake completed and the certificate holds."""
    return not tls.verify_code and tls.failure is None


def own_time_ms(answer: HttpAnswer | None) -> float | None:
    """How long the server itself took, the way there and back not counted; None: no answer."""
    if answer is None or answer.ttfb_ms is None:
        return None
    return max(answer.ttfb_ms - (answer.connect_ms or 0.0), 0.0)


def waited_in_vain(failure: Failure | None, *phases: Phase) -> bool:
    """The exchange ended in a timeout in one of these phases."""
    return bool(failure and failure.reason is Reason.TIMEOUT and failure.phase in phases)


def cut(failure: Failure | None, *phases: Phase) -> bool:
    """The peer ended the exchange (FIN or RST) in one of these phases."""
    return bool(
        failure and failure.reason in (Reason.RESET, Reason.EOF) and failure.phase in phases
    )

"""Causes at the forward proxy that leads out of this network."""

from __future__ import annotations

from bot.causes.row import Cause, Fit
from bot.evidence import HttpAnswer
from bot.findings import FindingSet
from bot.model import Confidence, Layer, Section, say


def _refusal(found: FindingSet) -> HttpAnswer | None:
    """The proxy's answer to CONNECT, where it is none that opens a tunnel."""
    answer = found.proxy.answer if found.proxy else None
    if answer is None or answer.status is None or 200 <= answer.status < 300:
        return None
    return answer


def auth_required(found: FindingSet) -> Fit | None:
    """407: the proxy wants to know who asks."""
    answer = _refusal(found)
    if answer is None or answer.status != 407:
        return None
    return Fit((say("The proxy answers CONNECT with {status}.", status=407),))


def connect_denied(found: FindingSet) -> Fit | None:
    """The proxy opens no tunnel to this host and port."""
    answer = _refusal(found)
    if answer is None or answer.status is None or answer.status == 407:
        return None
    policy = answer.status in (403, 405)
    return Fit(
        (say("The proxy answers CONNECT with {status}.", status=answer.status),),
        Confidence.CERTAIN if policy else Confidence.LIKELY,
    )


_BEHIND = say("Users behind this proxy cannot connect; others can.")

ROWS = (
    Cause(
        "proxy_auth_required",
        Layer.PROXY,
        Section.NETWORK,
        say("The proxy demands a user name and password (407)"),
        _BEHIND,
        say("Give the client the proxy's credentials, or exempt this host from it (NO_PROXY)."),
        holds=auth_required,
    ),
    Cause(
        "proxy_connect_denied",
        Layer.PROXY,
        Section.NETWORK,
        say("The proxy forbids this host or port"),
        _BEHIND,
        say("Use port 443, or have this host and port allowed on the proxy."),
        holds=connect_denied,
    ),
)

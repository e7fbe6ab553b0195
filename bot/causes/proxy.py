"""Causes at the forward proxy that leads out of this network."""

from __future__ import annotations

import errno

from bot.causes.row import Cause, Fit
from bot.evidence import HttpAnswer
from bot.findings import FindingSet
from bot.model import Confidence, Layer, Section, say

_PATIENCE_MS = 2_500.0  # a refusal comes in a round trip


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
    if unreached(answer):
        return None
    policy = answer.status in (403, 405)
    return Fit(
        (say("The proxy answers CONNECT with {status}.", status=answer.status),),
        Confidence.CERTAIN if policy else Confidence.LIKELY,
    )


def unreached(answer: HttpAnswer) -> bool:
    """The proxy would, and cannot: it says that it came to nothing itself (RFC 9110 §15.6)."""
    if answer.header("x-squid-error"):
        return answer.header("x-squid-error") not in ("ERR_ACCESS_DENIED 0", "ERR_TOO_BIG 0")
    return answer.status in (500, 502, 503, 504)


def no_way_from_proxy(found: FindingSet, *, patient: bool) -> str | None:
    """What the proxy of the run answers when it finds no way to the backend: its words or status.

    patient: it waited for the backend in vain, as against being turned away at once.
    """
    answer, finding = _refusal(found), found.finding("tcp")
    if answer is None or finding is None or not unreached(answer):
        return None
    said = answer.header("x-squid-error") or str(answer.status)
    waited = (
        said == "504" or said.endswith(f" {errno.ETIMEDOUT}") or finding.duration_ms > _PATIENCE_MS
    )
    return said if waited is patient else None


def required(found: FindingSet) -> Fit | None:
    """We come to nothing, and a proxy of the environment leads to the backend."""
    through = found.via_proxy
    if through is None or through.answer is None or found.reachable or found.proxy is not None:
        return None
    return Fit(
        (
            say(
                "Direct connections come to nothing; through the proxy {proxy}, which this target "
                "does not use, the backend answers.",
                proxy=through.proxy,
            ),
        ),
        Confidence.CERTAIN if through.open else Confidence.LIKELY,
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
    Cause(
        "proxy_required",
        Layer.PROXY,
        Section.NETWORK,
        say("This network wants a proxy"),
        say("Clients in this network that do not use the proxy cannot connect; others can."),
        say("Set HTTP_PROXY and HTTPS_PROXY for the client, and look at what NO_PROXY exempts."),
        holds=required,
    ),
)

"""Causes in front of the application: guards that ask who we are before they let anybody in."""

from __future__ import annotations

import re

from bot.causes.http_front import (
    browser_gets_in,
    challenged,
    eio_answer,
    everywhere,
    host_unknown,
    no_route,
    said,
    spoken_by_front,
    stored_files,
    words,
)
from bot.causes.row import Cause, Fit
from bot.evidence import HttpAnswer
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Section, say

_GOOGLE_DENIED = re.compile(r"does not have permission to get URL", re.IGNORECASE)
_REFUSED = frozenset({403, 406, 418, 451, 456, 493})  # what firewalls for tools and bots answer
_LIMITED = 429


def _google(answer: HttpAnswer) -> bool:
    return answer.status == 403 and bool(_GOOGLE_DENIED.search(words(answer)))


def cloudrun_iam(found: FindingSet) -> Fit | None:
    """Cloud Run demands an identity."""
    answer = spoken_by_front(found)
    if answer is None or not _google(answer):
        return None
    return Fit((said(answer), say("Cloud Run does not allow unauthenticated calls.")))


def waf(found: FindingSet) -> Fit | None:
    """Refused as a tool: a challenge, a browser that gets in, or a page that forbids everywhere."""
    answer = eio_answer(found)
    if answer is None or answer.status is None or found.eio_seen or answer.status == _LIMITED:
        return None
    swap = () if found.ran(FollowUp.USER_AGENT) else (FollowUp.USER_AGENT,)
    if browser_gets_in(found):
        return Fit((said(answer), say("A browser's User-Agent gets in, ours does not.")))
    if challenged(answer):
        why = say("The page asks the caller to prove that it is a browser.")
        return Fit((said(answer), why), Confidence.CERTAIN, swap)
    if answer.status not in _REFUSED or _google(answer) or "alpn" in answer.body.lower():
        return None
    if no_route(answer) or host_unknown(answer) or stored_files(answer):
        return None
    rivals = (
        ("eio_forbidden_all",)
        if everywhere(found, _REFUSED)
        else ("eio_forbidden_all", "http_sio_absent")
    )
    return Fit((said(answer),), Confidence.LIKELY, swap, rivals)


def unauthorised(found: FindingSet) -> Fit | None:
    """HTTP authentication in front."""
    answer = spoken_by_front(found)
    if answer is None or answer.status != 401:
        return None
    scheme = answer.header("www-authenticate")
    return Fit((said(answer),), Confidence.CERTAIN if scheme else Confidence.LIKELY)


_NOBODY = say("Nobody can connect.")

ROWS = (
    Cause(
        "cloudrun_403_iam",
        Layer.HTTP,
        Section.SERVER,
        say("Cloud Run rejects unauthenticated calls (403)"),
        _NOBODY,
        say("Allow unauthenticated invocations (roles/run.invoker for allUsers)."),
        holds=cloudrun_iam,
    ),
    Cause(
        "http_401_auth",
        Layer.HTTP,
        Section.SERVER,
        say("The front demands HTTP authentication (401)"),
        _NOBODY,
        say("Send the credentials, or exempt /socket.io/ from authentication."),
        holds=unauthorised,
    ),
    Cause(
        "http_waf_403",
        Layer.HTTP,
        Section.NETWORK,
        say("A firewall in front rejects this client (403)"),
        say("Real browsers may be fine: the rule may be aimed at tools."),
        say("Allow the monitor's User-Agent or address in the firewall's rules."),
        holds=waf,
    ),
)

"""Causes in front of the application: guards that ask who we are before they let anybody in."""

from __future__ import annotations

import re

from bot.causes.http_front import (
    blocked,
    browser_gets_in,
    challenged,
    eio_answer,
    everywhere,
    host_unknown,
    is_page,
    no_route,
    polling_taken,
    said,
    spoken_by_front,
    stored_files,
    websocket_passes,
    words,
)
from bot.causes.row import Cause, Fit
from bot.evidence import HttpAnswer
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Section, say

_GOOGLE_DENIED = re.compile(r"does not have permission to (?:get|the requested) URL", re.IGNORECASE)
# A 403 whose page offers a sign-in: a gate in front (oauth2-proxy, Authelia, Pomerium …).
_SIGN_IN = re.compile(
    r"oauth2[-_/ ]?(?:proxy|start)|sign in with|<title>[^<]{0,40}(?:sign|log)[ -]?in|"
    r"action=[\"']?[^\"'>]{0,80}(?:sign|log)[-_]?in",
    re.IGNORECASE,
)
_REFUSED = frozenset({403, 406, 418, 451, 456, 493})  # what firewalls for tools and bots answer
_LIMITED = 429


def _google(answer: HttpAnswer) -> bool:
    return answer.status in (401, 403) and bool(_GOOGLE_DENIED.search(words(answer)))


def _offers_sign_in(answer: HttpAnswer) -> bool:
    return answer.status == 403 and is_page(answer) and bool(_SIGN_IN.search(words(answer)))


def cloudrun_iam(found: FindingSet) -> Fit | None:
    """Cloud Run demands an identity."""
    answer = spoken_by_front(found)
    if answer is None or not _google(answer):
        return None
    return Fit((said(answer), say("Cloud Run does not allow unauthenticated calls.")))


def waf(found: FindingSet) -> Fit | None:
    """Refused as a tool: a challenge, a browser that gets in, or a page that forbids everywhere."""
    answer = _asked_to_go(found)
    if answer is None:
        return None
    swap = () if found.ran(FollowUp.USER_AGENT) else (FollowUp.USER_AGENT,)
    if browser_gets_in(found):
        return Fit((said(answer), say("A browser's User-Agent gets in, ours does not.")))
    if challenged(answer):
        why = say("The page asks the caller to prove that it is a browser.")
        return Fit((said(answer), why), Confidence.CERTAIN, swap)
    if blocked(answer):
        why = say("The page is that of a firewall which refuses the request.")
        return Fit((said(answer), why), Confidence.LIKELY, swap)
    if answer.status not in _REFUSED or _another_reason(answer):
        return None
    rivals = (
        ("eio_forbidden_all",)
        if everywhere(found, _REFUSED)
        else ("eio_forbidden_all", "http_sio_absent")
    )
    return Fit((said(answer), *websocket_passes(found)), Confidence.LIKELY, swap, rivals)


def _another_reason(answer: HttpAnswer) -> bool:
    """The refusal says in words why it is one, and it is no rule against tools."""
    told = _google(answer) or "alpn" in answer.body.lower() or _offers_sign_in(answer)
    return told or no_route(answer) or host_unknown(answer) or stored_files(answer)


def _asked_to_go(found: FindingSet) -> HttpAnswer | None:
    """The answer to the handshake that is not Engine.IO's, nor a limiter's."""
    taken = polling_taken(found)
    answer = taken or eio_answer(found)
    if answer is None or answer.status in (None, _LIMITED):
        return None
    return None if found.eio_seen and taken is None else answer


def unauthorised(found: FindingSet) -> Fit | None:
    """HTTP authentication in front."""
    answer = spoken_by_front(found)
    if answer is None or _google(answer):
        return None
    if _offers_sign_in(answer):
        why = say("The page offers a sign-in.")
        return Fit((said(answer), why), Confidence.LIKELY, rivals=("http_redirect_login",))
    if answer.status != 401:
        return None
    scheme = answer.header("www-authenticate")
    why_all = (said(answer), *websocket_passes(found))
    return Fit(why_all, Confidence.CERTAIN if scheme else Confidence.LIKELY)


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

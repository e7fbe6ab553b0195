"""Causes in front of the application: a redirect or a web page in place of the API."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.causes.http_front import front, is_page, spoken_by_front
from bot.causes.row import Cause, Fit
from bot.evidence import HttpAnswer
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Section, say

_PORTAL = re.compile(
    r"type=[\"']?password|wi-?fi|hotspot|captive|sign.?in to|log.?in to (the )?network|"
    r"accept (the )?terms|guest access|network login|<form[^>]+(login|auth|portal)",
    re.IGNORECASE,
)
_APP_SHELL = re.compile(
    r"id=[\"']?(root|app|__next|__nuxt|main)[\"' >]|type=[\"']?module|/assets/|/static/js/|"
    r"/_next/|/_nuxt/|bundle\.js|<app-root|enable javascript",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"login|signin|sign-in|sso|oauth|authorize|saml|accounts\.|auth\b|idp|portal|okta|keycloak|"
    r"cdn-cgi/access|openid",
    re.IGNORECASE,
)


def _redirect(found: FindingSet) -> tuple[HttpAnswer, str] | None:
    answer = spoken_by_front(found)
    if answer is None or answer.status not in (301, 302, 303, 307, 308):
        return None
    location = answer.header("location")
    return (answer, location) if location else None


def _moved(found: FindingSet, location: str) -> bool:
    """The same request at another address: an address that moved, not a login page."""
    there, here = urlsplit(location), urlsplit(found.target.url)
    asked = found.polling.answer.path if found.polling else found.target.path
    same_path = there.path.rstrip("/") == asked.split("?", maxsplit=1)[0].rstrip("/")
    upgrade = there.scheme in ("https", "wss") and not found.over_tls
    same_host = not there.hostname or there.hostname == here.hostname
    if _LOGIN.search(there.path) and not same_path:
        return False
    return (upgrade and same_host) or (same_path and not same_host)


def redirect_https(found: FindingSet) -> Fit | None:
    """The same thing lives elsewhere; WebSockets follow no redirect."""
    redirect = _redirect(found)
    if redirect is None or not _moved(found, redirect[1]):
        return None
    answer, location = redirect
    there, here = urlsplit(location), urlsplit(found.target.url)
    same_host = not there.hostname or there.hostname == here.hostname
    return Fit(
        (
            say(
                "The server answers {status} and points to {location}.",
                status=answer.status or 0,
                location=_bare(location),
            ),
        ),
        Confidence.CERTAIN if same_host else Confidence.LIKELY,
    )


def redirect_login(found: FindingSet) -> Fit | None:
    """API paths lead to a login page."""
    redirect = _redirect(found)
    if redirect is None or _moved(found, redirect[1]):
        return None
    answer, location = redirect
    there = urlsplit(location)
    here = urlsplit(found.target.url).hostname
    foreign = bool(there.hostname) and there.hostname != here
    login = bool(_LOGIN.search(location))
    if not foreign and not login:
        return None
    return Fit(
        (
            say(
                "The server answers {status} and points to {location}.",
                status=answer.status or 0,
                location=_bare(location),
            ),
        ),
        Confidence.CERTAIN if foreign and login else Confidence.LIKELY,
        rivals=() if found.control else ("dns_hijack_portal",),
    )


def _bare(location: str) -> str:
    """A redirect's place without its query, which may carry tokens."""
    return location.split("?", maxsplit=1)[0][:200]


# ------------------------------------------------ a web page in place of the API


def _page(found: FindingSet) -> HttpAnswer | None:
    answer = spoken_by_front(found)
    if answer is None or answer.status is None or not 200 <= answer.status < 300:
        return None
    return answer if is_page(answer) else None


def _portal_markers(answer: HttpAnswer) -> bool:
    return bool(_PORTAL.search(answer.body)) and not _APP_SHELL.search(answer.body)


def _all_pages(found: FindingSet) -> bool:
    return all(is_page(a) for a in front(found))


def captive_portal(found: FindingSet) -> Fit | None:
    """A sign-in page answers for everything."""
    answer = _page(found)
    if answer is None or not _portal_markers(answer) or not _all_pages(found):
        return None
    elsewhere = found.random_path
    if elsewhere and not any(is_page(a) and a.status == 200 for _, a in elsewhere.answers):
        return None
    return Fit(
        (say("A sign-in page answers in place of Engine.IO."),),
        Confidence.LIKELY,
        () if elsewhere else (FollowUp.RANDOM_PATH,),
    )


def spa_fallback(found: FindingSet) -> Fit | None:
    """The frontend's hosting answers with its start page for every path."""
    answer = _page(found)
    if answer is None or captive_portal(found) is not None:
        return None
    shell = bool(_APP_SHELL.search(answer.body))
    return Fit(
        (say("A web page answers in place of Engine.IO."),),
        Confidence.CERTAIN if shell else Confidence.LIKELY,
        () if found.random_path else (FollowUp.RANDOM_PATH,),
        () if shell else ("http_captive_portal",),
    )


_NOBODY = say("Nobody can connect.")

ROWS = (
    Cause(
        "http_redirect_https",
        Layer.HTTP,
        Section.ENVIRONMENT,
        say("The URL only redirects"),
        say("Browsers cannot connect: a WebSocket follows no redirect."),
        say("Use the URL that the redirect points to, with https:// (wss://)."),
        holds=redirect_https,
    ),
    Cause(
        "http_redirect_login",
        Layer.HTTP,
        Section.NETWORK,
        say("Requests are redirected to a login page"),
        say("Browsers cannot connect: a WebSocket follows no redirect."),
        say("Exempt /socket.io/ from the login redirect (SSO, portal)."),
        holds=redirect_login,
    ),
    Cause(
        "http_captive_portal",
        Layer.HTTP,
        Section.NETWORK,
        say("A network portal answers in place of the backend"),
        say("Users of this network must sign in first."),
        say("Sign in to the network's portal, then try again."),
        holds=captive_portal,
    ),
    Cause(
        "http_spa_fallback",
        Layer.HTTP,
        Section.ENVIRONMENT,
        say("The URL leads to a web page, not to the backend"),
        _NOBODY,
        say("Set the backend's URL: this one is the frontend's hosting."),
        holds=spa_fallback,
    ),
)

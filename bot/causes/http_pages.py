"""Causes in front of the application: a redirect or a web page in place of the API."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from bot import portal
from bot.causes import controls
from bot.causes.http_front import (
    front,
    is_page,
    spoken_by_front,
    stored_files,
    websocket_passes,
    words,
)
from bot.causes.http_maintenance import maintenance
from bot.causes.row import Cause, Fit
from bot.evidence import HttpAnswer
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Message, Section, say

_APP_SHELL = re.compile(
    r"id=[\"']?(root|app|__next|__nuxt|main)[\"' >]|type=[\"']?module|/assets/|/static/js/|"
    r"/_next/|/_nuxt/|bundle\.js|<app-root|enable javascript",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"log[-_]?(?:in|on)|sign[-_]?in|sso|oauth|authorize|saml|accounts\.|auth\b|idp|portal|okta|"
    r"keycloak|cdn-cgi/access|openid|adfs|wsfed|/cas/|sessions?/new|anmeld|einlogg|connexion|"
    r"iniciar|acceder|accedi",
    re.IGNORECASE,
)
_HOTSPOT = re.compile(r"hotspot|captive|wi-?fi|guest", re.IGNORECASE)


def _redirect(found: FindingSet) -> tuple[HttpAnswer, str] | None:
    answer = spoken_by_front(found)
    if answer is None or answer.status not in (301, 302, 303, 307, 308):
        return None
    location = answer.header("location")
    return (answer, location) if location else None


def _asked(found: FindingSet) -> str:
    asked = found.polling.answer.path if found.polling else found.target.path
    return asked.split("?", maxsplit=1)[0]


def slash_redirect(found: FindingSet) -> str | None:
    """Where a redirect points that changes nothing but the slash at the end of the path."""
    redirect = _redirect(found)
    if redirect is None:
        return None
    there, here = urlsplit(redirect[1]), urlsplit(found.target.url)
    if there.hostname not in (None, here.hostname) or there.scheme not in ("", here.scheme):
        return None
    same = there.path.rstrip("/") == _asked(found).rstrip("/") and there.path != _asked(found)
    return there.path if same else None


def _foreign(found: FindingSet, location: str) -> bool:
    there = urlsplit(location).hostname
    return bool(there) and there != urlsplit(found.target.url).hostname


def _to_login(found: FindingSet, location: str) -> bool:
    """The place is a login page's; the same request at another address is none."""
    if urlsplit(location).path.rstrip("/") == _asked(found).rstrip("/"):
        return False
    return bool(_LOGIN.search(location))


def _to_portal(found: FindingSet) -> bool:
    """The gateway of the network one sits in: a private address that is not the target's, or the
    place that the controls are sent to as well.
    """
    redirect = _redirect(found)
    if redirect is None or not _foreign(found, redirect[1]):
        return False
    if urlsplit(redirect[1]).hostname in controls.hijackers(found):
        return True
    try:
        gateway = ip_address(urlsplit(redirect[1]).hostname or "")
    except ValueError:
        return bool(_HOTSPOT.search(redirect[1]))
    return gateway.is_private


def _pointing(answer: HttpAnswer, location: str) -> Message:
    return say(
        "The server answers {status} and points to {location}.",
        status=answer.status or 0,
        location=_bare(location),
    )


def redirect_https(found: FindingSet) -> Fit | None:
    """The same thing lives elsewhere; WebSockets follow no redirect."""
    redirect = _redirect(found)
    if redirect is None or _to_login(found, redirect[1]) or slash_redirect(found):
        return None
    if maintenance(found) is not None:
        return None
    answer, location = redirect
    if _to_portal(found):
        return None
    there = urlsplit(location)
    foreign = _foreign(found, location)
    upgrade = there.scheme in ("https", "wss") and not found.over_tls
    same_path = there.path.rstrip("/") == _asked(found).rstrip("/")
    rivals: tuple[str, ...] = ()
    if not upgrade and not same_path:
        rivals = ("http_redirect_login",) if foreign else ("http_spa_fallback",)
    return Fit(
        (_pointing(answer, location),),
        Confidence.CERTAIN if upgrade and not foreign else Confidence.LIKELY,
        rivals=rivals,
    )


def redirect_login(found: FindingSet) -> Fit | None:
    """API paths lead to a login page."""
    redirect = _redirect(found)
    if redirect is None or not _to_login(found, redirect[1]) or _to_portal(found):
        return None
    answer, location = redirect
    return Fit(
        (_pointing(answer, location),),
        Confidence.CERTAIN if _foreign(found, location) else Confidence.LIKELY,
        rivals=() if _network_is_clean(found) else ("dns_hijack_portal",),
    )


def _network_is_clean(found: FindingSet) -> bool:
    """A second view of the name, or a control that nobody answered for: no portal in between."""
    return controls.has_view(found) or controls.prove(found, Layer.HTTP)


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
    text = words(answer)
    if _APP_SHELL.search(text):
        return False
    return portal.asks_to_sign_in(text) or portal.bounces(text, answer.body_bytes)


def _all_pages(found: FindingSet) -> bool:
    return all(is_page(a) for a in front(found))


_ALSO_TAKEN = say("The controls are sent to such a page as well.")


def captive_portal(found: FindingSet) -> Fit | None:
    """A sign-in page answers for everything, or the network sends everybody to its own."""
    told = spoken_by_front(found)
    if told is not None and told.status == portal.AUTHENTICATE_TO_NETWORK:
        return Fit((say("{status}: the network wants a sign-in first.", status=told.status),))
    redirect = _redirect(found)
    if redirect is not None and _to_portal(found):
        if controls.hijacked(found):
            return Fit((_pointing(*redirect), _ALSO_TAKEN))
        return Fit((_pointing(*redirect),), Confidence.LIKELY, rivals=("http_redirect_login",))
    answer = _page(found)
    return _portal_page(found, answer) if answer is not None and _all_pages(found) else None


def _portal_page(found: FindingSet, answer: HttpAnswer) -> Fit | None:
    if controls.hijacked(found):
        return Fit((say("A sign-in page answers in place of Engine.IO."), _ALSO_TAKEN))
    if not _portal_markers(answer):
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
    told = spoken_by_front(found)
    if told is not None and stored_files(told):
        why = say("The storage of a static site answers in place of Engine.IO.")
        return Fit((why,), Confidence.LIKELY, rivals=("http_sio_absent",))
    answer = _page(found)
    if answer is None or captive_portal(found) or maintenance(found):
        return None
    shell = bool(_APP_SHELL.search(words(answer)))
    passes = websocket_passes(found)
    return Fit(
        (say("A web page answers in place of Engine.IO."), *passes),
        Confidence.CERTAIN if shell and not passes else Confidence.LIKELY,
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

"""Causes in front of the application: gateways, balancers and platforms with nobody to ask."""

from __future__ import annotations

import re

from bot.causes.http_front import (
    everywhere,
    is_page,
    polling_taken,
    said,
    spoken_by_front,
    websocket_passes,
    words,
)
from bot.causes.http_maintenance import maintenance, planned
from bot.causes.http_uneven import by_nginx_limit, odd_one, partly, refused_alone
from bot.causes.row import Cause, Fit, Reach
from bot.evidence import HttpAnswer
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Reason, Section, Status, say

# 52x are Cloudflare's: 520, 521 and 523 the origin is down or refuses, 525 and 526 it has no TLS to
# speak of, 530 its name or tunnel leads nowhere; 522 and 524 it hangs
_UPSTREAM_DOWN = frozenset({502, 520, 521, 523, 525, 526, 530})
_UPSTREAM_HANGS = frozenset({504, 522, 524})

_STOPPED = re.compile(r"this web app (?:has been|is) stopped", re.IGNORECASE)  # Azure, with 403
_GOOGLE_BUSY = re.compile(r"rate exceeded\.?", re.IGNORECASE)  # the whole body
_GOOGLE_ABSENT = re.compile(
    r"the requested url .{0,400}was not found on this server", re.IGNORECASE | re.DOTALL
)


def upstream_down(found: FindingSet) -> Fit | None:
    """The proxy says that nobody stands behind it."""
    if odd_one(found):
        return partly(found, 502)
    answer = spoken_by_front(found)
    if answer is None:
        told = _refusals(found)
        return partly_down(found) if any(a.status == 502 for a in told) else None
    if answer.status not in _UPSTREAM_DOWN:
        return None
    all_down = everywhere(found, _UPSTREAM_DOWN) and polling_taken(found) is None
    why = (said(answer), *websocket_passes(found))
    return Fit(why, Confidence.CERTAIN if all_down else Confidence.LIKELY)


def _refusals(found: FindingSet) -> tuple[HttpAnswer, ...]:
    """Gateway errors met by single requests, while others got through to Engine.IO."""
    if not found.polling_open:
        return ()
    given = [found.health, found.websocket, found.upgrade]
    answers = [e.answer for e in given if e is not None]
    answers += [a.answer for a in found.attempts if a.answer is not None]
    return tuple(a for a in answers if a.status in (502, 503, 504))


def _not_only_upgrades(found: FindingSet, refusals: tuple[HttpAnswer, ...]) -> bool:
    """Handshakes alone may be refused for being handshakes; what else is refused as well?"""
    polled = [a for a in refusals if "transport=polling" in a.path]
    upgrades = [a for a in refusals if "transport=websocket" in a.path]
    others = len(refusals) > len(upgrades)
    return bool(polled) or (bool(upgrades) and (others or found.websocket_open))


def partly_down(found: FindingSet) -> Fit | None:
    """Some requests meet a dead backend, others a living one: several stand behind the front."""
    refusals = _refusals(found)
    if not refusals or not _not_only_upgrades(found, refusals) or limited(found):
        return None
    posts = found.affinity.statuses if found.affinity else ()
    again = found.steadiness.outcomes if found.steadiness else ()
    # Polling that met it beside other requests: there may be no room for two at a time.
    full = any(a.status == 503 and "transport=polling" in a.path for a in refusals)
    if posts and not set(posts) & {502, 503, 504} and not full:
        return None  # one after another, none meets it: it is about what was sent
    met = sum(1 for o in again if o == Reason.HTTP_STATUS.value)
    if again and not met and not full:
        return None
    why = [said(refusals[0]), say("Other requests get through to the backend.")]
    if met:
        why.append(
            say("Asked again, {met} of {n} handshakes met such an error.", met=met, n=len(again))
        )
    settle = () if found.ran(FollowUp.STEADINESS) else (FollowUp.STEADINESS,)
    rivals = ("ws_conn_limit", "http_429_rate_limited") if full and not met else ()
    return Fit(tuple(why), Confidence.LIKELY, settle, rivals)


def limited(found: FindingSet) -> HttpAnswer | None:
    """nginx's limits turn several requests away, not only upgrades."""
    own = [a for a in _refusals(found) if by_nginx_limit(a)]
    polled = sum(1 for a in own if "transport=websocket" not in a.path)
    return own[0] if polled and len(own) > 1 else None


def no_server(found: FindingSet) -> Fit | None:
    """The balancer has no healthy server."""
    if odd_one(found):
        return partly(found, 503)
    answer = spoken_by_front(found)
    if answer is None:
        told = _refusals(found)
        return partly_down(found) if any(a.status == 503 for a in told) else None
    if planned(answer):
        return None
    if answer.status != 503 and not (answer.status == 403 and _STOPPED.search(words(answer))):
        return None
    settle = () if found.ran(FollowUp.USER_AGENT) else (FollowUp.USER_AGENT,)
    why = (said(answer), *websocket_passes(found))
    return Fit(why, Confidence.LIKELY, settle, ("http_503_maintenance",))


def upstream_hangs(found: FindingSet) -> Fit | None:
    """The proxy waited for the application and gave up."""
    answer = spoken_by_front(found)
    if answer is None or answer.status not in _UPSTREAM_HANGS:
        return None
    waited = say("The proxy waited {seconds} s.", seconds=round((answer.ttfb_ms or 0) / 1000, 1))
    passes = websocket_passes(found)
    return Fit((said(answer), waited, *passes), Confidence.LIKELY if passes else Confidence.CERTAIN)


def app_error(found: FindingSet) -> Fit | None:
    """The backend's own code fails: 500 says nothing else (RFC 9110 15.6.1)."""
    if odd_one(found):
        return partly(found, 500)
    answer = spoken_by_front(found)
    if answer is None:
        return _upgrade_error(found)
    if answer.status != 500:
        return None
    alike = all(a.status == answer.status for a in found.answers)
    where = (
        say("Every request is answered {status}: the server itself fails.", status=500)
        if alike
        else say("Other requests are answered: the server fails on this path.")
    )
    return Fit((said(answer), where, *websocket_passes(found)), Confidence.LIKELY)


def _upgrade_error(found: FindingSet) -> Fit | None:
    """Engine.IO answers polling and fails on upgrades, where other paths take them as any server.

    An application server without a WebSocket library does so, and so does code that throws.
    """
    ws = found.websocket
    if ws is None or ws.answer.status != 500 or not found.polling_open or found.upgraded:
        return None
    control = dict(found.websocket_control.answers) if found.websocket_control else {}
    other = control.get("upgrade elsewhere")
    if other is None or other.status == ws.answer.status:
        return None  # not asked yet, or ws_426
    why = say("Polling works, so what fails is the server's handling of upgrades.")
    return Fit((said(ws.answer), why), Confidence.LIKELY, rivals=("ws_426",))


def _limited(found: FindingSet) -> HttpAnswer | None:
    candidates = list(found.answers)
    candidates += [a.answer for a in found.attempts if a.answer is not None]
    if found.upgrade:
        candidates.append(found.upgrade.answer)
    if found.cors and found.cors.answer:
        candidates.append(found.cors.answer)
    return next((a for a in candidates if a.status == 429), None)


def _google(answer: HttpAnswer) -> bool:
    """Google's own words; behind its front end an application may limit for itself."""
    if _GOOGLE_BUSY.fullmatch(answer.body.strip()):
        return True
    ours = "google" in (answer.header("server") or "").lower()
    return ours and not by_limiter(answer) and (is_page(answer) or not answer.body.strip())


def by_limiter(answer: HttpAnswer) -> bool:
    """A limiter of the application's: it says how much is left, or what it is written in."""
    told = ("ratelimit", "x-ratelimit", "retry-after", "x-powered-by")
    return any(name.startswith(told) for name, _ in answer.headers)


def rate_limited(found: FindingSet) -> Fit | None:
    """A limiter answers 429."""
    if (refused := limited(found)) is not None:
        why = say("nginx itself answers so, to some requests of a burst and not to others.")
        rivals = ("ws_conn_limit", "http_503_no_server")
        return Fit((said(refused), why), Confidence.LIKELY, rivals=rivals)
    if (refused := refused_alone(found)) is not None:
        why = say("One WebSocket opened; the next is refused though none of ours is left open.")
        return Fit((said(refused), why), Confidence.LIKELY, rivals=("ws_conn_limit",))
    answer = _limited(found)
    if answer is None or _google(answer):
        return None
    return Fit((said(answer),), Confidence.LIKELY if not found.eio_seen else Confidence.CERTAIN)


def cloudrun_no_instance(found: FindingSet) -> Fit | None:
    """Google's front end has no instance to give."""
    answer = _limited(found)
    if answer is None or not _google(answer):
        return None
    return Fit((said(answer), say("Cloud Run has no instance available.")))


def cloudrun_absent(found: FindingSet) -> Fit | None:
    """Google's front end knows no such service."""
    answer = spoken_by_front(found)
    if answer is None or answer.status != 404 or not is_page(answer):
        return None
    google = "google" in (answer.header("server") or "").lower() or "google.com" in answer.body
    if not (google and _GOOGLE_ABSENT.search(words(answer))) and not (
        google and everywhere(found, frozenset({404}))
    ):
        return None
    return Fit((said(answer), say("The page is Google's front end, not the application.")))


def health_broken(found: FindingSet) -> Fit | None:
    """Only the health page fails."""
    finding = found.finding("http")
    if finding is None or found.health is None or not found.completed:
        return None
    told = (Reason.HTTP_STATUS, Reason.REDIRECT)
    if finding.status is not Status.FAIL and finding.reason not in told:
        return None
    if finding.status is Status.SKIPPED or found.health.answer.status == 429:
        return None
    answer = found.health.answer
    if answer.status is None:
        return Fit(
            (say("The health page does not answer, while Socket.IO connects."),),
            Confidence.LIKELY,
        )
    return Fit(
        (
            say(
                "The health page answers {status}, while Socket.IO connects.",
                status=answer.status,
            ),
        ),
        Confidence.CERTAIN if answer.status >= 500 else Confidence.LIKELY,
    )


_NOBODY = say("Nobody can connect.")

ROWS = (
    Cause(
        "http_502_upstream_down",
        Layer.HTTP,
        Section.SERVER,
        say("The proxy works, the backend behind it is down (502)"),
        _NOBODY,
        say("Restart the backend process; check its address and port in the proxy."),
        holds=upstream_down,
    ),
    Cause(
        "http_503_no_server",
        Layer.HTTP,
        Section.SERVER,
        say("The load balancer has no healthy server (503)"),
        _NOBODY,
        say("Look at the balancer's health checks and start or scale the backend."),
        holds=no_server,
    ),
    Cause(
        "http_503_maintenance",
        Layer.HTTP,
        Section.SERVER,
        say("The service is in maintenance (503)"),
        say("Nobody can connect until the maintenance is over."),
        say("Wait for its end, and show users a notice."),
        holds=maintenance,
    ),
    Cause(
        "http_504_upstream_hang",
        Layer.HTTP,
        Section.SERVER,
        say("The backend behind the proxy does not answer in time (504)"),
        say("Connection attempts hang, then fail."),
        say("Profile the backend and check what it waits for; restart it if it hangs."),
        holds=upstream_hangs,
    ),
    Cause(
        "http_500_app_error",
        Layer.HTTP,
        Section.SERVER,
        say("The backend fails with an error of its own (500)"),
        _NOBODY,
        say("Read the backend's log: it names the exception, or why the start failed."),
        holds=app_error,
    ),
    Cause(
        "http_429_rate_limited",
        Layer.HTTP,
        Section.SERVER,
        say("A rate limit rejects requests (429)"),
        say("Users who reconnect are turned away; polling clients suffer first."),
        say("Slow down reconnects (backoff, jitter) and raise the limit for /socket.io/."),
        holds=rate_limited,
    ),
    Cause(
        "cloudrun_429_no_instance",
        Layer.HTTP,
        Section.SERVER,
        say("Cloud Run has no free instance (429)"),
        say("New users are turned away while the instances are full."),
        say("Raise max-instances or the concurrency of the service."),
        holds=cloudrun_no_instance,
    ),
    Cause(
        "cloudrun_404_no_service",
        Layer.HTTP,
        Section.ENVIRONMENT,
        say("Cloud Run knows no such service (404)"),
        _NOBODY,
        say("Correct the backend URL, or deploy the service again."),
        holds=cloudrun_absent,
    ),
    Cause(
        "http_health_500",
        Layer.HTTP,
        Section.DIAGNOSTICS,
        say("Only the health check fails"),
        say("Users are not affected, but orchestrators may restart the backend."),
        say("Repair the health endpoint; Socket.IO itself works."),
        reach=Reach.QUALITY,
        holds=health_broken,
    ),
)

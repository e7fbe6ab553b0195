"""Causes in front of the application: proxies, platforms and portals that answer in its place."""

from __future__ import annotations

import re

from bot.causes.row import Cause, Fit, Reach
from bot.evidence import EioError, HttpAnswer
from bot.findings import FindingSet
from bot.model import Confidence, Layer, Message, Reason, Section, Status, say

# 52x are Cloudflare's: 520, 521 and 523 the origin is down or refuses, 525 and 526 it has no TLS to
# speak of, 530 its name or tunnel leads nowhere; 522 and 524 it hangs
_UPSTREAM_DOWN = frozenset({502, 520, 521, 523, 525, 526, 530})
_UPSTREAM_HANGS = frozenset({504, 522, 524})

_MAINTENANCE = re.compile(
    r"maintenance|scheduled|be right back|back soon|(?:being |is )upgrad|обслуживан|"
    r"техническ\w+ (?:работ|перерыв)|профилактик|wartung|mantenimiento|manutenç|manutenzione|"
    r"メンテナンス|维护",
    re.IGNORECASE,
)
# The stock sentences of balancers that have nobody to ask. Apache's mentions maintenance, and
# Varnish's comes with a Retry-After, whether anything was planned or not.
_NOBODY_THERE = re.compile(
    r"maintenance downtime or capacity|backend fetch failed|guru meditation|no healthy|"
    r"upstream connect error|no server is available|ring-balancer",
    re.IGNORECASE,
)
_GOOGLE_DENIED = re.compile(r"does not have permission to get URL", re.IGNORECASE)
_GOOGLE_BUSY = re.compile(r"rate exceeded\.?", re.IGNORECASE)  # the whole body
_GOOGLE_ABSENT = re.compile(
    r"the requested url .{0,400}was not found on this server", re.IGNORECASE | re.DOTALL
)


def front(found: FindingSet) -> tuple[HttpAnswer, ...]:
    """Answers that came back to requests any HTTP server should serve (WebSocket apart)."""
    given = [e.answer for e in (found.polling, found.health) if e is not None]
    return tuple(a for a in given if a.status is not None)


def eio_answer(found: FindingSet) -> HttpAnswer | None:
    """The answer to the polling handshake, if one came; else that to the WebSocket handshake."""
    for evidence in (found.polling, found.websocket):
        if evidence is not None and evidence.answer.status is not None:
            return evidence.answer
    return None


def eio_refusal(found: FindingSet) -> EioError | None:
    """Engine.IO's own JSON refusal: then no proxy was speaking."""
    for evidence in (found.polling, found.websocket):
        if evidence is not None and evidence.error is not None and evidence.error.code is not None:
            return evidence.error
    return None


def words(answer: HttpAnswer) -> str:
    """The body in one line: evidence holds line ends as escapes, and sentences wrap anywhere."""
    return re.sub(r"(?:\\r|\\n|\\t|\s)+", " ", answer.body)


def content_type(answer: HttpAnswer) -> str:
    """Media type in lower case, without parameters."""
    return (answer.header("content-type") or "").split(";")[0].strip().lower()


def is_page(answer: HttpAnswer) -> bool:
    """A web page and no API answer."""
    return content_type(answer) == "text/html" or answer.body.lstrip()[:15].lower().startswith(
        ("<!doctype html", "<html")
    )


def spoken_by_front(found: FindingSet) -> HttpAnswer | None:
    """The answer to the handshake, where nothing that speaks Engine.IO gave it."""
    answer = eio_answer(found)
    if answer is None or found.eio_seen:
        return None
    return answer


def _said(answer: HttpAnswer) -> Message:
    server = answer.header("server")
    if server:
        return say(
            "{path} answers {status} (Server: {server}).",
            path=answer.path.split("?", maxsplit=1)[0],
            status=answer.status or 0,
            server=server,
        )
    return say(
        "{path} answers {status}.",
        path=answer.path.split("?", maxsplit=1)[0],
        status=answer.status or 0,
    )


def _everywhere(found: FindingSet, statuses: frozenset[int]) -> bool:
    return all(a.status in statuses for a in front(found))


def upstream_down(found: FindingSet) -> Fit | None:
    """The proxy says that nobody stands behind it."""
    answer = spoken_by_front(found)
    if answer is None or answer.status not in _UPSTREAM_DOWN:
        return None
    everywhere = _everywhere(found, _UPSTREAM_DOWN)
    return Fit(
        (_said(answer),),
        Confidence.CERTAIN if everywhere else Confidence.LIKELY,
    )


def _maintenance(answer: HttpAnswer) -> bool:
    if _NOBODY_THERE.search(words(answer)):
        return False
    return answer.header("retry-after") is not None or bool(_MAINTENANCE.search(words(answer)))


def no_server(found: FindingSet) -> Fit | None:
    """The balancer has no healthy server."""
    answer = spoken_by_front(found)
    if answer is None or answer.status != 503 or _maintenance(answer):
        return None
    return Fit((_said(answer),), Confidence.LIKELY, rivals=("http_503_maintenance",))


def maintenance(found: FindingSet) -> Fit | None:
    """Planned: the page or a Retry-After says so."""
    answer = spoken_by_front(found)
    if answer is None or answer.status != 503 or not _maintenance(answer):
        return None
    after = answer.header("retry-after")
    told = bool(_MAINTENANCE.search(words(answer)))
    why = [_said(answer)]
    if after:
        why.append(say("It asks to come back after {after}.", after=after))
    return Fit(
        tuple(why),
        Confidence.CERTAIN if told else Confidence.LIKELY,
        rivals=() if told else ("http_503_no_server",),
    )


def upstream_hangs(found: FindingSet) -> Fit | None:
    """The proxy waited for the application and gave up."""
    answer = spoken_by_front(found)
    if answer is None or answer.status not in _UPSTREAM_HANGS:
        return None
    waited = round((answer.ttfb_ms or 0) / 1000, 1)
    return Fit((_said(answer), say("The proxy waited {seconds} s.", seconds=waited)))


def _limited(found: FindingSet) -> HttpAnswer | None:
    candidates = list(found.answers)
    candidates += [a.answer for a in found.attempts if a.answer is not None]
    if found.upgrade:
        candidates.append(found.upgrade.answer)
    if found.cors and found.cors.answer:
        candidates.append(found.cors.answer)
    return next((a for a in candidates if a.status == 429), None)


def _google(answer: HttpAnswer) -> bool:
    return "google" in (answer.header("server") or "").lower() or bool(
        _GOOGLE_BUSY.fullmatch(answer.body.strip())
    )


def rate_limited(found: FindingSet) -> Fit | None:
    """A limiter answers 429."""
    answer = _limited(found)
    if answer is None or _google(answer):
        return None
    return Fit((_said(answer),), Confidence.LIKELY if not found.eio_seen else Confidence.CERTAIN)


def cloudrun_no_instance(found: FindingSet) -> Fit | None:
    """Google's front end has no instance to give."""
    answer = _limited(found)
    if answer is None or not _google(answer):
        return None
    return Fit((_said(answer), say("Cloud Run has no instance available.")))


def _denied(found: FindingSet) -> HttpAnswer | None:
    answer = spoken_by_front(found)
    return answer if answer is not None and answer.status == 403 else None


def cloudrun_iam(found: FindingSet) -> Fit | None:
    """Cloud Run demands an identity."""
    answer = _denied(found)
    if answer is None or not _GOOGLE_DENIED.search(words(answer)):
        return None
    return Fit((_said(answer), say("Cloud Run does not allow unauthenticated calls.")))


def waf(found: FindingSet) -> Fit | None:
    """A page that forbids, on every path."""
    answer = _denied(found)
    if answer is None or _GOOGLE_DENIED.search(words(answer)) or "alpn" in answer.body.lower():
        return None
    if not _everywhere(found, frozenset({403})):
        return None
    return Fit((_said(answer),), Confidence.LIKELY, rivals=("eio_forbidden_all",))


def cloudrun_absent(found: FindingSet) -> Fit | None:
    """Google's front end knows no such service."""
    answer = spoken_by_front(found)
    if answer is None or answer.status != 404 or not is_page(answer):
        return None
    google = "google" in (answer.header("server") or "").lower() or "google.com" in answer.body
    if not (google and _GOOGLE_ABSENT.search(words(answer))) and not (
        google and _everywhere(found, frozenset({404}))
    ):
        return None
    return Fit((_said(answer), say("The page is Google's front end, not the application.")))


def unauthorised(found: FindingSet) -> Fit | None:
    """HTTP authentication in front."""
    answer = spoken_by_front(found)
    if answer is None or answer.status != 401:
        return None
    scheme = answer.header("www-authenticate")
    return Fit(
        (_said(answer),),
        Confidence.CERTAIN if scheme else Confidence.LIKELY,
    )


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
            (say("The health page does not answer, while Socket.IO connects."),), Confidence.LIKELY
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
        "cloudrun_403_iam",
        Layer.HTTP,
        Section.SERVER,
        say("Cloud Run rejects unauthenticated calls (403)"),
        _NOBODY,
        say("Allow unauthenticated invocations (roles/run.invoker for allUsers)."),
        holds=cloudrun_iam,
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

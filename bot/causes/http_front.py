"""Causes in front of the application: proxies, platforms and portals that answer in its place."""

from __future__ import annotations

import re

from bot.causes.row import Cause, Fit, Reach
from bot.evidence import EioError, HttpAnswer
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Message, Reason, Section, Status, say

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
# Guards that want a browser to prove itself, by what their pages and answers carry: Cloudflare,
# AWS WAF, Imperva, DataDome, DDoS-Guard, Sucuri, HUMAN (PerimeterX), Akamai, StackPath.
_CHALLENGE = re.compile(
    r"<title>just a moment|_cf_chl_|/cdn-cgi/challenge-platform|cf-browser-verification|"
    r"checking (?:if the site connection is secure|your browser before)|"
    r"attention required! \| cloudflare|awswafintegration|_incapsula_resource|"
    r"incapsula incident|captcha-delivery\.com|ddos-guard|sucuri website firewall|px-captcha|"
    r"verify(?:ing)? (?:that )?you are (?:a )?human|enable javascript and cookies to continue",
    re.IGNORECASE,
)
_STOPPED = re.compile(r"this web app (?:has been|is) stopped", re.IGNORECASE)  # Azure, with 403
_MISDIRECTED = 421  # RFC 9110 15.5.20
_HOST_UNKNOWN = re.compile(
    r"invalid host(?:name| header|\b)|invalid http_host|disallowedhost|blocked hosts?:|"
    r"host .{0,80}is not allowed|no such app|deployment_not_found|there isn.t a github pages|"
    r"web site not found|default backend - 404|unknown (?:domain|host|site)|no such (?:site|host)|"
    r"(?:domain|site|host|project) (?:is )?not (?:found|configured|known|registered)|"
    r"misdirected request|no site configured|application not found",
    re.IGNORECASE,
)
_NO_ROUTE = re.compile(r"missing authentication token", re.IGNORECASE)  # AWS API Gateway
_STORAGE = re.compile(
    r"<Code>(?:AccessDenied|NoSuchKey|NoSuchBucket|AuthorizationFailure|ResourceNotFound|"
    r"BlobNotFound|ContainerNotFound)</Code>",
    re.IGNORECASE,
)
_CHALLENGE_HEADERS = ("cf-mitigated", "x-amzn-waf-action", "x-datadome")
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


def host_unknown(answer: HttpAnswer) -> bool:
    """The front, platform or framework says in words that it serves no such host."""
    told = (answer.status or 0) >= 400 and _HOST_UNKNOWN.search(words(answer))
    return bool(told) or answer.status == _MISDIRECTED


def no_route(answer: HttpAnswer) -> bool:
    """An API gateway that has no such route says so with 403."""
    return answer.status == 403 and bool(_NO_ROUTE.search(words(answer)))


def stored_files(answer: HttpAnswer) -> bool:
    """The storage of a static site, which has no such file or does not show it."""
    return (answer.status or 0) in (403, 404) and bool(_STORAGE.search(words(answer)))


def spoken_by_front(found: FindingSet) -> HttpAnswer | None:
    """The answer to the handshake, where nothing that speaks Engine.IO gave it, nor a guard."""
    answer = eio_answer(found)
    if answer is None or found.eio_seen or guarded(found):
        return None
    return answer


def challenged(answer: HttpAnswer) -> bool:
    """The answer asks for proof of a browser: a challenge page or its header."""
    marked = any(answer.header(name) is not None for name in _CHALLENGE_HEADERS)
    return marked or bool(_CHALLENGE.search(words(answer)))


def guarded(found: FindingSet) -> bool:
    """A guard keeps tools out: it asks for proof of a browser, or lets one in that asks like it."""
    answer = eio_answer(found)
    if answer is None or found.eio_seen:
        return False
    return challenged(answer) or browser_gets_in(found)


def browser_gets_in(found: FindingSet) -> bool:
    """The same handshake succeeds as a browser's, and not as ours."""
    swapped = found.user_agent
    return bool(swapped and "browser" in swapped.opens and "ours" not in swapped.opens)


def said(answer: HttpAnswer) -> Message:
    """Who answered what."""
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


def everywhere(found: FindingSet, statuses: frozenset[int]) -> bool:
    """Every request that any HTTP server should serve got one of these statuses."""
    return all(a.status in statuses for a in front(found))


def upstream_down(found: FindingSet) -> Fit | None:
    """The proxy says that nobody stands behind it."""
    answer = spoken_by_front(found)
    if answer is None or answer.status not in _UPSTREAM_DOWN:
        return None
    all_down = everywhere(found, _UPSTREAM_DOWN)
    return Fit((said(answer),), Confidence.CERTAIN if all_down else Confidence.LIKELY)


def _maintenance(answer: HttpAnswer) -> bool:
    if _NOBODY_THERE.search(words(answer)):
        return False
    return answer.header("retry-after") is not None or bool(_MAINTENANCE.search(words(answer)))


def no_server(found: FindingSet) -> Fit | None:
    """The balancer has no healthy server."""
    answer = spoken_by_front(found)
    if answer is None or _maintenance(answer):
        return None
    if answer.status != 503 and not (answer.status == 403 and _STOPPED.search(words(answer))):
        return None
    settle = () if found.ran(FollowUp.USER_AGENT) else (FollowUp.USER_AGENT,)
    return Fit((said(answer),), Confidence.LIKELY, settle, ("http_503_maintenance",))


def maintenance(found: FindingSet) -> Fit | None:
    """Planned: the page or a Retry-After says so."""
    answer = spoken_by_front(found)
    if answer is None or answer.status != 503 or not _maintenance(answer):
        return None
    after = answer.header("retry-after")
    told = bool(_MAINTENANCE.search(words(answer)))
    why = [said(answer)]
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
    return Fit((said(answer), say("The proxy waited {seconds} s.", seconds=waited)))


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

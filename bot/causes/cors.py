"""CORS as the configured Origin sees it: it breaks polling in browsers, never a WebSocket."""

from __future__ import annotations

from bot.causes.http_whose import by_asgi, by_proxy
from bot.causes.row import Cause, Fit, Reach
from bot.evidence import CorsEvidence, HttpAnswer
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Section, Status, say

_SHOWN = 3
_ALLOW_ORIGIN = "access-control-allow-origin"


def _cors(found: FindingSet) -> CorsEvidence | None:
    """The CORS evidence, where it counts and a 200 came with it."""
    finding = found.finding("cors")
    if finding is None or finding.status not in (Status.FAIL, Status.WARN):
        return None
    return found.cors


def _lines(evidence: CorsEvidence) -> tuple[str, ...]:
    return evidence.allow_origin


def duplicate(found: FindingSet) -> Fit | None:
    """Two Access-Control-Allow-Origin lines, or one with two values."""
    evidence = _cors(found)
    if evidence is None:
        return None
    if len(_lines(evidence)) < 2 and not any("," in line for line in _lines(evidence)):
        return None
    return Fit(
        (
            say(
                "Access-Control-Allow-Origin comes twice: {values}.",
                values=", ".join(_lines(evidence)),
            ),
        ),
    )


def _single(evidence: CorsEvidence) -> str | None:
    lines = _lines(evidence)
    return lines[0].strip() if len(lines) == 1 and "," not in lines[0] else None


def mismatch(found: FindingSet) -> Fit | None:
    """Another origin is allowed."""
    evidence = _cors(found)
    if evidence is not None and not _lines(evidence):
        return _not_on_the_list(found, evidence)
    allowed = _single(evidence) if evidence else None
    if evidence is None or allowed is None or allowed in ("*", evidence.origin):
        return None
    return Fit(
        (
            say(
                "The server allows {allowed}, the page is at {origin}.",
                allowed=allowed,
                origin=evidence.origin,
            ),
        ),
    )


def _no_origin_line(found: FindingSet) -> CorsEvidence | None:
    evidence = _cors(found)
    return evidence if evidence is not None and not _lines(evidence) else None


def _others_are_there(evidence: CorsEvidence) -> bool:
    """The rest of what a server with CORS sends."""
    varies = "origin" in (evidence.vary or "").lower()
    return bool(evidence.allow_credentials) or varies


def _allowed_elsewhere(found: FindingSet) -> bool:
    """Another Origin gets the header over polling: nobody strips it, ours is not on the list."""
    variants = found.origin_variants.answers if found.origin_variants else ()
    polled = (a for label, a in variants if " over " not in label)
    return any(a.header(_ALLOW_ORIGIN) for a in polled)


def _allowed_over_websocket(found: FindingSet, evidence: CorsEvidence) -> bool:
    """engine.io sends its CORS headers with a 101 as well, where proxies may leave them alone."""
    ws = found.websocket
    allowed = ws.answer.header(_ALLOW_ORIGIN) if ws and ws.answer.status == 101 else None
    return allowed in ("*", evidence.origin)


def _settle(found: FindingSet) -> tuple[FollowUp, ...]:
    return () if found.ran(FollowUp.ORIGIN_VARIANTS) else (FollowUp.ORIGIN_VARIANTS,)


def _not_on_the_list(found: FindingSet, evidence: CorsEvidence) -> Fit | None:
    """A server with a list (or a rule) of origins leaves the header out for all others.

    It says `Vary: Origin` all the same, just as one whose header a proxy took away.
    """
    if not _others_are_there(evidence):
        return None
    why = say("No Access-Control-Allow-Origin for {origin}.", origin=evidence.origin)
    if _allowed_elsewhere(found):
        return Fit((why, say("Another Origin gets the header: ours is not on the server's list.")))
    rule = say("The answer varies by Origin: the server has a list, and ours is not on it.")
    if behind_proxy(evidence.answer) or _allowed_over_websocket(found, evidence):
        return None
    return Fit((why, rule), Confidence.LIKELY, _settle(found), ("cors_stripped_by_proxy",))


def behind_proxy(answer: HttpAnswer | None) -> bool:
    """Whether something stands in front of the server, by what its answer carries."""
    if answer is None:
        return False
    marks = ("via", "x-cache", "cf-ray", "x-varnish", "age", "x-envoy-upstream-service-time")
    marked = any(answer.header(name) is not None for name in marks)
    return marked or by_proxy(answer) or _rewritten(answer)


def _rewritten(answer: HttpAnswer) -> bool:
    """Names in lower case only, as haproxy and Envoy write them, and Python's ASGI servers."""
    return answer.lower_case and not by_asgi(answer)


def _posts_unreadable(found: FindingSet) -> HttpAnswer | None:
    """An answer to POST without the header that the handshake carries."""
    finding = found.finding(FollowUp.AFFINITY)
    counts = finding is not None and finding.status is Status.FAIL
    return found.affinity.unreadable if counts and found.affinity else None


def _posts_only(answer: HttpAnswer, *, others: bool, rival: str) -> Fit | None:
    """One middleware writes the headers of GET and POST alike: a proxy makes the difference.

    It removes what the server sends, or adds for GET alone what the server never sent.
    """
    left = ("access-control-allow-credentials", "access-control-expose-headers", "vary")
    if any(answer.header(name) for name in left) is not others:
        return None
    why = say("The answer to GET carries Access-Control-Allow-Origin, that to POST does not.")
    return Fit((why,), Confidence.LIKELY, rivals=(rival,))


def stripped(found: FindingSet) -> Fit | None:
    """The other CORS headers are there: somebody took this one away."""
    if (post := _posts_unreadable(found)) is not None:
        return _posts_only(post, others=True, rival="cors_missing")
    evidence = _no_origin_line(found)
    if evidence is None or _allowed_elsewhere(found):
        return None
    told = say(
        "Access-Control-Allow-Origin is missing, while other CORS headers are there: "
        "a proxy removed it."
    )
    if _allowed_over_websocket(found, evidence):
        why = say("The answer 101 to the WebSocket carries it: the server allows this Origin.")
        return Fit((told, why))
    if not _others_are_there(evidence) or not behind_proxy(evidence.answer):
        return None  # nobody stands there who could
    return Fit(
        (told,),
        Confidence.LIKELY,
        _settle(found),
        ("cors_origin_mismatch",),
    )


def missing(found: FindingSet) -> Fit | None:
    """No CORS header at all."""
    if (post := _posts_unreadable(found)) is not None:
        return _posts_only(post, others=False, rival="cors_stripped_by_proxy")
    evidence = _no_origin_line(found)
    if evidence is None or _others_are_there(evidence) or stripped(found) is not None:
        return None
    why = say("No Access-Control-Allow-Origin for {origin}.", origin=evidence.origin)
    if behind_proxy(evidence.answer):
        # A server that allows everybody by `*` sends nothing else that could stay behind.
        return Fit((why,), Confidence.LIKELY, rivals=("cors_stripped_by_proxy",))
    return Fit((why,))


def wildcard(found: FindingSet) -> Fit | None:
    """`*` is no answer to a request with cookies."""
    evidence = _cors(found)
    if evidence is None or _single(evidence) != "*":
        return None
    if not evidence.with_credentials:
        return None
    return Fit((say("Access-Control-Allow-Origin is *, and the client sends credentials."),))


def no_credentials(found: FindingSet) -> Fit | None:
    """The origin is allowed, its cookies are not."""
    evidence = _cors(found)
    if evidence is None or _single(evidence) != evidence.origin or not evidence.with_credentials:
        return None
    if "true" in (line.strip() for line in evidence.allow_credentials):
        return None
    return Fit(
        (say("Access-Control-Allow-Credentials is missing, and the client sends credentials."),)
    )


def preflight_blocked(found: FindingSet) -> Fit | None:
    """The polling answer is fine, and the browser may not send the client's own headers."""
    evidence = _cors(found)
    if evidence is None or not evidence.custom_headers or evidence.preflight is None:
        return None
    if any(row(found) for row in (duplicate, mismatch, stripped, missing, wildcard)):
        return None
    if no_credentials(found):
        return None
    return Fit(
        (
            say(
                "The client sends {headers}, so browsers ask leave first, and OPTIONS is "
                "answered {status} without it.",
                headers=", ".join(evidence.custom_headers[:_SHOWN]),
                status=evidence.preflight.status or 0,
            ),
        ),
    )


_POLLING_ONLY = say(
    "Browsers block the polling transport; a client that starts with polling cannot connect."
)

ROWS = (
    Cause(
        "cors_origin_mismatch",
        Layer.CORS,
        Section.SERVER,
        say("CORS allows another origin"),
        _POLLING_ONLY,
        say("Add the frontend's origin to cors.origin of the server."),
        reach=Reach.PART,
        holds=mismatch,
    ),
    Cause(
        "cors_missing",
        Layer.CORS,
        Section.SERVER,
        say("The server sends no CORS headers"),
        _POLLING_ONLY,
        say("Configure cors.origin on the Socket.IO server."),
        reach=Reach.PART,
        holds=missing,
    ),
    Cause(
        "cors_stripped_by_proxy",
        Layer.CORS,
        Section.SERVER,
        say("A proxy removes the CORS header"),
        _POLLING_ONLY,
        say("Stop the proxy from removing Access-Control-Allow-Origin."),
        reach=Reach.PART,
        holds=stripped,
    ),
    Cause(
        "cors_wildcard_credentials",
        Layer.CORS,
        Section.SERVER,
        say("CORS allows every origin, but the client sends credentials"),
        _POLLING_ONLY,
        say("Name the origin in place of * when credentials are sent."),
        reach=Reach.PART,
        holds=wildcard,
    ),
    Cause(
        "cors_duplicate_header",
        Layer.CORS,
        Section.SERVER,
        say("The CORS header comes twice"),
        _POLLING_ONLY,
        say("Set CORS in one place only: the application or the proxy."),
        reach=Reach.PART,
        holds=duplicate,
    ),
    Cause(
        "cors_no_credentials",
        Layer.CORS,
        Section.SERVER,
        say("CORS does not allow credentials"),
        _POLLING_ONLY,
        say("Set credentials: true on the server."),
        reach=Reach.PART,
        holds=no_credentials,
    ),
    Cause(
        "cors_preflight_blocked",
        Layer.CORS,
        Section.SERVER,
        say("The preflight request is refused"),
        _POLLING_ONLY,
        say("Allow OPTIONS and the client's headers on /socket.io/ (cors.allowedHeaders)."),
        reach=Reach.PART,
        holds=preflight_blocked,
    ),
)

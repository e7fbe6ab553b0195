"""Causes of polling that can read and not send: POST is refused, lost, or limited in size."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.causes.row import Cause, Fit, Reach
from bot.evidence import HttpAnswer, Outcome, Phase
from bot.findings import FindingSet, cut, waited_in_vain
from bot.model import Confidence, Layer, Section, Transport, say

_OTHERWISE = frozenset({413, 429, 503, 504})  # they say in themselves what they are about
_LIMITED = frozenset({413, 429, 503})  # about size or number, and not about POST
_NO_POST = frozenset({403, 404, 405, 501})  # what a rule about methods answers
# What may stand behind a status as well: a gate or an error that POST alone runs into.
_SAYS_MORE: Mapping[int, tuple[str, ...]] = {
    401: ("http_401_auth",),
    500: ("http_500_app_error",),
    502: ("http_502_upstream_down",),
    504: ("http_504_upstream_hang",),
}
_ENGINE_WORDS = re.compile(
    r"\"code\"\s*:\s*\d|session id unknown|invalid session|unknown sid|invalid payload",
    re.IGNORECASE,
)


def _post(found: FindingSet) -> HttpAnswer | None:
    """The namespace POST over polling, where it was refused with an HTTP status."""
    attempt = found.attempt(Transport.POLLING)
    if attempt is None or attempt.outcome is not Outcome.CLOSED or not found.polling_open:
        return None
    answer = attempt.answer
    return answer if answer and answer.method == "POST" and answer.status else None


def post_blocked(found: FindingSet) -> Fit | None:
    """GET passes, POST does not."""
    answer = _post(found)
    if answer is None:
        return _post_lost(found)
    if answer.status in _LIMITED or _by_engineio(answer) or _posts_are_mixed(found):
        return None
    policy = answer.status in _NO_POST
    return Fit(
        (say("GET is answered, POST is refused with {status}.", status=answer.status or 0),),
        Confidence.CERTAIN if policy else Confidence.LIKELY,
        rivals=_SAYS_MORE.get(answer.status or 0, ()),
    )


def _by_engineio(answer: HttpAnswer) -> bool:
    """Engine.IO's own words: then the POST arrived, and it is about the session."""
    return answer.status == 400 and bool(_ENGINE_WORDS.search(answer.body))


def _posts_are_mixed(found: FindingSet) -> bool:
    """Of POSTs alike some are answered: it hangs on who is met, or on what was sent."""
    return bool(found.affinity) and 200 in (found.affinity.statuses if found.affinity else ())


def _post_lost(found: FindingSet) -> Fit | None:
    """The POST is cut or swallowed on its way, while the WebSocket joins beside it."""
    attempt = found.attempt(Transport.POLLING)
    answer = attempt.answer if attempt else None
    if answer is None or answer.method != "POST" or not found.polling_open:
        return None
    if Transport.WEBSOCKET not in found.completed:
        return None
    failure = answer.failure
    if waited_in_vain(failure, Phase.REQUEST):
        why = say("GET is answered, POST never is.")
    elif cut(failure, Phase.REQUEST):
        why = say("GET is answered, the connection is cut upon POST.")
    else:
        return None
    return Fit((why,), Confidence.LIKELY)


def body_limit(found: FindingSet) -> Fit | None:
    """Bodies above a tiny limit are refused by the proxy."""
    answer = _post(found)
    about_size = answer is not None and answer.status not in _OTHERWISE
    if answer is not None and about_size and not _by_engineio(answer) and _short_posts_pass(found):
        why = say(
            "A POST of a few bytes is refused with {status}, one of a single byte gets through.",
            status=answer.status or 0,
        )
        return Fit((why,), Confidence.LIKELY, rivals=("http_post_blocked",))
    if answer is None or answer.status != 413:
        return _big_body_refused(found)
    return Fit((say("GET is answered, POST is refused with {status}.", status=413),))


def _short_posts_pass(found: FindingSet) -> bool:
    """The session-affinity check posts single bytes, the namespace CONNECT two and more."""
    statuses = found.affinity.statuses if found.affinity else ()
    return len(statuses) > 1 and all(status == 200 for status in statuses)


def _big_body_refused(found: FindingSet) -> Fit | None:
    """A POST that the server itself would take (it announces so) is refused for its size."""
    ladder = found.ladder
    most = ladder.announced if ladder else None
    if ladder is None or most is None:
        return None
    rung = next((r for r in ladder.rungs if r.status == 413 and r.size < most), None)
    if rung is None:
        return None
    return Fit(
        (
            say(
                "A POST of {size} kB is refused with 413; the server announces that it takes "
                "{most} bytes.",
                size=rung.size // 1_000,
                most=most,
            ),
        ),
    )


_POLLING_FAILS = say("Clients on the polling transport cannot connect or send.")


ROWS = (
    Cause(
        "http_post_blocked",
        Layer.HTTP,
        Section.NETWORK,
        say("POST requests are blocked"),
        _POLLING_FAILS,
        say("Allow POST on /socket.io/."),
        reach=Reach.PART,
        holds=post_blocked,
    ),
    Cause(
        "http_body_limit",
        Layer.HTTP,
        Section.SERVER,
        say("The proxy's body limit rejects polling requests"),
        _POLLING_FAILS,
        say("Raise the body limit for /socket.io/ (nginx: client_max_body_size)."),
        reach=Reach.PART,
        holds=body_limit,
    ),
)

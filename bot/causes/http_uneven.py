"""Several servers behind one front, of which one answers in another way: facts for several causes.

Handshakes alike, one after another, are answered now by Engine.IO and now with a status. A limiter
does so as well: it lets the first through, and nginx says 503 on a page of its own.
"""

from __future__ import annotations

from bot.causes.row import Fit
from bot.evidence import HttpAnswer, Outcome
from bot.findings import NOT_ENGINE_IO, FindingSet
from bot.model import Confidence, Transport, say


def odd_one(found: FindingSet, *statuses: int) -> HttpAnswer | None:
    """What a server among several answers in Engine.IO's place, where it is one of `statuses`."""
    alike = found.alike
    if alike is None or not any(alike.opens):
        return None
    last = max(number for number, opened in enumerate(alike.opens) if opened)
    wanted = frozenset(statuses) or NOT_ENGINE_IO
    return next(
        (a for a in alike.polling[:last] if a.status in wanted and not by_nginx_limit(a)), None
    )


def by_nginx_limit(answer: HttpAnswer) -> bool:
    """nginx's built-in page with 503, and no application's that it passes on.

    It is what its limits answer: for a dead backend it says 502 or 504.
    """
    own = (answer.header("server") or "").startswith(("nginx", "openresty"))
    stock = "<hr><center>nginx" in answer.body or "<hr><center>openresty" in answer.body
    return answer.status == 503 and own and stock


def partly(found: FindingSet, *statuses: int) -> Fit | None:
    """Of handshakes alike some meet such a server."""
    answer = odd_one(found, *statuses)
    if answer is None or found.alike is None:
        return None
    met = sum(1 for a in found.alike.polling if a.status == answer.status)
    why = say(
        "Of {n} handshakes alike, one after another, {met} are answered {status} and others by "
        "Engine.IO: one server of several fails.",
        n=len(found.alike.polling),
        met=met,
        status=answer.status or 0,
    )
    return Fit((why,), Confidence.LIKELY)


def refused_alone(found: FindingSet) -> HttpAnswer | None:
    """A WebSocket opened before, and with none of ours left open the next one is told 503."""
    alike = found.alike
    if alike is None or not found.websocket_open or odd_one(found) is not None:
        return None
    tried = [a for a in alike.websocket if a.transport is Transport.WEBSOCKET]
    if not tried or tried[0].outcome is not Outcome.NOT_TRIED:
        return None
    answer = tried[0].answer
    return answer if answer is not None and answer.status == 503 else None

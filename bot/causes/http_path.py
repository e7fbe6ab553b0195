"""Causes between front and Engine.IO: a server answers, the path does not lead to Engine.IO."""

from __future__ import annotations

from bot.causes.http_front import (
    eio_answer,
    guarded,
    host_unknown,
    is_page,
    no_route,
    stored_files,
    words,
)
from bot.causes.http_pages import slash_redirect
from bot.causes.http_uneven import odd_one, partly
from bot.causes.http_whose import (
    by_app,
    by_hosting,
    echoed,
    everything_404,
    name_known,
    names_served,
)
from bot.causes.row import Cause, Fit
from bot.evidence import HttpAnswer, Phase
from bot.findings import FindingSet, waited_in_vain
from bot.model import Confidence, FollowUp, Layer, Reason, Section, Transport, say

# engine.io closes an upgrade that nobody claims after destroyUpgradeTimeout, 1 s by default
_UNCLAIMED_UPGRADE_MS = (800.0, 1_600.0)

# Frameworks and servers of files refuse so, in pages of their own, what they have no route for
_NOT_TAKEN = frozenset({405, 410, 501})


def _absent(found: FindingSet) -> HttpAnswer | None:
    """The polling handshake's 404 (or its like), where nothing speaks Engine.IO."""
    answer = eio_answer(found)
    if answer is None or found.eio_seen or found.websocket_open or guarded(found):
        return None
    if stored_files(answer):
        return None
    if answer.status == 404 or no_route(answer) or host_unknown(answer):
        return answer
    if answer.failure is not None:
        return None  # http_app_hangs: it began, and never came to an end
    if answer.status in _NOT_TAKEN:
        return answer
    plain = answer.status in (200, 204, 400, 426)
    return answer if plain and not is_page(answer) else None


def _unclaimed(found: FindingSet) -> bool:
    """engine.io is attached elsewhere: the upgrade is cut after its own timeout."""
    ws = found.websocket
    if ws is None:
        return False
    failure = ws.answer.failure
    low, high = _UNCLAIMED_UPGRADE_MS
    if failure is not None:
        ended = failure.reason in (Reason.EOF, Reason.RESET) and not failure.bytes_received
        return ended and low <= failure.elapsed_ms <= high
    late = ws.answer.ttfb_ms is not None and low <= ws.answer.ttfb_ms <= high
    return ws.answer.status == 502 and late


def _other_paths(found: FindingSet) -> tuple[str, ...]:
    return found.path_candidates.opens if found.path_candidates else ()


def _settle_path(found: FindingSet) -> tuple[FollowUp, ...]:
    return () if found.ran(FollowUp.PATH_CANDIDATES) else (FollowUp.PATH_CANDIDATES,)


def _settle_asker(found: FindingSet) -> tuple[FollowUp, ...]:
    """Is it our path, our User-Agent, or our host name that the 404 is about?"""
    answer = _absent(found)
    asked: tuple[FollowUp, ...] = ()
    if answer is not None and not by_app(answer):
        asked = (FollowUp.USER_AGENT,)
        if not _healthy(found):
            asked = (FollowUp.USER_AGENT, FollowUp.HOST_VARIANTS)
    return (*_settle_path(found), *(f for f in asked if not found.ran(f)))


def _stripped(found: FindingSet) -> str | None:
    """The path that the application says it was asked for, if it is not the one we asked."""
    answer = _absent(found)
    told = echoed(answer) if answer else None
    if answer is None or told is None:
        return None
    asked = answer.path.split("?", maxsplit=1)[0]
    seen = told.split("?", maxsplit=1)[0]
    return seen if seen.rstrip("/") != asked.rstrip("/") else None


def _doubled(found: FindingSet) -> str | None:
    """The path written twice, where that opens a session: the first half was cut off."""
    path = found.target.path
    twice = path.rstrip("/") + path
    return twice if twice in _other_paths(found) else None


def _slash_only(found: FindingSet) -> bool:
    """An OPEN comes under the same path with the slash the other way."""
    return any(p.rstrip("/") == found.target.path.rstrip("/") for p in _other_paths(found))


def wrong_path(found: FindingSet) -> Fit | None:
    """Engine.IO lives under another path."""
    answer = _absent(found)
    if answer is None or _stripped(found) or _slash_only(found) or _doubled(found):
        return None
    elsewhere = _other_paths(found)
    if elsewhere:
        return Fit((say("Engine.IO answers under {path}.", path=elsewhere[0]),))
    if not _unclaimed(found):
        return None
    return Fit(
        (
            say(
                "{path} answers {status}, and the WebSocket is dropped after one second: "
                "Engine.IO is attached under another path.",
                path=answer.path.split("?", maxsplit=1)[0],
                status=answer.status or 0,
            ),
        ),
        Confidence.CERTAIN,
        _settle_path(found),
    )


def absent(found: FindingSet) -> Fit | None:
    """An HTTP server without Engine.IO."""
    if odd_one(found):
        return partly(found, 404)
    answer = _absent(found)
    if answer is None or wrong_path(found) or _stripped(found) or _slash_only(found):
        return None
    if _doubled(found):
        return None
    if _web_socket_lives(found) or _vhost_unknown(found):
        return None
    return Fit(
        (
            say(
                "{path} answers {status}, and not in Engine.IO's way.",
                path=answer.path.split("?", maxsplit=1)[0],
                status=answer.status or 0,
            ),
        ),
        Confidence.CERTAIN if answer.status == 404 else Confidence.LIKELY,
        _settle_asker(found),
        _rivals_of_absence(found, answer),
    )


def _rivals_of_absence(found: FindingSet, answer: HttpAnswer) -> tuple[str, ...]:
    """Whose site it is may be in doubt as well."""
    if by_hosting(answer):
        return ("http_spa_fallback", "http_wrong_vhost")
    sure = _healthy(found) or by_app(answer) or name_known(found)
    return () if sure else ("http_wrong_vhost",)


def _web_socket_lives(found: FindingSet) -> bool:
    return bool(found.websocket and found.websocket.answer.status == 101)


def _healthy(found: FindingSet) -> bool:
    status = found.health.answer.status if found.health else None
    return status is not None and 200 <= status < 300


def _vhost_unknown(found: FindingSet) -> bool:
    answer = _absent(found)
    if answer is None or name_known(found):
        return False
    return host_unknown(answer) or bool(names_served(found)) or everything_404(found)


def wrong_vhost(found: FindingSet) -> Fit | None:
    """The proxy's default page answers for this host name."""
    answer = _absent(found)
    if answer is None or not _vhost_unknown(found) or _other_paths(found):
        return None
    if served := names_served(found):
        why = say(
            "The proxy treats this host name like one that cannot exist, and serves {name}.",
            name=served[0],
        )
        return Fit((why,), Confidence.CERTAIN, _settle_path(found))
    if host_unknown(answer):
        why = say("The server says that it knows no such host: “{text}”.", text=words(answer)[:120])
        return Fit((why,), Confidence.LIKELY, _settle_asker(found), ("http_sio_absent",))
    return Fit(
        (say("The proxy itself answers 404 on every path."),),
        Confidence.LIKELY,
        _settle_asker(found),
        ("http_sio_absent", "http_sio_trailing_slash"),
    )


def trailing_slash(found: FindingSet) -> Fit | None:
    """The path works without its slash (or with one)."""
    elsewhere = slash_redirect(found)
    if elsewhere is not None:
        return Fit(
            (say("The server redirects to {path}.", path=elsewhere),),
            Confidence.LIKELY,
            _settle_path(found),
        )
    if _absent(found) is None or not _slash_only(found):
        return None
    return Fit((say("Engine.IO answers under {path}.", path=_other_paths(found)[0]),))


def prefix_stripped(found: FindingSet) -> Fit | None:
    """The proxy cuts the path before it passes the request on."""
    if twice := _doubled(found):
        return Fit((say("Engine.IO answers under {path}: the proxy cuts the path.", path=twice),))
    seen = _stripped(found)
    if seen is None:
        return None
    return Fit((say("The application was asked for {path}: the proxy cut the path.", path=seen),))


def query_stripped(found: FindingSet) -> Fit | None:
    """Neither transport is known to Engine.IO: it never sees the query."""
    polling, ws = found.polling, found.websocket
    if polling is None or polling.error is None or polling.error.code != 0 or ws is None:
        return None
    told = ws.error is not None and ws.error.code == 0
    told = told or "transport unknown" in ws.answer.body.lower()
    if not told or ws.answer.status == 101:
        return None
    return Fit(
        (say("Engine.IO says “Transport unknown” to polling and to WebSocket alike."),),
    )


def cached(found: FindingSet) -> Fit | None:
    """Two handshakes gave the same session: a cache stands in front."""
    looks = (found.polling, found.upgrade, found.affinity)
    opens = [e.open.sid_digest for e in looks if e is not None and e.open is not None]
    if len(set(opens)) == len(opens):
        return None
    return Fit((say("Two handshakes gave the same session id: a cache answers for the server."),))


def app_hangs(found: FindingSet) -> Fit | None:
    """The health page answers, Engine.IO's path never does."""
    waits = [e.answer.failure for e in (found.polling, found.websocket) if e is not None]
    if found.health is None or found.health.answer.status is None or not waits:
        return None
    if found.polling is not None and Transport.WEBSOCKET in found.completed:
        if not waited_in_vain(found.polling.answer.failure, Phase.REQUEST):
            return None
        why = say("Requests over polling hang, while other paths and the WebSocket are served.")
        return Fit((why,), Confidence.LIKELY)
    if not all(waited_in_vain(f, Phase.REQUEST, Phase.RESPONSE) for f in waits):
        return None
    return Fit(
        (say("Other paths are answered, requests to Engine.IO's path hang."),),
    )


_NOBODY = say("Nobody can connect.")

ROWS = (
    Cause(
        "http_sio_absent",
        Layer.HTTP,
        Section.SERVER,
        say("The server runs without Socket.IO"),
        _NOBODY,
        say("Attach Socket.IO to this HTTP server; check which service the URL leads to."),
        holds=absent,
    ),
    Cause(
        "http_sio_wrong_path",
        Layer.HTTP,
        Section.ENVIRONMENT,
        say("Socket.IO is served under another path"),
        _NOBODY,
        say("Make the client's `path` option and the server's the same."),
        holds=wrong_path,
    ),
    Cause(
        "http_sio_trailing_slash",
        Layer.HTTP,
        Section.ENVIRONMENT,
        say("The slash at the end of the path does not match the proxy's rule"),
        _NOBODY,
        say("Align `addTrailingSlash` of the client with the proxy's location."),
        holds=trailing_slash,
    ),
    Cause(
        "http_wrong_vhost",
        Layer.HTTP,
        Section.SERVER,
        say("The proxy does not know this host name"),
        _NOBODY,
        say("Add this host name to the proxy's server_name (virtual host)."),
        holds=wrong_vhost,
    ),
    Cause(
        "http_prefix_stripped",
        Layer.HTTP,
        Section.SERVER,
        say("The proxy cuts the path off"),
        _NOBODY,
        say("Pass the path on unchanged: in nginx, no trailing slash after proxy_pass."),
        holds=prefix_stripped,
    ),
    Cause(
        "http_query_stripped",
        Layer.HTTP,
        Section.SERVER,
        say("The proxy cuts the query string off"),
        _NOBODY,
        say("Pass the query string on: in nginx, proxy_pass without $uri."),
        holds=query_stripped,
    ),
    Cause(
        "http_cdn_caches_polling",
        Layer.HTTP,
        Section.SERVER,
        say("A cache answers Engine.IO's handshakes"),
        say("Users share one dead session and are thrown out again and again."),
        say("Bypass the cache (CDN) for /socket.io/."),
        holds=cached,
    ),
    Cause(
        "http_app_hangs",
        Layer.HTTP,
        Section.SERVER,
        say("Requests to Socket.IO hang inside the application"),
        say("Connection attempts hang until the client's timeout, then fail."),
        say("Look at the middleware in front of Socket.IO: something never answers."),
        holds=app_hangs,
    ),
)

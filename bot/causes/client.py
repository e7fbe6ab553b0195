"""Causes on the client's side that no look at the server can prove, and dead fallback URLs.

Rows without a predicate are named by the lint of the client settings, by the browser check and by
`wsdiag explain`; the verdict of a check never names them.
"""

from __future__ import annotations

from bot.causes.held_session import keepalive_too_slow
from bot.causes.row import Cause, Fit, Reach
from bot.findings import FindingSet
from bot.model import Layer, Reason, Section, Status, say


def url_unusable(found: FindingSet) -> Fit | None:
    """The URL is missing or is no backend URL."""
    config = found.config
    if config is None or config.problem is None:
        return None
    return Fit((say("{problem}", problem=config.problem),))


def fallback_dead(found: FindingSet) -> Fit | None:
    """A fallback URL that would not help."""
    dead = [
        f
        for f in found.named("fallback")
        if f.status in (Status.FAIL, Status.WARN) and f.reason is Reason.FALLBACK_DEAD
    ]
    if not dead:
        return None
    urls = [getattr(f.evidence, "url", "?") for f in dead]
    return Fit((say("No Engine.IO behind the fallback URL {urls}.", urls=", ".join(urls)),))


ROWS = (
    Cause(
        "cli_url_missing",
        Layer.CLIENT,
        Section.ENVIRONMENT,
        say("The backend URL is missing or unusable"),
        say("Nobody can connect."),
        say("Set NEXT_PUBLIC_SOCKET_URL (WSDIAG_URL) when the frontend is built."),
        holds=url_unusable,
    ),
    Cause(
        "cli_fallback_useless",
        Layer.CLIENT,
        Section.ENVIRONMENT,
        say("A fallback URL would not help"),
        say("Users are not affected now; in an outage the fallback fails as well."),
        say("Use an independent, working fallback URL, or remove it."),
        reach=Reach.QUALITY,
        holds=fallback_dead,
    ),
    Cause(
        "cli_no_fallback",
        Layer.CLIENT,
        Section.TRANSPORTS,
        say("The client never falls back to polling"),
        say("Where WebSockets are blocked, users are cut off although polling would work."),
        say("Put polling first in `transports`, or set tryAllTransports: true."),
        reach=Reach.QUALITY,
    ),
    Cause(
        "cli_timeout_too_short",
        Layer.CLIENT,
        Section.ERRORS,
        say("The client's timeout is shorter than the server's start"),
        say("The first users after a pause give up just before the server is ready."),
        say("Raise `timeout` above the cold start."),
        reach=Reach.QUALITY,
    ),
    Cause(
        "cli_scheme_wrong",
        Layer.CLIENT,
        Section.ENVIRONMENT,
        say("Scheme, port or path of the URL contradict each other"),
        say("Connections fail or take a detour."),
        say("Correct scheme, port and path in the backend URL."),
        reach=Reach.QUALITY,
    ),
    Cause(
        "cli_keepalive_too_slow",
        Layer.CLIENT,
        Section.HEARTBEAT,
        say("The client's keep-alive is slower than the proxy's idle timeout"),
        say("Idle users are cut off in regular intervals."),
        say("Send keep-alives more often than the shortest idle timeout on the way."),
        reach=Reach.QUALITY,
        holds=keepalive_too_slow,
    ),
    Cause(
        "cli_reconnect_exhausted",
        Layer.CLIENT,
        Section.ERRORS,
        say("The client gives up reconnecting"),
        say("After a longer outage users stay cut off until they reload the page."),
        say("Let reconnectionAttempts be Infinity, with a capped backoff."),
        reach=Reach.QUALITY,
    ),
)

"""Causes at the TCP layer: a connection is accepted, and no HTTP comes of it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.causes.row import Cause, Fit
from bot.causes.tcp_silence import connects_waver
from bot.causes.tls_handshake import h2_only, speaks_http2
from bot.evidence import Failure, Phase
from bot.findings import FindingSet, cut, waited_in_vain
from bot.model import Confidence, FollowUp, Layer, Reason, Section, say


def _front_failures(found: FindingSet) -> tuple[Failure, ...]:
    """How requests that any HTTP server should answer ended (WebSocket apart)."""
    answers = [e.answer for e in (found.health, found.polling) if e is not None]
    return tuple(a.failure for a in answers if a.failure is not None)


def _cut_before_a_byte(found: FindingSet) -> tuple[Failure, ...]:
    # A reset that overtakes our look at the new socket is reported by the connect itself.
    early = (Phase.CONNECT, Phase.TLS, Phase.REQUEST)
    return tuple(f for f in _front_failures(found) if cut(f, *early) and not f.bytes_received)


def _all_cut(found: FindingSet) -> bool:
    failures = _front_failures(found)
    return bool(failures) and len(_cut_before_a_byte(found)) == len(failures) and not found.statuses


def _others_wait(found: FindingSet) -> bool:
    """What is not cut is accepted and never answered: the places are taken, by us too."""
    cut_off = _cut_before_a_byte(found)
    waits = [f for f in _front_failures(found) if f not in cut_off]
    return bool(waits) and all(waited_in_vain(f, Phase.REQUEST) for f in waits)


def _unexplained_by_tls(found: FindingSet) -> bool:
    other = found.tls_on_plain_port
    return not (other and other.spoken)


def _cut_settle(found: FindingSet) -> tuple[FollowUp, ...]:
    wanted = [FollowUp.TCP_BURST]
    if not found.over_tls:
        wanted.append(FollowUp.TLS_ON_PLAIN_PORT)
    return tuple(f for f in wanted if not found.ran(f))


def _reaction(found: FindingSet) -> bool:
    """Only what we said was disliked: silent connections stay open."""
    silent = found.burst.silent if found.burst else ()
    return bool(silent) and all(end == "open" for end in silent)


def _tls_speaks(found: FindingSet) -> bool:
    """Over TLS the rows of TLS explain an end, unless it comes without a word of ours.

    Where the handshake succeeds and no client certificate is asked for, TLS has no part in it.
    """
    if not found.over_tls:
        return False
    own = found.hellos.get("own")
    if own is not None and own.completed and found.tls_up:
        return bool(own.asks_certificate) or h2_only(found) is not None
    if any(cut(f, Phase.CONNECT) for f in _front_failures(found)):
        return False  # it ended before we could say anything
    return not found.burst or _reaction(found)


def _mostly_reset(found: FindingSet) -> bool:
    if found.burst:
        ends = [e for e in (*found.burst.silent, *found.burst.outcomes) if e != "open"]
        resets = sum(1 for e in ends if e == Reason.RESET)
        return bool(ends) and resets >= 0.8 * len(ends)
    cuts = _cut_before_a_byte(found)
    return bool(cuts) and all(f.reason is Reason.RESET for f in cuts)


def rst_on_accept(found: FindingSet) -> Fit | None:
    """Accepted and reset at once, every time."""
    if not _all_cut(found) or not _unexplained_by_tls(found) or _tls_speaks(found):
        return None
    if not _mostly_reset(found):
        return None
    return Fit(
        (say("Every connection is accepted and reset before a byte comes back."),),
        settle=_cut_settle(found),
        rivals=() if found.burst else ("tcp_conn_limit",),
    )


def conn_limit(found: FindingSet) -> Fit | None:
    """Accepted and closed without a byte: the server has as many connections as it wants."""
    reset = _mostly_reset(found) and not _others_wait(found)
    if not _unexplained_by_tls(found) or reset or found.gone_meanwhile:
        return None  # who listens no more had no limit: he fell
    partly = bool(_cut_before_a_byte(found)) and (bool(found.statuses) or _others_wait(found))
    if not (_all_cut(found) or partly) or _tls_speaks(found):
        return None
    if partly and found.burst and all(e == "answered" for e in found.burst.outcomes):
        return None
    if not partly:
        why = say("Every connection is accepted and closed before a byte comes back.")
    elif found.statuses:
        why = say("Some connections are answered, others are closed before a byte comes back.")
    else:
        why = say("Some connections are kept and not answered, others are closed at once.")
    return Fit(
        (why,),
        Confidence.LIKELY,
        _cut_settle(found),
        ("tcp_rst_on_accept",) if _all_cut(found) else (),
    )


def frozen(found: FindingSet) -> Fit | None:
    """The kernel accepts and acknowledges, the process says nothing, on any path."""
    waits = _front_failures(found)
    if not waits or found.statuses or found.eio_seen:
        return None
    if not all(waited_in_vain(f, Phase.REQUEST) and not f.bytes_received for f in waits):
        return None
    if any(f.tcp and f.tcp.unacked for f in waits) or connects_waver(found):
        return None  # our bytes are not even acknowledged: the path or a full queue
    return Fit(
        (
            say(
                "Connections are accepted and our requests acknowledged, but not one byte comes "
                "back on any path."
            ),
        ),
        Confidence.CERTAIN if any(f.tcp for f in waits) else Confidence.LIKELY,
    )


def _alien(answers: Iterable[Failure]) -> Failure | None:
    """The first answer that does not even begin like HTTP: a broken one is still HTTP."""
    return next(
        (
            f
            for f in answers
            if f.reason is Reason.NOT_HTTP
            and f.phase is not Phase.PROXY
            and f.first_bytes
            and not f.first_bytes.startswith("HTTP/")
            and not speaks_http2(f)
        ),
        None,
    )


def wrong_service(found: FindingSet) -> Fit | None:
    """Something that is neither HTTP nor TLS talks on this port."""
    if found.statuses or found.eio_seen:
        return None
    other = found.plain_http
    alien = _alien(found.failures)
    if alien is None and other and other.answer and other.answer.failure:
        alien = _alien((other.answer.failure,))
    if alien is None or not _unexplained_by_tls(found) or _tls_record(alien):
        return None
    return Fit(
        (say("The port answers with “{bytes}”, which is not HTTP.", bytes=alien.first_bytes),),
    )


def _tls_record(failure: Failure) -> bool:
    """A TLS alert record (RFC 8446 5.1: type 21, version 3.x) in printable form."""
    return failure.first_bytes.startswith("\\x15\\x03")


_NOBODY = say("Nobody can connect.")

ROWS = (
    Cause(
        "tcp_rst_on_accept",
        Layer.TCP,
        Section.NETWORK,
        say("Connections are accepted and reset at once"),
        _NOBODY,
        say("Look for a middlebox, proxy or access list that resets connections to this port."),
        needs_control=True,
        holds=rst_on_accept,
    ),
    Cause(
        "tcp_conn_limit",
        Layer.TCP,
        Section.SERVER,
        say("The server closes new connections at once: a connection limit"),
        say("New users are turned away; those already connected may work on."),
        say("Raise the server's connection limit (maxConnections, ulimit -n), or scale out."),
        holds=conn_limit,
    ),
    Cause(
        "srv_frozen",
        Layer.TCP,
        Section.SERVER,
        say("The server process hangs"),
        say("Connection attempts hang until the client's timeout; nothing is answered."),
        say("Restart the process; take a CPU profile and a stack dump first if you can."),
        holds=frozen,
    ),
    Cause(
        "tcp_wrong_service",
        Layer.TCP,
        Section.ENVIRONMENT,
        say("Another service answers on this port"),
        _NOBODY,
        say("Correct the port in the backend URL."),
        holds=wrong_service,
    ),
)

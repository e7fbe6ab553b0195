"""From findings to a verdict, or to the follow-ups that would settle it. Pure.

The rules are those of "What a verdict means" in docs/design: the state is read off the findings,
the cause off the catalogue. Among causes that fit, those that explain the state come first, then
the lowest layer, because everything above a broken layer fails for its sake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import causes
from bot.causes import CATALOGUE, Cause, Fit, Reach, controls, unexplained
from bot.causes.history import remembered
from bot.evidence import Failure, Phase
from bot.findings import FindingSet
from bot.model import (
    Confidence,
    Finding,
    FollowUp,
    Layer,
    Message,
    Named,
    Reason,
    State,
    Status,
    Target,
    Transport,
    Verdict,
    say,
)

_BLAME = tuple(Layer)
_SURE = (Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE)

_LAYER_OF_PROBE = {
    "config": Layer.CLIENT,
    "dns": Layer.DNS,
    "tcp": Layer.TCP,
    "tls": Layer.TLS,
    "http": Layer.HTTP,
    "polling": Layer.HTTP,
    "cors": Layer.CORS,
    "websocket": Layer.WEBSOCKET,
    "upgrade": Layer.WEBSOCKET,
    "namespace": Layer.SOCKETIO,
    "rtt": Layer.NET,
    "fallback": Layer.CLIENT,
    "history": Layer.SERVER,
    FollowUp.EACH_ADDRESS: Layer.TCP,
    FollowUp.AFFINITY: Layer.ENGINEIO,
    FollowUp.LINGER: Layer.SOCKETIO,
    FollowUp.LADDER: Layer.NET,
    FollowUp.HOLD: Layer.WEBSOCKET,
    FollowUp.TWIN: Layer.WEBSOCKET,
}
# They take as long as the server's timers do: only when a deep check is asked for.
_DEEP = frozenset({FollowUp.LADDER, FollowUp.HOLD, FollowUp.TWIN, FollowUp.SAMPLER})
# How a connection ends when the process behind it has gone.
_TORN = frozenset({Reason.REFUSED, Reason.RESET, Reason.EOF, Reason.DISCONNECTED, Reason.CLOSED})
_LAYER_OF_PHASE = {
    Phase.RESOLVE: Layer.DNS,
    Phase.PROXY: Layer.PROXY,
    Phase.CONNECT: Layer.TCP,
    Phase.TLS: Layer.TLS,
}

# What a dead network of our own can produce; a refusal or an HTTP answer never is.
_OUR_SIDE = frozenset(
    {
        Reason.RESOLVER_FAILED,
        Reason.RESOLVER_TIMEOUT,
        Reason.NAME_NOT_FOUND,
        Reason.NO_ADDRESS,
        Reason.TIMEOUT,
        Reason.NO_ROUTE,
        Reason.HOST_UNREACHABLE,
        Reason.NOT_REACHED,
        Reason.DEADLINE,
        Reason.SLOW_LOOKUP,
        Reason.HIGH_LATENCY,
        Reason.UNSTABLE,
        Reason.LOSSY,
    }
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    cause: Cause
    fit: Fit


def judge(
    findings: Sequence[Finding],
    target: Target,
    *,
    cut_short: bool = False,
) -> Verdict:
    """Conclude.

    cut_short: the run's deadline took away something that the verdict needs.
    """
    found = FindingSet.of(findings, target)
    state = _state(found, cut_short=cut_short)
    advice = found.config.advice if found.config else ()
    sentences = tuple(message for _, message in advice)
    if state is State.UP:
        return Verdict(State.UP, None, advice=sentences)
    if state is State.UNKNOWN:
        return Verdict(State.UNKNOWN, None, why=_why_unknown(found, cut_short), advice=sentences)
    ranked = _ranked(found, state)
    if not ranked:
        return _unrecognised(found, state, sentences)
    best, others = ranked[0], ranked[1:]
    rivals = tuple(
        dict.fromkeys((*best.fit.rivals, *(c.cause.code for c in others if _same_ground(best, c))))
    )
    also = tuple(c.cause.code for c in others if c.cause.code not in rivals)
    return Verdict(
        state,
        Named(
            best.cause.code,
            best.cause.layer,
            best.cause.section,
            _confidence(best, rivals, found),
        ),
        alternatives=tuple(code for code in rivals if code != best.cause.code),
        why=best.fit.why + _doubts(found),
        advice=sentences,
        also=also,
    )


def wanted(
    findings: Sequence[Finding],
    target: Target,
    *,
    asked: frozenset[FollowUp],
    deep: bool = False,
) -> tuple[FollowUp, ...]:
    """The follow-ups that would separate the causes still possible; empty when settled.

    Whether what connected holds is asked first, while its sessions are open, and with it whether
    every address serves, where several connect. Session affinity is
    asked for whenever polling works and the client uses it, once nothing else
    is left: it runs alone, since parallel traffic hides it. `deep` allows what takes long, and
    wants the ladder and the hold of whatever connects.
    """
    found = FindingSet.of(findings, target)
    each = _each_address(found, asked)
    if found.completed and FollowUp.LINGER not in asked and not found.ran(FollowUp.LINGER):
        return (FollowUp.LINGER, *each)
    if found.turned_away is not None and FollowUp.ALONE not in asked:
        return () if found.ran(FollowUp.ALONE) else (FollowUp.ALONE,)
    ask: dict[FollowUp, None] = dict.fromkeys(each)
    if _state(found, cut_short=False) is not State.UP:
        if found.mixed:
            ask[FollowUp.ALIKE] = None
        for candidate in _ranked(found, State.DOWN if not found.completed else State.DEGRADED):
            ask.update(dict.fromkeys(candidate.fit.settle))
        if not found.completed and not found.reachable and found.proxy is None:
            ask[FollowUp.VIA_PROXY] = None
    left = tuple(f for f in ask if f not in asked and not found.ran(f) and (deep or f not in _DEEP))
    if left:
        return tuple(f for f in left if f is not FollowUp.AFFINITY) or left
    affinity = found.polling_open and Transport.POLLING in found.transports
    if affinity and FollowUp.AFFINITY not in asked and not found.ran(FollowUp.AFFINITY):
        return (FollowUp.AFFINITY,)
    return _deeper(found, asked) if deep else ()


def _each_address(found: FindingSet, asked: frozenset[FollowUp]) -> tuple[FollowUp, ...]:
    done = FollowUp.EACH_ADDRESS in asked or found.ran(FollowUp.EACH_ADDRESS)
    several = sum(1 for t in found.tcp if t.connect_ms is not None) > 1
    return (FollowUp.EACH_ADDRESS,) if several and not done else ()


def _deeper(found: FindingSet, asked: frozenset[FollowUp]) -> tuple[FollowUp, ...]:
    """What a deep check looks at in any case, one at a time."""
    torn = found.eio_seen and any(
        f.reason in _TORN and f.probe not in _DEEP for f in found.problems
    )
    order = []
    if torn:
        order.append(FollowUp.SAMPLER)  # does it fall without us?
    if torn or found.completed:
        order.append(FollowUp.HOLD)
    hold = found.finding(FollowUp.HOLD)
    if found.completed and hold is not None and hold.status is not Status.FAIL:
        order.append(FollowUp.LADDER)  # else the question is another
    return tuple(f for f in order if f not in asked and not found.ran(f))[:1]


# ---------------------------------------------------------------- state


def _state(found: FindingSet, *, cut_short: bool) -> State:
    if found.completed:
        return State.DEGRADED if found.problems else State.UP
    if cut_short or _our_side(found) or _refused_by_us(found) or _our_settings(found):
        return State.UNKNOWN
    if controls.date_is_ours(found):
        return State.UNKNOWN
    return State.DOWN


def _our_side(found: FindingSet) -> bool:
    """The controls fail too, and nothing that failed needed a living network to fail that way."""
    if found.statuses or found.eio_seen or not controls.fail(found, _layer_of_silence(found)):
        return False
    if found.via_proxy is not None:
        return False  # the way out is through a proxy, and it works
    if found.reachable and not controls.carried_connections(found):
        return False  # the backend's host answered: our network carries packets to it
    return bool(found.problems) and all(_may_be_ours(f) for f in found.problems)


def _layer_of_silence(found: FindingSet) -> Layer:
    dns = found.dns
    nameless = dns is not None and not dns.literal and not dns.addresses
    return Layer.DNS if nameless else Layer.TCP


def _may_be_ours(finding: Finding) -> bool:
    failure = getattr(finding.evidence, "failure", None)
    if finding.reason is Reason.FALLBACK_DEAD and isinstance(failure, Failure):
        return failure.reason in _OUR_SIDE
    return finding.reason in _OUR_SIDE


def _refused_by_us(found: FindingSet) -> bool:
    """A private address behind a URL that somebody typed: not probed, so nothing is known."""
    dns = found.finding("dns")
    return (
        not found.target.allow_private
        and dns is not None
        and dns.status is Status.FAIL
        and dns.reason is Reason.BOGUS_ADDRESS
    )


def _our_settings(found: FindingSet) -> str | None:
    """What of the bot's own settings keeps it from looking: a secret that cannot be read."""
    config = found.finding("config")
    if config is None or config.reason is not Reason.NOT_POSSIBLE or found.config is None:
        return None
    return found.config.problem


def _why_unknown(found: FindingSet, cut_short: bool) -> tuple[Message, ...]:
    if problem := _our_settings(found):
        return (say("{problem}", problem=problem),)
    if _refused_by_us(found):
        return (say("The name leads to a private address, which is not probed for a typed URL."),)
    offset = controls.our_clock(found)
    if offset is not None and controls.date_is_ours(found):
        return (
            say(
                "The clock of this machine is {hours} hours off, so it takes a good certificate "
                "for one out of date.",
                hours=round(abs(offset) / 3600, 1),
            ),
        )
    if _our_side(found):
        failing = say("The controls fail as well: our own network is broken, the backend unknown.")
        return (failing, *_slack_too(found))
    if cut_short:
        return (say("The check ran out of time before it could tell."),)
    return (say("The evidence allows no statement."),)


def _slack_too(found: FindingSet) -> tuple[Message, ...]:
    """Slack's connection beside the controls: never more than a hint."""
    connected = found.control.slack_connected if found.control else None
    if connected is None:
        return ()
    if connected:
        return (say("Slack is still connected: our network is not dead altogether."),)
    return (say("The connection to Slack is lost as well."),)


def _doubts(found: FindingSet) -> tuple[Message, ...]:
    """Without a control nobody can rule our own network out: when people should think of it."""
    lost = found.control is not None and found.control.slack_connected is False
    if not lost or found.reachable or found.statuses or found.control is None:
        return ()
    if found.control.results or not all(_may_be_ours(f) for f in found.problems):
        return ()
    return (
        say(
            "The connection to Slack is lost as well and no control is configured: it may be our "
            "own network."
        ),
    )


# ---------------------------------------------------------------- cause


def _ranked(found: FindingSet, state: State) -> list[_Candidate]:
    """Every cause that fits, the one to name first."""
    candidates = []
    for cause in CATALOGUE.values():
        fit = (cause.holds(found) if cause.holds else None) or remembered(found, cause.code)
        if fit is not None:
            candidates.append(_Candidate(cause, fit))
    single = len(found.transports) == 1

    def key(candidate: _Candidate) -> tuple[int, int, int]:
        reach = candidate.cause.reach
        if reach is Reach.PART and (state is State.DEGRADED or single):
            reach = Reach.WHOLE
        return (
            reach,
            _BLAME.index(candidate.cause.layer),
            _SURE.index(candidate.fit.confidence),
        )

    return sorted(candidates, key=key)


def _same_ground(best: _Candidate, other: _Candidate) -> bool:
    """Another explanation of the same thing, and not a second fault beside it."""
    return (
        other.cause.layer is best.cause.layer
        and other.cause.reach is best.cause.reach
        and other.fit.confidence is not Confidence.CERTAIN
    )


def _confidence(
    best: _Candidate,
    rivals: tuple[str, ...],
    found: FindingSet,
) -> Confidence:
    confidence = best.fit.confidence
    unsettled = any(not found.ran(f) for f in best.fit.settle)
    blind = best.cause.needs_control and not controls.prove(found, best.cause.layer)
    if confidence is Confidence.CERTAIN and (rivals or unsettled or blind):
        return Confidence.LIKELY
    return confidence


def _unrecognised(found: FindingSet, state: State, advice: tuple[Message, ...]) -> Verdict:
    worst = _lowest_problem(found)
    layer = worst[1] if worst else Layer.SERVER
    row = causes.unrecognised(layer)
    why = unexplained.sentences(found, worst[0] if worst else None)
    named = Named(row.code, layer, row.section, Confidence.POSSIBLE)
    return Verdict(state, named, why=why, advice=advice)


def _lowest_problem(found: FindingSet) -> tuple[Finding, Layer] | None:
    def layer(finding: Finding) -> Layer:
        answer = getattr(finding.evidence, "answer", None)
        failure = getattr(answer, "failure", None) or getattr(finding.evidence, "failure", None)
        lower = _LAYER_OF_PHASE.get(failure.phase) if failure else None
        return lower or _LAYER_OF_PROBE.get(finding.probe, Layer.SERVER)

    problems = [(f, layer(f)) for f in found.problems]
    failing = [p for p in problems if p[0].status is Status.FAIL] or problems
    return min(failing, key=lambda p: _BLAME.index(p[1])) if failing else None

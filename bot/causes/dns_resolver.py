"""Causes at the DNS layer: the resolver does not do its part."""

from __future__ import annotations

from bot.causes import dns_facts as facts
from bot.causes.row import Cause, Fit, Reach
from bot.evidence import DnsReply, Phase
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Message, Reason, Section, Status, say

# A packet filter of this machine's own forbids even the sending (EPERM).
_SILENT = frozenset({Reason.TIMEOUT, Reason.NO_ROUTE, Reason.HOST_UNREACHABLE, Reason.SOCKET_ERROR})
# Answers to the question; whatever else a resolver says, it failed to find out.
_ANSWERS = frozenset({"NOERROR", "NXDOMAIN", "REFUSED"})


def _failures(found: FindingSet) -> frozenset[str]:
    return facts.rcodes(found) - _ANSWERS


def servfail(found: FindingSet) -> Fit | None:
    """The resolver itself failed to find out."""
    if not facts.failing(found):
        return None
    if not found.ran(FollowUp.DNS_DIRECT):
        return Fit(
            (say("The lookup failed; the system does not say how."),),
            Confidence.POSSIBLE,
            (FollowUp.DNS_DIRECT,),
            ("dns_timeout", "dns_refused_rcode", "dns_resolver_down"),
        )
    codes = _failures(found)
    if not codes or tcp_fallback_blocked(found) is not None:
        return None
    why: list[Message] = [say("The resolver answers {rcodes}.", rcodes=", ".join(sorted(codes)))]
    if _only_validation(found):
        why.append(
            say(
                "With DNSSEC validation switched off it answers: the signatures of the zone are "
                "broken or out of date."
            )
        )
    return Fit(tuple(why), Confidence.CERTAIN if "SERVFAIL" in codes else Confidence.LIKELY)


def _only_validation(found: FindingSet) -> bool:
    failed = [r for r in facts.replies(found) if r.rcode == "SERVFAIL"]
    return any(r.unchecked in ("NOERROR", "NXDOMAIN") for r in failed)


def refused_rcode(found: FindingSet) -> Fit | None:
    """The resolver declines to serve us."""
    if not facts.failing(found) or "REFUSED" not in facts.rcodes(found) or _failures(found):
        return None
    if tcp_fallback_blocked(found) is not None:
        return None
    return Fit((say("The resolver answers REFUSED: it does not serve this client."),))


def resolver_timeout(found: FindingSet) -> Fit | None:
    """Queries vanish, or find no way to the resolver."""
    said = facts.replies(found)
    if not facts.failing(found) or not said:
        return None
    if not all(r.failure in _SILENT and not r.truncated for r in said):
        return None
    silent = say("No answer from the resolver ({servers}).", servers=facts.servers(found))
    rivals = ("tcp_no_route",) if any(r.failure is Reason.NO_ROUTE for r in said) else ()
    return Fit((silent,), rivals=rivals)


def resolver_down(found: FindingSet) -> Fit | None:
    """Nothing listens on the resolver's port 53."""
    said = facts.replies(found)
    if not facts.failing(found) or not any(r.failure is Reason.REFUSED for r in said):
        return None
    if any(r.rcode or r.truncated for r in said):
        return None
    down = say(
        "Nothing listens on port 53 of the resolver ({servers}).", servers=facts.servers(found)
    )
    silent = any(r.failure in _SILENT for r in said)
    return Fit((down,), rivals=("dns_timeout",) if silent else ())


def tcp_fallback_blocked(found: FindingSet) -> Fit | None:
    """The answer is too big for UDP and TCP/53 does not work."""
    cut = [r for r in facts.replies(found) if r.truncated and r.failure is not None]
    if not facts.unresolved(found) or not cut or any(r.addresses for r in facts.replies(found)):
        return None
    return Fit(
        (
            say(
                "The answer is truncated over UDP and the resolver {server} cannot be asked "
                "over TCP.",
                server=cut[0].server,
            ),
        ),
    )


def _late(found: FindingSet) -> bool:
    """The probe complains: lookups are late again and again, or getaddrinfo gave up."""
    finding = found.finding("dns")
    return finding is not None and finding.status is Status.WARN and not facts.unresolved(found)


def aaaa_timeout(found: FindingSet) -> Fit | None:
    """The resolver answers A and drops AAAA: every lookup waits for it."""
    said = facts.replies(found)
    if not _late(found):
        return None
    answered = any(r.kind == "A" and r.addresses for r in said)
    dropped = any(r.kind == "AAAA" and r.failure in _SILENT for r in said)
    heard = any(r.kind == "AAAA" and r.rcode for r in said)
    if not answered or not dropped or heard:
        return None
    return Fit((say("A queries are answered, AAAA queries are dropped by the resolver."),))


def slow(found: FindingSet) -> Fit | None:
    """Lookups take long, one after the other, on a path that is fast."""
    dns = found.dns
    if dns is None or dns.literal or not _late(found) or aaaa_timeout(found) is not None:
        return None
    rtt = found.connect_rtt_ms
    if rtt is not None and dns.lookup_ms < 3 * rtt:
        return None  # the whole path is slow: net_latency
    path = found.finding("rtt")
    if path is not None and path.reason is Reason.LOSSY and not _passed_over(found):
        return None  # queries are lost as everything else is: net_loss
    again = dns.again_ms is not None
    why: list[Message] = [say("Looking the name up took {ms} ms.", ms=round(dns.lookup_ms))]
    dead = _passed_over(found)
    if dead:
        why.append(
            say(
                "The resolver {dead} does not answer; every lookup waits for it before the next "
                "one is asked.",
                dead=", ".join(dead),
            )
        )
    lossy = not dead and _vanish_now_and_then(found)
    return Fit(
        tuple(why),
        Confidence.CERTAIN if dead or (again and not lossy) else Confidence.LIKELY,
        facts.settle(found),
        ("net_loss",) if lossy else (),
    )


def _vanish_now_and_then(found: FindingSet) -> bool:
    """Other lookups of the same run failed, and the resolver answers quickly when it is asked
    itself: what was late may be what was asked again, because it got lost."""
    failed = any(failure.phase is Phase.RESOLVE for failure in found.failures)
    late_ms = found.dns.lookup_ms if found.dns is not None else 0.0
    quick = any(r.addresses and r.elapsed_ms < late_ms / 2 for r in facts.replies(found))
    return failed and quick


def _passed_over(found: FindingSet) -> list[str]:
    """Resolvers without an answer that stand before one that has it."""
    by_server: dict[str, list[DnsReply]] = {}
    for reply in facts.replies(found):
        by_server.setdefault(reply.server, []).append(reply)
    dead: list[str] = []
    for server, said in by_server.items():
        if any(r.addresses for r in said):
            return dead
        if all(r.failure in _SILENT for r in said):
            dead.append(server)
    return []


ROWS = (
    Cause(
        "dns_servfail",
        Layer.DNS,
        Section.NETWORK,
        say("The resolver fails to look the name up (SERVFAIL)"),
        say("Users behind such resolvers cannot connect; caches may hide it for a while."),
        say(
            "Check DNSSEC and the authoritative servers of the zone; switch the resolver for "
            "the time being."
        ),
        holds=servfail,
    ),
    Cause(
        "dns_refused_rcode",
        Layer.DNS,
        Section.NETWORK,
        say("The resolver refuses to answer this client"),
        say("Users of this resolver cannot connect."),
        say("Use a resolver that serves this network, or allow the client on it."),
        needs_control=True,
        holds=refused_rcode,
    ),
    Cause(
        "dns_timeout",
        Layer.DNS,
        Section.NETWORK,
        say("The DNS resolver does not answer"),
        say("Nothing that needs a host name works from here."),
        say("Check the firewall for UDP/53 towards the resolver, or change the resolver."),
        needs_control=True,
        holds=resolver_timeout,
    ),
    Cause(
        "dns_resolver_down",
        Layer.DNS,
        Section.NETWORK,
        say("No DNS resolver is listening where the system asks"),
        say("Nothing that needs a host name works from here."),
        say("Start the resolver, or replace it in resolv.conf."),
        needs_control=True,
        holds=resolver_down,
    ),
    Cause(
        "dns_slow",
        Layer.DNS,
        Section.NETWORK,
        say("Looking up the host name is slow"),
        say("Every new connection and reconnection waits for the lookup first."),
        say("Use a faster or a caching resolver."),
        reach=Reach.QUALITY,
        holds=slow,
    ),
    Cause(
        "dns_aaaa_timeout",
        Layer.DNS,
        Section.NETWORK,
        say("The resolver drops IPv6 (AAAA) queries"),
        say("Connections start seconds late, and clients with short timeouts give up."),
        say("Fix the resolver so that it answers AAAA queries, or use another one."),
        reach=Reach.PART,
        holds=aaaa_timeout,
    ),
    Cause(
        "dns_tcp_fallback_blocked",
        Layer.DNS,
        Section.NETWORK,
        say("The DNS answer is too large for UDP, and TCP/53 is blocked"),
        say("Users behind this resolver cannot connect."),
        say("Allow TCP/53 to the resolver, or make the DNS answer smaller."),
        holds=tcp_fallback_blocked,
    ),
)

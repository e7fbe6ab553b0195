"""Causes at the DNS layer: the name does not lead to an address that can be used."""

from __future__ import annotations

from ipaddress import ip_address

from bot.causes.row import Cause, Fit, Reach
from bot.evidence import DnsReply
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Reason, Section, say

SLOW_LOOKUP_MS = 800.0  # a client's connect budget feels this; resolvers answer in tens of ms
_NOT_FOUND = frozenset({"EAI_NONAME"})
_NO_DATA = frozenset({"EAI_NODATA", "EAI_ADDRFAMILY"})


def _replies(found: FindingSet) -> tuple[DnsReply, ...]:
    return found.dns_direct.replies if found.dns_direct else ()


def _unresolved(found: FindingSet) -> bool:
    return found.dns is not None and not found.dns.literal and not found.dns.addresses


def _settle(found: FindingSet) -> tuple[FollowUp, ...]:
    return () if found.ran(FollowUp.DNS_DIRECT) else (FollowUp.DNS_DIRECT,)


def _control_found(found: FindingSet) -> bool:
    return bool(found.control and found.control.resolver_addresses)


def _control_agrees(found: FindingSet) -> bool:
    return bool(found.control and found.control.resolver_rcode == "NXDOMAIN")


def _rcodes(found: FindingSet) -> frozenset[str]:
    return frozenset(r.rcode for r in _replies(found) if r.rcode)


def _dangling(found: FindingSet) -> DnsReply | None:
    gone = ("NXDOMAIN", "NOERROR")
    return next(
        (r for r in _replies(found) if r.aliases and not r.addresses and r.rcode in gone), None
    )


def _not_found(found: FindingSet) -> bool:
    if not _unresolved(found) or found.dns is None:
        return False
    if _replies(found):
        return "NXDOMAIN" in _rcodes(found) and not any(r.addresses for r in _replies(found))
    return found.dns.error in _NOT_FOUND


def nxdomain(found: FindingSet) -> Fit | None:
    """The name does not exist; only a control resolver can tell a lie from the truth."""
    if not _not_found(found) or _dangling(found) or _control_found(found) or found.dns is None:
        return None
    agreed = _control_agrees(found)
    return Fit(
        (say("The resolver says that {host} does not exist (NXDOMAIN).", host=found.dns.host),),
        Confidence.CERTAIN if agreed and _replies(found) else Confidence.LIKELY,
        _settle(found),
        () if agreed else ("dns_poisoned_nxdomain",),
    )


def poisoned_nxdomain(found: FindingSet) -> Fit | None:
    """Our resolver denies the name, the control resolver knows it."""
    if not _not_found(found) or not _control_found(found) or found.dns is None:
        return None
    return Fit(
        (
            say(
                "Our resolver says that {host} does not exist, the control resolver has an "
                "address for it.",
                host=found.dns.host,
            ),
        ),
    )


def dangling_cname(found: FindingSet) -> Fit | None:
    """An alias whose target is gone."""
    reply = _dangling(found)
    if not _unresolved(found) or reply is None or found.dns is None:
        return None
    return Fit(
        (
            say(
                "{host} is an alias of {alias}, which has no address.",
                host=found.dns.host,
                alias=reply.aliases[-1],
            ),
        ),
    )


def no_address(found: FindingSet) -> Fit | None:
    """The name exists and has neither A nor AAAA."""
    if not _unresolved(found) or _dangling(found) or found.dns is None:
        return None
    replies = _replies(found)
    empty = bool(replies) and all(
        r.rcode == "NOERROR" and not r.addresses and not r.truncated for r in replies
    )
    if not empty and (replies or found.dns.error not in _NO_DATA):
        return None
    return Fit(
        (say("{host} exists, but has neither an A nor an AAAA record.", host=found.dns.host),),
        Confidence.CERTAIN if empty else Confidence.LIKELY,
        _settle(found),
    )


def _failing_lookup(found: FindingSet) -> bool:
    """No address, and not because somebody said that there is none."""
    if not _unresolved(found) or _not_found(found) or found.dns is None:
        return False
    return found.dns.error not in (_NOT_FOUND | _NO_DATA) and not any(
        r.addresses for r in _replies(found)
    )


def _unanswerable(found: FindingSet, rcode: str) -> bool:
    return _failing_lookup(found) and rcode in _rcodes(found)


def servfail(found: FindingSet) -> Fit | None:
    """The resolver itself failed to find out."""
    if _failing_lookup(found) and not found.ran(FollowUp.DNS_DIRECT):
        return Fit(
            (say("The lookup failed; the system does not say how."),),
            Confidence.POSSIBLE,
            (FollowUp.DNS_DIRECT,),
            ("dns_timeout", "dns_refused_rcode", "dns_resolver_down"),
        )
    if not _unanswerable(found, "SERVFAIL"):
        return None
    return Fit((say("The resolver answers SERVFAIL."),))


def refused_rcode(found: FindingSet) -> Fit | None:
    """The resolver declines to serve us."""
    if not _unanswerable(found, "REFUSED") or "SERVFAIL" in _rcodes(found):
        return None
    return Fit((say("The resolver answers REFUSED: it does not serve this client."),))


def _all_failed(found: FindingSet, reason: Reason) -> bool:
    replies = _replies(found)
    return (
        _failing_lookup(found)
        and bool(replies)
        and all(r.failure is reason and not r.truncated for r in replies)
    )


def resolver_timeout(found: FindingSet) -> Fit | None:
    """Queries vanish."""
    if not _all_failed(found, Reason.TIMEOUT):
        return None
    servers = ", ".join(sorted({r.server for r in _replies(found)}))
    return Fit((say("No answer from the resolver ({servers}).", servers=servers),))


def resolver_down(found: FindingSet) -> Fit | None:
    """Nothing listens on the resolver's port 53."""
    replies = _replies(found)
    if not _failing_lookup(found) or not replies:
        return None
    if not any(r.failure is Reason.REFUSED for r in replies) or any(r.rcode for r in replies):
        return None
    if any(r.truncated for r in replies):
        return None
    servers = ", ".join(sorted({r.server for r in replies}))
    return Fit((say("Nothing listens on port 53 of the resolver ({servers}).", servers=servers),))


def tcp_fallback_blocked(found: FindingSet) -> Fit | None:
    """The answer is too big for UDP and TCP/53 does not work."""
    cut = [r for r in _replies(found) if r.truncated and r.failure is not None]
    if not _unresolved(found) or not cut:
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


def aaaa_timeout(found: FindingSet) -> Fit | None:
    """The resolver answers A and drops AAAA: every lookup waits for it."""
    replies = _replies(found)
    answered = any(r.kind == "A" and r.addresses for r in replies)
    dropped = any(r.kind == "AAAA" and r.failure is Reason.TIMEOUT for r in replies)
    heard = any(r.kind == "AAAA" and r.rcode for r in replies)
    if not answered or not dropped or heard:
        return None
    return Fit((say("A queries are answered, AAAA queries are dropped by the resolver."),))


def slow(found: FindingSet) -> Fit | None:
    """Lookups take long on a fast path."""
    dns = found.dns
    if dns is None or dns.literal or not dns.addresses or dns.lookup_ms < SLOW_LOOKUP_MS:
        return None
    if aaaa_timeout(found) is not None:
        return None
    slow_again = any(r.elapsed_ms >= SLOW_LOOKUP_MS / 2 for r in _replies(found))
    rtt = found.connect_rtt_ms
    if rtt is not None and dns.lookup_ms < 3 * rtt:
        return None  # the whole path is slow: net_latency
    return Fit(
        (say("Looking the name up took {ms} ms.", ms=round(dns.lookup_ms)),),
        Confidence.CERTAIN if slow_again else Confidence.LIKELY,
        _settle(found),
    )


def _nothing_connects(found: FindingSet) -> bool:
    return not any(t.connect_ms is not None for t in found.tcp)


def bogon(found: FindingSet) -> Fit | None:
    """A policy resolver answers with an address that cannot be the backend."""
    dns = found.dns
    if dns is None or dns.literal or not dns.addresses or not dns.special:
        return None
    if not set(dns.addresses) <= set(dns.special) or not _nothing_connects(found):
        return None
    void = all(ip_address(a).is_unspecified or a.startswith("0.") for a in dns.addresses)
    control = found.control.resolver_addresses if found.control else None
    disagrees = bool(control) and not set(control or ()) & set(dns.addresses)
    sinkhole = void or all(ip_address(a).is_loopback for a in dns.addresses)
    from_dns = any(set(r.addresses) & set(dns.addresses) for r in _replies(found))
    if not disagrees and not (sinkhole and (void or from_dns or not _replies(found))):
        return None
    local_name = dns.host == "localhost" or dns.host.endswith(".localhost")
    if local_name or (not void and not disagrees and not from_dns and _settle(found) == ()):
        return None
    return Fit(
        (
            say(
                "{host} resolves to {addresses}, which cannot be a public server.",
                host=dns.host,
                addresses=", ".join(dns.addresses),
            ),
        ),
        Confidence.CERTAIN if disagrees or void else Confidence.LIKELY,
        () if void else _settle(found),
    )


def _differs(found: FindingSet) -> bool:
    dns, control = found.dns, found.control
    if dns is None or control is None or not control.resolver_addresses or not dns.addresses:
        return False
    return not set(dns.addresses) & set(control.resolver_addresses)


def wrong_ip(found: FindingSet) -> Fit | None:
    """Our answer differs from the control's, and what answers there is somebody else."""
    mismatch = any(t.verify_code in (62, 64) for t in found.tls)
    if not _differs(found) or not mismatch or found.dns is None:
        return None
    return Fit(
        (
            say(
                "Our resolver leads to {addresses}, the control resolver elsewhere, and the "
                "certificate there names another host.",
                addresses=", ".join(found.dns.addresses),
            ),
        ),
    )


def hijack_portal(found: FindingSet) -> Fit | None:
    """Our answer differs from the control's and leads to a login page."""
    statuses = found.statuses
    html = any("text/html" in (a.header("content-type") or "") for a in found.answers)
    redirected = any(300 <= s < 400 for s in statuses)
    if not _differs(found) or found.eio_seen or not (redirected or html) or found.dns is None:
        return None
    return Fit(
        (
            say(
                "Our resolver leads to {addresses}, the control resolver elsewhere, and a web "
                "page answers there.",
                addresses=", ".join(found.dns.addresses),
            ),
        ),
    )


ROWS = (
    Cause(
        "dns_nxdomain",
        Layer.DNS,
        Section.ENVIRONMENT,
        say("The host name does not exist"),
        say("Nobody can connect: browsers cannot find the server."),
        say("Fix the host name in the backend URL, or create its DNS record."),
        holds=nxdomain,
    ),
    Cause(
        "dns_poisoned_nxdomain",
        Layer.DNS,
        Section.NETWORK,
        say("This network's resolver denies a name that exists"),
        say("Users of this resolver cannot connect; others can."),
        say("Use another resolver, or ask the network team to unblock the name."),
        needs_control=True,
        holds=poisoned_nxdomain,
    ),
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
        "dns_no_address",
        Layer.DNS,
        Section.ENVIRONMENT,
        say("The host name has no address"),
        say("Nobody can connect: the name exists, but leads nowhere."),
        say("Add an A or AAAA record for this name."),
        holds=no_address,
    ),
    Cause(
        "dns_dangling_cname",
        Layer.DNS,
        Section.ENVIRONMENT,
        say("The host name is an alias of a name that is gone"),
        say("Nobody can connect: the alias leads nowhere."),
        say("Point the CNAME at the current name of the service, or delete it."),
        holds=dangling_cname,
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
        "dns_bogon",
        Layer.DNS,
        Section.NETWORK,
        say("The name resolves to an address that cannot be the backend"),
        say("Users of this resolver cannot connect; an ad-block or policy list is usual."),
        say("Take the host name off the block list of the resolver."),
        needs_control=True,
        holds=bogon,
    ),
    Cause(
        "dns_wrong_ip",
        Layer.DNS,
        Section.ENVIRONMENT,
        say("The name leads to somebody else's server"),
        say("Users with the stale answer reach the wrong server and are refused."),
        say("Correct the A/AAAA record and flush DNS caches."),
        holds=wrong_ip,
    ),
    Cause(
        "dns_hijack_portal",
        Layer.DNS,
        Section.NETWORK,
        say("The network redirects the name to its own portal"),
        say("Users on this network see a login page in place of the backend."),
        say("Sign in to the network's portal, then try again."),
        needs_control=True,
        holds=hijack_portal,
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

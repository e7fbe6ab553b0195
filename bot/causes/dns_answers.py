"""Causes at the DNS layer: the resolver answers, and the answer leads nowhere or astray."""

from __future__ import annotations

from ipaddress import ip_address

from bot.causes import controls
from bot.causes import dns_facts as facts
from bot.causes.row import Cause, Fit
from bot.evidence import DnsReply
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Message, Section, say


def _control_found(found: FindingSet) -> bool:
    return bool(found.control and found.control.resolver_addresses)


def _control_agrees(found: FindingSet) -> bool:
    return bool(found.control and found.control.resolver_rcode == "NXDOMAIN")


def _knowing(found: FindingSet) -> tuple[str, ...]:
    """Other resolvers of this machine that have an address; lookups never get that far."""
    return tuple(dict.fromkeys(r.server for r in facts.replies(found) if r.addresses))


def nxdomain(found: FindingSet) -> Fit | None:
    """The name does not exist; only a control resolver can tell a lie from the truth."""
    if not facts.denied(found) or facts.dangling(found) or found.dns is None:
        return None
    if _control_found(found) or _knowing(found):
        return None
    agreed = _control_agrees(found)
    return Fit(
        (say("The resolver says that {host} does not exist (NXDOMAIN).", host=found.dns.host),),
        Confidence.CERTAIN if agreed and facts.replies(found) else Confidence.LIKELY,
        facts.settle(found),
        () if agreed else ("dns_poisoned_nxdomain",),
    )


def poisoned_nxdomain(found: FindingSet) -> Fit | None:
    """Our resolver denies the name, or hides its addresses; another resolver knows them."""
    if found.dns is None or not (facts.denied(found) or facts.empty(found)):
        return None
    if _control_found(found):
        denied = say(
            "Our resolver says that {host} does not exist, the control resolver has an "
            "address for it.",
            host=found.dns.host,
        )
        hidden = say(
            "Our resolver says that {host} has no address, the control resolver has one.",
            host=found.dns.host,
        )
        return Fit((denied if facts.denied(found) else hidden,))
    knowing = _knowing(found)
    if not knowing:
        return None
    return Fit(
        (
            say(
                "The first resolver of this machine denies {host}, {knowing} knows it; nobody "
                "asks the second once the first has answered.",
                host=found.dns.host,
                knowing=", ".join(knowing),
            ),
        ),
    )


def dangling_cname(found: FindingSet) -> Fit | None:
    """An alias whose target is gone, or aliases in a circle."""
    reply = facts.dangling(found)
    if reply is None or found.dns is None or _control_found(found):
        return None
    if _circle(reply, found.dns.host):
        return Fit((say("The aliases of {host} lead in a circle.", host=found.dns.host),))
    return Fit(
        (
            say(
                "{host} is an alias of {alias}, which has no address.",
                host=found.dns.host,
                alias=reply.aliases[-1],
            ),
        ),
    )


def _circle(reply: DnsReply, host: str) -> bool:
    names = [n.rstrip(".").lower() for n in (reply.name or host, *reply.aliases)]
    return len(set(names)) < len(names)


def no_address(found: FindingSet) -> Fit | None:
    """The name exists and has neither A nor AAAA."""
    if not facts.empty(found) or facts.dangling(found) or found.dns is None:
        return None
    if _control_found(found) or _knowing(found):
        return None
    return Fit(
        (say("{host} exists, but has neither an A nor an AAAA record.", host=found.dns.host),),
        Confidence.CERTAIN if facts.replies(found) else Confidence.LIKELY,
        facts.settle(found),
    )


# ------------------------------------------------ an address, and the wrong one


def _ours(found: FindingSet) -> frozenset[str]:
    """Every address that our own side was given, round robin included."""
    dns = found.dns
    told = [a for r in facts.replies(found) for a in r.addresses] if not _from_file(found) else []
    return frozenset((*(dns.addresses if dns else ()), *told))


def _from_file(found: FindingSet) -> bool:
    """The address is the hosts file's, so that no resolver was asked."""
    dns = found.dns
    return bool(dns and dns.hosts_file and set(dns.addresses) <= set(dns.hosts_file))


def _theirs(found: FindingSet) -> frozenset[str]:
    """The addresses by the other view: the control resolver's, or DNS's against a hosts file."""
    control = found.control.resolver_addresses if found.control else None
    direct = [a for r in facts.replies(found) for a in r.addresses] if _from_file(found) else []
    return frozenset((*(control or ()), *direct))


def _differs(found: FindingSet) -> bool:
    theirs = _theirs(found)
    return bool(theirs) and bool(_ours(found)) and not _ours(found) & theirs


def _settles(found: FindingSet) -> tuple[FollowUp, ...]:
    """What separates a wrong answer from one that is only another."""
    if _from_file(found) and not found.ran(FollowUp.DNS_DIRECT):
        return (FollowUp.DNS_DIRECT,)
    if not _differs(found) or found.ran(FollowUp.CONTROL_ADDRESS):
        return ()
    return (FollowUp.CONTROL_ADDRESS,)


def _backend_is_there(found: FindingSet) -> bool:
    """Engine.IO answers at the other addresses."""
    return bool(found.control_address and found.control_address.opens)


def _same_there(found: FindingSet) -> bool:
    """The other addresses were tried, and do no better: the answer is another, not a wrong one."""
    tried = found.control_address
    if tried is None or tried.opens:
        return False
    reasons = {f.reason for f in found.failures}
    return any(
        a.status in found.statuses if a.failure is None else a.failure.reason in reasons
        for _, a in tried.answers
    )


def _page_answers(found: FindingSet) -> bool:
    """A web page or a redirect answers where Engine.IO should, and no JSON of an API."""
    html = any("html" in (a.header("content-type") or "") for a in found.answers)
    return html or any(300 <= s < 400 for s in found.statuses)


def _where(found: FindingSet) -> tuple[Message, ...]:
    """Who leads us there, and whether the backend is elsewhere."""
    addresses = ", ".join(found.dns.addresses if found.dns else ())
    if _from_file(found):
        leads = say(
            "The hosts file of this machine leads to {addresses}, DNS elsewhere.",
            addresses=addresses,
        )
    else:
        leads = say(
            "Our resolver leads to {addresses}, the control resolver elsewhere.",
            addresses=addresses,
        )
    if not _backend_is_there(found):
        return (leads,)
    there = ", ".join(found.control_address.opens) if found.control_address else ""
    return (leads, say("The backend answers at {addresses}.", addresses=there))


def _astray(found: FindingSet) -> bool:
    """An address, another view that differs, and no backend where we were sent."""
    return (
        found.dns is not None
        and not found.dns.literal
        and bool(found.dns.addresses)
        and not found.completed
        and not found.eio_seen
        and _differs(found)
        and not _same_there(found)
    )


def bogon(found: FindingSet) -> Fit | None:
    """A policy resolver answers with an address that cannot be the backend."""
    dns = found.dns
    if dns is None or dns.literal or not dns.addresses or found.completed or found.eio_seen:
        return None
    if not set(dns.addresses) <= set(dns.special) or _page_answers(found):
        return None
    void = all(_void(a) for a in dns.addresses)
    here = all(ip_address(a.partition("%")[0]).is_loopback for a in dns.addresses)
    if not (void or here or _nothing_connects(found)):
        return None  # somebody is there: another machine than the one that is meant
    if not (_disagrees(found) or (void and _nothing_connects(found)) or _sinkhole(found)):
        return None
    leads = say(
        "{host} resolves to {addresses}, which cannot be a public server.",
        host=dns.host,
        addresses=", ".join(dns.addresses),
    )
    by_file = say("The hosts file of this machine says so.") if _from_file(found) else None
    sure = void or _backend_is_there(found) or (here and _disagrees(found))
    return Fit(
        (leads, by_file) if by_file else (leads,),
        Confidence.CERTAIN if sure else Confidence.LIKELY,
        _settles(found) or (() if sure else facts.settle(found)),
    )


def _void(address: str) -> bool:
    """No host can have it: "this network", reserved, multicast (RFC 6890)."""
    ip = ip_address(address.partition("%")[0])
    return (
        ip.is_unspecified
        or ip.is_multicast
        or (ip.version == 4 and (ip.is_reserved or address.startswith("0.")))
    )


def _disagrees(found: FindingSet) -> bool:
    """The other view has a public address, or none of ours."""
    return _differs(found) and not _same_there(found)


def _sinkhole(found: FindingSet) -> bool:
    """A name of the outside world that DNS puts on this very machine, where nothing listens."""
    dns = found.dns
    if dns is None or not _nothing_connects(found) or _from_file(found):
        return False
    if dns.host == "localhost" or dns.host.endswith(".localhost"):
        return False
    if not all(ip_address(a.partition("%")[0]).is_loopback for a in dns.addresses):
        return False
    from_dns = any(set(r.addresses) & set(dns.addresses) for r in facts.replies(found))
    return from_dns or not found.ran(FollowUp.DNS_DIRECT)


def _nothing_connects(found: FindingSet) -> bool:
    return not any(t.connect_ms is not None for t in found.tcp)


def hijack_portal(found: FindingSet) -> Fit | None:
    """Our answer differs from the control's and leads to a page of the network's own."""
    captured = controls.hijacked(found)
    if not _astray(found) or not (_page_answers(found) or captured):
        return None
    page = say("A web page answers there.")
    also = say("The controls are sent to such a page as well.")
    sure = captured or _backend_is_there(found)
    return Fit(
        (*_where(found), also if captured else page),
        Confidence.CERTAIN if sure else Confidence.LIKELY,
        () if captured else _settles(found),
        () if sure else ("http_redirect_login", "dns_wrong_ip"),
    )


def _file_in_doubt(found: FindingSet) -> bool:
    """The address is the hosts file's, nothing comes of it, and DNS has not been asked yet."""
    if found.ran(FollowUp.DNS_DIRECT) or not _from_file(found):
        return False
    return not found.completed and not found.eio_seen


def wrong_ip(found: FindingSet) -> Fit | None:
    """Our answer differs from the other view's, and what answers there is somebody else, or nobody.

    Where the backend answers at the other address nothing else can be to blame. Where that is not
    known, a certificate for another host is what speaks for it.
    """
    if _file_in_doubt(found):
        return Fit(
            (say("The hosts file of this machine has an address for the name."),),
            Confidence.POSSIBLE,
            _settles(found),
        )
    if not _astray(found) or hijack_portal(found) is not None or bogon(found) is not None:
        return None
    mismatch = any(t.verify_code in (62, 64) for t in found.tls)
    stranger = say("The certificate there names another host.")
    if _backend_is_there(found):
        return Fit((*_where(found), stranger) if mismatch else _where(found))
    if not found.ran(FollowUp.CONTROL_ADDRESS):
        rivals = ("tls_hostname_mismatch",) if mismatch else ()
        return Fit(_where(found), Confidence.POSSIBLE, _settles(found), rivals)
    if not mismatch:
        return None
    return Fit((*_where(found), stranger), Confidence.LIKELY, rivals=("tls_hostname_mismatch",))


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
)

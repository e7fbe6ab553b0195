"""What several DNS causes ask of the same evidence. Pure."""

from __future__ import annotations

from bot.evidence import DnsReply
from bot.findings import FindingSet
from bot.model import FollowUp

NOT_FOUND = frozenset({"EAI_NONAME"})
NO_DATA = frozenset({"EAI_NODATA", "EAI_ADDRFAMILY"})


def replies(found: FindingSet) -> tuple[DnsReply, ...]:
    """What the system's resolvers said when they were asked directly; empty before that."""
    return found.dns_direct.replies if found.dns_direct else ()


def rcodes(found: FindingSet) -> frozenset[str]:
    """Every rcode among the direct replies."""
    return frozenset(r.rcode for r in replies(found) if r.rcode)


def servers(found: FindingSet) -> str:
    """The resolvers that were asked, for people."""
    return ", ".join(dict.fromkeys(r.server for r in replies(found)))


def unresolved(found: FindingSet) -> bool:
    """The host is a name, and the lookup gave no address to go on with."""
    return found.dns is not None and not found.dns.literal and not found.dns.addresses


def settle(found: FindingSet) -> tuple[FollowUp, ...]:
    """The direct queries, while they have not run."""
    return () if found.ran(FollowUp.DNS_DIRECT) else (FollowUp.DNS_DIRECT,)


def deciding(found: FindingSet) -> tuple[DnsReply, ...]:
    """The replies of the server that a lookup goes by: the first one with an answer.

    A resolver that fails or is silent is passed over for the next; one that denies the name is
    believed (glibc's res_send).
    """
    said = replies(found)
    for server in dict.fromkeys(r.server for r in said):
        of_it = tuple(r for r in said if r.server == server)
        if any(r.rcode in ("NOERROR", "NXDOMAIN") for r in of_it):
            return of_it
    return said


def denied(found: FindingSet) -> bool:
    """Somebody with authority over our lookups says that the name does not exist."""
    if not unresolved(found) or found.dns is None:
        return False
    said = deciding(found)
    if not said:
        return found.dns.error in NOT_FOUND
    codes = {r.rcode for r in said if r.rcode}
    sure = found.dns.error in NOT_FOUND or codes == {"NXDOMAIN"}
    return sure and "NXDOMAIN" in codes and not any(r.addresses for r in said)


def empty(found: FindingSet) -> bool:
    """The name exists, says our resolver, and has no address."""
    if not unresolved(found) or found.dns is None:
        return False
    said = deciding(found)
    if not said:
        return found.dns.error in NO_DATA
    codes = {r.rcode for r in said if r.rcode}
    return codes == {"NOERROR"} and not any(r.addresses or r.truncated or r.failure for r in said)


def dangling(found: FindingSet) -> DnsReply | None:
    """A reply whose alias leads nowhere."""
    if not unresolved(found) or any(r.addresses for r in deciding(found)):
        return None
    gone = ("NXDOMAIN", "NOERROR")
    return next((r for r in deciding(found) if r.aliases and r.rcode in gone), None)


def failing(found: FindingSet) -> bool:
    """No address, and not because somebody said that there is none.

    What the resolvers say when they are asked directly counts for more than getaddrinfo's word:
    glibc calls a FORMERR "name not known".
    """
    if not unresolved(found) or found.dns is None or denied(found) or empty(found):
        return False
    said = replies(found)
    if dangling(found) is not None or (not said and found.dns.error in NOT_FOUND | NO_DATA):
        return False
    return not any(r.addresses for r in said)

"""What the controls say: whose fault it can be. Pure; no row of the catalogue lives here.

A control decides at its own layer (OONI's rule): a resolver that answers says that names can be
asked for, a web server that answers says that connections can be made. Several controls: one that
works is enough, for a network that carries one carries the others, and any of them may be down
itself.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from bot import portal
from bot.evidence import Certificate, ControlEvidence, ControlLook
from bot.findings import FindingSet
from bot.model import Layer, Reason

_OK = "ok"
# Says neither that our network works nor that it does not.
_SAYS_NOTHING = frozenset({Reason.SAME_HOST, Reason.SETTING_INVALID, Reason.DEADLINE})
_CLOCK_SLACK_S = 300.0
_DAY_S = 86_400.0


def _is_url(name: str) -> bool:
    return "://" in name


def _hijacked(found: FindingSet, control: ControlEvidence, name: str, outcome: str) -> bool:
    if outcome == Reason.HIJACKED:
        return True
    return outcome == _OK and any(
        _same_page(found, seen) for seen in control.looks if seen.url == name
    )


def _same_page(found: FindingSet, seen: ControlLook) -> bool:
    """The page that answers for the target answers in the clear for the control as well.

    Two hosts with one title are one machine in between, or two pages that say "403 Forbidden".
    """
    if urlsplit(seen.url).scheme == "https" or found.eio_seen or not seen.title:
        return False
    if (seen.status or 0) >= 400:
        return False
    return any(portal.title_of(a.body) == seen.title for a in found.answers if a.status)


def _outcomes(found: FindingSet) -> tuple[list[bool], list[bool]]:
    """Whether each control URL, and each control resolver, works; those that say nothing apart."""
    urls: list[bool] = []
    resolvers: list[bool] = []
    control = found.control
    for name, outcome in control.results if control else ():
        if outcome in _SAYS_NOTHING or control is None:
            continue
        works = outcome == _OK and not _hijacked(found, control, name, outcome)
        (urls if _is_url(name) else resolvers).append(works)
    return urls, resolvers


def work(found: FindingSet, layer: Layer) -> bool:
    """A control shows that our own network does its part at this layer."""
    urls, resolvers = _outcomes(found)
    if layer is Layer.DNS:
        return any(urls) or any(resolvers)
    # A resolver that answers over UDP says little of TCP, but it is all there is.
    return any(urls) if urls else any(resolvers)


def fail(found: FindingSet, layer: Layer) -> bool:
    """Controls were given, and none of them works at this layer."""
    urls, resolvers = _outcomes(found)
    return bool(urls or resolvers) and not work(found, layer)


def prove(found: FindingSet, layer: Layer) -> bool:
    """The controls support "it is not us" for sure: above DNS only a web server's answer does."""
    urls, resolvers = _outcomes(found)
    return any(urls) or (layer is Layer.DNS and any(resolvers))


def carried_connections(found: FindingSet) -> bool:
    """Some control that fails did connect, so that a connection alone proves nothing here."""
    return any(seen.connected for seen in (found.control.looks if found.control else ()))


def hijackers(found: FindingSet) -> frozenset[str]:
    """Hosts that somebody in between sends the controls to."""
    control = found.control
    if control is None:
        return frozenset()
    taken = {name for name, out in control.results if _hijacked(found, control, name, out)}
    return frozenset(
        seen.elsewhere for seen in control.looks if seen.url in taken and seen.elsewhere
    )


def hijacked(found: FindingSet) -> bool:
    """Somebody else answers in a control's place: the network has a portal."""
    control = found.control
    return control is not None and any(
        _hijacked(found, control, name, outcome) for name, outcome in control.results
    )


def has_view(found: FindingSet) -> bool:
    """The control resolver has an opinion on the target's name."""
    control = found.control
    return control is not None and control.resolver_rcode in ("NOERROR", "NXDOMAIN")


def our_clock(found: FindingSet) -> float | None:
    """How far our own clock is off, in seconds (theirs minus ours), when that is too far."""
    offset = found.control.clock_offset_s if found.control else None
    return offset if offset is not None and abs(offset) > _CLOCK_SLACK_S else None


def valid_by_their_clock(found: FindingSet, leaf: Certificate | None) -> bool:
    """A certificate that our clock calls expired or not yet valid is fine by the controls'."""
    offset = our_clock(found)
    if offset is None or leaf is None:
        return False
    left = leaf.days_left - offset / _DAY_S
    return 0 < left < leaf.lifetime_days


def date_is_ours(found: FindingSet) -> bool:
    """Nothing is wrong with the target's certificate but our own clock."""
    out_of_date = [t for t in found.tls if t.verify_code in (9, 10)]
    return bool(out_of_date) and all(
        valid_by_their_clock(found, t.certificate) for t in out_of_date
    )

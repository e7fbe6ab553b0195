"""Causes between us and a TLS server: what only a varied hello can tell apart.

Each row compares hellos that differ in one thing (faults.md: tls_dpi_sni_rst, tls_dpi_sni_drop,
net_mtu_blackhole_tls): the name's presence, its value, the size of the segments.
"""

from __future__ import annotations

from bot.causes.row import Cause, Fit
from bot.evidence import HelloAnswer, Phase, TlsHello
from bot.findings import FindingSet, cut, waited_in_vain
from bot.model import Layer, Message, Section, say


def unanswered(hello: TlsHello | None) -> bool:
    """TCP connected, and the hello got not one byte: silence, FIN or RST."""
    return bool(
        hello
        and hello.answer is None
        and hello.failure is not None
        and hello.failure.phase is Phase.TLS
    )


def answered(hello: TlsHello | None) -> bool:
    """TLS came back, were it only to refuse."""
    return bool(hello and hello.answer in (HelloAnswer.HELLO, HelloAnswer.ALERT))


def completed(hello: TlsHello | None) -> bool:
    """The handshake came to its end."""
    return bool(hello and hello.completed)


def filtered_by_name(found: FindingSet) -> TlsHello | None:
    """The hello that is answered while ours, which differs in the name alone, is not."""
    hellos = found.hellos
    own = hellos.get("own")
    if own is None or own.server_name is None or not unanswered(own):
        return None
    swapped = [h for h in (hellos.get("other"), hellos.get("none")) if h and answered(h)]
    if not swapped or lost_by_size(found) or any_name_is_cut(found):
        return None
    return next((h for h in swapped if h.completed), swapped[0])


def any_name_is_cut(found: FindingSet) -> bool:
    """Whoever is named, the hello is cut off, and one that names nobody is answered.

    A filter lets names pass that it has no list of; a server without a certificate for a name that
    just hangs up does not (Node, when its SNICallback fails).
    """
    own, other = found.hellos.get("own"), found.hellos.get("other")
    if own is None or other is None or own.server_name is None:
        return False
    both = (own, other)
    named_cut = all(unanswered(h) and cut(h.failure, Phase.TLS) for h in both)
    return named_cut and answered(found.hellos.get("none"))


def lost_by_size(found: FindingSet) -> bool:
    """Only small segments come through: large ones vanish.

    An alert is small. A front that answers other names with one proves nothing about large packets,
    and a filter that looks for a name in one packet misses it in two: what settles that is whether
    our hello arrived (a filter drops it, a hole swallows the answer).
    """
    hellos = found.hellos
    own, small = hellos.get("own"), hellos.get("small")
    if own is None or not unanswered(own) or not completed(small):
        return False
    if not waited_in_vain(own.failure, Phase.TLS):
        return False
    others = [h for h in (hellos.get("other"), hellos.get("none")) if h is not None]
    if any(completed(h) for h in others):
        return False
    lost = bool(own.failure and own.failure.tcp and own.failure.tcp.unacked)
    return not (lost and any(answered(h) for h in others))


def mtu_hole(found: FindingSet) -> Fit | None:
    """TLS with small segments works, and with full ones nothing comes back."""
    if not lost_by_size(found):
        return None
    return Fit(
        (
            say(
                "No TLS answer comes to an ordinary hello; with TCP segments of at most 500 bytes "
                "the handshake succeeds."
            ),
        ),
    )


def sni_drop(found: FindingSet) -> Fit | None:
    """Our name is met with silence, another one is answered."""
    swapped, own = filtered_by_name(found), found.hellos.get("own")
    if swapped is None or own is None or not waited_in_vain(own.failure, Phase.TLS):
        return None
    return Fit((_swap(swapped, own), _NO_ANSWER))


def sni_reset(found: FindingSet) -> Fit | None:
    """Our name is cut off, another one is answered."""
    swapped, own = filtered_by_name(found), found.hellos.get("own")
    if swapped is None or own is None or not cut(own.failure, Phase.TLS):
        return None
    return Fit((_swap(swapped, own), _CUT))


def _swap(swapped: TlsHello, own: TlsHello) -> Message:
    if swapped.server_name is None:
        return say(
            "The same server answers a TLS hello without a server name, and none for {host}.",
            host=own.server_name or "",
        )
    return say(
        "The same server answers a TLS hello for {other}, and none for {host}.",
        other=swapped.server_name,
        host=own.server_name or "",
    )


_NO_ANSWER = say("The hello that names the backend gets no answer at all.")
_CUT = say("The connection is cut as soon as the backend is named.")

ROWS = (
    Cause(
        "net_mtu_blackhole_tls",
        Layer.NET,
        Section.NETWORK,
        say("Large packets vanish on the way, TLS handshakes among them"),
        say("Connection attempts hang until the client's timeout, then fail."),
        say("Clamp the MSS on the VPN or tunnel, and let ICMP “fragmentation needed” pass."),
        holds=mtu_hole,
    ),
    Cause(
        "tls_dpi_sni_rst",
        Layer.TLS,
        Section.NETWORK,
        say("A filter resets TLS for this host name"),
        say("Users behind this filter cannot connect; others can."),
        say("Ask for this host name to be allowed in the filter."),
        needs_control=True,
        holds=sni_reset,
    ),
    Cause(
        "tls_dpi_sni_drop",
        Layer.TLS,
        Section.NETWORK,
        say("A filter swallows TLS for this host name"),
        say("Users behind this filter cannot connect; others can."),
        say("Ask for this host name to be allowed in the filter."),
        needs_control=True,
        holds=sni_drop,
    ),
)

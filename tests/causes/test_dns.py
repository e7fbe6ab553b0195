"""DNS: who denies, who fails, who lies, and what settles it."""

from __future__ import annotations

import pytest

from bot.evidence import (
    ControlEvidence,
    DnsEvidence,
    DnsReply,
    Phase,
    ProbedPathsEvidence,
    RttEvidence,
    TcpEvidence,
)
from bot.model import Confidence, Finding, FollowUp, Reason, State, Status, Verdict
from bot.verdict import judge, wanted
from tests import building as b

HOST = "backend.example.com"
NS1, NS2 = "192.0.2.53", "192.0.2.54"


def reply(kind: str = "A", *addresses: str, server: str = NS1, **changes: object) -> DnsReply:
    values: dict[str, object] = {"rcode": "NOERROR", "name": HOST} | changes
    if values.get("failure"):
        values["rcode"] = None
    return DnsReply(server, kind, addresses=addresses, **values)  # type: ignore[arg-type]


def both(server: str = NS1, **changes: object) -> tuple[DnsReply, DnsReply]:
    return reply("A", server=server, **changes), reply("AAAA", server=server, **changes)


def view(*addresses: str, rcode: str = "NOERROR") -> Finding:
    return b.finding(
        "control",
        ControlEvidence(((NS2, "ok"),), resolver_addresses=addresses or None, resolver_rcode=rcode),
    )


def tried(address: str, *, opens: bool, **changes: object) -> Finding:
    answer = b.answer(200) if opens else b.failed(Reason.REFUSED)
    evidence = ProbedPathsEvidence(((address, answer),), (address,) if opens else ())
    return b.finding(FollowUp.CONTROL_ADDRESS.value, evidence)


def resolved(*addresses: str, status: Status = Status.OK, **changes: object) -> Finding:
    reason = Reason.SLOW_LOOKUP if status is Status.WARN else None
    return b.finding("dns", DnsEvidence(HOST, False, addresses, **changes), status, reason)  # type: ignore[arg-type]


def judged(*findings: Finding) -> Verdict:
    return judge(findings, b.HTTP)


def named(*findings: Finding) -> tuple[str | None, Confidence | None]:
    cause = judged(*findings).cause
    return (cause.code, cause.confidence) if cause else (None, None)


def said(*findings: Finding) -> str:
    return " ".join(m.text for m in judged(*findings).why)


NOBODY = b.dns(error="EAI_NONAME")
EMPTY = b.dns(error="EAI_NODATA")
AGAIN = b.dns(error="EAI_AGAIN")
DENIED = b.dns_direct(*both(rcode="NXDOMAIN"))


def test_a_denial_is_only_likely_until_another_resolver_agrees() -> None:
    assert named(NOBODY, DENIED) == ("dns_nxdomain", Confidence.LIKELY)
    assert judged(NOBODY, DENIED).alternatives == ("dns_poisoned_nxdomain",)
    assert named(NOBODY, DENIED, view(rcode="NXDOMAIN")) == ("dns_nxdomain", Confidence.CERTAIN)


@pytest.mark.parametrize(
    "direct", [DENIED, b.dns_direct(*both())], ids=["denied", "hidden behind no data"]
)
def test_an_address_by_the_control_resolver_makes_a_denial_a_lie(direct: Finding) -> None:
    lookup = NOBODY if direct is DENIED else EMPTY
    found = named(lookup, direct, view("198.51.100.9"))
    assert found == ("dns_poisoned_nxdomain", Confidence.CERTAIN)


def test_the_first_resolver_s_denial_is_believed_though_the_second_knows_the_name() -> None:
    knows = reply("A", "198.51.100.9", server=NS2)
    direct = b.dns_direct(*both(rcode="NXDOMAIN"), knows, reply("AAAA", server=NS2))
    assert named(NOBODY, direct)[0] == "dns_poisoned_nxdomain"


def test_a_denial_for_one_family_beside_a_failure_for_the_other_is_no_denial() -> None:
    direct = b.dns_direct(reply("A", rcode="SERVFAIL"), reply("AAAA", rcode="NXDOMAIN"))
    assert named(AGAIN, direct)[0] == "dns_servfail"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rcode": "SERVFAIL"}, "dns_servfail"),
        ({"rcode": "FORMERR"}, "dns_servfail"),
        ({"rcode": "NOTIMP"}, "dns_servfail"),
        ({"rcode": "REFUSED"}, "dns_refused_rcode"),
        ({"failure": Reason.TIMEOUT}, "dns_timeout"),
        ({"failure": Reason.NO_ROUTE}, "dns_timeout"),
        ({"failure": Reason.REFUSED}, "dns_resolver_down"),
        ({"failure": Reason.TIMEOUT, "truncated": True}, "dns_tcp_fallback_blocked"),
        ({"failure": Reason.EOF, "truncated": True}, "dns_tcp_fallback_blocked"),
    ],
)
def test_what_getaddrinfo_calls_try_again_is_told_apart(
    change: dict[str, object], code: str
) -> None:
    assert named(AGAIN, b.dns_direct(*both(**change)))[0] == code


def test_a_format_error_is_no_denial_whatever_getaddrinfo_calls_it() -> None:
    assert named(NOBODY, b.dns_direct(*both(rcode="FORMERR")))[0] == "dns_servfail"


def test_broken_signatures_are_told_from_a_resolver_that_cannot_find_out() -> None:
    plain = b.dns_direct(*both(rcode="SERVFAIL", unchecked="SERVFAIL"))
    signed = b.dns_direct(*both(rcode="SERVFAIL", unchecked="NOERROR"))
    assert "DNSSEC" not in said(AGAIN, plain)
    assert "DNSSEC" in said(AGAIN, signed)


def test_an_alias_to_nothing_and_a_circle_of_aliases_are_told_apart() -> None:
    gone = b.dns_direct(*both(rcode="NXDOMAIN", aliases=("old.example.com",)))
    circle = b.dns_direct(*both(aliases=("a.example.com", HOST)))
    assert named(NOBODY, gone)[0] == named(EMPTY, circle)[0] == "dns_dangling_cname"
    assert "circle" in said(EMPTY, circle)
    assert "circle" not in said(NOBODY, gone)


# ------------------------------------------------ slow


def test_dropped_aaaa_queries_are_named_only_where_lookups_suffer() -> None:
    direct = b.dns_direct(reply("A", "192.0.2.1"), reply("AAAA", failure=Reason.TIMEOUT))
    late = resolved("192.0.2.1", status=Status.WARN, lookup_ms=5_000.0, again_ms=5_000.0)
    assert named(*b.healthy(late), direct)[0] == "dns_aaaa_timeout"
    assert judged(*b.healthy(), direct).state is State.UP


def test_a_dead_first_resolver_is_named_as_what_makes_lookups_slow() -> None:
    direct = b.dns_direct(
        *both(failure=Reason.TIMEOUT),
        reply("A", "192.0.2.1", server=NS2),
        reply("AAAA", server=NS2),
    )
    late = resolved("192.0.2.1", status=Status.WARN, lookup_ms=5_000.0, again_ms=5_000.0)
    assert named(*b.healthy(late), direct) == ("dns_slow", Confidence.CERTAIN)
    assert "does not answer" in said(*b.healthy(late), direct)


def test_a_slow_lookup_over_a_slow_path_is_the_path_s() -> None:
    late = resolved("192.0.2.1", status=Status.WARN, lookup_ms=1_500.0, again_ms=1_500.0)
    direct = b.dns_direct(reply("A", "192.0.2.1"), reply("AAAA"))
    assert named(*b.healthy(late), direct)[0] == "dns_slow"
    far = b.finding("tcp", TcpEvidence("192.0.2.1", 8123, 4, connect_ms=700.0))
    quality = RttEvidence(None, connect_ms=(700.0,) * 8)
    warned = b.finding("rtt", quality, Status.WARN, Reason.HIGH_LATENCY)
    assert named(*b.healthy(late, far, warned), direct)[0] == "net_latency"


def test_a_late_lookup_may_be_one_that_got_lost_where_others_fail_and_the_resolver_is_quick() -> (
    None
):
    late = resolved("192.0.2.1", status=Status.WARN, lookup_ms=2_100.0, again_ms=2_100.0)
    lost = b.polling(b.failed(Reason.RESOLVER_FAILED, Phase.RESOLVE))
    quick = b.dns_direct(reply("A", "192.0.2.1", elapsed_ms=47.0), reply("AAAA"))
    assert named(*b.healthy(late, lost), quick) == ("dns_slow", Confidence.LIKELY)
    assert "net_loss" in judged(*b.healthy(late, lost), quick).alternatives
    slow = b.dns_direct(reply("A", "192.0.2.1", elapsed_ms=2_050.0), reply("AAAA"))
    assert named(*b.healthy(late, lost), slow) == ("dns_slow", Confidence.CERTAIN)


# ------------------------------------------------ astray


def refused_at(address: str) -> list[Finding]:
    return [resolved(address), b.tcp(address, "ECONNREFUSED"), b.polling(b.failed(Reason.REFUSED))]


def test_another_answer_is_not_called_wrong_before_the_other_address_was_tried() -> None:
    run = [*refused_at("192.0.2.1"), view("198.51.100.9")]
    assert FollowUp.CONTROL_ADDRESS in wanted(run, b.HTTP, asked=frozenset())


def test_the_backend_at_the_other_address_makes_ours_the_wrong_one() -> None:
    run = [*refused_at("192.0.2.1"), view("198.51.100.9")]
    found = named(*run, tried("198.51.100.9", opens=True))
    assert found == ("dns_wrong_ip", Confidence.CERTAIN)


def test_the_same_trouble_at_the_other_address_acquits_dns() -> None:
    run = [*refused_at("192.0.2.1"), view("198.51.100.9")]
    assert named(*run, tried("198.51.100.9", opens=False))[0] == "tcp_refused"


def test_a_round_robin_that_meets_the_other_view_is_no_difference() -> None:
    run = [*refused_at("192.0.2.1"), view("192.0.2.2")]
    direct = b.dns_direct(reply("A", "192.0.2.2"), reply("AAAA"))
    assert FollowUp.CONTROL_ADDRESS not in wanted([*run, direct], b.HTTP, asked=frozenset())
    assert named(*run, direct)[0] == "tcp_refused"


def test_a_stale_line_in_the_hosts_file_is_named_as_such() -> None:
    lookup = resolved("192.0.2.1", hosts_file=("192.0.2.1",))
    run = [lookup, b.tcp("192.0.2.1", "ECONNREFUSED"), b.polling(b.failed(Reason.REFUSED))]
    direct = b.dns_direct(reply("A", "198.51.100.9"), reply("AAAA"))
    findings = (*run, direct, tried("198.51.100.9", opens=True))
    assert named(*findings)[0] == "dns_wrong_ip"
    assert "hosts file" in said(*findings)


@pytest.mark.parametrize("address", ["0.0.0.0", "0.1.2.3", "::", "240.0.0.1"])
def test_an_address_that_nobody_can_have_is_a_sinkhole_for_sure(address: str) -> None:
    run = [resolved(address, special=(address,)), b.tcp(address, "ECONNREFUSED")]
    assert named(*run, view("198.51.100.9"), tried("198.51.100.9", opens=True)) == (
        "dns_bogon",
        Confidence.CERTAIN,
    )
    assert named(*run)[0] == "dns_bogon"


def test_a_private_address_is_a_sinkhole_only_where_another_view_disagrees() -> None:
    run = [resolved("10.1.2.3", special=("10.1.2.3",)), b.tcp("10.1.2.3", "ETIMEDOUT")]
    assert named(*run)[0] == "tcp_blackhole"
    assert named(*run, view("10.1.2.3"))[0] == "tcp_blackhole"
    there = tried("198.51.100.9", opens=True)
    assert named(*run, view("198.51.100.9"), there) == ("dns_bogon", Confidence.CERTAIN)


def test_a_page_where_only_our_resolver_leads_is_the_network_s_portal() -> None:
    moved = b.answer(302, headers=(("location", "https://welcome.example.net/"),))
    run = [resolved("192.0.2.80"), b.tcp("192.0.2.80"), b.polling(moved), b.websocket(moved)]
    found = named(*run, view("198.51.100.9"), tried("198.51.100.9", opens=True))
    assert found == ("dns_hijack_portal", Confidence.CERTAIN)
    same = b.finding(
        FollowUp.CONTROL_ADDRESS.value, ProbedPathsEvidence((("198.51.100.9", moved),))
    )
    assert named(*run, view("198.51.100.9"), same)[0] != "dns_hijack_portal"


def test_queries_that_our_own_packet_filter_forbids_get_no_answer() -> None:
    failed = b.finding("dns", DnsEvidence(HOST, False, (), error="EAI_AGAIN"), Status.FAIL)
    asked = b.dns_direct(*both(failure=Reason.SOCKET_ERROR))
    cause = judge([failed, asked], b.HTTP).cause
    assert cause is not None
    assert cause.code == "dns_timeout"

"""What differs between two reports: what matters is told, what always differs is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.compare import Difference, differences, telling
from bot.evidence import EioOpen, Outcome, RttEvidence, TcpEvidence
from bot.locales import translate
from bot.model import Finding, Report, Target, Transport
from bot.record import loads
from bot.verdict import judge
from tests import building as b

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))


def report(*changed: Finding, target: Target = b.HTTP) -> Report:
    findings = tuple(b.healthy(*changed))
    return Report("prod", target.url, "local", findings, judge(findings, target), b.NOW, 300.0)


def told(before: Report, after: Report) -> dict[str, str]:
    """`about.key subject` → `before → after`, in English."""
    return {
        f"{d.about}.{d.key} {d.subject}".strip(): _change(d) for d in differences(before, after)
    }


def _change(difference: Difference) -> str:
    return f"{translate(difference.before, 'en')} → {translate(difference.after, 'en')}"


def rtt(median_ms: float) -> Finding:
    samples = (median_ms, median_ms)
    return b.finding("rtt", RttEvidence(Transport.WEBSOCKET, samples, median_ms, median_ms))


def test_two_looks_at_the_same_healthy_backend_do_not_differ() -> None:
    again = report(
        b.dns("192.0.2.1", lookup_ms=31.0),
        b.finding("tcp", TcpEvidence("192.0.2.1", 8123, 4, 9.0), address="192.0.2.1"),
        b.polling(),
        rtt(4.0),
    )
    later = replace(again, started_at=b.NOW + timedelta(days=1), duration_ms=900.0)
    assert told(report(), later) == {}


@pytest.mark.parametrize("path", GOLDEN[::4], ids=lambda path: path.stem)
def test_a_report_does_not_differ_from_itself(path: Path) -> None:
    found = loads(path.read_text(encoding="utf-8")).report
    assert differences(found, found) == ()


def test_a_new_outage_tells_the_state_the_cause_and_the_layer_and_not_what_follows_from_it() -> (
    None
):
    before = report()
    findings = tuple(b.unreachable(b.tcp(errno="ECONNREFUSED")))
    after = replace(before, findings=findings, verdict=judge(findings, b.HTTP))
    changes = told(before, after)
    assert list(changes)[:2] == ["verdict.state", "verdict.cause"]
    assert changes["verdict.state"] == "up → down"
    assert changes["verdict.cause"].startswith("nothing → Nothing listens")
    assert changes["tcp.result"] == "in order → connection refused"
    assert not [name for name in changes if name.startswith(("polling", "http", "websocket"))]


def test_another_cause_is_told_by_its_title() -> None:
    changes = told(
        report(b.health(b.answer(500, path="/health"))), report(b.websocket(b.answer(502)))
    )
    assert " → " in changes["verdict.cause"]
    assert "nothing" not in changes["verdict.cause"]


def test_a_round_trip_ten_times_as_long_is_told() -> None:
    assert told(report(rtt(38)), report(rtt(410)))["rtt.median_ms"] == "38 ms → 410 ms"


@pytest.mark.parametrize(("before", "after"), [(38, 51), (300, 340), (1, 25), (410, 380)])
def test_jitter_is_not_told(before: float, after: float) -> None:
    assert "rtt.median_ms" not in told(report(rtt(before)), report(rtt(after)))


def test_another_certificate_is_told_by_issuer_and_end() -> None:
    other = b.certificate(issuer="CN=R11", not_after=b.NOW + timedelta(days=90), days_left=90.0)
    changes = told(report(b.tls()), report(b.tls(certificate=other)))
    assert changes["tls.issuer"] == "CN=Example CA → CN=R11"
    assert changes["tls.not_after"] == "2026-03-03 → 2026-04-02"


def test_the_same_certificate_a_week_later_is_no_difference() -> None:
    later = b.tls(certificate=b.certificate(days_left=53.0))
    assert told(report(b.tls()), report(later)) == {}


def test_addresses_are_a_set() -> None:
    one, other = b.dns("192.0.2.1", "192.0.2.2"), b.dns("192.0.2.2", "192.0.2.1")
    assert told(report(one), report(other)) == {}
    moved = told(report(one), report(b.dns("192.0.2.9")))
    assert moved == {"dns.addresses": "192.0.2.1, 192.0.2.2 → 192.0.2.9"}


def test_a_transport_that_no_longer_connects_is_told_by_its_name() -> None:
    after = b.namespace(
        b.attempt(Transport.WEBSOCKET, Outcome.CLOSED), b.attempt(Transport.POLLING)
    )
    changes = told(report(), report(after))
    assert changes["namespace.outcome websocket"] == "connected → closed before an answer"
    assert "namespace.outcome polling" not in changes


def test_a_proxy_in_front_is_told_once_however_many_answers_bear_its_name() -> None:
    headers = (("server", "cloudflare"), ("cf-ray", "8f1"), ("via", "1.1 google"))
    after = report(
        b.polling(b.answer(502, headers=headers)), b.health(b.answer(502, headers=headers))
    )
    changes = told(report(), after)
    assert changes["http.header_server"] == "nothing → cloudflare"
    assert changes["http.header_via"] == "nothing → 1.1 google"
    assert changes["polling.status"] == "200 → 502"
    assert not [name for name in changes if "cf_ray" in name]


def test_another_heartbeat_is_told_and_another_session_is_not() -> None:
    opened = EioOpen("zz", 4, 10_000, 5_000, ("websocket",), 1_000_000)
    after = b.finding("polling", b.PollingEvidence(b.answer(), opened))
    assert told(report(), report(after)) == {"polling.heartbeat": "25 s + 20 s → 10 s + 5 s"}


def test_lost_session_affinity_is_told_in_figures() -> None:
    changes = told(report(), report(b.affinity(statuses=(200, 400, 200, 400, 200, 400))))
    assert changes["affinity.outcome"].startswith("6 of 6 requests")
    assert "3 of 6" in changes["affinity.outcome"]


def test_a_cause_that_this_version_does_not_know_keeps_its_code() -> None:
    down = report(b.websocket(b.answer(502)))
    assert down.verdict.cause is not None
    sky = replace(down.verdict, cause=replace(down.verdict.cause, code="sky_fell"))
    assert told(replace(down, verdict=sky), down)["verdict.cause"].startswith("sky_fell → ")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(GOLDEN), st.sampled_from(GOLDEN))
def test_any_two_reports_can_be_compared_in_both_languages(one: Path, other: Path) -> None:
    reports = [loads(path.read_text(encoding="utf-8")).report for path in (one, other)]
    for difference in differences(*reports):
        for lang in ("en", "ru"):
            words = [
                translate(m, lang) for m in (difference.label, difference.before, difference.after)
            ]
            assert all(words), difference
            json.dumps(words)
        assert translate(difference.before, "en") != translate(difference.after, "en")


def test_what_helps_comes_first_and_what_the_verdict_says_is_left_to_it() -> None:
    before = report(rtt(38.0))
    after = report(
        rtt(410.0),
        b.websocket(b.answer(400)),
        b.upgrade(b.answer(400)),
        b.namespace(b.attempt(Transport.POLLING)),
    )
    found = differences(before, after)
    first, second, *_ = [(translate(d.label, "en"), _change(d)) for d in telling(reversed(found))]
    assert first == ("Transport", "WebSocket → polling")
    assert second == ("Round trip", "38 ms → 410 ms")
    assert not [d for d in telling(found, most=99) if d.key in ("state", "cause", "result")]
    assert telling(found, most=1) == telling(found)[:1]

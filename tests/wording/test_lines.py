"""Evidence in words: a line per layer, the facts that tell."""

from __future__ import annotations

from dataclasses import replace

from bot.evidence import (
    ControlEvidence,
    CorsEvidence,
    EachAddressEvidence,
    FallbackEvidence,
    HttpEvidence,
    NamespaceEvidence,
    NoEvidence,
    Outcome,
    Phase,
    RecheckEvidence,
)
from bot.locales import translate
from bot.model import Finding, FollowUp, Reason, State, Status, Transport
from bot.wording import (
    CONFIDENCES,
    LABELS,
    REASONS,
    STATES,
    EvidenceLine,
    evidence_lines,
    headline,
    label,
    reason,
    skipped,
)
from tests import building


def told(line: EvidenceLine) -> str:
    facts = [
        f"{fact.about}: {translate(fact.words, 'en')}"
        if fact.about
        else translate(fact.words, "en")
        for fact in line.facts
    ]
    return f"{line.status} {translate(line.label, 'en')} | {' · '.join(facts)}"


def lines(*findings: Finding) -> list[str]:
    return [told(line) for line in evidence_lines(findings)]


def test_every_reason_state_confidence_and_follow_up_has_a_word() -> None:
    assert set(REASONS) == set(Reason)
    assert set(STATES) == set(State)
    assert len(CONFIDENCES) == 3
    assert set(FollowUp) <= set(LABELS)


def test_an_unknown_probe_keeps_its_name() -> None:
    assert translate(label("something_new"), "ru") == "something_new"


def test_a_healthy_backend_in_lines() -> None:
    assert lines(*building.healthy()) == [
        "ok DNS | under 1 ms · 1 address: 192.0.2.1",
        "ok TCP | 1 ms",
        "ok Health | HTTP 200 · 3 ms",
        "ok Polling | HTTP 200 · 3 ms · heartbeat 25 s + 20 s",
        "ok WebSocket | 5 ms",
        "ok Upgrade | 2 ms",
        "ok Socket.IO | websocket: connected · 2 ms · polling: connected · 2 ms",
        "ok Round trip | median 1.1 ms · worst 1.2 ms · over websocket",
        "ok Session affinity | 6 of 6 requests found their session",
    ]


def test_a_follow_up_is_told_apart_from_a_layer() -> None:
    again = building.finding("recheck", RecheckEvidence(2_000.0, ("ok",)))
    marked = {line.probe: line.follow_up for line in evidence_lines([*building.healthy(), again])}
    assert marked["recheck"]
    assert not marked["polling"]
    assert not marked["affinity"]  # it judges: a session that is not found is a failure


def test_what_no_answer_came_to_has_no_answer_time() -> None:
    cut = replace(building.failed(Reason.TIMEOUT, Phase.RESPONSE), ttfb_ms=0.4)
    (line,) = lines(building.finding("http", HttpEvidence(cut, False), Status.FAIL, Reason.TIMEOUT))
    assert line == "fail Health | no answer in time"


def test_a_refusal_is_told_once() -> None:
    refused = building.attempt(Transport.POLLING, Outcome.REFUSED, message="no")
    evidence = NamespaceEvidence("/", False, (refused,))
    found = building.finding("namespace", evidence, Status.FAIL, Reason.CONNECT_REFUSED)
    assert lines(found) == ["fail Socket.IO | polling: refused · the server says: no"]


def test_addresses_share_a_line_and_the_worst_gives_its_status() -> None:
    found = lines(building.tcp("192.0.2.1"), building.tcp("192.0.2.2", errno="ECONNREFUSED"))
    assert found == ["fail TCP | 1 of 2 addresses connect · 1 ms · 192.0.2.2: connection refused"]


def test_a_certificate_that_fails_says_why_and_by_whom_it_was_issued() -> None:
    gone = building.tls(
        verify_code=10,
        verify_message="certificate has expired",
        certificate=building.certificate(days_left=-3.0),
    )
    (line,) = lines(gone)
    assert "certificate has expired" in line
    assert "expired 3 days ago" in line
    assert "issued by CN=Example CA" in line


def test_a_refused_websocket_shows_its_status() -> None:
    assert lines(building.websocket(building.answer(400))) == [
        "fail WebSocket | HTTP 400 · the WebSocket handshake was refused"
    ]


def test_cors_says_who_asked_and_who_is_allowed() -> None:
    evidence = CorsEvidence("https://app.example", ("https://other.example",))
    (line,) = lines(building.finding("cors", evidence, Status.FAIL, Reason.ORIGIN_NOT_ALLOWED))
    assert "asked as https://app.example" in line
    assert "allowed: https://other.example" in line


def test_fallbacks_and_controls_are_named_one_by_one() -> None:
    dead = building.finding(
        "fallback", FallbackEvidence("https://b.example", False), Status.FAIL, Reason.FALLBACK_DEAD
    )
    assert lines(dead) == ["fail Fallback | https://b.example: does not answer"]
    control = building.finding(
        "control",
        ControlEvidence((("https://c.example", "ok"), ("https://d.example", "timeout"))),
        Status.WARN,
        Reason.CONTROL_FAILED,
    )
    assert lines(control) == [
        "warn Control | https://c.example: answers · https://d.example: no answer in time"
    ]


def test_what_was_skipped_is_told_apart_unless_nobody_asked_for_it() -> None:
    findings = [
        building.finding("tls", NoEvidence(), Status.SKIPPED, Reason.NOT_REACHED),
        building.finding("cors", NoEvidence(), Status.SKIPPED, Reason.NOT_CONFIGURED),
    ]
    assert evidence_lines(findings) == ()
    ((probe, why),) = skipped(findings)
    assert translate(probe, "en") == "TLS"
    assert reason(why) == REASONS[Reason.NOT_REACHED]


def test_the_headline_names_the_target() -> None:
    assert translate(headline("prod", State.DOWN), "en") == "prod is down"


def test_where_several_addresses_connect_it_says_at_how_many_the_backend_answers() -> None:
    good, bad = ("192.0.2.1", building.answer()), ("192.0.2.2", building.answer(502))
    seen = EachAddressEvidence((good, bad), (good[0],), (bad[0],))
    finding = building.finding("each_address", seen, Status.FAIL, Reason.HTTP_STATUS)
    assert lines(finding) == ["fail Each of the addresses | Engine.IO answers at 1 of 2 addresses"]

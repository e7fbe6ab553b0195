"""Saved reports come back as they were."""

from __future__ import annotations

import json

import pytest

from bot.model import Confidence, Layer, Named, Reason, Report, Section
from bot.record import RecordError, from_json, to_json, unread
from bot.verdict import judge
from tests import building as b


def report() -> Report:
    findings = b.healthy(
        b.tls(verify_code=10, certificate=b.certificate(days_left=-3.0)),
        b.polling(b.answer(502, "<h1>Bad Gateway</h1>")),
        b.namespace(b.attempt(b.Transport.POLLING, b.Outcome.NOT_TRIED)),
    )
    verdict = judge(findings, b.HTTPS)
    return Report(
        "prod", "https://backend.example.com", "local", tuple(findings), verdict, b.NOW, 9.5
    )


def test_a_report_survives_json_without_a_loss() -> None:
    assert from_json(json.loads(json.dumps(to_json(report())))) == report()


def test_a_report_of_a_later_version_with_more_fields_can_be_read() -> None:
    data = to_json(report())
    data["weather"] = "fine"
    data["findings"][0]["evidence"]["colour"] = "blue"
    assert from_json(data) == report()


def test_a_report_of_an_earlier_version_takes_defaults_for_what_it_lacks() -> None:
    data = to_json(report())
    del data["verdict"]["also"]
    assert from_json(data).verdict.also == ()


@pytest.mark.parametrize("change", [{"format": 99}, {"findings": 3}, {"verdict": None}])
def test_what_is_no_report_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(RecordError):
        from_json(to_json(report()) | change)


def test_evidence_of_a_kind_that_is_not_known_leaves_the_other_findings_alone() -> None:
    data = to_json(report())
    data["findings"][2]["evidence"] = {"kind": "WeatherEvidence", "rain": True}
    read = from_json(data)
    assert unread(read) == ("WeatherEvidence",)
    assert read.findings[:2] == report().findings[:2]
    assert read.findings[2].status is report().findings[2].status


@pytest.mark.parametrize(
    "broken", [{"kind": "TcpEvidence"}, {"kind": "TcpEvidence", "address": 3}, {}, None, []]
)
def test_evidence_that_is_broken_is_named(broken: object) -> None:
    data = to_json(report())
    data["findings"][1]["evidence"] = broken
    assert len(unread(from_json(data))) == 1


def test_words_of_a_later_version_become_the_unknown_word() -> None:
    data = to_json(report())
    data["findings"][0]["reason"] = "struck_by_lightning"
    data["verdict"]["cause"] = {
        "code": "sky_fell", "layer": "sky", "section": "9Z", "confidence": "prophetic",
    }  # fmt: skip
    read = from_json(data)
    assert read.findings[0].reason is Reason.UNRECOGNISED
    assert read.verdict.cause == Named(
        "sky_fell", Layer.SERVER, Section.DIAGNOSTICS, Confidence.POSSIBLE
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [("duration_ms", "long"), ("target_name", 7), ("started_at", "soon"), ("findings", [3])],
)
def test_values_of_another_type_are_refused(field: str, value: object) -> None:
    with pytest.raises(RecordError):
        from_json(to_json(report()) | {field: value})

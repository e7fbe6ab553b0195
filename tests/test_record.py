"""Saved reports come back as they were."""

from __future__ import annotations

import json

import pytest

from bot.model import Report
from bot.record import RecordError, from_json, to_json
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

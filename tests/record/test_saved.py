"""A saved report: lossless, versioned, and without a secret."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot import __version__
from bot.evidence import NoEvidence
from bot.model import (
    ClientSettings,
    Reason,
    Report,
    SecretRef,
    State,
    Status,
    Target,
    Transport,
    WatchSettings,
)
from bot.record import Expected, RecordError, Saved, dumps, loads, target_of, was_cut_short
from bot.verdict import judge
from tests import building as b
from tests.record.test_codec import report

TARGET = Target(
    "prod",
    "https://backend.example.com",
    fallback_urls=("https://two.example.com",),
    path="/rt/",
    namespace="/chat",
    origin="https://app.example.com",
    health_path="/up",
    client=ClientSettings(transports=(Transport.POLLING,), reconnection_attempts=None),
    allow_private=False,
)


def test_what_is_saved_is_loaded_again() -> None:
    saved = Saved(TARGET, report(), about="a bad day", expected=Expected(code="tls_expired"))
    assert loads(dumps(saved)) == saved


def test_a_file_says_which_version_wrote_it() -> None:
    content = json.loads(dumps(Saved(TARGET, report())))
    assert (content["kind"], content["format"], content["wsdiag"]) == (
        "wsdiag report", 1, __version__,
    )  # fmt: skip
    assert "expected" not in content


def test_a_file_of_a_later_version_with_more_settings_can_be_read() -> None:
    content = json.loads(dumps(Saved(TARGET, report())))
    content["target"]["moon"] = "full"
    content["target"]["client"]["mood"] = 3
    content["stars"] = []
    assert loads(json.dumps(content)) == Saved(TARGET, report())


def test_a_file_of_an_earlier_version_with_fewer_settings_can_be_read() -> None:
    content = json.loads(dumps(Saved(TARGET, report())))
    content["target"] = {"name": "prod", "url": "https://backend.example.com"}
    assert loads(json.dumps(content)).target == Target("prod", "https://backend.example.com")


REFUSED: dict[str, tuple[str, str]] = {
    "prose": ("hello", "not JSON"),
    "nothing": ("", "not JSON"),
    "a number that is none": ('{"kind": NaN}', "not JSON"),
    "another object": ('{"name": "x"}', "no report of wsdiag"),
    "a list": ("[]", "no report of wsdiag"),
    "brackets without an end": ("[" * 100_000, "no report of wsdiag"),
    "what --json prints": (
        '{"vantage": "local", "findings": [], "state": "up"}',
        "what --json prints",
    ),
    "a format of the future": (
        '{"kind": "wsdiag report", "format": 2, "wsdiag": "9.1"}',
        "wsdiag 9.1 wrote it",
    ),
    "no report in it": (
        '{"kind": "wsdiag report", "format": 1, "target": {"name": "a", "url": "b"}}',
        "cannot be read",
    ),
    "no target in it": ('{"kind": "wsdiag report", "format": 1, "target": 3}', "cannot be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_report_is_refused_in_a_sentence(case: str) -> None:
    text, words = REFUSED[case]
    with pytest.raises(RecordError, match=words):
        loads(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_file_that_was_tampered_with_is_read_or_refused(data: st.DataObject) -> None:
    content = json.loads(dumps(Saved(TARGET, report())))
    place: Any = content
    while isinstance(place, dict | list) and place:
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(json_values)
            break
        place = place[key]
    try:
        saved = loads(json.dumps(content))
    except RecordError:
        return
    assert loads(dumps(saved)).report.findings == saved.report.findings


# ------------------------------------------------------------------ secrets

secrets = st.from_regex(r"[A-Za-z0-9]{4}[0-9][A-Za-z0-9]{12,20}", fullmatch=True)


@settings(max_examples=20, deadline=None)
@given(secret=secrets)
def test_no_setting_that_may_be_secret_is_saved(secret: str) -> None:
    target = replace(
        TARGET,
        url=f"https://me:{secret}@backend.example.com/ns?key={secret}#{secret}",
        fallback_urls=(f"https://{secret}@two.example.com/?t={secret}",),
        health_path=f"/up?code={secret}",
        auth=SecretRef("literal", SecretStr(secret)),
        headers={"Authorization": SecretRef(f"env:{secret}", SecretStr(secret))},
        query={"token": secret},
        ca_file=f"/home/{secret}.pem",
        proxy=f"http://me:{secret}@proxy.example:3128",
        channel=secret,
        watch=WatchSettings(mode=secret),
    )
    text = dumps(Saved(target, report()))
    assert secret not in text
    assert loads(text).target.url == "https://backend.example.com/ns"


ECHOES = (
    "<p>Invalid token={}</p>",
    "Authorization: Bearer {}",
    "authorization=Basic {}==",
    '{{"error": "expired", "access_token": "{}"}}',
    '{{\\"password\\": \\"{}\\"}}',
    "GET /socket.io/?EIO=4&transport=polling&api_key={} HTTP/1.1",
    "see https://user:{}@internal.example/wiki",
    "X-Api-Key: {}",
    "sid={}",
    "Cookie: sessionid={}; theme=dark",
)
HEADERS = (
    ("set-cookie", "io={}; Path=/; HttpOnly"),
    ("location", "https://sso.example/login?code={}&next=/"),
    ("x-auth-token", "{}"),
    ("x-csrf-token", "{}"),
    ("proxy-authorization", "Basic {}"),
)


@settings(max_examples=10, deadline=None)
@given(secret=secrets)
def test_what_a_server_gave_away_is_not_passed_on(secret: str) -> None:
    for echo in ECHOES:
        given_away = _answered(b.answer(502, echo.format(secret)))
        assert secret not in dumps(Saved(TARGET, given_away)), echo
    for name, value in HEADERS:
        answer = b.answer(302, headers=((name, value.format(secret)),))
        text = dumps(Saved(TARGET, _answered(answer)))
        assert secret not in text, name
        assert name in text


def test_a_cookie_keeps_its_name_and_its_attributes() -> None:
    answer = b.answer(200, headers=(("set-cookie", "AWSALB=abc; Path=/; SameSite=None"),))
    saved = loads(dumps(Saved(TARGET, _answered(answer))))
    (polling,) = (f.evidence for f in saved.report.findings if f.probe == "polling")
    assert isinstance(polling, b.PollingEvidence)
    assert polling.answer.header("set-cookie") == "AWSALB=***; Path=/; SameSite=None"


@pytest.mark.parametrize(
    "words",
    [
        '{"code":1,"message":"Session ID unknown"}',
        "Unauthorized: token expired, authentication required",
        'Basic realm="backend"',
        'Bearer error="invalid_token"',
        "https://sso.example/login?next=/socket.io/",
        "/socket.io/?EIO=4&transport=websocket&t=772a183f",
        "<script src=/app.js?v=3></script>",
    ],
)
def test_words_that_only_speak_of_secrets_stay(words: str) -> None:
    saved = loads(dumps(Saved(TARGET, _answered(b.answer(401, words)))))
    (polling,) = (f.evidence for f in saved.report.findings if f.probe == "polling")
    assert isinstance(polling, b.PollingEvidence)
    assert polling.answer.body == words


def _answered(answer: b.HttpAnswer) -> Report:
    findings = tuple(b.healthy(b.polling(answer)))
    return replace(report(), findings=findings, verdict=judge(findings, TARGET))


# ------------------------------------------------------------------ judging again


def test_a_run_that_was_cut_short_is_told_from_a_silent_target() -> None:
    cut = b.finding(
        "namespace", NoEvidence("cut off by a deadline"), Status.SKIPPED, Reason.DEADLINE
    )
    findings = tuple(b.unreachable(b.tcp(), cut))
    for cut_short, state in ((True, State.UNKNOWN), (False, State.DOWN)):
        verdict = judge(findings, TARGET, cut_short=cut_short)
        assert verdict.state is state
        found = replace(report(), findings=findings, verdict=verdict)
        assert was_cut_short(found) is cut_short


def test_a_report_alone_tells_what_it_can_of_its_target() -> None:
    assert target_of(report()) == Target("prod", "https://backend.example.com")


@pytest.mark.parametrize(
    ("expected", "met"),
    [
        (Expected(), True),
        (Expected(state="up"), False),
        (Expected(code="tls_expired"), True),
        (Expected(code=""), False),
        (Expected(wrong="tls_expired"), False),
        (Expected(wrong="tcp_refused"), True),
        (Expected("down", "tls_expired", "likely"), False),
    ],
)
def test_an_expectation_holds_as_far_as_it_goes(expected: Expected, met: bool) -> None:
    assert expected.met(report().verdict) is met

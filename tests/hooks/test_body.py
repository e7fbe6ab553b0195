"""What is sent, and the page that promises it."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.hooks.body import Words, body
from bot.hooks.patience import EXPIRES, LONGEST_S, REFUSALS, Answer, Outcome, judge
from bot.hooks.signing import headers
from bot.model import Call, Confidence, Feed, Layer, Named, Section, State

PAGE = (Path(__file__).parents[2] / "docs" / "webhook.md").read_text(encoding="utf-8")
AT = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)
CAUSE = Named("tcp_refused", Layer.TCP, Section.SERVER, Confidence.CERTAIN)
OPENED = Call(
    1, "1f0c9a52f3f84d1e8f7f2f6a90f1b2c3", Feed.TRANSITIONS, "opened", "prod",
    "9f2c44d0a1b7e3f5", AT, AT, State.DOWN, State.UP, CAUSE,
)  # fmt: skip
WORDS = Words(
    "en",
    lambda name: "https://backend.example.com" if name == "prod" else None,
    lambda cause: f"https://wsdiag.example.com/guide/en#{cause.code}",
)


def example(language: str) -> str:
    """The code of a language in the page."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def sent(call: Call, words: Words = WORDS) -> Any:
    return json.loads(body(call, words))


def test_the_page_shows_exactly_what_is_sent() -> None:
    assert sent(OPENED) == json.loads(example("json"))


def test_a_recovery_says_when_it_was_and_what_is_gone() -> None:
    later = AT + timedelta(minutes=5)
    closed = replace(OPENED, kind="closed", at=later, before=State.DOWN, state=State.UP)
    said = sent(closed)
    assert said["type"] == "incident.closed"
    assert said["incident"]["closed_at"] == said["at"] == "2026-03-01T12:05:10.000Z"
    assert said["cause"]["code"] == "tcp_refused"


def test_an_escalation_of_what_nobody_knows_more_of() -> None:
    said = sent(
        replace(OPENED, feed=Feed.ESCALATION, kind="escalated", before=None, cause=None, target="x")
    )
    assert (said["type"], said["before"], said["after"]) == ("incident.escalated", None, "down")
    assert said["cause"] is None
    assert said["target"] == {"name": "x", "url": None}
    assert said["links"] == {"guide": None}


def test_a_cause_of_another_version_is_told_all_the_same() -> None:
    assert sent(replace(OPENED, cause=replace(CAUSE, code="of_tomorrow")))["cause"]["code"] == (
        "of_tomorrow"
    )


@pytest.fixture(scope="module")
def is_ours() -> Callable[..., bool]:
    """The page's own code."""
    names: dict[str, Any] = {}
    exec(example("python"), names)
    found: Callable[..., bool] = names["is_ours"]
    return found


@pytest.mark.parametrize(
    "secret", ["0123456789abcdef", "слово-слово", "whsec_" + base64.b64encode(b"k" * 24).decode()]
)
def test_the_pages_code_knows_ours_from_anybody_elses(
    is_ours: Callable[..., bool], secret: str
) -> None:
    content = body(OPENED, WORDS)
    now = datetime.now(UTC)
    signed = dict(headers(SecretStr(secret), OPENED.event_id, now, content))
    assert is_ours(signed, content, secret)
    assert not is_ours(signed, content + b" ", secret)
    assert not is_ours(signed, content, secret + "x" * 4)
    assert not is_ours({**signed, "webhook-id": "another"}, content, secret)
    late = str(int(time.time()) + 60)
    assert not is_ours({**signed, "webhook-timestamp": late}, content, secret)
    old = headers(SecretStr(secret), OPENED.event_id, now - timedelta(minutes=6), content)
    assert not is_ours(old, content, secret)


def test_the_signature_is_the_specifications_own_example() -> None:
    # standardwebhooks.com, spec, "Symmetric": the vector that its libraries test with.
    secret = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    signed = headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


# ---------------------------------------------------------------- patience


@given(
    st.none() | st.integers(100, 599),
    st.integers(0, 10_000),
    st.integers(0, 40 * 3600),
    st.none() | st.floats(0, 1e7),
)
def test_whatever_is_answered_an_event_is_taken_or_given_up_within_a_day(
    status: int | None, attempts: int, age_s: int, asked: float | None
) -> None:
    verdict = judge(Answer(status, asked), attempts, timedelta(seconds=age_s), 2.0)
    if isinstance(verdict, float):
        assert 2.0 <= verdict <= 12 * LONGEST_S
        assert timedelta(seconds=age_s) < EXPIRES
    assert (verdict is Outcome.DELIVERED) == (status is not None and 200 <= status < 300)


@pytest.mark.parametrize("status", [None, 301, 401, 403, 408, 409, 429, 500, 503])
def test_a_receiver_that_is_away_or_not_set_up_yet_is_waited_for(status: int | None) -> None:
    verdict = judge(Answer(status), 200, timedelta(hours=23), 2.0)
    assert verdict == LONGEST_S


def test_one_that_is_refused_again_and_again_lets_the_others_pass() -> None:
    assert isinstance(judge(Answer(422), REFUSALS - 2, timedelta(minutes=2), 2.0), float)
    assert judge(Answer(422), REFUSALS - 1, timedelta(minutes=5), 2.0) is Outcome.REFUSED

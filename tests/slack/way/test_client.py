"""Tokens, proxies, and what Slack's refusals mean."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError, SlackRequestError

from bot.slack.way.client import proxy_for
from bot.slack.way.errors import Trouble, understand
from bot.slack.way.people import Remembered


def test_no_proxy_and_loopback_are_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "internal.example")
    assert proxy_for("https://slack.com/api/") == "http://proxy.example:3128"
    assert proxy_for("wss://wss-primary.slack.com/link") == "http://proxy.example:3128"
    assert proxy_for("https://chat.internal.example/api/") is None
    for local in ("http://127.0.0.1:1/api/", "http://[::1]:1/", "https://localhost/api/"):
        assert proxy_for(local) is None


def test_without_a_proxy_in_the_environment_there_is_none() -> None:
    assert proxy_for("https://slack.com/api/") is None


class Answer:
    """The parts of an answer that errors carry."""

    def __init__(self, code: str | None, status: int = 200, **headers: str) -> None:
        self.data = {"ok": False, "error": code} if code else "<html>"
        self.status_code = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer("ratelimited", 429), Trouble.BUSY),
        (Answer("channel_not_found"), Trouble.CHANNEL),
        (Answer("is_archived"), Trouble.CHANNEL),
        (Answer("message_not_found"), Trouble.MESSAGE),
        (Answer("token_revoked"), Trouble.TOKEN),
        (Answer("missing_scope"), Trouble.TOKEN),
        (Answer("internal_error"), Trouble.PASSING),
        (Answer(None, 503), Trouble.PASSING),
        (Answer("invalid_blocks"), Trouble.CONTENT),
        (Answer("something_new"), Trouble.CONTENT),
    ],
)
def test_each_refusal_is_of_a_kind(answer: Answer, kind: Trouble) -> None:
    assert understand(SlackApiError("no", answer)).kind is kind  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", 30.0), ("-1", 0.0)])
def test_retry_after_is_read_whatever_it_says(header: str, seconds: float) -> None:
    answer = Answer("ratelimited", 429, Retry_After=header)
    assert understand(SlackApiError("no", answer)).retry_after_s == seconds  # type: ignore[no-untyped-call]


def test_the_network_and_deadlines_pass_and_our_own_mistakes_do_not() -> None:
    assert understand(aiohttp.ServerDisconnectedError()).kind is Trouble.PASSING
    assert understand(TimeoutError()).kind is Trouble.PASSING
    assert understand(ConnectionRefusedError()).kind is Trouble.PASSING
    assert understand(SlackRequestError("bad")).kind is Trouble.CONTENT
    with pytest.raises(KeyError):
        understand(KeyError("a bug"))


def test_memory_ages_and_is_bounded() -> None:
    now = [0.0]
    memory: Remembered[str, int] = Remembered(for_s=10, most=2, clock=lambda: now[0])
    memory.put("a", 1)
    now[0] = 5.0
    memory.put("b", 2)
    assert (memory.get("a"), memory.get("b")) == (1, 2)
    now[0] = 11.0
    assert (memory.get("a"), memory.get("b")) == (None, 2)
    memory.put("c", 3)
    memory.put("d", 4)
    assert (memory.get("b"), memory.get("d")) == (None, 4)

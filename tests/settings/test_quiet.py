"""Maintenance, escalation and webhook: as they are written, and what the bot makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.quiet import Policy, Recurring, Window
from bot.settings import SettingsError, load
from bot.spans import Span
from tests.settings.conftest import Write

TARGETS = (
    '[targets.prod]\nurl = "https://a.example.com"\n[targets.dev]\nurl = "https://b.example.com"\n'
)


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def test_windows_are_read_in_the_time_of_their_place(write: Write) -> None:
    write(
        "wsdiag.toml",
        TARGETS
        + """
[[maintenance]]
targets = ["prod"]
cron = "0  3 * * 7"
duration_min = 90
zone = "Europe/Berlin"
note = "deployment"

[[maintenance]]
start = 2026-12-24 22:00:00
end = "2026-12-24T23:30"
zone = "America/New_York"

[[maintenance]]
start = 2026-12-24
end = 2026-12-25 12:00:00Z
""",
    )
    assert load().windows() == (
        Window(
            Recurring("0 3 * * 7", minutes(90), "Europe/Berlin"), frozenset({"prod"}), "deployment"
        ),
        Window(
            Span(datetime(2026, 12, 25, 3, tzinfo=UTC), datetime(2026, 12, 25, 4, 30, tzinfo=UTC))
        ),
        Window(Span(datetime(2026, 12, 24, tzinfo=UTC), datetime(2026, 12, 25, 12, tzinfo=UTC))),
    )


def test_one_window_may_be_written_as_a_table(write: Write) -> None:
    write("wsdiag.toml", '[maintenance]\ncron = "0 3 * * *"\nduration_min = 5\n')
    assert load().windows() == (Window(Recurring("0 3 * * *", minutes(5))),)


def test_by_default_nobody_is_reminded_of_anything(write: Write) -> None:
    write("wsdiag.toml", TARGETS)
    settings = load()
    assert settings.silence("prod") == (Policy(), ())
    assert settings.windows() == ()
    assert settings.webhook.url is None


def test_a_target_may_differ_in_what_it_says_and_only_in_that(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WSDIAG_WEBHOOK_SECRET", "0123456789abcdef")
    monkeypatch.setenv("WSDIAG_ESCALATION_WEBHOOK_URL", "https://pager.example.com/x")
    write(
        "wsdiag.toml",
        TARGETS
        + """
[targets.dev.escalation]
remind_every_min = "off"
mention = []
[escalation]
remind_every_min = 10
after_min = 15
mention = ["U1", "@here", "S2"]
""",
    )
    settings = load()
    assert settings.silence("prod") == (
        Policy(minutes(10), minutes(15), True, minutes(30), True),
        ("U1", "here", "S2"),
    )
    assert settings.silence("dev") == (Policy(None, minutes(15), False, minutes(15), True), ())


def test_the_webhooks_secrets_are_shown_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WSDIAG_WEBHOOK_URL", "https://hook.example.com/s3cret")
    monkeypatch.setenv("WSDIAG_WEBHOOK_SECRET", "s3cret-s3cret-s3cret")
    settings = load()
    assert "s3cret" not in str(settings.masked())
    assert settings.masked()["webhook.url"] == {"value": "••••••", "source": "WSDIAG_WEBHOOK_URL"}
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("second", "where"),
    [
        ('cron = "0 3 * *"\nduration_min = 5\n', "wsdiag.toml line 9: maintenance.cron"),
        ('cron = "0 3 * * 1"\n', "wsdiag.toml line 8: maintenance"),
        ('cron = "0 3 * * 1"\nduration_min = 5\nnonsense = 1\n', "line 11: maintenance.nonsense"),
        ('targets = ["porod"]\ncron = "0 3 * * 1"\nduration_min = 5\n', "line 8: maintenance"),
    ],
)
def test_what_is_wrong_in_the_second_window_names_its_line(
    second: str, where: str, write: Write
) -> None:
    first = '[[maintenance]]\ncron = "0 3 * * 7"\nduration_min = 5\n'
    assert TARGETS.count("\n") == 4
    write("wsdiag.toml", f"{TARGETS}{first}[[maintenance]]\n{second}")
    with pytest.raises(SettingsError) as error:
        load()
    (problem,) = error.value.problems
    assert problem.where.endswith(where)


def test_a_wrong_key_of_the_only_window_names_its_line(write: Write) -> None:
    write("wsdiag.toml", '[maintenance]\ncron = "0 3 * *"\nduration_min = 5\n')
    with pytest.raises(SettingsError, match=r"line 2: maintenance\.cron"):
        load()


@pytest.mark.parametrize("everybodys", ["", "[escalation]\nremind_every_min = 5\n"])
def test_whom_a_target_mentions_has_to_be_mentioned_at_some_time(
    everybodys: str, write: Write
) -> None:
    own = '[targets.dev.escalation]\nmention = ["U1"]\n'
    write("wsdiag.toml", TARGETS + own + everybodys)
    with pytest.raises(SettingsError, match=r"targets\.dev: Its escalation has mention") as error:
        load()
    assert "after_min" in str(error.value)
    for when in ("after_min = 5\n", 'after_min = "off"\n'):
        write("wsdiag.toml", TARGETS + own + when + everybodys)
        load()
    write("wsdiag.toml", TARGETS + own + "[escalation]\nafter_min = 5\n")
    assert load().silence("dev") == (Policy(None, minutes(5), True, minutes(10)), ("U1",))


def test_a_time_after_which_nobody_is_called_upon_is_odd(write: Write) -> None:
    write("wsdiag.toml", TARGETS + "[escalation]\nafter_min = 5\n")
    (warning,) = load().warnings
    assert warning.startswith("escalation.after_min (wsdiag.toml): Nobody is called upon then")
    write("wsdiag.toml", TARGETS + '[escalation]\nafter_min = 5\nmention = ["U1"]\n')
    assert load().warnings == ()
    write("wsdiag.toml", TARGETS + "[targets.dev.escalation]\nafter_min = 5\n")
    (warning,) = load().warnings
    assert warning.startswith("targets.dev.escalation.after_min")

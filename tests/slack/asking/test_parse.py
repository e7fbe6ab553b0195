"""What people type, understood."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.asking.parse import LONGEST, parse, parse_mention
from bot.slack.asking.requests import (
    Acknowledge,
    CheckTarget,
    CheckUrl,
    ExplainText,
    Misunderstood,
    MuteTarget,
    ShowChart,
    ShowDigest,
    ShowGuide,
    ShowHelp,
    ShowHistory,
    ShowStatus,
    ShowTargets,
    UnmuteTarget,
)

TARGETS = ("prod", "Staging", "prod eu")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", CheckTarget()),
        ("   ", CheckTarget()),
        ("check", CheckTarget()),
        ("prod", CheckTarget("prod")),
        ("check prod", CheckTarget("prod")),
        ("  CHECK   PROD ", CheckTarget("prod")),
        ("staging", CheckTarget("Staging")),
        ("check prod eu", CheckTarget("prod eu")),
        ("prod eu", CheckTarget("prod eu")),
        ("check “prod”", CheckTarget("prod")),
        ("‘prod’", CheckTarget("prod")),
        ("«prod»", CheckTarget("prod")),
        ("`prod`", CheckTarget("prod")),
        ("\u200bprod\u202e", CheckTarget("prod")),
        ("explain xhr poll error", ExplainText("xhr poll error")),
        ("Explain ```a &lt;b&gt;\nc &amp;sid=1```", ExplainText("a <b>\nc &sid=1")),
        ("explain failed: <wss://x.example/?a=1&amp;sid=2>",
         ExplainText("failed: wss://x.example/?a=1&sid=2")),
        ("explain", Misunderstood),
        ("explain “”", Misunderstood),
        ("status", ShowStatus()),
        ("deep", CheckTarget(deep=True)),
        ("deep prod", CheckTarget("prod", deep=True)),
        ("DEEP https://x.example", CheckUrl("https://x.example", deep=True)),
        ("targets", ShowTargets()),
        ("targets all", Misunderstood),
        ("guide", ShowGuide()),
        ("guide TCP refused", ShowGuide("TCP refused")),
        ("mute prod 30m", MuteTarget("prod", timedelta(minutes=30))),
        ("Mute PROD for 2 hours", MuteTarget("prod", timedelta(hours=2))),
        ("mute prod eu 1d 12h", MuteTarget("prod eu", timedelta(hours=36))),
        ("mute prod 1h30m", MuteTarget("prod", timedelta(minutes=90))),
        ("mute prod на 2 ч", MuteTarget("prod", timedelta(hours=2))),
        ("mute prod until-up", MuteTarget("prod", None)),
        ("mute prod until up", MuteTarget("prod", None)),
        ("mute until-up", MuteTarget(None, None)),
        ("mute 45 min", MuteTarget(None, timedelta(minutes=45))),
        ("mute prod 30d", MuteTarget("prod", timedelta(days=30))),
        ("mute prod 31d", Misunderstood),
        ("mute prod 0m", Misunderstood),
        ("mute prod 99999d 99999d", Misunderstood),
        ("mute prod 10 years", Misunderstood),
        ("mute", Misunderstood),
        ("mute prod", Misunderstood),
        ("unmute", UnmuteTarget()),
        ("unmute «prod»", UnmuteTarget("prod")),
        ("unmute prod now", Misunderstood),
        ("ack", Acknowledge()),
        ("acknowledge prod eu", Acknowledge("prod eu")),
        ("chart", ShowChart()),
        ("history", ShowHistory()),
        ("digest", ShowDigest()),
        ("digest prod", Misunderstood),
        ("history prod eu 7d", ShowHistory("prod eu", timedelta(days=7))),
        ("history prod eu 1000h", ShowHistory("prod eu", timedelta(hours=1000))),
        ("chart prod", ShowChart("prod")),
        ("chart 6h", ShowChart(None, timedelta(hours=6))),
        ("CHART Prod EU 7d", ShowChart("prod eu", timedelta(days=7))),
        ("chart prod 7 days", ShowChart("prod", timedelta(days=7))),
        ("Help", ShowHelp()),
        ("?", ShowHelp()),
        ("help me", ShowHelp()),
        ("https://x.example/a?b=1", CheckUrl("https://x.example/a?b=1")),
        ("check wss://x.example", CheckUrl("wss://x.example")),
        ("<https://x.example>", CheckUrl("https://x.example")),
        ("check <https://x.example|x.example>", Misunderstood),
        ("check <http://prod|prod>", CheckTarget("prod")),
        ("<https://x.example/?a=1&amp;b=2|https://x.example/?a=1&amp;b=2>",
         CheckUrl("https://x.example/?a=1&b=2")),
    ],
)  # fmt: skip
def test_what_was_typed_is_understood(typed: str, meant: object) -> None:
    understood = parse(typed, TARGETS)
    if isinstance(meant, type):
        assert isinstance(understood, meant)
    else:
        assert understood == meant


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [
        ("chekc prod", "check prod"),
        ("mute prod", "mute prod 30m"),
        ("mute prodd 2h", "mute prod 2h"),
        ("mute prod 40d", "mute prod 2h"),
        ("mutr prod 2h", "mute prod 2h"),
        ("unmut stagin", "unmute Staging"),
        ("akc prod", "ack prod"),
        ("ack prd", "ack prod"),
        ("chek", "check"),
        ("statsu", "status"),
        ("prd", "check prod"),
        ("check stagin", "check Staging"),
        ("hlep", "help"),
        ("check prod now", "check prod"),
        ("status prod", "status"),
        ("xyzzy", None),
        ("xyzzy plugh", None),
        ("check xyzzy", None),
    ],
)
def test_what_was_mistyped_gets_a_suggestion(typed: str, suggestion: str | None) -> None:
    understood = parse(typed, TARGETS)
    assert isinstance(understood, Misunderstood)
    assert understood.suggestion == suggestion


def test_a_suggestion_when_typed_is_understood() -> None:
    for typed in ("chekc prod", "statsu", "prd", "check stagin", "check prod now"):
        understood = parse(typed, TARGETS)
        assert isinstance(understood, Misunderstood)
        assert understood.suggestion is not None
        assert not isinstance(parse(understood.suggestion, TARGETS), Misunderstood)


def test_a_target_named_like_a_word_is_reached_behind_check() -> None:
    assert parse("status", ("status",)) == ShowStatus()
    assert parse("check status", ("status",)) == CheckTarget("status")


def test_a_name_that_differs_in_case_only_must_be_exact() -> None:
    targets = ("prod", "PROD")
    assert parse("PROD", targets) == CheckTarget("PROD")
    assert isinstance(parse("Prod", targets), Misunderstood)


def test_a_megabyte_of_text_is_refused_by_its_length() -> None:
    understood = parse("a" * 1_048_576, TARGETS)
    assert isinstance(understood, Misunderstood)
    assert understood.problem.values == {"n": 1_048_576}


def test_a_mention_is_left_out() -> None:
    assert parse_mention("<@U0BOT> check prod", TARGETS) == CheckTarget("prod")
    assert parse_mention("<@U0BOT|wsdiag>", TARGETS) == CheckTarget()


@given(st.text(max_size=LONGEST + 10), st.lists(st.text(max_size=20), max_size=5))
def test_no_text_is_too_strange(typed: str, targets: list[str]) -> None:
    understood = parse(typed, targets)
    if isinstance(understood, CheckTarget) and understood.name is not None:
        assert understood.name in targets


@given(st.sampled_from(TARGETS), st.sampled_from(["", "check ", "CHECK  "]))
def test_every_target_is_reached_by_its_name(name: str, verb: str) -> None:
    assert parse(f"{verb}{name}", TARGETS) == CheckTarget(name)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("chart prod 24", "chart prod 24h"),
        ("chart 90d", "chart 30d"),
        ("chart prood 24h", "chart prod 24h"),
        ("chart prood", "chart prod"),
        ("chart prod eu 7dys", "chart prod eu 7d"),
        ("chrat", "chart"),
    ],
)
def test_a_chart_that_cannot_be_gets_one_that_can(typed: str, offered: str) -> None:
    understood = parse(typed, TARGETS)
    assert isinstance(understood, Misunderstood)
    assert understood.suggestion == offered

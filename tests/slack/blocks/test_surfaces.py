"""Every rendering, ugly reports included, is one that Slack takes and a person can read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import causes
from bot.explain import explain
from bot.guide import GuideLinks
from bot.locales import LANGUAGES
from bot.model import (
    Confidence,
    Group,
    Member,
    Message,
    Named,
    Report,
    State,
    Status,
    Transport,
    say,
)
from bot.slack.blocks import alert, progress, status, storm, usage
from bot.slack.blocks.common import Reader
from bot.slack.blocks.explanation import explanation
from bot.slack.blocks.kit import Post
from bot.slack.blocks.older import newer_kinds, older
from bot.slack.blocks.summary import summary
from tests.slack.reports import AT, report
from tests.slack.rules import assert_postable, shown

LINKED = GuideLinks("https://guide.example")
READERS = [Reader(lang, links) for lang in LANGUAGES for links in (LINKED, GuideLinks())]

UGLY = st.one_of(
    st.text(alphabet=st.characters(), max_size=60),
    st.sampled_from(
        [
            "<!channel>",
            "<@U12345678>",
            "<!subteam^S123>",
            "&lt;!here&gt;",
            "```\n*bold* _it_ ~no~",
            "x" * 5_000,
            "👩‍👩‍👧‍👦" * 300,
            "مرحبا بالعالم \u202egnp.exe",
            "\x00\x1b[31m\r\n\t",
            "<https://evil.example|click>",
            "\ud800",
            "",
        ]
    ),
)


WORDINGS = (
    "net::ERR_CONNECTION_REFUSED <!channel> wss://x.example/socket.io/?EIO=4&transport=websocket",
    "2026-11-23T20:39:05Z disconnect transport close",
    "2026-11-23T20:44:05Z connected",
    "jwt expired",
    "from origin 'https://app.example': No 'Access-Control-Allow-Origin' header is present",
    "net::ERR_CERT_DATE_INVALID",
    "net::ERR_NAME_NOT_RESOLVED",
)


def uglified(value: Any, draw: Callable[[], str]) -> Any:
    """The same record with every text from outside replaced."""
    if isinstance(value, Enum | Message | datetime | bool) or value is None:
        return value
    if isinstance(value, str):
        return draw()
    if isinstance(value, tuple):
        return tuple(uglified(v, draw) for v in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {
            f.name: uglified(getattr(value, f.name), draw)
            for f in dataclasses.fields(value)
            if f.name not in ("probe", "code", "vantage")
        }
        return dataclasses.replace(value, **changes)
    return value


@st.composite
def ugly_reports(draw: st.DrawFn) -> Report:
    base = report(draw(st.sampled_from([s for s in State if s is not State.FLAPPING])))

    def text() -> str:
        return draw(UGLY)

    findings = uglified(base.findings, text) * draw(st.integers(1, 4))
    codes = st.sampled_from(sorted(causes.CATALOGUE))
    sentences = st.lists(
        UGLY.map(lambda t: say("The server says: {message}", message=t)), max_size=30
    ).map(tuple)
    verdict = dataclasses.replace(
        base.verdict,
        alternatives=tuple(draw(st.lists(codes, max_size=30))),
        also=tuple(draw(st.lists(codes, max_size=30))),
        why=draw(sentences),
        advice=draw(sentences),
    )
    return dataclasses.replace(
        base, target_name=text(), target_url=text(), findings=findings, verdict=verdict
    )


def group(given: Report | None, *names: str, over: int = 0, state: State = State.DOWN) -> Group:
    """An incident of each name; the first `over` of them are closed."""
    cause = given.verdict.cause if given else None
    members = tuple(
        Member(
            incident_id=f"i{n}",
            target=name,
            opened_at=AT + timedelta(seconds=n),
            closed_at=AT + timedelta(minutes=4, seconds=n) if n < over else None,
            state=state,
            cause=cause,
            report_id="r1",
        )
        for n, name in enumerate(names)
    )
    return Group("i0", "C1", "1.0", members, given)


ugly = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@ugly
@given(ugly_reports(), st.sampled_from(READERS))
def test_a_summary_of_anything_is_postable(given_report: Report, reader: Reader) -> None:
    post = summary(given_report, "r1", reader, before=report(State.UP, url=given_report.target_url))
    assert_postable(post)
    assert_postable(Post(post.text, tuple(older(post.blocks))))


@ugly
@given(
    ugly_reports(),
    st.sampled_from(READERS),
    st.sampled_from([State.DOWN, State.DEGRADED]),
)
def test_an_alert_of_anything_is_postable(
    given_report: Report, reader: Reader, state: State
) -> None:
    name = given_report.target_name
    opened, closed = group(given_report, name, state=state), group(given_report, name, over=1)
    assert_postable(alert.root(opened, reader, ["Meant for &lt;somewhere&gt;."]))
    assert_postable(alert.root(closed, reader))
    assert_postable(alert.recovery(closed, reader.lang))
    assert_postable(alert.worse(opened.members, reader.lang))
    assert_postable(alert.bare(opened, reader.lang))


@ugly
@given(ugly_reports(), st.lists(UGLY, min_size=2, max_size=300), st.data())
def test_a_storm_of_anything_is_postable(
    given_report: Report, names: list[str], data: st.DataObject
) -> None:
    over = data.draw(st.integers(0, len(names)))
    state = data.draw(st.sampled_from([State.DOWN, State.DEGRADED, State.FLAPPING]))
    reader = data.draw(st.sampled_from(READERS))
    told = group(given_report, *names, over=over, state=state)
    assert_postable(alert.root(told, reader, ["Meant for &lt;somewhere&gt;."]))
    assert_postable(storm.joined(told.members, reader.lang))
    assert_postable(alert.worse(told.members, reader.lang))
    if over == len(names):
        assert_postable(alert.recovery(told, reader.lang))


@ugly
@given(
    UGLY,
    st.lists(UGLY, max_size=100),
    st.dictionaries(st.text(max_size=20), st.sampled_from([None, *Status]), max_size=100),
    st.sampled_from(LANGUAGES),
)
def test_progress_help_and_status_of_anything_are_postable(
    name: str, names: list[str], seen: dict[str, Status | None], lang: str
) -> None:
    going = progress.progress(name, names, seen, lang)
    assert_postable(going)
    assert_postable(Post(going.text, tuple(older(going.blocks))))
    assert_postable(progress.orphaned(name, lang))
    assert_postable(progress.interrupted(name, lang))
    assert_postable(progress.failed(name, lang))
    assert_postable(usage.usage("/wsdiag", names, lang))
    assert_postable(
        usage.misunderstood(
            say("I do not know “{typed}”.", typed=name), name, "/wsdiag", names, lang
        )
    )
    targets = [
        status.TargetStatus(n, n, State.DOWN, AT, Transport.POLLING, 12.0, "tcp_refused")
        for n in names
    ]
    assert_postable(status.status(targets, lang))


@given(st.lists(st.sampled_from(WORDINGS), max_size=40), st.text(max_size=50))
@settings(max_examples=50, deadline=None)
def test_an_explanation_of_anything_is_postable(lines: list[str], text: str) -> None:
    for lang in LANGUAGES:
        for links in (GuideLinks(), GuideLinks("https://guide.example/{lang}")):
            found = explain("\n".join([*lines, text]))
            assert_postable(explanation(found, "/wsdiag", None, Reader(lang, links)))


def test_every_cause_can_be_told_in_every_language() -> None:
    base = report(State.DOWN)
    for number, (code, row) in enumerate(causes.CATALOGUE.items()):
        cause = Named(code, row.layer, row.section, Confidence.LIKELY)
        told = dataclasses.replace(base, verdict=dataclasses.replace(base.verdict, cause=cause))
        for lang in LANGUAGES:
            links = LINKED if number % 2 else GuideLinks()
            assert_postable(summary(told, "r1", Reader(lang, links)))


def test_the_first_screen_says_verdict_users_and_fix_and_has_the_buttons() -> None:
    post = summary(report(State.DOWN), "r1", Reader("en", LINKED))
    head, body = post.blocks[0]["text"]["text"], post.blocks[1]["text"]["text"]
    assert head == "🔴 prod is down: Nothing listens on the backend's port"
    assert [line.split(":")[0] for line in body.splitlines()] == ["*Users", "*Fix"]
    assert post.blocks[2]["type"] == "actions"
    assert "*Cause:* likely" in shown(post)
    assert post.text == f"{head[2:]}."


def test_the_evidence_is_behind_a_line_and_below_it_in_older_blocks() -> None:
    post = summary(report(State.DOWN), "r1", Reader("en", LINKED))
    assert (post.blocks[-1]["type"], post.blocks[-1]["default_collapsed"]) == ("container", True)
    flat = Post(post.text, tuple(older(post.blocks)))
    assert not newer_kinds(flat.blocks)
    assert_postable(flat)
    assert shown(flat).count("➖ Polling · a lower layer failed first") == 1
    assert "*Evidence, layer by layer*" in shown(flat)


def test_what_changed_since_the_last_good_run_is_told_before_the_buttons() -> None:
    before, after = report(State.UP), report(State.DEGRADED)
    for lang, words in (("en", "Transport: WebSocket → polling"), ("ru", "WebSocket → polling")):
        post = summary(after, "r1", Reader(lang, LINKED), before=before)
        assert_postable(post)
        assert words in post.blocks[2]["elements"][0]["text"]
        assert post.blocks[3]["type"] == "actions"
    elsewhere = dataclasses.replace(before, target_url="https://other.example")
    for nothing in (None, after, elsewhere):
        same = summary(after, "r1", Reader("en", LINKED), before=nothing)
        assert same.blocks[2]["type"] == "actions"


def test_a_healthy_target_is_told_with_its_round_trip() -> None:
    text = shown(summary(report(State.UP), "r1", Reader("en", LINKED)))
    assert "🟢 prod is up" in text
    assert "1.1 ms there and back" in text


def test_layers_that_were_not_reached_share_one_line() -> None:
    text = shown(summary(report(State.DOWN), "r1", Reader("en", LINKED)))
    assert "➖ Polling · a lower layer failed first" in text


def test_a_report_that_was_not_kept_has_no_buttons() -> None:
    post = summary(report(State.DOWN), None, Reader("en", LINKED))
    assert all(block["type"] != "actions" for block in post.blocks)


def test_buttons_survive_when_the_evidence_does_not_fit() -> None:
    base = report(State.DOWN)
    long = tuple(say("The server says: {message}", message=f"{n}" * 400) for n in range(100))
    wordy = dataclasses.replace(base, verdict=dataclasses.replace(base.verdict, why=long))
    post = summary(wordy, "r1", Reader("en", LINKED))
    assert_postable(post)
    assert "actions" in [block["type"] for block in post.blocks]
    assert len(post.blocks[-1]["child_blocks"]) > 1  # as much of it as there is room for


def test_an_alert_says_what_is_wrong_what_users_feel_and_what_to_do_in_that_order() -> None:
    post = alert.root(group(report(State.DOWN), "prod"), Reader("en", LINKED))
    head, body = post.blocks[0]["text"]["text"], post.blocks[1]["text"]["text"]
    assert head == "🔴 prod is down: Nothing listens on the backend's port"
    assert post.text == "prod is down: Nothing listens on the backend's port."
    assert [line.split(":")[0] for line in body.splitlines()] == ["*Users", "*Fix", "*Since"]
    assert "_(likely)_" in shown(post)


def test_an_alert_tells_what_changed_and_folds_the_evidence_below_its_buttons() -> None:
    degraded = group(report(State.DEGRADED), "prod")
    post = alert.root(degraded, Reader("en", LINKED), before=report(State.UP))
    assert_postable(post)
    kinds = [block["type"] for block in post.blocks]
    assert kinds == ["header", "section", "context", "actions", "context", "container"]
    assert "Transport: WebSocket → polling" in post.blocks[2]["elements"][0]["text"]


def test_an_incident_that_is_over_says_how_long_it_lasted() -> None:
    closed = group(report(State.DOWN), "prod", over=1)
    post: Post = alert.root(closed, Reader("en", LINKED))
    assert post.text == "prod is up again after 4 min."
    assert "✅ prod is up again" in shown(post)
    assert alert.recovery(closed, "en").text == post.text


def test_a_storm_names_all_and_says_who_is_back() -> None:
    names = [f"node-{n}" for n in range(60)]
    post = alert.root(group(report(State.DOWN), *names, over=2), Reader("en", LINKED))
    assert "🔴 58 targets are down: Nothing listens on the backend's port" in shown(post)
    down, back = (b["text"]["text"] for b in post.blocks if "*58*" in str(b) or "*2*" in str(b))
    assert down.split(" · ")[1].split(", ") == names[2:]
    assert back == "✅ *2* · node-0, node-1"


@pytest.mark.parametrize("many", [3, 60])
def test_a_storm_of_several_causes_says_of_each_what_is_wrong_with_it(many: int) -> None:
    storm = group(report(State.DOWN), *(f"node-{n}" for n in range(many)))
    (frozen,) = {m.cause for m in group(report(State.DOWN, code="srv_frozen"), "x").members}
    mixed = dataclasses.replace(
        storm, members=(*storm.members[:-1], dataclasses.replace(storm.members[-1], cause=frozen))
    )
    post = alert.root(mixed, Reader("en", LINKED))
    text = shown(post)
    assert f"🔴 {many} targets are down\n" in f"{text}\n"
    assert "*Fix:*" not in text  # there is not one for all
    names = [line for line in text.splitlines() if "node-" in line and line[0] == "🔴"]
    frozen_title = causes.CATALOGUE["srv_frozen"].title.text
    assert [line for line in names if "Nothing listens on the backend's port" in line]
    assert f"node-{many - 1}" in next(line for line in names if frozen_title.rstrip(".") in line)


def test_outages_that_nobody_was_told_of_are_listed() -> None:
    three = group(report(State.DOWN), "prod", "prod", "prod", over=3)
    post = alert.root(three, Reader("en", LINKED))
    assert post.text == "prod is up again; it was down 3 times."
    assert post.blocks[1]["text"]["text"].count("4 min") == 3
    again = alert.root(group(report(State.DOWN), "prod", "prod", over=1), Reader("en", LINKED))
    assert again.text.startswith("prod is down: ")
    assert "*Earlier:*" in shown(again)


def test_status_shows_the_worst_first() -> None:
    targets = [
        status.TargetStatus("a", "https://a.example", State.UP),
        status.TargetStatus("b", "https://b.example", State.DOWN, cause="tcp_refused"),
    ]
    post = status.status(targets, "en")
    assert post.text == "1 target of 2 needs a look."
    lines = post.blocks[1]["text"]["text"].splitlines()
    assert ["b is down" in lines[0], "a is up" in lines[1]] == [True, True]


def test_progress_shows_what_runs_what_is_done_and_what_is_left() -> None:
    post = progress.progress("prod", ("dns", "tcp", "tls"), {"dns": Status.OK, "tcp": None}, "en")
    (plan,) = post.blocks
    assert [(t["title"], t["status"]) for t in plan["tasks"]] == [
        ("DNS", "complete"),
        ("TCP", "in_progress"),
        ("TLS", "pending"),
    ]
    text = shown(Post("", tuple(older(post.blocks))))
    assert "*Checking prod…*   ✅ DNS   ⏳ TCP   ▫️ TLS" in text

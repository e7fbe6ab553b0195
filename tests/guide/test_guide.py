"""What the guide says: complete, the same in all languages, correct where it can be checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it.tree import SyntaxTreeNode

from bot import guide
from bot.causes import CATALOGUE
from bot.guide.mrkdwn import BLOCK_LIMIT, HEADER_LIMIT, SECTION_LIMIT
from bot.guide.parse import Entry, load, markdown
from bot.locales import LANGUAGES, translate
from bot.model import Section

LABELS = {
    "en": ("What it means.", "How it shows.", "What users feel.", "What to do."),
    "ru": ("Что это значит.", "По чему видно.", "Что видят пользователи.", "Что делать."),
}


# ---------------------------------------------------------------- completeness


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_cause_is_explained_in_its_section(lang: str) -> None:
    explained = {
        (entry.code, section)
        for section in Section
        for entry in load(lang).causes(guide.anchor(section))
    }
    assert {(code, cause.section) for code, cause in CATALOGUE.items()} <= explained


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_entry_belongs_to_a_cause_of_the_catalogue(lang: str) -> None:
    explained = {entry.code for entry in load(lang).entries if entry.code}
    assert explained == set(CATALOGUE)


@pytest.mark.parametrize("section", [s for s in Section if s.value[0] in "1234"])
def test_every_section_from_1a_to_4_has_causes(section: Section) -> None:
    assert any(cause.section is section for cause in CATALOGUE.values())
    assert load("en").causes(guide.anchor(section))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("section", Section)
def test_every_section_is_there(section: Section, lang: str) -> None:
    assert guide.title(section, lang)
    assert load(lang).find(guide.anchor(section))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_cause_has_the_same_name_in_the_guide_as_in_every_message(lang: str) -> None:
    named = {code: translate(cause.title, lang) for code, cause in CATALOGUE.items()}
    assert {code: guide.cause_title(code, lang) for code in CATALOGUE} == named


def test_all_languages_have_the_same_entries_in_the_same_order() -> None:
    english = [(entry.anchor, entry.level) for entry in load("en").entries]
    for lang in LANGUAGES:
        assert [(entry.anchor, entry.level) for entry in load(lang).entries] == english


def test_anchors_never_change() -> None:
    """Links in old Slack messages lead to them."""
    assert {section: guide.anchor(section) for section in Section} == {
        Section.SERVER: "section-1a",
        Section.NETWORK: "section-1b",
        Section.BROWSER: "section-1c",
        Section.TRANSPORTS: "section-2-transports",
        Section.HEARTBEAT: "section-2-heartbeat",
        Section.ERRORS: "section-2-errors",
        Section.DIAGNOSTICS: "section-3",
        Section.ENVIRONMENT: "section-4",
        Section.LOGS: "section-5",
        Section.PREVENTION: "section-6",
        Section.SUPPORT: "section-7",
        Section.COMMANDS: "section-8",
    }
    assert guide.cause_anchor("tcp_refused") == "cause-tcp_refused"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_cause_says_what_it_is_how_it_shows_what_users_feel_and_what_to_do(lang: str) -> None:
    for entry in load(lang).entries:
        if entry.code:
            labels = re.findall(r"^\*\*([^*]+)\*\* \S", entry.body, re.MULTILINE)
            assert tuple(labels) == LABELS[lang], entry.anchor


# ---------------------------------------------------------------- the same in both languages


def code_of(entry: Entry) -> list[str]:
    """The commands of an entry, without comments and what people read in quotes."""
    found = []
    for node in SyntaxTreeNode(markdown().parse(entry.body)).walk():
        if node.type == "fence":
            code = re.sub(r"(?<![:'\w&])(#|//) .*", "", node.content)
            code = re.sub(r"\"[^\"]*[а-яё][^\"]*\"|'[^']*[а-яё][^']*'", "TEXT", code)
            found.append(f"{node.info}\n{code}")
    return found


def test_commands_do_not_differ_between_languages() -> None:
    for entry, other in zip(load("en").entries, load("ru").entries, strict=True):
        here, there = code_of(entry), code_of(other)
        assert len(here) == len(there), entry.anchor
        for mine, theirs in zip(here, there, strict=True):
            lines, translated = mine.split("\n"), theirs.split("\n")
            assert len(lines) == len(translated), entry.anchor
            for line, line_translated in zip(lines, translated, strict=True):
                if "TEXT" not in line_translated:
                    assert line.split() == line_translated.split(), entry.anchor


def test_the_links_of_an_entry_lead_to_the_same_places_in_both_languages() -> None:
    inside = re.compile(r"\]\(#([a-z0-9_-]+)\)")
    for entry, other in zip(load("en").entries, load("ru").entries, strict=True):
        assert sorted(inside.findall(entry.body)) == sorted(inside.findall(other.body)), (
            entry.anchor
        )


# ---------------------------------------------------------------- form


@pytest.mark.parametrize("lang", LANGUAGES)
def test_links_inside_the_guide_lead_to_entries(lang: str) -> None:
    text = Path(guide.__file__).with_name(f"{lang}.md").read_text(encoding="utf-8")
    anchors = {entry.anchor for entry in load(lang).entries}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


def text_nodes(entry: Entry) -> list[str]:
    root = SyntaxTreeNode(markdown().parse(f"{entry.title}\n\n{entry.body}"))
    return [node.content for node in root.walk() if node.type == "text"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_word_turns_into_formatting_in_slack(lang: str) -> None:
    """What means something in mrkdwn stands in code, where it means nothing."""
    for entry in load(lang).entries:
        for text in text_nodes(entry):
            assert not re.search(r"[*~`]|(^|\W)_|_(\W|$)|:[a-z0-9_+-]+:", text), entry.anchor


def test_the_teams_real_host_is_nowhere() -> None:
    for lang in LANGUAGES:
        text = Path(guide.__file__).with_name(f"{lang}.md").read_text(encoding="utf-8")
        hosts = set(re.findall(r"https?://([a-z0-9.-]+)", text))
        assert hosts <= {
            "backend.example.com",
            "backend-eu.example.net",
            "backend-us.example.org",
            "app.example.com",
            "staging.example.com",
            "proxy.example.com",
            "user",
            "backend",
            "10.0.0.11",
            "127.0.0.1",
            "localhost",
            "socket.io",
            "developer.mozilla.org",
            "developer.chrome.com",
            "cloud.google.com",
        }


# ---------------------------------------------------------------- facts that guides get wrong


def body_of(section: Section, lang: str) -> str:
    entry = load(lang).find(guide.anchor(section))
    assert entry is not None
    return entry.body


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_traps_of_the_client_are_named(lang: str) -> None:
    transports = body_of(Section.TRANSPORTS, lang)
    assert "tryAllTransports: true" in transports
    errors = body_of(Section.ERRORS, lang)
    assert 'socket.io.on("reconnect",' in errors
    for entry in load(lang).entries:
        for code in code_of(entry):
            assert 'socket.on("reconnect"' not in code
            assert "socket.readyState" not in code


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_the_console_sentence_means_is_told(lang: str) -> None:
    told = load(lang).find("section-1")
    assert told is not None
    assert "`close()`" in told.body
    assert "`&sid=…`" in told.body
    assert "CORS" in told.body  # polling only


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_400_for_a_request_without_transport_is_called_healthy(lang: str) -> None:
    server = body_of(Section.SERVER, lang)
    line = next(line for line in server.splitlines() if "curl -I" in line)
    assert "400" in line


# ---------------------------------------------------------------- surfaces


def text_of(blocks: list[dict[str, object]]) -> str:
    return "\n".join(str(b["text"]["text"]) for b in blocks if isinstance(b.get("text"), dict))


def check_view(blocks: list[dict[str, object]]) -> None:
    assert 0 < len(blocks) <= BLOCK_LIMIT
    for block in blocks:
        match block:
            case {"type": "section", "text": {"type": "mrkdwn", "text": str(text)}}:
                assert 0 < len(text) <= SECTION_LIMIT
                assert not re.search(r"&(?!(amp|lt|gt);)", text)
                assert not re.search(r"<(?!https://)", text)
                assert text.count("```") % 2 == 0
            case {"type": "header", "text": {"type": "plain_text", "text": str(text)}}:
                assert 0 < len(text) <= HEADER_LIMIT
            case {"type": "divider"}:
                pass
            case _:
                pytest.fail(f"unexpected block {block}")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("section", Section)
def test_every_section_fits_into_a_modal(section: Section, lang: str) -> None:
    check_view(guide.slack_blocks(section, lang))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("section", Section)
def test_every_cause_fits_into_a_modal_and_comes_first(section: Section, lang: str) -> None:
    for entry in load(lang).causes(guide.anchor(section)):
        assert entry.code
        blocks = guide.slack_blocks(section, lang, entry.code)
        check_view(blocks)
        assert blocks[0]["text"]["text"] == guide.cause_title(entry.code, lang)


def test_a_code_that_the_guide_does_not_know_shows_the_section() -> None:
    shown = guide.slack_blocks(Section.SERVER, "en", "unrecognised")
    assert shown == guide.slack_blocks(Section.SERVER, "en")
    assert guide.cause_title("unrecognised", "en") is None


def test_a_section_lists_its_causes() -> None:
    text = text_of(guide.slack_blocks(Section.HEARTBEAT, "ru"))
    assert "Здесь описаны причины:" in text
    title = guide.cause_title("ws_proxy_idle", "ru")
    assert f"`ws_proxy_idle` — {title}" in text
    assert "Causes explained here:" not in text_of(guide.slack_blocks(Section.SUPPORT, "en"))


def test_titles_are_plain_text() -> None:
    assert guide.title(Section.TRANSPORTS, "en") == "2. Transports and fallback"
    assert guide.cause_title("sio_kicked_no_keepalive", "en") == (
        "The server wants the keep-alive event"
    )


def test_an_unknown_language_reads_english() -> None:
    assert guide.slack_blocks(Section.SERVER, "xx") == guide.slack_blocks(Section.SERVER, "en")

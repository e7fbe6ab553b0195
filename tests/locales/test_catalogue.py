"""Loading a catalogue: compiled, stale, missing, broken."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import write_po

from bot.locales import LANGUAGES, language
from bot.locales.catalogue import load, po_path, read_catalogue


def write(folder: Path, po: str | None, mo: str | None, *, mo_is_newer: bool = True) -> Path:
    """A catalogue that translates "word" differently in its .po and its .mo."""
    path = folder / "wsdiag.po"
    for text, target, writer in ((po, path, write_po), (mo, path.with_suffix(".mo"), write_mo)):
        if text is not None:
            catalogue = Catalog(locale="ru", charset="utf-8")
            catalogue.add("word", text)
            with target.open("wb") as out:
                writer(out, catalogue)
            newer = (target.suffix == ".mo") == mo_is_newer
            os.utime(target, (2_000, 2_000) if newer else (1_000, 1_000))
    return path


def test_a_current_compiled_catalogue_is_used(tmp_path: Path) -> None:
    assert read_catalogue(write(tmp_path, "из po", "из mo")).gettext("word") == "из mo"


def test_an_edited_catalogue_beats_the_compiled_one(tmp_path: Path) -> None:
    path = write(tmp_path, "из po", "из mo", mo_is_newer=False)
    assert read_catalogue(path).gettext("word") == "из po"


def test_a_checkout_that_was_never_installed_works(tmp_path: Path) -> None:
    assert read_catalogue(write(tmp_path, "из po", None)).gettext("word") == "из po"


def test_an_installation_without_sources_works(tmp_path: Path) -> None:
    assert read_catalogue(write(tmp_path, None, "из mo")).gettext("word") == "из mo"


@pytest.mark.parametrize("broken", [b"\xde\x12\x04\x95\xff\xff\xff\xff", b"", b"nonsense"])
def test_a_broken_compiled_catalogue_shows_english(
    tmp_path: Path, broken: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "wsdiag.po"
    path.with_suffix(".mo").write_bytes(broken)
    with caplog.at_level(logging.WARNING):
        assert read_catalogue(path).gettext("word") == "word"
    assert "showing English" in caplog.text


@pytest.mark.parametrize("broken", [b'msgid "word', b"\xff\xfe\xfa"])
def test_a_broken_source_shows_english(
    tmp_path: Path, broken: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "wsdiag.po"
    path.write_bytes(broken)
    with caplog.at_level(logging.WARNING):
        assert read_catalogue(path).gettext("word") == "word"
    assert "showing English" in caplog.text


def test_no_catalogue_at_all_shows_english(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert read_catalogue(tmp_path / "wsdiag.po").gettext("word") == "word"


def test_every_language_but_the_source_has_a_catalogue() -> None:
    assert [lang for lang in LANGUAGES if not po_path(lang).exists()] == ["en"]


def test_a_catalogue_is_read_once() -> None:
    assert load("ru") is load("ru")


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("ru", "ru"),
        ("ru-RU", "ru"),
        ("ru_RU.UTF-8", "ru"),
        ("RU", "ru"),
        ("en-GB", "en"),
        ("de", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_language_tags_find_their_language(tag: str | None, expected: str) -> None:
    assert language(tag) == expected

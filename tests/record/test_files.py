"""Saved reports on disk: private, whole, and never in place of anything else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from bot.record import FileError, Saved, check_place, loads, read, write
from bot.record import files as files_module
from tests.record.test_codec import report
from tests.record.test_saved import TARGET

SAVED = Saved(TARGET, report())


def test_a_report_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    before = os.umask(0)
    try:
        write(file, SAVED)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read(file) == SAVED
    assert list(tmp_path.iterdir()) == [file]


def test_an_older_report_and_an_empty_file_are_replaced(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.touch()
    write(file, Saved(TARGET, report(), about="first"))
    write(file, SAVED)
    assert read(file).about == ""


def test_a_link_goes_on_pointing_where_it_did(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    link, file = tmp_path / "latest.json", tmp_path / "kept" / "one.json"
    link.symlink_to(file)
    write(link, SAVED)
    assert link.is_symlink()
    assert read(file) == SAVED


def test_what_is_no_report_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "diary.txt"
    file.write_text("dear diary")
    for attempt in (lambda: write(file, SAVED), lambda: check_place(file)):
        with pytest.raises(FileError, match="is no report of wsdiag"):
            attempt()
    assert file.read_text() == "dear diary"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, words in (
        ("folder", "is no file"),
        ("pipe", "is no file"),
        ("missing/report.json", "no such folder"),
    ):
        with pytest.raises(FileError, match=words):
            check_place(tmp_path / name)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(files_module.LARGEST + 1)
    for name in ("missing", "pipe", "binary", "huge"):
        with pytest.raises(FileError):
            read(tmp_path / name)


def test_a_mark_of_order_at_the_beginning_is_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    write(file, SAVED)
    text = file.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8-sig")
    assert read(file) == loads(text)

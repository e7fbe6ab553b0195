from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from bot import envfiles


def test_variables_are_read_as_next_js_users_write_them(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    path.write_text(
        "# comment\nexport A=1\nB = 'two words' # note\nC=\"x\\ny\"\nD=${A}/d\nE=\n\nF\n",
        encoding="utf-8",
    )
    file = envfiles.read_env_file(path)
    assert file is not None
    assert file.values == {"A": "1", "B": "two words", "C": "x\ny", "D": "1/d", "E": ""}
    assert file.bad_lines == ()


def test_reading_does_not_change_the_environment(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("WSDIAG_TEST_ONLY=1")
    envfiles.read_env_file(path)
    assert "WSDIAG_TEST_ONLY" not in os.environ


def test_bad_lines_are_counted_and_the_rest_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\nthis is prose\nB='no end\nC=3\n")
    with caplog.at_level(logging.DEBUG):
        file = envfiles.read_env_file(path)
    assert file is not None
    assert file.values == {"A": "1", "C": "3"}
    assert file.bad_lines == (2, 3)
    assert caplog.text == ""


def test_no_file_is_no_problem(tmp_path: Path) -> None:
    assert envfiles.read_env_file(tmp_path / ".env") is None


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")
    with pytest.raises(envfiles.FileError, match="not a regular file"):
        envfiles.read_env_file(tmp_path / ".env")


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"\xef\xbb\xbfA=1\n")
    file = envfiles.read_env_file(path)
    assert file is not None
    assert file.values == {"A": "1"}

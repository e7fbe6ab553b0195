"""One file of `data/` per rule: it says in its comments what has to be said about it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.locales import LANGUAGES
from bot.settings import SettingsError, load

DATA = Path(__file__).parent / "data"
SAYS = "# says: "


def _expected(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(SAYS) for line in lines if line.startswith(SAYS)]


@pytest.mark.parametrize("path", sorted(DATA.iterdir()), ids=lambda path: path.name)
def test_a_bad_file_is_refused_with_what_to_write_instead(path: Path, folder: Path) -> None:
    shutil.copy(path, folder / ("wsdiag.toml" if path.suffix == ".toml" else ".env.local"))
    with pytest.raises(SettingsError) as raised:
        load()
    assert str(raised.value).splitlines() == _expected(path)
    for lang in LANGUAGES:
        assert "HUNTER2" not in raised.value.text(lang)


@pytest.mark.parametrize("path", sorted(DATA.iterdir()), ids=lambda path: path.name)
def test_a_secret_shows_neither_in_the_error_nor_in_what_led_to_it(
    path: Path, folder: Path
) -> None:
    shutil.copy(path, folder / ("wsdiag.toml" if path.suffix == ".toml" else ".env.local"))
    with pytest.raises(SettingsError) as raised:
        load()
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert "HUNTER2" not in repr(raised.value)


def test_a_problem_is_said_in_the_language_of_the_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WSDIAG_LANG", "ru")
    monkeypatch.setenv("WSDIAG_HTTP_PORT", "abc")
    with pytest.raises(SettingsError) as raised:
        load()
    assert raised.value.lang == "ru"
    assert raised.value.text().startswith("WSDIAG_HTTP_PORT: ")

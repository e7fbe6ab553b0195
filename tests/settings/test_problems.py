"""One file of `data/` per rule: it says in its comments what has to be said about it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bot.locales import LANGUAGES
from bot.settings import Problem, SettingsError, load
from bot.settings.inventory import Setting, all_settings

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


ODD = (
    "-1", "0", "1.5", "1e300", "inf", "nan", "true", '""', '" "', '"x"', '"\\u0000"', '"env:"',
    '"@"', '"é"', "[]", "[1]", '[""]', "[[]]", "[{}]", "{}", "{ a = 1 }", '{ a = "x" }',
    '{ "" = {} }', "1979-05-27T07:32:00Z", "07:32:00", "123456789012345678901234567890",
)  # fmt: skip
UNFILLED = re.compile(r"\{[a-z_]+\}")


def _refusal() -> tuple[Problem, ...]:
    """What is wrong with the settings as they are; if nothing, all their uses have to work."""
    try:
        settings = load()
    except SettingsError as error:
        return error.problems
    settings.targets()
    settings.controls()
    settings.masked()
    settings.windows()
    return ()


@pytest.mark.parametrize("setting", all_settings(), ids=lambda setting: setting.key)
def test_whatever_stands_there_is_taken_or_refused_in_words(setting: Setting, folder: Path) -> None:
    for odd in ODD:
        lines = [f"{setting.key} = {odd}"]
        if setting.path[0] == "targets" and setting.path[-1] != "url":
            lines.insert(0, 'targets.default.url = "https://a.example.com"')
        (folder / "wsdiag.toml").write_text("\n".join(lines), encoding="utf-8")
        for problem in _refusal():
            # Not the whole key: of a table's keys, another one may be missing.
            table = ".".join(setting.path[: 3 if setting.path[0] == "targets" else 1])
            assert problem.where.startswith(f"wsdiag.toml line {len(lines)}: {table}"), odd
            assert not UNFILLED.search(problem.text()), odd


@pytest.mark.parametrize("odd", ["x", "-1", "nan", "inf", "[1]", "{}", "\u200b", "é" * 5000])
def test_whatever_a_variable_says_is_taken_or_refused_in_words(
    odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for setting in all_settings():
        for name in (*setting.variables, *setting.joined):
            with monkeypatch.context() as patch:
                if setting.path[-1] != "url":
                    patch.setenv("WSDIAG_URL", "https://a.example.com")
                patch.setenv(name, odd)
                for problem in _refusal():
                    assert problem.where == name
                    assert len(problem.text()) < 500
                    assert not UNFILLED.search(problem.text())

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from bot.settings import example_toml, load, settings_markdown
from bot.settings.inventory import all_settings
from tests.settings.conftest import Write

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_of_settings_is_the_one_the_fields_give() -> None:
    """`python -m bot.settings > docs/settings.md` writes it."""
    assert DOCS.read_text(encoding="utf-8") == settings_markdown()


def test_every_setting_has_a_meaning_and_a_name_of_its_own() -> None:
    names = [name for s in all_settings() for name in (*s.variables, *s.joined)]
    assert len(names) == len(set(names))
    assert all(s.meaning.endswith(".") for s in all_settings())


def test_the_example_loads_as_it_stands(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("wsdiag.toml", example_toml())
    monkeypatch.setenv("PROD_SOCKET_TOKEN", "s3cret")
    settings = load()
    assert settings.warnings == ()
    assert list(settings.targets()) == ["prod", "staging"]


def test_every_variable_in_the_page_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name in the documentation that nothing reads would show up as an unknown variable."""
    for name in re.findall(r"`(WSDIAG_[A-Z_]+|NEXT_PUBLIC_[A-Z0-9_]+)`", settings_markdown()):
        if name != "WSDIAG_CONFIG":
            monkeypatch.setenv(name, "")
    assert load().warnings == ()
    known = {n for s in all_settings() for n in (*s.variables, *s.joined)}
    assert {n for n in os.environ if n.startswith("NEXT_PUBLIC_SOCKET")} <= known


def test_masked_settings_are_plain_data_with_their_sources(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("wsdiag.toml", '[targets.prod]\nurl = "https://a.example.com"\nauth = "env:T"')
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    monkeypatch.setenv("T", "s3cret")
    shown = load().masked()
    assert json.loads(json.dumps(shown)) == shown
    assert shown["slack_app_token"] == {"value": "••••••", "source": "SLACK_APP_TOKEN"}
    assert shown["slack_bot_token"] == {"value": None, "source": "default"}
    assert shown["targets.prod.url"] == {
        "value": "https://a.example.com",
        "source": "wsdiag.toml",
    }
    assert shown["targets.prod.auth"]["value"] == "env:T"

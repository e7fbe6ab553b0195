"""`wsdiag feedback`: the list, and files that are golden fixtures."""

from __future__ import annotations

import asyncio
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from bot.record import loads
from bot.store import HEALTHY, Feedback, Store
from bot.store import expected as wanted
from tests.composition.test_checking import Typed, typed
from tests.slack.reports import report
from tests.store.conftest import at
from tests.store.test_feedback import ANSWER, TARGET

__all__ = ["typed"]


@pytest.fixture
def answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Feedback:
    """A database with one answer; tells which."""
    url = f"sqlite:///{tmp_path / 'wsdiag.db'}"
    monkeypatch.setenv("WSDIAG_DATABASE_URL", url)
    saved = replace(
        ANSWER.saved,
        target=replace(TARGET, url="https://prod.example"),
        report=report(),
        expected=wanted("srv_restarting", "tcp_refused"),
    )
    given = Feedback("r1", "U1", at(9), "srv_restarting", "a deploy ran", saved)

    async def keep() -> None:
        async with await Store.open(url) as store:
            await store.save_feedback(given)
            await store.save_feedback(
                replace(given, person="U2", answer=HEALTHY, note="", saved=replace(
                    saved, expected=wanted(HEALTHY, "tcp_refused")))
            )  # fmt: skip

    asyncio.run(keep())
    return given


def test_answers_are_listed_the_newest_first(typed: Typed, answered: Feedback) -> None:
    ended = typed("feedback")
    assert ended.code == 0
    words = " ".join(ended.out.split())
    assert words.index("Nothing was wrong") < words.index("a deploy ran")
    found = json.loads(typed("feedback", "--json").out)
    assert [(f["named"], f["answer"]) for f in found] == [
        ("tcp_refused", "healthy"), ("tcp_refused", "srv_restarting"),
    ]  # fmt: skip


def test_an_exported_answer_is_a_fixture_that_judge_reads(
    typed: Typed, answered: Feedback, tmp_path: Path
) -> None:
    ended = typed("feedback", "--export", "fixtures")
    assert ended.code == 0
    files = sorted((tmp_path / "fixtures").iterdir())
    assert [f.name.rpartition("-")[0] for f in files] == ["healthy", "srv_restarting"]
    text = files[1].read_text(encoding="utf-8")
    assert stat.S_IMODE(files[1].stat().st_mode) == 0o600
    assert "U1" not in text, "who said it stays at home"
    saved = loads(text)
    assert saved.about == "a deploy ran"
    assert saved.expected is not None
    assert saved.expected.code == "srv_restarting"
    judged = typed("judge", str(files[1]), "--json")
    assert judged.found["saved"]["as_expected"] is False


def test_exporting_again_replaces_only_what_was_exported(
    typed: Typed, answered: Feedback, tmp_path: Path
) -> None:
    assert typed("feedback", "--export", "fixtures").code == 0
    assert typed("feedback", "--export", "fixtures").code == 0
    taken = next((tmp_path / "fixtures").iterdir())
    taken.write_text("my notes")
    ended = typed("feedback", "--export", "fixtures")
    assert ended.code == 64
    assert taken.read_text() == "my notes"


def test_without_answers_the_list_says_so(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WSDIAG_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    assert "Nobody has called a cause wrong." in typed("feedback").out
    assert typed("feedback", "--json").out == "[]\n"

"""What people said of a verdict, on both databases."""

from __future__ import annotations

from dataclasses import replace

from bot.causes import CATALOGUE
from bot.model import Target
from bot.record import Expected, Saved
from bot.store import HEALTHY, OTHER, Feedback, Store, expected
from tests.store.conftest import a_report, at

TARGET = Target("prod", "https://prod.example", path="/rt/")
SAVED = Saved(TARGET, a_report(), expected=Expected(code="dns_nxdomain"))
ANSWER = Feedback("r1", "U1", at(9), "dns_nxdomain", "I saw it in the panel", SAVED)


async def test_an_answer_outlives_its_report_and_a_restart(url: str) -> None:
    async with await Store.open(url) as store:
        await store.save_feedback(ANSWER)
    async with await Store.open(url) as store:
        (found,) = await store.feedback()
    assert replace(found, id=0) == ANSWER
    assert found.named == "tcp_refused"


async def test_who_answers_again_has_changed_their_mind(store: Store) -> None:
    await store.save_feedback(ANSWER)
    await store.save_feedback(replace(ANSWER, answer=HEALTHY))
    await store.save_feedback(replace(ANSWER, person="U2", answer=OTHER))
    assert [(f.person, f.answer) for f in await store.feedback()] == [
        ("U2", OTHER), ("U1", HEALTHY),
    ]  # fmt: skip


async def test_a_token_that_somebody_pasted_is_masked(store: Store) -> None:
    await store.save_feedback(replace(ANSWER, note="with password=hunter2hunter2 it worked"))
    (found,) = await store.feedback()
    assert found.note == "with password=*** it worked"


def test_an_answer_says_which_verdict_the_report_must_get() -> None:
    verdict = a_report().verdict
    assert expected(HEALTHY, "tcp_refused") == Expected(state="up", code="")
    assert expected("dns_nxdomain", "tcp_refused") == Expected(code="dns_nxdomain")
    assert expected("tcp_refused", "dns_nxdomain").met(verdict)
    assert not expected(OTHER, "tcp_refused").met(verdict)


def test_the_words_of_an_answer_are_no_codes() -> None:
    assert not {HEALTHY, OTHER} & set(CATALOGUE)

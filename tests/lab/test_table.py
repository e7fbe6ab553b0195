"""The table is whole: every cause that can be made is made, and every row makes sense."""

from __future__ import annotations

from bot.model import State
from tests.lab.coverage import NOT_MADE
from tests.lab.table import scenarios, suite


def test_no_cause_is_excused_that_is_made_after_all() -> None:
    made = {s.cause for s in scenarios()}
    assert [code for code in NOT_MADE if code in made] == []


def test_many_backends_are_well_and_odd() -> None:
    assert sum(1 for s in scenarios() if s.cause is None and s.state is State.UP) >= 100


def test_a_fault_is_never_expected_to_be_up() -> None:
    assert [s.name for s in scenarios() if s.cause and s.state is State.UP] == []


def test_the_suite_takes_every_quick_cause_and_no_slow_scenario() -> None:
    chosen = [*suite(network=False), *suite(network=True)]
    assert not any(s.slow or s.deep for s in chosen)
    quick = {s.cause for s in scenarios() if not (s.slow or s.deep)}
    assert {s.cause for s in chosen} == quick

"""What is counted as right, wrong, honest, late or broken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.causes import CATALOGUE
from bot.model import State, Target
from tests.lab import report
from tests.lab.figures import HEALTHY, Figures, Share
from tests.lab.outcome import Kind, Outcome
from tests.lab.scenario import Bench, Scenario


async def nowhere(_: Bench) -> Target:
    raise NotImplementedError


REFUSED = Scenario("refused", "tcp_refused", State.DOWN, nowhere)
EITHER = Scenario("either", "tls_expired", State.DOWN, nowhere, frozenset({"tls_self_signed"}))
WELL = Scenario("well", None, State.UP, nowhere)
BY_NAME = {s.name: s for s in (REFUSED, EITHER, WELL)}


def outcome(name: str, code: str | None, state: str = "down", **changes: object) -> Outcome:
    layer = CATALOGUE[code].layer.value if code else None
    section = CATALOGUE[code].section.value if code else None
    made = Outcome(name, 1, Kind.JUDGED, state, code, layer, section, "certain" if code else None)
    return replace(made, **changes)  # type: ignore[arg-type]


def share(name: str, *outcomes: Outcome) -> Share:
    return {s.name: s for s in Figures(BY_NAME, outcomes).shares()}[name]


def counted(name: str, *outcomes: Outcome) -> tuple[int, int]:
    found = share(name, *outcomes)
    return found.good, found.of


def test_another_cause_of_the_same_group_is_right_but_not_strictly() -> None:
    other = outcome("refused", "server_bound_loopback_only")
    assert counted("cause, strict", other) == (0, 1)
    assert counted("cause, ambiguous merged", other) == (1, 1)


def test_what_the_scenario_itself_accepts_is_right_but_not_strictly() -> None:
    other = outcome("either", "tls_self_signed")
    assert counted("cause, strict", other) == (0, 1)
    assert counted("cause, ambiguous merged", other) == (1, 1)


def test_a_wrong_cause_may_still_have_the_right_layer_and_section() -> None:
    other = outcome("either", "tls_unknown_ca")
    assert counted("cause, ambiguous merged", other) == (0, 1)
    assert counted("layer", other) == (1, 1)
    assert counted("guide section", other) == (1, 1)
    assert counted("right where certain", other) == (0, 1)


def test_naming_a_cause_of_a_healthy_backend_is_a_false_alarm_whatever_the_state() -> None:
    alarm = outcome("well", "net_latency", state="up")
    assert counted("healthy left alone", alarm) == (0, 1)
    assert not share("healthy left alone", alarm, outcome("well", None, state="up")).met


def test_only_what_is_certain_has_to_be_honest() -> None:
    doubtful = outcome("refused", "tcp_blackhole", confidence="likely")
    assert counted("right where certain", doubtful) == (0, 0)


def test_a_crash_is_neither_right_nor_left_out() -> None:
    crash = Outcome("refused", 1, Kind.CRASHED)
    assert counted("cause, ambiguous merged", crash) == (0, 1)
    assert counted("no crash", crash) == (0, 1)


def test_a_late_answer_counts_as_wrong_though_the_cause_is_the_one() -> None:
    late = outcome("refused", "tcp_refused", kind=Kind.LATE)
    assert counted("within the deadline", late) == (0, 1)
    assert counted("cause, strict", late) == (0, 1)


def test_skipped_runs_count_nowhere() -> None:
    assert Figures(BY_NAME, [Outcome("refused", 1, Kind.SKIPPED)]).runs == []


def test_a_scenario_that_could_not_be_set_up_misses_a_figure_of_its_own() -> None:
    broken = Outcome("refused", 1, Kind.BROKEN)
    assert counted("cause, strict", broken) == (0, 0)
    assert counted("could be set up", broken) == (0, 1)


def test_the_matrix_counts_a_right_answer_on_its_diagonal() -> None:
    runs = [outcome("refused", "tcp_refused"), outcome("refused", "tls_expired")]
    matrix = Figures(BY_NAME, runs).matrix()
    assert matrix == {("tcp", "tcp"): 1, ("tcp", "tls"): 1}


def test_a_fault_that_was_taken_for_health_is_a_confusion() -> None:
    figures = Figures(BY_NAME, [outcome("refused", None, state="up")])
    assert figures.confusions() == [(("tcp_refused", HEALTHY), 1)]
    assert figures.matrix() == {("tcp", HEALTHY): 1}


def test_follow_ups_that_always_run_do_not_make_a_verdict_hard() -> None:
    easy = outcome("well", None, state="up", follow_ups=("linger", "affinity"), duration_ms=500.0)
    hard = outcome("refused", "tcp_refused", follow_ups=("recheck",), duration_ms=3_000.0)
    figures = Figures(BY_NAME, [easy, hard])
    assert figures.seconds(hard=False) == (0.5, 1)
    assert figures.seconds(hard=True) == (3.0, 1)


@pytest.mark.parametrize("taken_ms", [7_000.0, 9_000.0])
def test_the_report_says_whether_verdicts_with_follow_ups_are_quick_enough(taken_ms: float) -> None:
    hard = outcome("refused", "tcp_refused", follow_ups=("recheck",), duration_ms=taken_ms)
    figures = Figures(BY_NAME, [hard])
    assert report.met(figures) is (taken_ms < 8_000)


def test_the_report_tells_the_story_of_every_wrong_one() -> None:
    wrong = outcome("refused", "tls_expired", story="what the probes saw")
    text = "\n".join(report.lines(Figures(BY_NAME, [wrong])))
    assert "what the probes saw" in text
    assert "tcp_refused → tls_expired" in text
    assert "MISS cause, strict" in text

"""The figures of many outcomes. Pure: counts of what was right, and the limits they are held to."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.model import Confidence, FollowUp, State
from tests.lab.outcome import Kind, Outcome
from tests.lab.scenario import Scenario

HEALTHY: Final = "healthy"
NOTHING: Final = "nothing"
# They run in every check that gets so far, asked for or not: an easy verdict has them too.
_ALWAYS: Final = frozenset({FollowUp.LINGER.value, FollowUp.AFFINITY.value})


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many, held to at least `least` (a share from 0 to 1)."""

    name: str
    good: int
    of: int
    least: float

    @property
    def value(self) -> float:
        return self.good / self.of if self.of else 1.0

    @property
    def met(self) -> bool:
        return self.value >= self.least


@dataclass(frozen=True, slots=True)
class Run:
    """An outcome beside what was expected of it."""

    scenario: Scenario
    outcome: Outcome

    @property
    def right(self) -> bool:
        """State and cause are as expected."""
        return self.outcome.state_right(self.scenario) and self.cause_right

    @property
    def cause_right(self) -> bool:
        """The cause is right, ambiguous groups merged (no cause, for a healthy one)."""
        return self.outcome.right(self.scenario)

    @property
    def strictly_right(self) -> bool:
        return self.outcome.strictly_right(self.scenario)

    @property
    def faulty(self) -> bool:
        return self.scenario.cause is not None

    @property
    def healthy(self) -> bool:
        """Nothing is wrong, and that must be said."""
        return self.scenario.cause is None and self.scenario.state is State.UP

    @property
    def hard(self) -> bool:
        """The verdict needed follow-ups beyond those that always run."""
        return bool(set(self.outcome.follow_ups) - _ALWAYS)


class Figures:
    """All figures of some runs. Skipped runs count nowhere but in `skipped`."""

    def __init__(self, by_name: Mapping[str, Scenario], outcomes: Iterable[Outcome]) -> None:
        everything = [Run(by_name[o.name], o) for o in outcomes]
        self.skipped = [r for r in everything if r.outcome.kind is Kind.SKIPPED]
        self.broken = [r for r in everything if r.outcome.kind is Kind.BROKEN]
        aside = (Kind.SKIPPED, Kind.BROKEN)
        self.runs = [r for r in everything if r.outcome.kind not in aside]
        self.faulty = [r for r in self.runs if r.faulty]
        self.healthy = [r for r in self.runs if r.healthy]
        self.wrong = [r for r in self.runs if not r.right]
        self.crashes = [r for r in self.runs if r.outcome.kind is Kind.CRASHED]
        self.late = [r for r in self.runs if r.outcome.kind is Kind.LATE]
        self.false_alarms = [r for r in self.healthy if not r.right]

    def shares(self) -> tuple[Share, ...]:
        """The figures that are held to a limit, each over the runs that it is about."""
        sure = [r for r in self.runs if r.outcome.confidence == Confidence.CERTAIN.value]
        return (
            _share("cause, strict", self.faulty, lambda r: r.strictly_right, 0.95),
            _share("cause, ambiguous merged", self.faulty, lambda r: r.cause_right, 0.98),
            _share("layer", self.faulty, lambda r: r.outcome.layer_right(r.scenario), 0.99),
            _share(
                "guide section", self.faulty, lambda r: r.outcome.section_right(r.scenario), 0.98
            ),
            _share("state", self.runs, lambda r: r.outcome.state_right(r.scenario), 0.98),
            _share("right where certain", sure, lambda r: r.cause_right, 0.99),
            _share("healthy left alone", self.healthy, lambda r: r.right, 1.0),
            _share("no crash", self.runs, lambda r: r.outcome.kind is not Kind.CRASHED, 1.0),
            _share(
                "within the deadline", self.runs, lambda r: r.outcome.kind is not Kind.LATE, 1.0
            ),
            _share(
                "could be set up", [*self.runs, *self.broken], lambda r: r not in self.broken, 1.0
            ),
        )

    def by_layer(self) -> Mapping[str, Sequence[Run]]:
        """The runs by the layer of what was made; the healthy ones under "healthy"."""
        found: dict[str, list[Run]] = {}
        for run in self.runs:
            found.setdefault(expected_layer(run), []).append(run)
        return found

    def matrix(self) -> Mapping[tuple[str, str], int]:
        """How often a fault of one layer was said to be of another: (made, named) → runs."""
        return Counter((expected_layer(r), named_layer(r)) for r in self.runs)

    def confusions(self) -> Sequence[tuple[tuple[str, str], int]]:
        """(made, named) of the causes that were wrong, most frequent first."""
        pairs = Counter((r.scenario.cause or HEALTHY, _named(r)) for r in self.wrong)
        return pairs.most_common()

    def seconds(self, *, hard: bool) -> tuple[float, int]:
        """Median of the verdicts with (or without) follow-ups, no --deep; and of how many."""
        taken = [
            r.outcome.duration_ms / 1000
            for r in self.runs
            if r.hard is hard and not r.scenario.deep and r.outcome.kind is Kind.JUDGED
        ]
        return (statistics.median(taken) if taken else 0.0), len(taken)


def expected_layer(run: Run) -> str:
    """The layer of what was made."""
    return run.scenario.layer.value if run.scenario.layer else HEALTHY


def named_layer(run: Run) -> str:
    """The layer of what was named; a right answer counts for the layer that was made."""
    if run.cause_right:
        return expected_layer(run)
    return run.outcome.layer or (HEALTHY if run.outcome.state == State.UP.value else NOTHING)


def _named(run: Run) -> str:
    outcome = run.outcome
    if outcome.kind is not Kind.JUDGED:
        return outcome.kind.value
    if run.cause_right:  # then it is the state that is wrong
        return f"{outcome.state} by {outcome.code or 'no cause'}"
    if outcome.code is not None:
        return outcome.code
    return HEALTHY if outcome.state == State.UP.value else f"{outcome.state}, no cause"


def _share(name: str, runs: Sequence[Run], good: Callable[[Run], bool], least: float) -> Share:
    return Share(name, sum(1 for r in runs if good(r)), len(runs), least)

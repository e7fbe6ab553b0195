"""What one run of a scenario led to, and whether it is right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tests.lab.groups import merged
from tests.lab.scenario import Scenario


class Kind(StrEnum):
    """How a run ended."""

    JUDGED = "judged"  # with a verdict
    SKIPPED = "skipped"  # a tool is missing here
    CRASHED = "crashed"  # wsdiag failed: exit code, traceback, or no report
    LATE = "late"  # past its deadline
    BROKEN = "broken"  # the lab itself failed: the scenario could not be set up


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run. `story` is what a person needs to see why it went wrong."""

    name: str
    seed: int
    kind: Kind
    state: str | None = None
    code: str | None = None
    layer: str | None = None
    section: str | None = None
    confidence: str | None = None
    alternatives: tuple[str, ...] = ()
    follow_ups: tuple[str, ...] = ()
    duration_ms: float = 0.0  # of the diagnosis, as reported
    wall_s: float = 0.0  # of the process
    story: str = ""

    def state_right(self, scenario: Scenario) -> bool:
        """The state is the expected one."""
        if scenario.state is None:
            return self.state in ("down", "degraded")
        return self.state == scenario.state.value

    def strictly_right(self, scenario: Scenario) -> bool:
        """Exactly the cause that was made (or none, of a healthy one)."""
        return self.kind is Kind.JUDGED and self.code == scenario.cause

    def right(self, scenario: Scenario) -> bool:
        """The cause, or one that a single vantage cannot tell from it."""
        return self.strictly_right(scenario) or (
            self.kind is Kind.JUDGED and self.code in scenario.right | merged(scenario.cause)
        )

    def layer_right(self, scenario: Scenario) -> bool:
        """The layer of the cause was named (whatever the cause)."""
        return self.right(scenario) or self.layer == scenario.layer

    def section_right(self, scenario: Scenario) -> bool:
        """People are sent to the right section of the guide."""
        return self.right(scenario) or self.section == scenario.section

"""The table: every scenario of every module of this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Sequence

import tests.lab
from tests.lab.scenario import Scenario


def scenarios() -> tuple[Scenario, ...]:
    """All scenarios, in the order of the modules' names. ValueError when two share a name."""
    found: list[Scenario] = []
    for module in pkgutil.iter_modules(tests.lab.__path__):
        if not module.name.startswith(("test_", "_")):
            rows: Sequence[Scenario] = getattr(
                importlib.import_module(f"tests.lab.{module.name}"), "SCENARIOS", ()
            )
            found.extend(rows)
    twice = [name for name, count in Counter(s.name for s in found).items() if count > 1]
    if twice:
        raise ValueError(f"two scenarios have one name: {', '.join(twice)}")
    return tuple(found)


def named(name: str) -> Scenario:
    """The scenario of that name. KeyError."""
    return {s.name: s for s in scenarios()}[name]


def suite(*, network: bool) -> tuple[Scenario, ...]:
    """What the test suite runs: all that are quick, and of those that need a network of their own
    (a process each) the first of each cause."""
    quick = [s for s in scenarios() if not s.slow and not s.deep]
    if not network:
        return tuple(s for s in quick if not s.network and not s.arguments)
    seen: set[str | None] = set()
    chosen = []
    for scenario in quick:
        if (scenario.network or scenario.arguments) and (
            scenario.cause is None or scenario.cause not in seen
        ):
            seen.add(scenario.cause)
            chosen.append(scenario)
    return tuple(chosen)

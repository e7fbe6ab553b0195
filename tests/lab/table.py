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
        if module.name == "picture" or module.name.startswith(("test_", "_")):
            continue  # the picture's library loads slowly
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


_OF_EACH = 2  # scenarios of a cause in the test suite
_HEALTHY = 40
_HEALTHY_NETWORK = 4


def suite(*, network: bool) -> tuple[Scenario, ...]:
    """What the test suite runs: of the quick ones, a few of each cause and of the healthy.

    Those with a network of their own take a process each; one of each cause has to do. `make lab`
    runs everything.
    """
    left: Counter[str | None] = Counter()
    chosen = []
    for scenario in scenarios():
        apart = scenario.network or bool(scenario.arguments)
        if scenario.slow or scenario.deep or apart is not network:
            continue
        limit = 1 if network else _OF_EACH
        if scenario.cause is None:
            limit = _HEALTHY_NETWORK if network else _HEALTHY
        if left[scenario.cause] < limit:
            left[scenario.cause] += 1
            chosen.append(scenario)
    return tuple(chosen)

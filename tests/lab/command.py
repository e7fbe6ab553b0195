"""The command line of the lab."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.lab import coverage, report
from tests.lab.figures import Figures, Run
from tests.lab.outcome import Kind, Outcome
from tests.lab.runner import run_all
from tests.lab.scenario import Scenario
from tests.lab.table import scenarios
from tests.servers.tools import required_all


def main(arguments: Sequence[str]) -> int:
    """Carry out one command line; 1 when a figure is missed, 2 when nothing was run."""
    options = _parser().parse_args(arguments)
    table = scenarios()
    chosen = [s for s in table if _wanted(s, options)]
    if options.coverage:
        print("\n".join(coverage.lines(table)))
        return int(bool(coverage.without_scenario(table)))
    if options.list:
        for scenario in chosen:
            print(f"{scenario.cause or 'healthy':28} {scenario.name}")
        return 0
    if not chosen:
        print("no scenario has such a name", file=sys.stderr)
        return 2
    runs = [(s.name, options.seed + k) for k in range(options.runs) for s in chosen]
    by_name = {s.name: s for s in chosen}
    done = 0

    def tell(outcome: Outcome) -> None:
        nonlocal done
        done += 1
        print(_told(f"{done:4}/{len(runs)}", Run(by_name[outcome.name], outcome)), file=sys.stderr)

    outcomes = run_all(runs, options.jobs, tell)
    if options.json:
        text = json.dumps([asdict(o) for o in outcomes], ensure_ascii=False, indent=1)
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    figures = Figures(by_name, outcomes)
    for line in report.lines(figures, times=options.times):
        print(line)
    if options.picture:
        from tests.lab.picture import draw  # matplotlib loads slowly, drawn rarely

        draw(figures, Path(options.picture))
    return int(not report.met(figures) or (required_all() and bool(figures.skipped)))


def _told(number: str, run: Run) -> str:
    outcome = run.outcome
    mark = outcome.kind.value.upper()
    if outcome.kind is Kind.JUDGED:
        mark = "ok" if run.right else "WRONG"
    named, expected = outcome.code or "-", run.scenario.cause or "healthy"
    return (
        f"{number} {mark:7} {outcome.wall_s:5.1f} s  {outcome.name}  "
        f"[{outcome.state} {named}; expected {expected}]"
    )


def _wanted(scenario: Scenario, options: argparse.Namespace) -> bool:
    if options.exactly:
        return scenario.name in options.exactly
    words = (options.only or "").lower().split(",")
    about = f"{scenario.name} {scenario.cause or 'healthy'} {'deep' if scenario.deep else ''}"
    return any(word.strip() in about.lower() for word in words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--runs", type=int, default=1, help="how many seeds, one after another")
    parser.add_argument("--only", metavar="WORDS", help="names or causes that hold these, by comma")
    parser.add_argument("--exactly", metavar="NAME", action="append", help="this scenario")
    parser.add_argument("--jobs", type=int, default=max(2, os.cpu_count() or 2))
    parser.add_argument("--json", metavar="FILE", help="also write every outcome there")
    parser.add_argument("--list", action="store_true", help="print the scenarios and stop")
    parser.add_argument("--coverage", action="store_true", help="causes without a scenario")
    parser.add_argument("--times", action="store_true", help="print the time of each scenario")
    parser.add_argument("--picture", metavar="FILE", help="draw the confusion matrix (PNG)")
    return parser

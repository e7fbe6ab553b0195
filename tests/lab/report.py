"""The figures of the lab as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bot.model import Layer
from tests.lab.figures import HEALTHY, NOTHING, Figures, Run

HARD_S: Final = 8.0  # median of a verdict with follow-ups, without --deep


def met(figures: Figures) -> bool:
    """Whether every figure is within its limit."""
    return all(s.met for s in figures.shares()) and figures.seconds(hard=True)[0] <= HARD_S


def lines(figures: Figures, *, times: bool = True) -> Iterator[str]:
    """The whole report. With `times`, also how long each scenario took."""
    if times:
        yield from _times(figures)
    yield from _stories(figures)
    yield from _matrix(figures)
    yield from _layers(figures)
    yield from _confusions(figures)
    yield from _figures(figures)


def _stories(figures: Figures) -> Iterator[str]:
    for run in (*figures.broken, *figures.wrong):
        outcome, expected = run.outcome, run.scenario
        state = expected.state.value if expected.state else "down or degraded"
        yield ""
        yield (
            f"{outcome.kind.value}: {outcome.name} (seed {outcome.seed}): {outcome.state} "
            f"{outcome.code or '-'}, expected {state} {' or '.join(sorted(expected.right)) or '-'}"
        )
        yield outcome.story
    reasons = {(r.outcome.name, r.outcome.story) for r in figures.skipped}
    for name, reason in sorted(reasons):
        yield f"skipped: {name}: {reason}"


def _order(names: set[str]) -> list[str]:
    return [n for n in (*(layer.value for layer in Layer), NOTHING, HEALTHY) if n in names]


def _matrix(figures: Figures) -> Iterator[str]:
    matrix = figures.matrix()
    rows = _order({made for made, _ in matrix})
    columns = _order({named for _, named in matrix})
    yield "\nConfusion matrix by layer (rows: made; columns: named)"
    yield " " * 12 + "".join(f"{name[:9]:>10}" for name in columns)
    for made in rows:
        cells = (matrix.get((made, named), 0) for named in columns)
        yield f"{made:12}" + "".join(f"{n or '·':>10}" for n in cells)


def _layers(figures: Figures) -> Iterator[str]:
    yield "\nAccuracy by layer"
    yield f"{'':12}{'runs':>6}{'strict':>9}{'merged':>9}{'layer':>9}{'section':>9}{'state':>9}"
    by_layer = figures.by_layer()
    for name in _order(set(by_layer)):
        runs = by_layer[name]
        shares = (
            sum(r.strictly_right for r in runs),
            sum(r.cause_right for r in runs),
            sum(r.outcome.layer_right(r.scenario) for r in runs),
            sum(r.outcome.section_right(r.scenario) for r in runs),
            sum(r.outcome.state_right(r.scenario) for r in runs),
        )
        yield f"{name:12}{len(runs):>6}" + "".join(_percent(n, len(runs)) for n in shares)


def _percent(good: int, of: int) -> str:
    return f"{100 * good / of:8.1f}%"


def _confusions(figures: Figures) -> Iterator[str]:
    if figures.wrong:
        yield "\nConfusions (made → named)"
    for (made, named), count in figures.confusions():
        yield f"{count:4} × {made} → {named}"


def _times(figures: Figures) -> Iterator[str]:
    yield "\nTime per scenario, seconds (diagnosis; process)"
    by_name: dict[str, list[Run]] = {}
    for run in figures.runs:
        by_name.setdefault(run.scenario.name, []).append(run)
    for name, runs in sorted(by_name.items(), key=lambda pair: -_longest(pair[1])):
        spent = " ".join(f"{r.outcome.duration_ms / 1000:.1f};{r.outcome.wall_s:.1f}" for r in runs)
        yield f"  {name:50} {spent}"


def _longest(runs: Sequence[Run]) -> float:
    return max(r.outcome.wall_s for r in runs)


def _figures(figures: Figures) -> Iterator[str]:
    seeds = sorted({r.outcome.seed for r in figures.runs})
    healthy = len({r.scenario.name for r in figures.healthy})
    causes = len({r.scenario.cause for r in figures.faulty})
    yield (
        f"\n{len(figures.runs)} runs of seeds {', '.join(map(str, seeds)) or '-'}: "
        f"{len(figures.faulty)} of {causes} causes, {len(figures.healthy)} of {healthy} healthy "
        f"scenarios; {len(figures.skipped)} skipped"
    )
    for share in figures.shares():
        mark = "ok  " if share.met else "MISS"
        yield (
            f"{mark} {share.name:26} {100 * share.value:6.2f} %  {share.good}/{share.of} "
            f"(at least {100 * share.least:.0f} %)"
        )
    easy, many_easy = figures.seconds(hard=False)
    hard, many_hard = figures.seconds(hard=True)
    yield (
        f"{'ok  ' if hard <= HARD_S else 'MISS'} {'median with follow-ups':26} {hard:6.2f} s  "
        f"n={many_hard} (at most {HARD_S:.0f} s); without {easy:.2f} s, n={many_easy}"
    )

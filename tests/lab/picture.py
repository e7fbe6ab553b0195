"""The confusion matrix as a picture: by layer, beside it the figures and every confusion.

One cell per pair of causes would be 160 × 160 and unreadable; the layers show where verdicts go
astray, the list says which. The picture brings its own light card, so that it reads the same on a
light and on a dark page. What is right is blue and what is wrong orange (a pair that colour-blind
eyes tell apart), the deeper the larger the share; every cell also says its count.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import matplotlib.colors
from matplotlib.figure import Figure

from bot.model import Layer
from tests.lab.figures import HEALTHY, NOTHING, Figures

mpl.use("agg")

_CARD, _INK, _FAINT = "#fbfaf7", "#24292f", "#8a8f98"
_LISTED = 14


def draw(figures: Figures, path: Path) -> None:
    """Write the picture to `path` (PNG)."""
    made, named, counts = _cells(figures)
    picture = Figure(figsize=(13, 7.2), facecolor=_CARD, layout="constrained")
    left, right = picture.subplots(1, 2, width_ratios=(2.1, 1))
    totals = [sum(row) or 1 for row in counts]
    shares = [[n / total for n in row] for row, total in zip(counts, totals, strict=True)]
    colours = [
        [_colour(share, right=m == n) for n, share in zip(named, row, strict=True)]
        for m, row in zip(made, shares, strict=True)
    ]
    left.imshow(colours, aspect="auto")
    left.set_xticks(range(len(named)), named, rotation=35, ha="right")
    left.set_yticks(
        range(len(made)), [f"{m}  ({sum(row)})" for m, row in zip(made, counts, strict=True)]
    )
    left.set_xlabel("named by wsdiag")
    left.set_ylabel("made in the lab (runs)")
    for y, row in enumerate(counts):
        for x, count in enumerate(row):
            colour = "#ffffff" if shares[y][x] > 0.6 else _INK
            left.text(
                x, y, str(count) if count else "·", ha="center", va="center", fontsize=10,
                color=colour if count else _FAINT,
            )  # fmt: skip
    left.set_title("Layer of the cause", loc="left", color=_INK)
    for spine in left.spines.values():
        spine.set_color(_FAINT)
    left.set_xticks([n - 0.5 for n in range(1, len(named))], minor=True)
    left.set_yticks([n - 0.5 for n in range(1, len(made))], minor=True)
    left.grid(which="minor", color="#e3e1da", linewidth=0.8)
    left.tick_params(which="minor", length=0)
    left.tick_params(colors=_INK, length=0)
    right.axis("off")
    right.text(
        0, 1, "\n".join(_words(figures)), va="top", family="monospace", fontsize=9, color=_INK
    )
    picture.savefig(path, dpi=110, facecolor=_CARD, metadata={"Software": None})


def _colour(share: float, *, right: bool) -> tuple[float, ...]:
    """From the card's own colour (nothing) to the full one."""
    if not share:
        return tuple(matplotlib.colors.to_rgb(_CARD))
    scale = mpl.colormaps["Blues" if right else "Oranges"]
    return tuple(scale(0.3 + 0.6 * share)[:3])


def _cells(figures: Figures) -> tuple[Sequence[str], Sequence[str], Sequence[Sequence[int]]]:
    matrix = figures.matrix()
    order = (*(layer.value for layer in Layer), NOTHING, HEALTHY)
    made = [n for n in order if any(m == n for m, _ in matrix)]
    named = [n for n in order if any(x == n for _, x in matrix)]
    return made, named, [[matrix.get((m, n), 0) for n in named] for m in made]


def _words(figures: Figures) -> list[str]:
    seeds = sorted({r.outcome.seed for r in figures.runs})
    scenarios = len({r.scenario.name for r in figures.runs})
    words = [
        f"{len(figures.runs)} runs, {scenarios} scenarios,",
        f"seeds {', '.join(map(str, seeds))}",
        "",
    ]
    for share in figures.shares():
        of = f"{share.good}/{share.of}"
        words.append(f"{share.name:25} {100 * share.value:6.2f} % {of:>9}")
    words += ["", "made → named, where they differ:" if figures.wrong else "no verdict was wrong"]
    confusions = figures.confusions()
    for (cause, code), count in confusions[:_LISTED]:
        words.append(f"{count} × {cause}")
        words.append(f"    → {code}")
    if len(confusions) > _LISTED:
        words.append(f"… and {len(confusions) - _LISTED} more")
    return words

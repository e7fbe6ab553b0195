"""A picture → PNG. The one module that knows matplotlib, and only a process that draws imports it.

The card brings its own dark ground, so it reads the same in Slack's light and dark themes and
blinds nobody at night. Nothing is told by colour alone: states have hatching and names, and the
colours are Okabe and Ito's, which differ in lightness too (jfly.uni-koeln.de/color).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, date2num, num2date
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bot.charts.clock import Clock
from bot.charts.percentiles import Point
from bot.charts.picture import Mark, Picture
from bot.charts.words import cause_title, title
from bot.locales import duration, number, percent, translate
from bot.model import Message, State, say, say_n
from bot.wording import STATES, milliseconds

# matplotlib.dates is not annotated.
_x: Callable[[datetime], float] = date2num
_locator: Callable[..., Any] = AutoDateLocator
_moment: Callable[[float], datetime] = num2date

_GROUND, _PANEL, _EDGE = "#1b1f26", "#232831", "#3d4552"
_INK, _FAINT, _GRID = "#eef1f5", "#a9b3c1", "#343c48"
_LINE, _RANGE = "#7cc8ff", "#56b4e9"
_RECONNECT: Final = "#f5c6e3"

_WIDTH, _DPI = 7.2, 200  # inches: read on a phone, so the letters are large in proportion
_LEFT, _RIGHT = 0.72, 0.28
_HEAD, _PLOT, _STRIP, _TICKS, _KEY, _ROW, _FOOT = 0.98, 2.45, 0.30, 0.30, 0.34, 0.26, 0.16
_GAP: Final = 0.12
_LISTED: Final = 5
_ROW_LENGTH: Final = 78
_FEW: Final = 0.1  # of all points
_SPIKE: Final = 6.0  # what is higher than that many times the usual p95 leaves the picture


@dataclass(frozen=True, slots=True)
class _Face:
    """How a state looks: a colour, and a pattern that tells it without one."""

    colour: str
    hatch: str
    pattern: str  # colour of the hatching


_FACES: Final = {
    State.UP: _Face("#009e73", "", "#009e73"),
    State.DEGRADED: _Face("#f0b429", "////", "#6b4a00"),
    State.FLAPPING: _Face("#e69f00", "----", "#5c3d00"),
    State.DOWN: _Face("#d9480f", "xxxx", "#3b0d00"),
    State.UNKNOWN: _Face("#2b313b", "....", "#6b7686"),
}
_NOT_WATCHED: Final = say("not watched")
_SHOWN: Final = (State.UP, State.DEGRADED, State.FLAPPING, State.DOWN, State.UNKNOWN)


def draw(picture: Picture, clock: Clock) -> bytes:
    """The picture as a PNG, about 1,440 pixels wide.

    Deterministic: the same picture gives the same bytes.
    """
    listed = _most_telling(picture)
    rows = len(listed) + (len(picture.marks) > len(listed))
    height = _HEAD + _PLOT + _GAP + _STRIP + _TICKS + _KEY + rows * _ROW + _FOOT
    with rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, facecolor=_GROUND)
        FigureCanvasAgg(figure)
        figure.add_artist(
            Rectangle((0, 0), 1, 1, fill=False, edgecolor=_EDGE, linewidth=3.0,
                      transform=figure.transFigure)
        )  # fmt: skip
        page = _Page(figure, height)
        page.head(picture, clock)
        plot = page.axes(_HEAD, _PLOT)
        strip = page.axes(_HEAD + _PLOT + _GAP, _STRIP)
        _round_trips(plot, picture, clock)
        _incidents(plot, picture, listed)
        _reconnects(plot, picture)
        _states(strip, picture, clock)
        _time_axis(plot, strip, picture, clock)
        _key(page, picture, clock, _HEAD + _PLOT + _GAP + _STRIP + _TICKS)
        page.rows(_incident_rows(picture, listed, clock), height - _FOOT - rows * _ROW)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=_DPI, facecolor=_GROUND, metadata={"Software": None})
    return out.getvalue()


_STYLE: Final[Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, and has Cyrillic
    "font.size": 10.5,
    "hatch.linewidth": 1.1,
    "text.parse_math": False,  # a `$` in a name is a dollar
    "axes.unicode_minus": True,
}


class _Page:
    """Places things by inches from the top, as they are read."""

    def __init__(self, figure: Figure, height: float) -> None:
        self.figure, self.height = figure, height

    def axes(self, top: float, height: float) -> Axes:
        bottom = self.height - top - height
        box = (
            _LEFT / _WIDTH,
            bottom / self.height,
            (_WIDTH - _LEFT - _RIGHT) / _WIDTH,
            height / self.height,
        )
        made = self.figure.add_axes(box, facecolor=_PANEL)
        for spine in made.spines.values():
            spine.set_visible(False)
        made.tick_params(colors=_FAINT, length=0, labelsize=10)
        return made

    def text(self, x: float, top: float, words: str, **style: Any) -> None:
        self.figure.text(
            x / _WIDTH, 1 - top / self.height, words, **({"color": _INK, "va": "center"} | style)
        )

    def head(self, picture: Picture, clock: Clock) -> None:
        self.text(0.24, 0.27, _cut(title(picture, clock.lang), 46), fontsize=14.5, weight="bold")
        same_day = clock.day(picture.start) == clock.day(picture.end)
        end = (clock.time if same_day else clock.moment)(picture.end)
        span = f"{clock.moment(picture.start)} – {end} · {clock.name}"
        self.text(_WIDTH - _RIGHT, 0.28, span, fontsize=9, color=_FAINT, ha="right")
        self.text(0.24, 0.64, "   ".join(_headlines(picture, clock.lang)), fontsize=11)

    def rows(self, lines: Sequence[tuple[str, str]], top: float) -> None:
        for n, (badge, words) in enumerate(lines):
            at = top + (n + 0.5) * _ROW
            if badge:
                self.text(0.42, at, badge, fontsize=8.5, weight="bold", ha="center",
                          color=_GROUND, bbox=_BADGE)  # fmt: skip
            self.text(_LEFT, at, words, fontsize=10, color=_INK if badge else _FAINT)


_BADGE: Final = {"boxstyle": "circle,pad=0.22", "facecolor": _INK, "edgecolor": "none"}


def _headlines(picture: Picture, lang: str) -> list[str]:
    """`up 99.71%`, `p50 38 ms`, …: what somebody wants who looks for a second."""
    figures = picture.figures
    parts = []
    if figures.uptime is not None:
        words = say("reachable {share} of the time", share=percent(figures.uptime, lang))
        parts.append(translate(words, lang))
    for name, value in (("p50", figures.p50_ms), ("p95", figures.p95_ms)):
        if value is not None:
            parts.append(f"{name} {translate(milliseconds(value), lang)}")
    n = len(picture.marks)
    parts.append(translate(say_n("{n} incident", "{n} incidents", n), lang))
    return parts


# ---------------------------------------------------------------- round trips


def _round_trips(axes: Axes, picture: Picture, clock: Clock) -> None:
    top = _ceiling(picture.points)
    axes.set_ylim(0, top)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, min_n_ticks=2))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: number(round(y), clock.lang)))
    axes.grid(axis="y", color=_GRID, linewidth=0.9)
    axes.set_axisbelow(True)
    unit = translate(say("round trip in ms: median, up to the 95th percentile"), clock.lang)
    axes.text(0.012, 0.955, unit, transform=axes.transAxes, va="top", fontsize=9, color=_FAINT,
              bbox={"boxstyle": "square,pad=0.15", "facecolor": _PANEL, "edgecolor": "none"},
              zorder=6)  # fmt: skip
    for group in _unbroken(picture.points, picture.step_s):
        when = [_x(point.at) for point in group]
        middle = [min(point.p50_ms, top) for point in group]
        high = [min(point.p95_ms, top) for point in group]
        lone: dict[str, Any] = {"marker": "o", "markersize": 3.5} if len(group) == 1 else {}
        axes.fill_between(when, middle, high, color=_RANGE, alpha=0.30, linewidth=0, zorder=2)
        axes.plot(when, high, color=_RANGE, linewidth=0.9, alpha=0.85, zorder=3, **lone)
        axes.plot(when, middle, color=_LINE, linewidth=2.0, zorder=4, **lone)
    beyond = [point for point in picture.points if point.p95_ms > top]
    if beyond:
        axes.plot([_x(p.at) for p in beyond], [top * 0.985] * len(beyond), linestyle="",
                  marker="^", markersize=6, color=_INK, zorder=6, clip_on=False)  # fmt: skip
        worst = max(beyond, key=lambda p: p.p95_ms)
        right = _x(worst.at) > (_x(picture.start) + _x(picture.end)) / 2
        axes.annotate(
            translate(milliseconds(worst.p95_ms), clock.lang),
            (_x(worst.at), top * 0.985),
            xytext=(-7 if right else 7, -1), textcoords="offset points",
            ha="right" if right else "left", va="top", fontsize=9, color=_INK, zorder=6,
        )  # fmt: skip
    if not picture.points:
        nothing = translate(say("no round trip was measured"), clock.lang)
        axes.text(0.5, 0.5, nothing, transform=axes.transAxes, ha="center", va="center",
                  fontsize=11, color=_FAINT)  # fmt: skip
        axes.set_yticks([])


def _ceiling(points: Sequence[Point]) -> float:
    """The top of the picture: above all values, unless a few would flatten the rest."""
    if not points:
        return 1.0
    highs = [point.p95_ms for point in points]
    usual, highest = median(highs), max(highs)
    few = sum(1 for high in highs if high > _SPIKE * usual) <= _FEW * len(highs)
    return max(2.0, 1.22 * (_SPIKE / 2 * usual if few and highest > _SPIKE * usual else highest))


def _unbroken(points: Sequence[Point], step_s: int) -> list[list[Point]]:
    """Points that follow each other: a line through a gap would tell of what nobody measured."""
    groups: list[list[Point]] = []
    for point in points:
        if groups and point.at - groups[-1][-1].at <= timedelta(seconds=1.5 * step_s):
            groups[-1].append(point)
        else:
            groups.append([point])
    return groups


# ---------------------------------------------------------------- incidents and reconnects


def _most_telling(picture: Picture) -> list[Mark]:
    """The incidents that are listed: the longest ones, in order."""
    longest = sorted(picture.marks, key=lambda m: (-m.lasted_s(picture.end), m.number))
    return sorted(longest[:_LISTED], key=lambda m: m.number)


def _incidents(axes: Axes, picture: Picture, listed: Sequence[Mark]) -> None:
    left, right = _x(picture.start), _x(picture.end)
    badges = {mark.number: n for n, mark in enumerate(listed, start=1)}
    last = float("-inf")
    for mark in picture.marks:
        start = max(left, _x(mark.opened_at))
        end = min(right, _x(mark.closed_at or picture.end))
        face = _FACES.get(mark.state, _FACES[State.DOWN])
        axes.axvspan(start, end, color=face.colour, alpha=0.22, linewidth=0, zorder=1)
        axes.axvline(start, color=face.colour, linewidth=1.2, alpha=0.9, zorder=2)
        if mark.number in badges:
            # Two badges at one place would hide each other.
            at = max(start, last + 0.028 * (right - left))
            last = at
            axes.annotate(
                str(badges[mark.number]), (min(at, right), 1.0), xycoords=("data", "axes fraction"),
                ha="center", va="center", fontsize=8.5, weight="bold", color=_GROUND,
                bbox=_BADGE, zorder=8, annotation_clip=False,
            )  # fmt: skip


def _reconnects(axes: Axes, picture: Picture) -> None:
    if picture.reconnects:
        axes.plot([_x(at) for at in picture.reconnects], [0.035] * len(picture.reconnects),
                  transform=axes.get_xaxis_transform(), linestyle="", marker="D", markersize=5,
                  markerfacecolor=_RECONNECT, markeredgecolor=_GROUND, markeredgewidth=0.8,
                  zorder=7)  # fmt: skip


def _incident_rows(picture: Picture, listed: Sequence[Mark], clock: Clock) -> list[tuple[str, str]]:
    rows = []
    for n, mark in enumerate(listed, start=1):
        lasted = duration(mark.lasted_s(picture.end), clock.lang)
        if mark.closed_at is None:
            lasted = translate(say("{lasted} so far", lasted=lasted), clock.lang)
        words = f"{clock.moment(mark.opened_at)} · {lasted} · {cause_title(mark, clock.lang)}"
        rows.append((str(n), _cut(words, _ROW_LENGTH)))
    left = len(picture.marks) - len(listed)
    if left > 0:
        words = translate(say_n("and {n} shorter one", "and {n} shorter ones", left), clock.lang)
        rows.append(("", words))
    return rows


# ---------------------------------------------------------------- the band of states


def _states(axes: Axes, picture: Picture, clock: Clock) -> None:
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    left, right = _x(picture.start), _x(picture.end)
    # Good news first, so that what is short and bad is drawn over it and can be seen.
    for band in sorted(picture.bands, key=lambda b: b.state is not State.UP):
        face = _FACES[band.state]
        start, end = _x(band.start), _x(band.end)
        bad = band.state not in (State.UP, State.UNKNOWN)
        axes.add_patch(
            Rectangle((start, 0), end - start, 1, facecolor=face.colour, edgecolor=face.pattern,
                      hatch=face.hatch, linewidth=0)
        )  # fmt: skip
        if bad and (end - start) / (right - left) < 0.004:
            axes.axvline((start + end) / 2, color=face.colour, linewidth=2.4)
        share = (end - start) / (right - left)
        words = translate(_name(band.state), clock.lang)
        if share > 0.018 * (len(words) + 2):
            style = {"boxstyle": "round,pad=0.18", "facecolor": _GROUND, "edgecolor": "none"}
            axes.text((start + end) / 2, 0.48, words, ha="center", va="center", fontsize=9,
                      color=_INK, bbox=style | {"alpha": 0.82})  # fmt: skip


def _name(state: State) -> Message:
    return _NOT_WATCHED if state is State.UNKNOWN else STATES[state]


# ---------------------------------------------------------------- axis and key


def _time_axis(plot: Axes, strip: Axes, picture: Picture, clock: Clock) -> None:
    for axes in (plot, strip):
        axes.set_xlim(_x(picture.start), _x(picture.end))
    plot.set_xticks([])
    moments = _moments(_locator(tz=clock.zone, minticks=4, maxticks=8), picture)
    ticks = [_x(at) for at in moments]
    strip.set_xticks(ticks, [_tick(at, picture, clock) for at in moments])
    for label in strip.get_xticklabels():
        label.set_color(_FAINT)
    for at in ticks:
        plot.axvline(at, color=_GRID, linewidth=0.9, zorder=0)


def _moments(locator: Any, picture: Picture) -> list[datetime]:
    found = locator.tick_values(picture.start, picture.end)
    return [at for value in found if picture.start <= (at := _moment(value)) <= picture.end]


def _tick(at: datetime, picture: Picture, clock: Clock) -> str:
    """The hour, and the day where one begins; the day alone where a picture shows many."""
    local = clock.local(at)
    midnight = local.hour == 0 and local.minute == 0
    if picture.length_s > 4 * 86_400 or (midnight and picture.length_s > 3 * 3_600):
        return clock.day(at)
    return clock.time(at)


def _key(page: _Page, picture: Picture, clock: Clock, top: float) -> None:
    """What the signs mean, of those alone that are there."""
    present = {band.state for band in picture.bands}
    handles: list[Any] = []
    labels: list[Message] = []
    for state in _SHOWN:
        if state in present:
            face = _FACES[state]
            handles.append(
                Patch(facecolor=face.colour, edgecolor=face.pattern, hatch=face.hatch, linewidth=0)
            )
            labels.append(_name(state))
    if picture.reconnects:
        handles.append(
            Line2D([], [], linestyle="", marker="D", markersize=6, markerfacecolor=_RECONNECT,
                   markeredgecolor=_GROUND)
        )  # fmt: skip
        labels.append(say("connection lost"))
    page.figure.legend(
        handles, [translate(words, clock.lang) for words in labels],
        loc="center left", ncols=max(1, len(handles)), frameon=False,
        bbox_to_anchor=(_LEFT / _WIDTH - 0.008, 1 - (top + _KEY / 2) / page.height),
        bbox_transform=page.figure.transFigure, fontsize=9.5, handlelength=1.6,
        columnspacing=1.4, handletextpad=0.5, borderpad=0, labelcolor=_FAINT,
    )  # fmt: skip


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"

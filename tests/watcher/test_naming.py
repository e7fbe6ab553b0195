"""A look at the edge of a trouble may see anything: what it alone says is told to nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.incidents import Flapping, Incident
from bot.model import Confidence, Controls, Layer, Named, Report, Section, State, Target, Verdict
from bot.watcher.naming import Renaming
from tests.watcher.conftest import WATCH, running, until

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PERIODIC = replace(WATCH, mode="periodic", interval_s=0.1, confirm_s=0.05)


def named(code: str | None) -> Named | None:
    return Named(code, Layer.WEBSOCKET, Section.SERVER, Confidence.LIKELY) if code else None


def look(state: State, code: str | None = None) -> Report:
    return Report("prod", "https://prod.example", "local", (), Verdict(state, named(code)), NOW, 1)


def incident(state: State = State.DEGRADED, code: str | None = "ws_blocked_drop") -> Incident:
    return Incident("i", "prod", 1, NOW, state, named(code))


def test_another_name_is_believed_when_two_looks_in_a_row_give_it() -> None:
    renaming = Renaming()
    other = look(State.DEGRADED, "ws_blocked_rst")
    assert not renaming.believes(incident(), other)
    assert renaming.believes(incident(), look(State.DEGRADED, "ws_blocked_drop"))
    assert not renaming.believes(incident(), other)
    assert renaming.believes(incident(), other)


def test_the_first_name_is_believed_at_once() -> None:
    for unnamed in (None, "unrecognised"):
        assert Renaming().believes(incident(code=unnamed), look(State.DEGRADED, "ws_426"))


def test_a_worse_state_is_believed_when_two_looks_find_it_whatever_they_call_it() -> None:
    renaming = Renaming()
    assert not renaming.believes(incident(), look(State.DOWN, "unrecognised"))
    assert renaming.believes(incident(), look(State.DOWN, "tcp_refused"))


def test_what_flaps_is_not_asked_for_reasons() -> None:
    flapping = replace(incident(State.FLAPPING, "tcp_refused"), flapping=Flapping(State.DOWN, NOW))
    assert Renaming().believes(flapping, look(State.DEGRADED, "ws_426"))


LOOKS = st.builds(
    look,
    st.sampled_from([State.DEGRADED, State.DOWN, State.UNKNOWN]),
    st.sampled_from([None, "unrecognised", "ws_426", "ws_blocked_drop", "tcp_refused"]),
)


@given(st.lists(LOOKS), LOOKS)
def test_what_lasts_is_believed_after_two_looks_whatever_came_before(
    before: Sequence[Report], lasting: Report
) -> None:
    renaming = Renaming()
    for report in before:
        renaming.believes(incident(), report)
    renaming.believes(incident(), lasting)
    assert renaming.believes(incident(), lasting) or renaming.believes(incident(), lasting)


class Prober:
    """Gives these reports, one after the other, and the last for ever."""

    def __init__(self, *reports: Report) -> None:
        self._reports = reports
        self.looks = 0

    async def __call__(self, _target: Target, *, controls: Controls, memory: object) -> Report:  # noqa: ARG002
        self.looks += 1
        return self._reports[min(self.looks, len(self._reports)) - 1]


DROPPED = look(State.DEGRADED, "ws_blocked_drop")
TORN = look(State.DEGRADED, "unrecognised")  # a look that the mending cut short
UP = look(State.UP)


async def called(tmp_path: Path, *reports: Report) -> list[str]:
    """What the incidents that came of these looks are called in the end."""
    prober = Prober(*reports)
    target = Target("prod", "https://prod.example", watch=PERIODIC)
    async with running(tmp_path, target, diagnose=prober) as bot:
        await until(lambda: prober.looks > len(reports) + 2)
        return [found.cause.code for found in await bot.incidents() if found.cause]


async def test_a_look_that_the_end_of_the_trouble_tore_renames_nothing(tmp_path: Path) -> None:
    assert await called(tmp_path, DROPPED, DROPPED, TORN, UP) == ["ws_blocked_drop"]


async def test_a_trouble_that_ends_under_the_confirming_look_is_told_to_nobody(
    tmp_path: Path,
) -> None:
    assert await called(tmp_path, DROPPED, TORN, UP) == []

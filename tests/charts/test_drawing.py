"""The PNG itself: made in a process of its own, the same each time, whatever happened."""

from __future__ import annotations

import asyncio
import struct
import subprocess
import sys
from datetime import timedelta

import pytest

from bot.charts import Artist, DrawingError, compose
from bot.charts.clock import Clock, Zone
from bot.charts.drawing import draw
from bot.charts.picture import Picture
from bot.model import State
from bot.spans import Span
from tests.charts.past import DAY, END, incident, lost, samples

UTC_EN = Clock.of(Zone(), "en")


def day(*, seed: int = 1) -> Picture:
    incidents = [incident(1, 10, 12), incident(2, 4, 40, State.DEGRADED), incident(3, 1, 0.5)]
    return compose("prod", DAY, samples(DAY, incidents, seed=seed), lost(10, 7), incidents)


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_the_same_picture_gives_the_same_bytes_and_another_one_others() -> None:
    assert draw(day(), UTC_EN) == draw(day(), UTC_EN)
    assert draw(day(), UTC_EN) != draw(day(seed=2), UTC_EN)


def test_the_readers_language_and_clock_are_in_the_picture() -> None:
    seen = {
        draw(day(), Clock.of(zone, lang))
        for zone in (Zone(), Zone("Asia/Tokyo"))
        for lang in ("en", "ru")
    }
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("length", "n"), [(timedelta(minutes=5), 0), (timedelta(hours=6), 1), (timedelta(days=30), 40)]
)
def test_any_length_and_any_number_of_incidents_can_be_drawn(length: timedelta, n: int) -> None:
    span = Span.until(END, length)
    hours = length.total_seconds() / 3_600
    many = [incident(i, hours * (1 - (i + 0.5) / n), 1, cause=None) for i in range(n)]
    taken = samples(span, many, span_s=60 if hours < 48 else 300)
    drawn = draw(compose("$prod^{x}" * 9, span, taken, lost(*range(20)), many), UTC_EN)
    width, height = size(drawn)
    assert width == 1_440
    assert 800 < height < 1_500


def test_a_target_that_never_answered_has_a_picture_too() -> None:
    down = incident(1, 30, None)
    size(draw(compose("prod", DAY, samples(DAY, [down]), [], [down]), UTC_EN))


def test_one_wild_value_leaves_the_rest_readable() -> None:
    taken = samples(DAY)
    wild = [*taken[:-700], *samples(Span(taken[-700].at, taken[-660].at), rtt_ms=9_000.0),
            *taken[-660:]]  # fmt: skip
    size(draw(compose("prod", DAY, wild, [], []), UTC_EN))


async def test_the_process_that_draws_gives_what_this_one_would() -> None:
    assert await Artist().draw(day(), Zone(), "en") == draw(day(), UTC_EN)


async def test_a_process_that_takes_too_long_is_ended_and_told() -> None:
    with pytest.raises(DrawingError, match="not drawn within 0 s"):
        await Artist(deadline_s=0.01).draw(day(), Zone(), "en")


async def test_one_that_fails_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(DrawingError, match="exit code 1: silence"):
        await Artist().draw(day(), Zone(), "en")
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(DrawingError, match="no process to draw in"):
        await Artist().draw(day(), Zone(), "en")


async def test_whoever_stops_waiting_leaves_no_process_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[asyncio.subprocess.Process] = []
    there = asyncio.Event()
    start = asyncio.create_subprocess_exec

    async def noted(*args: object, **options: object) -> asyncio.subprocess.Process:
        begun.append(await start(*args, **options))  # type: ignore[arg-type]
        there.set()
        return begun[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    waiting = asyncio.create_task(Artist().draw(day(), Zone(), "en"))
    await there.wait()
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    assert begun[0].returncode is not None


def test_the_bot_itself_never_loads_matplotlib() -> None:
    code = "import sys, bot.slack, bot.charts; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

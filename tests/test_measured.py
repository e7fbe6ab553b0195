"""What rows of samples and rungs come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import measured
from bot.evidence import Failure, HeldSession, LadderEvidence, Phase, Rung, Sample, TcpInfo
from bot.model import Reason, Transport


def samples(late_ms: Sequence[float], **changes: object) -> tuple[Sample, ...]:
    """One every 250 ms, on a path of 1 ms, with these first bytes."""
    return tuple(
        replace(Sample(250.0 * n, 1.0, ms + 1.0, 200), **changes) for n, ms in enumerate(late_ms)
    )


def down(at_ms: float) -> Sample:
    return Sample(at_ms, phase=Phase.CONNECT, reason=Reason.REFUSED)


PROMPT = [3.0] * 12
STALLED = [*PROMPT[:4], 900.0, 650.0, *PROMPT[:6], 800.0, 550.0, *PROMPT[:4]]


def test_late_answers_close_together_are_one_stall() -> None:
    first, second = measured.stalls(samples(STALLED))
    assert (first.samples, second.samples) == (2, 2)
    assert first.worst_ms == 900.0


def test_two_stalls_among_prompt_answers_count() -> None:
    assert measured.stalls_now_and_then(samples(STALLED))


def test_one_stall_may_be_anything() -> None:
    assert not measured.stalls_now_and_then(samples([*PROMPT, 900.0, 650.0, *PROMPT]))


def test_what_our_own_machine_was_too_busy_for_blames_nobody() -> None:
    assert measured.stalls(samples(STALLED, busy_ms=measured.BUSY_MS)) == []


def test_an_answer_that_never_came_is_a_stall_and_a_refusal_is_none() -> None:
    silent = Sample(0.0, 1.0, phase=Phase.REQUEST, reason=Reason.TIMEOUT)
    assert len(measured.stalls([silent])) == 1
    assert measured.stalls([down(0.0)]) == []


def test_falls_and_rises_are_counted_with_the_gateway_s_word_for_it() -> None:
    row = [
        *samples(PROMPT[:2]),
        down(500.0),
        *samples([3.0]),
        Sample(1_000.0, 1.0, 1.0, 502),
        *samples([3.0]),
    ]
    assert (measured.falls(row), measured.rises(row)) == (2, 2)


def test_a_server_that_was_never_there_did_not_fall() -> None:
    assert measured.falls([down(0.0), down(250.0)]) == 0


def test_one_lost_packet_in_many_is_no_lossy_path() -> None:
    row = [*samples(PROMPT * 10), *samples([3.0], connect_ms=1_003.0)]
    assert measured.lost_syns(row) == []
    assert len(measured.lost_syns([*samples(PROMPT), *samples([3.0] * 2, connect_ms=1_003.0)])) == 2


def test_connects_that_differ_widely_are_jitter_and_a_lost_syn_is_none() -> None:
    times = [150.0, 180.0, 240.0, 300.0, 350.0, 420.0, 460.0, 200.0, 380.0, 290.0]
    row = [Sample(250.0 * n, ms, ms, 200) for n, ms in enumerate(times)]
    assert measured.jitter_ms(row) is not None
    assert measured.jitter_ms(samples(PROMPT)) is None


@given(st.lists(st.floats(0.0, 400.0), max_size=60))
def test_a_prompt_server_never_stalls_nor_falls(late_ms: list[float]) -> None:
    row = samples(late_ms)
    assert not measured.stalls_now_and_then(row)
    assert not measured.falls(row)
    assert not measured.lost_syns(row)


def rung(size: int, elapsed_ms: float | None, **changes: object) -> Rung:
    return replace(Rung(size, True, Transport.WEBSOCKET, elapsed_ms, elapsed_ms), **changes)


def ladder(*rungs: Rung, rtt_ms: float = 1.0) -> LadderEvidence:
    return LadderEvidence(1_000_000, rungs, rtt_ms=rtt_ms)


def test_twenty_kilobytes_in_two_seconds_are_a_slow_path() -> None:
    assert measured.slow_kbit(ladder(rung(20_000, 2_000.0))) == pytest.approx(80.0, rel=0.01)


def test_one_slow_try_is_no_slow_path() -> None:
    assert measured.slow_kbit(ladder(rung(20_000, 2_000.0), rung(20_000, 20.0))) is None


def test_a_payload_that_arrived_at_once_was_not_slow_however_late_its_answer() -> None:
    assert measured.slow_kbit(ladder(rung(20_000, 2_000.0, acked_ms=5.0))) is None


def test_round_trips_of_slow_start_are_no_lack_of_bandwidth() -> None:
    assert measured.slow_kbit(ladder(rung(20_000, 1_250.0), rtt_ms=600.0)) is None


def test_what_arrived_until_we_gave_up_tells_the_rate() -> None:
    waited = Failure(Phase.SESSION, Reason.TIMEOUT, elapsed_ms=5_000.0)
    tried = rung(20_000, None, failure=waited, arrived=15_000, tcp=TcpInfo(4, 1, 900.0))
    assert measured.slow_kbit(ladder(tried)) == pytest.approx(24.0)
    assert measured.slow_kbit(ladder(replace(tried, arrived=0))) is None


def test_a_websocket_that_is_late_beside_prompt_answers_is_held_back() -> None:
    session = HeldSession(Transport.WEBSOCKET, first_echo_ms=1_300.0, echo_ms=1_250.0)
    assert measured.held_back_ms(session, samples(PROMPT)) == pytest.approx(1_246.0, abs=2.0)
    assert measured.held_back_ms(session, samples([1_300.0] * 12)) is None
    prompt = replace(session, echo_ms=4.0)
    assert measured.held_back_ms(prompt, samples(PROMPT)) is None

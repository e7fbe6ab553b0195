"""Backoff, and when a browser client would have given up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import ClientSettings
from bot.watcher.pace import Backoff, gives_up_after_s


@settings(deadline=None)
@given(st.floats(0.01, 10), st.floats(0.01, 60), st.integers(0, 200))
def test_pauses_grow_to_the_cap_and_stay_for_ever(first: float, longest: float, steps: int) -> None:
    backoff = Backoff(first, longest)
    for _ in range(steps):
        assert 0 < backoff.next() <= longest
    backoff.step = 10_000
    assert longest / 2 <= backoff.next() <= longest
    backoff.reset()
    assert backoff.next() <= first


def test_the_guides_client_gives_up_on_a_refused_port_after_175_seconds() -> None:
    assert gives_up_after_s(ClientSettings(), attempt_s=0) == 1 + 2 + 4 + 8 + 16 * 10


def test_attempts_that_hang_last_until_the_clients_own_timeout() -> None:
    assert gives_up_after_s(ClientSettings(), attempt_s=300) == 175 + 20 * 30


def test_a_client_without_a_limit_never_gives_up() -> None:
    assert gives_up_after_s(ClientSettings(reconnection_attempts=None), 1) is None


def test_a_client_without_attempts_gives_up_at_once() -> None:
    assert gives_up_after_s(ClientSettings(reconnection_attempts=0), 1) == 0


@settings(deadline=None)
@given(st.integers(0, 1_000_000), st.integers(0, 60_000), st.integers(0, 60_000), st.floats(0, 100))
def test_any_settings_are_counted_at_once_and_never_below_the_attempts_themselves(
    attempts: int, delay: int, longest: int, lasts: float
) -> None:
    client = ClientSettings(
        reconnection_attempts=attempts,
        reconnection_delay_ms=delay,
        reconnection_delay_max_ms=longest,
    )
    after = gives_up_after_s(client, lasts)
    assert after is not None
    assert after >= attempts * min(lasts, 30) * 0.999

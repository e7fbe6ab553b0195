"""Logs of many lines, in the formats of the programs that write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.explain import explain
from bot.explain.moments import Clock
from bot.explain.sessions import timer_of

START = datetime(2026, 11, 23, 20, 39, 5, tzinfo=UTC)


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def log(ages: list[float], reason: str = "transport error") -> str:
    lines, now = [], 0.0
    for age in ages:
        lines.append(f"{at(now)} ✅ Connected over websocket")
        now += age
        lines.append(f"{at(now)} ⚠ Disconnected: {reason}")
        now += 1.5
        lines.append(f"{at(now)} 🔄 reconnecting, attempt 1")
        now += 0.5
    return "\n".join(lines)


def test_drops_of_one_age_are_told_with_their_count() -> None:
    found = explain(log([300.2, 299.8, 12.0, 300.4, 300.0]))
    timer = found.sessions.timer
    assert timer is not None
    assert (timer.count, timer.total) == (4, 5)
    assert timer.age_s == pytest.approx(300.1)
    assert timer.spread_s == pytest.approx(0.3)
    assert found.sessions.connects == found.sessions.disconnects == found.sessions.retries == 5
    assert found.suspects[0].code == "ws_lifetime_cap"
    assert "--deep" in found.actions[0].argv


def test_young_drops_of_one_age_are_an_idle_timeout_first() -> None:
    assert explain(log([60.0, 60.1, 60.2, 60.0])).suspects[0].code == "ws_proxy_idle"


def test_drops_by_the_server_at_one_age_are_its_own_timer() -> None:
    found = explain(log([30.0, 30.1, 30.2], "io server disconnect"))
    assert found.suspects[0].code == "sio_kicked_no_keepalive"


def test_drops_of_any_age_name_no_timer() -> None:
    assert explain(log([3.0, 40.0, 300.0, 71.0, 900.0])).sessions.timer is None
    assert timer_of((300.0, 300.0)) is None


def test_counts_and_times_are_of_the_whole_log() -> None:
    found = explain(log([10.0, 20.0, 40.0]))
    (told,) = found.told
    assert (told.reading.key, told.count) == ("transport_error", 3)
    assert told.first is not None
    assert told.last is not None
    assert told.first.text() == "2026-11-23 20:39:15 UTC"
    assert told.last.text() == "2026-11-23 20:40:19 UTC"
    assert (found.lines, found.recognised_lines) == (9, 3)


def test_the_clients_of_a_servers_log_are_told_apart_by_their_session() -> None:
    one, other = "Ab3dEf6hIj9kLm2nOp5q", "Zz3dEf6hIj9kLm2nOp5q"
    lines = []
    for start in (0, 400, 800, 1200):
        lines += [
            f"{at(start)} User connected: {one}",
            f"{at(start + 7)} User connected: {other}",
            f"{at(start + 60)} User disconnected: {one} transport close",
            f"{at(start + 67)} User disconnected: {other} transport close",
        ]
    found = explain("\n".join(lines))
    assert found.sessions.ages_s == (60.0,) * 8
    assert one not in str(found.actions)


def test_layers_that_tell_of_the_same_connection_count_once() -> None:
    """`DEBUG=socket.io-client*,engine.io-client*` of a Node client."""
    lines, sid = [], "Ab3dEf6hIj9kLm2nO"
    for start in (0, 100, 200):
        lines += [
            f"{at(start)} engine.io-client:socket socket open",
            f"{at(start + 0.01)} socket.io-client:socket transport is open - connecting",
            f"{at(start + 0.2)} socket.io-client:socket socket connected with id {sid}{start:03}",
            f"{at(start + 45)} engine.io-client:socket socket close with reason: \"ping timeout\"",
            f"{at(start + 45.001)} socket.io-client:manager closed due to ping timeout",
            f"{at(start + 45.002)} socket.io-client:socket close (ping timeout)",
            f"{at(start + 45.1)} socket.io-client:manager attempting reconnect",
        ]  # fmt: skip
    found = explain("\n".join(lines))
    assert (found.sessions.connects, found.sessions.disconnects) == (3, 3)
    assert found.sessions.ages_s == pytest.approx((45.0,) * 3, abs=0.05)
    assert found.sessions.timer is not None


def test_the_bots_own_log_says_the_ages_itself() -> None:
    lines = [f"⚠ prod: disconnected after {age} s: closed (transport error)"
             for age in (3600.1, 3599.9, 3600.0)]  # fmt: skip
    timer = explain("\n".join(lines)).sessions.timer
    assert timer is not None
    assert timer.age_s == pytest.approx(3600.0)


def test_a_platforms_log_says_how_long_an_upgraded_request_lasted() -> None:
    line = '{{"httpRequest":{{"latency":"{}s","status":101}},"timestamp":"{}"}}'
    found = explain("\n".join(line.format(300.0 + n / 100, at(300 * n)) for n in range(4)))
    assert found.sessions.timer is not None
    assert found.suspects[0].code == "ws_lifetime_cap"


def test_a_log_without_times_is_counted() -> None:
    found = explain("Error: xhr poll error\nError: xhr poll error\nError: timeout\n")
    assert [(told.reading.key, told.count) for told in found.told] == [
        ("poll_failed", 2),
        ("connect_timeout", 1),
    ]
    assert found.first is None


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("2026-11-23T20:39:05.123Z x", "2026-11-23 20:39:05 UTC"),
        ("2026-11-23T23:39:05.123+03:00 x", "2026-11-23 20:39:05 UTC"),
        ("2026-11-23T20:39:05.123456789Z stdout F x", "2026-11-23 20:39:05 UTC"),
        ("2026-11-23 20:39:05,123 - engineio.client - INFO - x", "2026-11-23 20:39:05"),
        ("2026/11/23 20:39:05 [error] 12#12: *5 x", "2026-11-23 20:39:05"),
        ("1.2.3.4 - - [23/Nov/2026:20:39:05 +0000] \"GET", "2026-11-23 20:39:05 UTC"),
        ("haproxy[9]: 1.2.3.4:55 [23/Nov/2026:20:39:05.123] fe be/a", "2026-11-23 20:39:05"),
        ("[Mon Nov 23 20:39:05.123456 2026] [proxy:error]", "2026-11-23 20:39:05"),
        ("23.11.2026, 20:39:05 x", "2026-11-23 20:39:05"),
        ("11/23/2026, 8:39:05 PM x", "2026-11-23 20:39:05"),
        ("11/23/2026, 12:39:05 AM x", "2026-11-23 00:39:05"),
        ('{"level":30,"time":1795466345123,"msg":"x"}', "2026-11-23 20:39:05 UTC"),
        ("Mon Nov 23 2026 23:39:05 GMT+0300 (MSK) x", "2026-11-23 20:39:05 UTC"),
        ("20:39:05.123 socket.js:12 x", "20:39:05"),
        ("[20:39:05] x", "20:39:05"),
    ],
)  # fmt: skip
def test_a_moment_is_read_in_many_ways_of_writing_it(line: str, moment: str) -> None:
    found = Clock().read(line.lower())
    assert found is not None
    assert found.text() == moment


@pytest.mark.parametrize("line", ["x", "2026-02-31T25:39:05Z", "25:61:99 x", "10.0.0.1:3000 x"])
def test_what_is_no_moment_is_none(line: str) -> None:
    assert Clock().read(line.lower()) is None


def test_times_of_day_go_on_after_midnight() -> None:
    found = explain("23:59:30 ✅ connected\n00:00:30 ⚠ disconnected: transport close\n")
    assert found.sessions.ages_s == (60.0,)

"""The connection log in the guide's legend."""

from __future__ import annotations

import pytest

from bot.model import Transport
from bot.watcher import ConnectionLog
from bot.watcher.log import KEPT
from tests.watcher.conftest import Lines


@pytest.fixture
def log() -> ConnectionLog:
    return ConnectionLog("prod", "https://prod.example")


def test_every_change_has_its_sign_and_its_fields(
    log: ConnectionLog, connection_log: Lines
) -> None:
    log.connecting(1)
    log.connected(Transport.WEBSOCKET, 1, 0.012)
    log.heartbeat(1.5)
    log.suspicious(1.0)
    log.disconnected("eof", "no close frame", 12.5)
    log.connecting(2)
    log.failed("refused", "ECONNREFUSED", 2)
    assert [record.getMessage() for record in connection_log.records] == [
        "🔌 prod: connecting to https://prod.example",
        "✅ prod: connected over websocket in 12 ms",
        "💓 prod: heartbeat answered in 1.5 ms",
        "💓 prod: no answer to a heartbeat for 1.0 s",
        "⚠ prod: disconnected after 12.5 s: eof (no close frame)",
        "🔄 prod: reconnecting, attempt 2",
        "❌ prod: cannot connect: refused (ECONNREFUSED)",
    ]
    levels = [record.levelname for record in connection_log.records]
    assert levels == ["INFO", "INFO", "DEBUG", "WARNING", "WARNING", "INFO", "WARNING"]
    last = vars(connection_log.records[-1])
    assert (last["event"], last["target"]) == ("error", "prod")
    assert (last["reason"], last["attempt"]) == ("refused", 2)


def test_a_night_of_the_same_failure_fills_no_disk(
    log: ConnectionLog, connection_log: Lines
) -> None:
    for attempt in range(1, 10_001):
        log.connecting(attempt)
        log.failed("refused", "", attempt)
    shown = [record for record in connection_log.records if record.levelname != "DEBUG"]
    assert len(shown) < 40
    log.failed("timeout", "", 10_001)
    assert connection_log.records[-1].levelname == "WARNING"  # another reason is news


def test_the_last_lines_are_kept_but_for_what_repeats(log: ConnectionLog) -> None:
    log.connected(Transport.WEBSOCKET, 1, 0.012)
    for _ in range(10):
        log.heartbeat(1.0)
    log.disconnected("eof", "", 5.0)
    assert [line.text for line in log.tail()] == [
        "✅ connected over websocket in 12 ms",
        "⚠ disconnected after 5.0 s: eof",
    ]
    assert log.tail()[0].at <= log.tail()[1].at


def test_the_kept_lines_are_bounded(log: ConnectionLog) -> None:
    for attempt in range(3 * KEPT):
        log.disconnected("eof", str(attempt), 5.0)
    assert len(log.tail()) == KEPT
    assert log.tail()[-1].text.endswith(f"({3 * KEPT - 1})")

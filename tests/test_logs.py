"""What reaches the log, and what must not."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from bot import logs

SECRETS = [
    "xoxb-12345-abcdef",
    "xapp-1-A0-12-deadbeef",
    "hunter2",
    "T0/B0/abcdefgh",
    "eyJhbGciOi.J9.x",
]


@pytest.fixture(autouse=True)
def logging_put_back() -> Iterator[None]:
    """Logging is of the whole process: leave it as it was found."""
    root, ours = logging.getLogger(), logging.getLogger("wsdiag")
    before = list(root.handlers), root.level, ours.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def set_up(style: str, level: str = "INFO") -> io.StringIO:
    stream = io.StringIO()
    logs.set_up(style, level=level, stream=stream)
    return stream


def test_text_is_one_line_with_time_level_and_logger() -> None:
    stream = set_up("text")
    logging.getLogger("wsdiag.connection").info("✅ %s: connected\nover websocket", "prod")
    (line,) = stream.getvalue().splitlines()
    time, rest = line.split(" ", 1)
    assert time.endswith("Z")
    assert rest == "INFO wsdiag.connection ✅ prod: connected\\nover websocket"


def test_json_carries_the_fields_of_the_call() -> None:
    stream = set_up("json")
    extra = {"event": "connected", "attempt": 3, "rtt_ms": 1.5, "reason": None, "odd": object}
    logging.getLogger("wsdiag.connection").warning("✅ %s", "prod", extra=extra)
    found = json.loads(stream.getvalue())
    assert found["message"] == "✅ prod"
    assert found["level"] == "warning"
    assert (found["event"], found["attempt"], found["rtt_ms"]) == ("connected", 3, 1.5)
    assert found["reason"] is None
    assert "object" in found["odd"]


def test_a_traceback_is_a_field_in_json_and_indented_in_text() -> None:
    for style in logs.FORMATS:
        stream = set_up(style)
        try:
            raise RuntimeError("with xoxb-12345-abcdef inside")
        except RuntimeError:
            logging.getLogger("wsdiag").exception("failed")
        written = stream.getvalue()
        assert "RuntimeError" in written
        assert "abcdef" not in written
        if style == "json":
            assert "Traceback" in json.loads(written)["traceback"]
        else:
            assert all(line.startswith("    ") for line in written.splitlines()[1:])


@pytest.mark.parametrize("style", logs.FORMATS)
def test_no_secret_gets_through(style: str) -> None:
    stream = set_up(style)
    log = logging.getLogger("wsdiag.slack")
    log.error("refused %s", SECRETS[0])
    log.error("app token %s, held as %s", SECRETS[1], SecretStr("hunter2"))
    log.error("at https://bot:hunter2@db.example/x and wss://x/?ticket=hunter2&app_id=hunter2")
    log.error("https://hooks.slack.com/services/T0/B0/abcdefgh")
    log.error("{'Authorization': 'Bearer eyJhbGciOi.J9.x'}", extra={"header": "Authorization: "
        "Basic hunter2"})  # fmt: skip
    written = stream.getvalue()
    assert not [secret for secret in SECRETS if secret in written]
    assert written.count("\n") == 5
    if style == "json":
        assert all(json.loads(line) for line in written.splitlines())


def test_heartbeats_show_only_when_asked_for() -> None:
    quiet, loud = set_up("text"), None
    logging.getLogger("wsdiag.connection").debug("💓")
    assert quiet.getvalue() == ""
    loud = set_up("text", "debug")
    logging.getLogger("wsdiag.connection").debug("💓")
    assert "💓" in loud.getvalue()


def test_libraries_speak_up_only_when_something_is_wrong() -> None:
    stream = set_up("text", "DEBUG")
    logging.getLogger("aiohttp").info("chatter")
    logging.getLogger("aiohttp").warning("trouble")
    assert "chatter" not in stream.getvalue()
    assert "trouble" in stream.getvalue()


def test_an_unknown_format_or_level_is_named() -> None:
    with pytest.raises(ValueError, match="text or json"):
        logs.set_up("yaml")
    with pytest.raises(ValueError, match="LOUD"):
        logs.set_up("text", level="loud")

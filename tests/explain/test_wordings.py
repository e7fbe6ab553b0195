"""What programs really print, word for word, and what it must be taken for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.explain import explain

WS = "wss://api.example.com/socket.io/?EIO=4&transport=websocket"
XHR = "https://api.example.com/socket.io/?EIO=4&transport=polling&t=PXbE3Qa"
CLOSED = "WebSocket is closed before the connection is established."


def said() -> list[tuple[str, str, str]]:
    """(reading, first cause, text) of every line of said.tsv; `-` stands for none."""
    lines = Path(__file__).with_name("said.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return [(key, cause, printed) for key, cause, printed in rows]


@pytest.mark.parametrize(("key", "cause", "printed"), said())
def test_what_a_program_prints_is_recognised(key: str, cause: str, printed: str) -> None:
    found = explain(printed)
    assert found.recognised is (key != "-")
    if key != "-":
        assert key in {told.reading.key for told in found.told}
    if cause != "-":
        assert found.suspects[0].code == cause


@pytest.mark.parametrize(
    "printed",
    [
        "hello world",
        "the error code was 3000 ms",
        "opened 1006 files, closed 17 of them",
        "GET /health 200 OK",
        "Server listening on port 3000",
        "npm warn deprecated inflight@1.0.6",
        "ERR_HTTP2_PROTOCOL",
        "const socket = io(url); // TODO",
        "процесс запущен",
        "",
    ],
)
def test_other_text_is_not_recognised(printed: str) -> None:
    found = explain(printed)
    assert not found.recognised
    assert not found.suspects
    assert not found.actions


def test_typographic_quotes_colours_and_entities_do_not_hide_a_wording() -> None:
    printed = "\x1b[31mNo ’Access-Control-Allow-Origin’ header is present\x1b[0m"
    assert [told.reading.key for told in explain(printed).told] == ["cors_missing"]
    printed = f"&quot;{WS.replace('&', '&amp;')}&amp;sid=x&quot; {CLOSED}"
    assert [told.reading.key for told in explain(printed).told] == ["closed_upgrade"]


def test_a_healthy_backend_leaves_the_page_and_the_users_network() -> None:
    found = explain(f"WebSocket connection to '{WS}' failed: {CLOSED}", healthy=True)
    assert found.suspects[0].code == "br_closed_while_connecting"
    codes = [suspect.code for suspect in found.suspects]
    assert codes.index("cli_timeout_too_short") < codes.index("srv_frozen")


def test_the_check_to_run_is_made_of_what_the_text_names() -> None:
    printed = f"Access to XMLHttpRequest at '{XHR}' from origin 'https://app.example.com' has been "
    printed += "blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present"
    (action,) = explain(printed).actions
    assert action.argv == (
        "wsdiag", "check", "https://api.example.com", "--origin", "https://app.example.com"
    )  # fmt: skip


def test_an_unusual_mount_is_told_to_the_check() -> None:
    url = "wss://api.example.com:8443/realtime/?EIO=4&transport=websocket"
    (action,) = explain(f"'{url}' failed: Unexpected response code: 404").actions
    assert action.argv[2:] == ("https://api.example.com:8443", "--path", "/realtime/")


def test_plain_websockets_are_checked_as_such() -> None:
    (action,) = explain("'ws://127.0.0.1:3000/feed' failed: Unexpected response code: 404").actions
    assert action.argv[2] == "ws://127.0.0.1:3000"


def test_the_proxys_own_upstream_is_not_the_backend_to_check() -> None:
    found = explain(
        'connect() failed (111: Connection refused) while connecting to upstream, request: "GET / '
        'HTTP/1.1", upstream: "http://127.0.0.1:3000/socket.io/?EIO=4", host: "api.example.com"'
    )
    assert found.address is None


def test_the_page_of_an_access_log_is_its_origin_and_not_the_backend() -> None:
    printed = (
        '203.0.113.4 - - [26/Nov/2026:21:00:01 +0000] "GET /socket.io/?EIO=4 HTTP/1.1" 502 150 '
    )
    found = explain(printed + '"https://app.example.com/chat" "Mozilla/5.0"')
    assert (found.address, found.origin) == (None, "https://app.example.com")

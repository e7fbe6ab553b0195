"""`wsdiag explain` as it is typed: argument, pipe, file; for people and for scripts."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from bot.__main__ import run

CLOSED = (
    "WebSocket connection to 'wss://api.example.com/socket.io/?EIO=4&transport=websocket' failed: "
    "WebSocket is closed before the connection is established."
)
Capture = pytest.CaptureFixture[str]


class Typed(io.TextIOWrapper):
    """A standard input that holds what was piped into the command."""

    def __init__(self, data: bytes, *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_an_argument_is_explained_for_a_person(capsys: Capture) -> None:
    assert run(["explain", CLOSED]) == 0
    told = capsys.readouterr().out
    assert "The page itself closed the socket" in told
    assert "[br_closed_while_connecting]" in told
    assert "guide, section 2-errors" in told
    assert "    wsdiag check https://api.example.com\n" in told


def test_russian_is_spoken(capsys: Capture) -> None:
    assert run(["explain", CLOSED, "--lang", "ru"]) == 0
    assert "Страница сама закрыла сокет" in capsys.readouterr().out


def test_a_script_gets_one_object(capsys: Capture) -> None:
    assert run(["explain", "Unexpected response code: 502", "--json"]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert not told.err
    assert found["recognised"] is True
    assert found["meanings"][0]["key"] == "bad_gateway"
    assert found["causes"][0]["code"] == "http_502_upstream_down"
    assert found["causes"][0]["section"] == "1A"
    assert found["next"][0]["command"] == "wsdiag check https://backend.example.com"


def test_the_guides_address_is_linked(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WSDIAG_GUIDE_URL", "https://wiki.example/guide")
    assert run(["explain", "jwt expired", "--json"]) == 0
    causes = json.loads(capsys.readouterr().out)["causes"]
    assert causes[0]["guide_url"] == "https://wiki.example/guide#cause-sio_auth_expired"


@pytest.mark.parametrize("arguments", [["explain"], ["explain", "-"]])
def test_a_pipe_is_read(
    arguments: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(b"Error: xhr poll error\n" * 3))
    assert run([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["lines"], found["meanings"][0]["count"]) == (3, 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_in_the_encodings_of_all_shells(
    encoding: str, capsys: Capture, tmp_path: Path
) -> None:
    file = tmp_path / "console.log"
    file.write_text("Firefox не может установить соединение с сервером wss://a.b/", encoding)
    assert run(["explain", f"@{file}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["meanings"][0]["printed_by"] == "Firefox"


def test_bytes_that_are_no_text_are_read_as_far_as_possible(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(b"\xff\xfe\x00\x80 \xff xhr poll error \xc3"))
    assert run(["explain", "--json"]) in (0, 3)
    json.loads(capsys.readouterr().out)


def test_what_is_not_recognised_says_what_to_paste(capsys: Capture) -> None:
    assert run(["explain", "it does not work"]) == 3
    told = capsys.readouterr().out
    assert "Nothing in this text" in told
    assert "connect_error" in told
    assert run(["explain", "it does not work", "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert found["recognised"] is False
    assert found["instead"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", ""],
        ["explain", " \n"],
        ["explain", "@/none"],
        ["explain", "@\x00"],
        ["explain", "x", "--lang", "xx"],
    ],
)
def test_nothing_to_read_is_a_usage_error(arguments: list[str], capsys: Capture) -> None:
    assert run(arguments) == 64
    told = capsys.readouterr()
    assert not told.out
    assert told.err.startswith("wsdiag: ")


def test_a_terminal_is_not_waited_for(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Typed(b"", terminal=True))
    assert run(["explain"]) == 64
    assert "as @file" in capsys.readouterr().err


def test_a_healthy_backend_changes_the_order(capsys: Capture) -> None:
    printed = "Error: timeout"
    assert run(["explain", printed, "--json", "--healthy"]) == 0
    causes = json.loads(capsys.readouterr().out)["causes"]
    assert causes[0]["layer"] in ("browser", "client", "websocket")
    assert causes[0]["code"] != "tcp_blackhole"


def test_drops_of_one_age_are_told_in_a_sentence(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "bot.log"
    file.write_text(
        "".join(f"⚠ prod: disconnected after {age} s: closed (transport error)\n"
                for age in (300.2, 299.8, 300.0, 17.0)), encoding="utf-8",
    )  # fmt: skip
    assert run(["explain", f"@{file}"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "3 of 4 drops at 300 ± 0.2 s" in told


def test_nothing_of_a_hostile_paste_reaches_the_terminal_raw(capsys: Capture) -> None:
    assert (
        run(["explain", "\x1b]0;owned\x07 xhr poll error wss://evil\x1b[2J.example/ [bold]x"]) == 0
    )
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "owned" not in told

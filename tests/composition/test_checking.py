"""`wsdiag check` as a process: exit codes, the one object on stdout, clear refusals."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import run
from tests.lab import wire
from tests.lab.scenario import Bench
from tests.servers.certificates import CertificateAuthority
from tests.servers.fixtures import StartPython
from tests.servers.process import free_port

_PATIENCE_S = 60


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    errors: str

    @property
    def found(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


async def wsdiag(folder: Path, *arguments: str, **environment: str) -> Ended:
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_PATIENCE_S):
            out, errors = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return Ended(process.returncode or 0, out.decode(), errors.decode())


@dataclass
class Typed:
    """A command line carried out in this process, in an empty folder."""

    printed: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Ended:
        code = run(list(arguments))
        out, errors = self.printed.readouterr()
        return Ended(code, out, errors)


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    monkeypatch.chdir(tmp_path)
    return Typed(capsys)


async def test_a_healthy_backend_ends_with_0_and_one_object(
    socketio_server: StartPython, tmp_path: Path
) -> None:
    server = await socketio_server()
    ended = await wsdiag(tmp_path, "check", server.url, "--json")
    assert ended.code == 0, ended
    assert set(ended.found) == {
        "target", "vantage", "state", "cause", "alternatives", "findings", "started_at",
        "duration_ms",
    }  # fmt: skip
    assert ended.found["state"] == "up"
    assert ended.found["cause"] is None
    probes = [f["probe"] for f in ended.found["findings"]]
    assert {"config", "dns", "tcp", "http", "polling", "websocket", "upgrade", "namespace", "rtt",
            "affinity"} <= set(probes)  # fmt: skip
    assert all(
        set(f) == {"probe", "status", "reason", "duration_ms", "evidence"}
        for f in ended.found["findings"]
    )


async def test_a_degraded_backend_ends_with_1_and_its_cause(
    socketio_server: StartPython, tmp_path: Path
) -> None:
    server = await socketio_server(health_status=500)
    ended = await wsdiag(tmp_path, "check", server.url, "--json")
    assert ended.code == 1, ended
    cause = ended.found["cause"]
    assert set(cause) == {
        "code", "layer", "section", "confidence", "title", "fix", "why", "guide_url",
    }  # fmt: skip
    assert (cause["code"], cause["layer"], cause["section"]) == ("http_health_500", "http", "3")
    assert cause["guide_url"] is None


def test_a_dead_backend_ends_with_2(typed: Typed) -> None:
    ended = typed("check", f"http://127.0.0.1:{free_port()}", "--json")
    assert (ended.code, ended.found["cause"]["code"]) == (2, "tcp_refused")


async def test_a_check_cut_short_ends_with_3(tmp_path: Path, ca: CertificateAuthority) -> None:
    async with Bench(tmp_path, ca) as bench:
        url = f"http://127.0.0.1:{await bench.talk(wire.silent)}"
        ended = await wsdiag(tmp_path, "check", url, "--json", "--timeout", "0.7")
    assert (ended.code, ended.found["state"]) == (3, "unknown"), ended


def test_the_terminal_says_verdict_users_cause_and_fix(typed: Typed) -> None:
    ended = typed("check", f"http://127.0.0.1:{free_port()}")
    words = " ".join(ended.out.split())
    for expected in ("is down", "Users:", "Cause:", "[tcp_refused]", "Fix:", "Why:"):
        assert expected in words
    assert ended.errors == ""


def test_the_terminal_speaks_russian(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    asked = typed("check", url, "--lang", "ru")
    monkeypatch.setenv("WSDIAG_LANG", "ru")
    by_variable = typed("check", url)
    for ended in (asked, by_variable):
        assert "Причина:" in ended.out
        assert "Cause" not in ended.out


def test_the_guide_s_address_is_linked_when_it_has_one(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WSDIAG_GUIDE_URL", "https://wiki.example/guide")
    ended = typed("check", f"http://127.0.0.1:{free_port()}", "--json")
    link = ended.found["cause"]["guide_url"]
    assert link.startswith("https://wiki.example/guide#")
    assert link.endswith("tcp_refused")


async def test_a_configured_target_is_checked_by_its_name(
    socketio_server: StartPython, tmp_path: Path
) -> None:
    server = await socketio_server()
    (tmp_path / "wsdiag.toml").write_text(f'[targets.prod]\nurl = "{server.url}"\n')
    ended = await wsdiag(tmp_path, "check", "prod", "--json")
    assert (ended.code, ended.found["target"]["name"]) == (0, "prod")


async def test_the_token_reaches_the_server_and_nothing_that_is_printed(
    socketio_server: StartPython, tmp_path: Path
) -> None:
    server = await socketio_server()
    secret = "s3cr3t-of-prod"
    ended = await wsdiag(
        tmp_path, "check", server.url, "--json", "--auth", "env:PAYLOAD",
        PAYLOAD=json.dumps({"token": secret}),
    )  # fmt: skip
    assert {"token": secret} in server.connections
    assert ended.code == 0
    assert secret not in ended.out + ended.errors


REFUSED = {
    "no address": (("check", "nowhere"), "There is no target nowhere"),
    "no host": (("check", "https://"), "no host"),
    "no scheme": (("check", "localhost:3000"), "write http://localhost:3000"),
    "no such language": (("check", "http://127.0.0.1:1", "--lang", "xx"), "en, ru"),
    "another scheme": (("check", "ftp://backend.example.com"), "only https://"),
    "user info": (("check", "https://a:b@backend.example.com"), "user name or a password"),
    "a placeholder": (("check", "https://undefined"), "placeholder"),
    "no such flag": (("check", "https://backend.example.com", "--fast"), "--fast"),
    "no such command": (("chekc",), "chekc"),
    "a number as origin": (("check", "http://127.0.0.1:1", "--origin", "8"), "--origin"),
    "no JSON": (("check", "http://127.0.0.1:1", "--auth", "{nope"), "command line is not JSON"),
    "no such file": (("check", "http://127.0.0.1:1", "--ca-file", "/no/ca.pem"), "/no/ca.pem"),
    "no IP address": (
        ("check", "http://127.0.0.1:1", "--control-resolver", "dns.example"),
        "takes an IP address",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_typed_wrongly_ends_with_64_and_says_what_to_change(
    case: str, typed: Typed
) -> None:
    arguments, words = REFUSED[case]
    ended = typed(*arguments)
    assert ended.code == 64, ended
    assert words in ended.errors
    assert "Traceback" not in ended.errors
    assert ended.out == ""


def test_a_misspelt_target_is_guessed(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "wsdiag.toml").write_text('[targets.production]\nurl = "http://127.0.0.1:1"\n')
    assert "Did you mean production?" in typed("check", "prodcution").errors


def test_a_secret_that_cannot_be_read_is_no_fault_of_the_target(
    typed: Typed, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("x" * 70_000)
    (tmp_path / "wsdiag.toml").write_text(
        '[targets.prod]\nurl = "http://127.0.0.1:1"\nheaders = {Authorization = "@token"}\n'
    )
    ended = typed("check", "prod")
    assert (ended.code, ended.out) == (64, "")
    assert "token is larger than 64 KiB" in ended.errors


def test_invalid_settings_are_told_with_their_place(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "wsdiag.toml").write_text('colour = "red"\n')
    ended = typed("config")
    assert ended.code == 64
    assert "wsdiag.toml" in ended.errors
    assert "colour" in ended.errors


def test_config_masks_tokens(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-12345-secret")
    ended = typed("config")
    assert ended.code == 0
    assert "slack_bot_token" in ended.out
    assert "12345-secret" not in ended.out + ended.errors

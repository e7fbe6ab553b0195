"""`check --save`, `judge` and `diff` as a person types them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import stat
import sys
from pathlib import Path

import pytest

from bot.record import loads
from tests.composition.test_checking import Typed, typed, wsdiag
from tests.servers.process import free_port

__all__ = ["typed"]

GOLDEN = Path(__file__).parents[1] / "golden"
DOWN = str(GOLDEN / "http_502_upstream_down.json")
UP = str(GOLDEN / "healthy.json")

# Any socket, any name looked up, ends the process at once.
NO_NETWORK = """
import os, sys
def hook(event, arguments):
    if event.startswith("socket."):
        os.write(2, event.encode()); os._exit(99)
sys.addaudithook(hook)
from bot.__main__ import run
sys.exit(run(sys.argv[1:]))
"""


async def offline(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", NO_NETWORK, *arguments,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, errors = await process.communicate()
    return process.returncode or 0, out.decode(), errors.decode()


async def test_judging_and_comparing_open_no_socket() -> None:
    judged, compared, checked = await asyncio.gather(
        offline("judge", DOWN, "--json"),
        offline("diff", UP, DOWN),
        offline("check", "http://127.0.0.1:9"),
    )
    assert judged[0] == 2, judged
    assert compared[0] == 1, compared
    assert checked[0] == 99, "the hook itself must be able to fail"


def test_a_check_that_is_saved_is_judged_alike(typed: Typed, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    checked = typed("check", url, "--json", "--save", "one.json")
    assert stat.S_IMODE((tmp_path / "one.json").stat().st_mode) == 0o600
    judged = typed("judge", "one.json", "--json")
    assert (checked.code, judged.code) == (2, 2)
    saved = judged.found.pop("saved")
    found = json.loads(judged.out)
    del found["saved"]
    assert found == checked.found
    assert saved["changed"] is False
    assert (saved["state"], saved["cause"]) == ("down", "tcp_refused")


def test_a_file_of_somebody_else_is_refused_before_anything_is_checked(
    typed: Typed, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("chapter one")
    ended = typed("check", f"http://127.0.0.1:{free_port()}", "--save", "thesis.txt")
    assert (ended.code, ended.out) == (64, "")
    assert "thesis.txt exists and is no report of wsdiag" in ended.errors


def test_a_verdict_that_changed_is_told(typed: Typed, tmp_path: Path) -> None:
    content = json.loads(Path(DOWN).read_text(encoding="utf-8"))
    content["wsdiag"] = "0.0.9"
    content["report"]["verdict"]["cause"]["code"] = "http_504_upstream_timeout"
    content["expected"] = {"code": "tls_expired"}
    (tmp_path / "old.json").write_text(json.dumps(content))
    ended = typed("judge", "old.json")
    words = " ".join(ended.out.split())
    assert ended.code == 2
    assert "Saved by wsdiag 0.0.9" in words
    assert "What changed in the verdict:" in words
    assert "It must get another verdict: The certificate has expired" in words
    found = typed("judge", "old.json", "--json").found["saved"]
    assert (found["cause"], found["changed"], found["as_expected"]) == (
        "http_504_upstream_timeout", True, False,
    )  # fmt: skip
    assert [c["key"] for c in found["changes"]] == ["cause"]


def test_evidence_that_this_version_does_not_know_is_told(typed: Typed, tmp_path: Path) -> None:
    content = json.loads(Path(DOWN).read_text(encoding="utf-8"))
    content["report"]["findings"][2]["evidence"] = {"kind": "AuraEvidence", "colour": "blue"}
    (tmp_path / "new.json").write_text(json.dumps(content))
    ended = typed("judge", "new.json")
    assert ended.code == 2
    assert "AuraEvidence" in ended.out


def test_two_reports_that_do_not_differ_end_with_0(typed: Typed) -> None:
    ended = typed("diff", UP, UP)
    assert ended.code == 0
    assert "Nothing that matters differs" in ended.out


def test_what_differs_is_shown_in_either_language(typed: Typed) -> None:
    assert "up → down" in typed("diff", UP, DOWN).out
    russian = typed("diff", UP, DOWN, "--lang", "ru")
    assert russian.code == 1
    assert "Состояние" in russian.out
    found = typed("diff", UP, DOWN, "--json").found
    assert (found["before"]["state"], found["after"]["state"]) == ("up", "down")
    assert found["differences"][0]["key"] == "state"


@pytest.mark.parametrize("command", [("judge", "x.json"), ("diff", "x.json", UP)])
def test_what_is_no_report_ends_with_64(
    command: tuple[str, ...], typed: Typed, tmp_path: Path
) -> None:
    assert "cannot be read" in typed(*command).errors
    (tmp_path / "x.json").write_text("{}")
    ended = typed(*command)
    assert (ended.code, ended.out) == (64, "")
    assert "x.json cannot be used: it is no report of wsdiag." in ended.errors


def test_the_result_of_json_is_no_saved_report(typed: Typed, tmp_path: Path) -> None:
    printed = typed("check", f"http://127.0.0.1:{free_port()}", "--json")
    (tmp_path / "x.json").write_text(printed.out)
    assert "comes from check --save" in typed("judge", "x.json").errors


async def _tell_everything(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A debug page: every request comes back whole, in the body and in a header."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            sent = head + (await reader.readexactly(int(length[1])) if length else b"")
            body = b"<pre>you sent " + sent + b"</pre>"
            path = head.split()[1]
            writer.write(
                b"HTTP/1.1 502 Bad Gateway\r\nSet-Cookie: seen="
                + sent[-60:-40].strip().hex().encode()
                + b"\r\nX-You-Asked: " + path
                + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
            )  # fmt: skip
            await writer.drain()
    writer.close()


async def test_no_secret_of_a_real_check_reaches_the_file(tmp_path: Path) -> None:
    server = await asyncio.start_server(_tell_everything, "127.0.0.1", 0)
    async with server:
        await _check_for_secrets(tmp_path, server.sockets[0].getsockname()[1])


async def _check_for_secrets(tmp_path: Path, port: int) -> None:
    secrets = {
        name: f"S3cr3t{name}{base64.b16encode(os.urandom(6)).decode().lower()}"
        for name in ("query", "header", "cookie", "auth")
    }
    (tmp_path / "wsdiag.toml").write_text(
        f'[targets.prod]\nurl = "http://127.0.0.1:{port}"\norigin = "https://app.example"\n'
        'auth = "env:PAYLOAD"\n'
        f'query = {{marker = "{secrets["query"]}"}}\n'
        'headers = {Authorization = "env:HEADER", Cookie = "env:COOKIE"}\n'
    )
    ended = await wsdiag(
        tmp_path, "check", "prod", "--json", "--save", "report.json",
        PAYLOAD=json.dumps({"token": secrets["auth"]}),
        HEADER=f"Bearer {secrets['header']}",
        COOKIE=f"session={secrets['cookie']}; theme=dark",
    )  # fmt: skip
    assert ended.code == 2, ended
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert "you sent" in text, "the server's echo is part of the evidence"
    for name, secret in secrets.items():
        assert secret not in text, name
        assert secret not in ended.out, name
        assert base64.b64encode(secret.encode()).decode() not in text, name
    assert loads(text).target.origin == "https://app.example"

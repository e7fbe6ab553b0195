"""`wsdiag check` as a person or a pipe meets it: narrow, closed, full, in another encoding."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from bot.evidence import NoEvidence
from bot.model import Finding, Reason, Report, Status, Target
from bot.terminal import print_summary
from bot.verdict import judge
from tests import building
from tests.net.scripted import Peer, Scripted
from tests.servers.process import free_port

_PATIENCE_S = 60
REFUSED = (
    building.dns("192.0.2.1"),
    building.tcp("192.0.2.1", errno="ECONNREFUSED"),
    building.finding("polling", NoEvidence("x"), Status.SKIPPED, Reason.NOT_REACHED),
)


def summary(*findings: Finding, width: int = 80) -> str:
    target = Target("prod", "https://backend.example.com")
    report = Report(
        target.name,
        target.url,
        "local",
        findings,
        judge(findings, target),
        datetime(2026, 3, 1, tzinfo=UTC),
        1_000.0,
    )
    console = Console(file=io.StringIO(), width=width)
    print_summary(console, report, "en", lambda _cause, _lang: None)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [20, 30, 49, 50, 200])
def test_every_layer_keeps_its_mark_and_its_facts_at_any_width(width: int) -> None:
    shown = summary(*REFUSED, width=width)
    words = " ".join(shown.split())
    assert "✘ TCP" in words
    assert "connection refused" in words
    assert "– Polling" in words
    assert max(map(len, shown.splitlines())) <= width


def test_a_follow_up_that_only_looked_bears_no_mark_of_success() -> None:
    again = Finding("recheck", Status.OK, None, NoEvidence("x"), 1.0)
    thrown_out = Finding("affinity", Status.FAIL, None, NoEvidence("x"), 1.0)
    assert "✔ Again" not in summary(*REFUSED, again)
    assert "✘ Session affinity" in summary(*REFUSED, thrown_out)


async def started(*arguments: str, stdout: int, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "check",
        *arguments,
        cwd=Path(__file__).parents[2],
        env={**os.environ, **environment},
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str, str]:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            out, errors = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return process.returncode, (out or b"").decode(), errors.decode()


@pytest.mark.parametrize("flags", [(), ("--json",)])
async def test_a_reader_who_went_away_changes_no_exit_code(flags: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        process = await started(f"http://127.0.0.1:{free_port()}", *flags, stdout=writer)
    finally:
        os.close(writer)
    code, _, errors = await ended(process)
    assert (code, errors) == (2, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_a_full_disk_is_said_in_a_sentence() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        process = await started(f"http://127.0.0.1:{free_port()}", stdout=full)
    finally:
        os.close(full)
    code, _, errors = await ended(process)
    assert code == 64
    assert errors.splitlines() == ["wsdiag: The result cannot be written: No space left on device."]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
async def test_signs_that_an_encoding_lacks_have_a_plain_form(encoding: str) -> None:
    async def run(*options: str) -> tuple[int, str, str]:
        url = f"http://127.0.0.1:{free_port()}"
        return await ended(
            await started(url, *options, stdout=asyncio.subprocess.PIPE, PYTHONIOENCODING=encoding)
        )

    english, russian, as_json = await asyncio.gather(
        run(), run("--lang", "ru"), run("--json", "--lang", "ru")
    )
    code, out, errors = english
    assert (code, errors) == (2, "")
    assert out.startswith("x 127.0.0.1 is down")
    assert "+ DNS" in out
    code, out, errors = russian
    assert (code, errors) == (2, "")
    assert out.startswith("x 127.0.0.1 is down"), "English where Russian would be question marks"
    code, out, errors = as_json
    assert json.loads(out)["cause"]["title"].startswith("На порту")


async def test_an_interrupted_check_ends_with_130_and_says_nothing() -> None:
    asked = asyncio.Event()

    async def never_answer(peer: Peer) -> None:
        await peer.request()
        asked.set()
        await peer.silence()

    async with Scripted(never_answer) as server:
        process = await started(f"http://127.0.0.1:{server.port}", stdout=asyncio.subprocess.PIPE)
        async with asyncio.timeout(_PATIENCE_S):
            await asked.wait()
        process.send_signal(signal.SIGINT)
        assert await ended(process) == (130, "", "")

"""The demo: put together, broken from its page, ended in every way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from bot.demo import run as demo_run
from bot.demo.app import APP
from bot.demo.backend import FAULTS
from bot.demo.run import Demo, run
from bot.demo.workspace import AppConfig
from bot.settings import Settings
from tests.servers.process import ChildProcess

ROOT = Path(__file__).parent.parent.parent


@contextlib.asynccontextmanager
async def running(**options: Any) -> AsyncIterator[Demo]:
    """A demo whose bot does nothing; ended as by Ctrl-C."""
    given: asyncio.Future[Demo] = asyncio.get_running_loop().create_future()

    async def bot(demo: Demo) -> None:
        given.set_result(demo)
        await asyncio.Event().wait()

    task = asyncio.create_task(run(bot, **options))
    try:
        both: set[asyncio.Future[Any]] = {task, given}
        done, _ = await asyncio.wait(both, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        assert given in done, task
        yield given.result()
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def no_bot(_: Demo) -> None:
    raise AssertionError("the bot was started")


def test_the_demo_installs_the_app_that_people_install() -> None:
    manifest = yaml.safe_load((ROOT / "manifest.workflow.yml").read_text(encoding="utf-8"))
    assert AppConfig.from_manifest(manifest) == APP


async def test_the_backend_may_have_several_names() -> None:
    async with running(announce=lambda _: None, names=3) as demo:
        targets = Settings(**demo.settings()).targets()
        assert list(targets) == ["backend", "backend-2", "backend-3"]
        assert {target.url for target in targets.values()} == {demo.backend.url}


def test_every_fault_has_its_switch() -> None:
    assert tuple(demo_run.SWITCHES) == FAULTS


async def test_the_bot_is_given_settings_that_the_settings_accept() -> None:
    said: list[str] = []
    async with running(announce=said.append) as demo:
        settings = Settings(**demo.settings())
        target = settings.targets()[demo_run.TARGET]
        assert (target.url, target.channel) == (demo.backend.url, demo.channel_id)
        assert settings.missing_for_run() == ()
        assert said == [demo.workspace.base_url]


async def test_the_page_is_served_at_the_one_address_that_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with running(), aiohttp.ClientSession() as http:
        printed = capsys.readouterr().out
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", printed)
        async with http.get(printed.strip()) as answer:
            assert answer.status == 200
            assert "text/html" in answer.headers["Content-Type"]


async def test_a_bot_that_ends_by_itself_ends_the_demo() -> None:
    async def brief(demo: Demo) -> None:
        assert demo.workspace.base_url

    await run(brief, announce=lambda _: None)


async def test_a_restart_switches_the_page_back_to_healthy_by_itself() -> None:
    async with running(announce=lambda _: None, restart_s=0.2) as demo:
        panel = demo.workspace._page._panel
        assert panel is not None
        assert await panel.set("restart") is None
        await demo.workspace.core.changes.until(lambda: demo.backend.fault == "none", 20)
        assert panel.current == "none"


async def test_the_fault_of_a_bot_ends_the_demo_and_is_told() -> None:
    async def broken(_: Demo) -> None:
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        await run(broken, announce=lambda _: None)


async def test_a_taken_port_is_told_before_anything_starts() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with server:
        with pytest.raises(OSError, match="in use"):
            await run(no_bot, port=server.sockets[0].getsockname()[1])


async def test_an_address_that_others_can_reach_is_refused() -> None:
    with pytest.raises(ValueError, match="loopback"):
        await run(no_bot, host="0.0.0.0")


@pytest.mark.parametrize("fault", ["none", "hang"])
async def test_ctrl_c_ends_everything(fault: str) -> None:
    script = f"""
import asyncio
from bot.demo.run import run

async def bot(demo):
    await demo.backend.set_fault({fault!r})
    print("child", demo.backend._child._process.pid, flush=True)
    await asyncio.Event().wait()

try:
    asyncio.run(run(bot))
except KeyboardInterrupt:
    print("ended", flush=True)
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HTTP_PROXY": "http://127.0.0.1:1"}
    async with ChildProcess([sys.executable, "-c", script], env=env) as demo:
        said = await demo.line(lambda line: line.startswith("child "))
        child = int(said.split()[1])
        os.kill(demo.pid, signal.SIGINT)
        await demo.line(lambda line: line == "ended")
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
        await demo.said_everything()
        assert not [line for line in demo.lines if "Traceback" in line or "never" in line]


async def test_no_process_outlives_a_demo_that_is_killed() -> None:
    script = """
import asyncio
from bot.demo.run import run

async def bot(demo):
    await demo.backend.set_fault("hang")
    print("child", demo.backend._child._process.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(run(bot))
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    async with ChildProcess([sys.executable, "-c", script], env=env) as demo:
        said = await demo.line(lambda line: line.startswith("child "))
        child = Path("/proc") / said.split()[1] / "stat"
        await demo.kill()
        async with asyncio.timeout(20):
            # The kernel kills it when its parent is gone; a zombie may wait for init.
            while child.exists() and child.read_text().rsplit(")", 1)[1].split()[0] != "Z":  # noqa: ASYNC110
                await asyncio.sleep(0.02)

"""The real diagnosis of a real backend, as it arrives in Slack."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.demo.backend import BreakableBackend
from bot.demo.workspace import Message
from bot.diagnose import diagnose
from bot.model import Target
from bot.store import Store
from bot.watcher import Watchers
from tests.slack.conftest import Scene, Stage

Start = Callable[[], Awaitable[Scene]]


@pytest.fixture
async def backend() -> AsyncIterator[BreakableBackend]:
    async with BreakableBackend() as running:
        yield running


def with_real_diagnosis(stage: Stage, target: Target) -> None:
    stage.targets.clear()
    stage.targets[target.name] = target
    stage.diagnose = diagnose


async def answered(scene: Scene, text: str) -> Message:
    await scene.workspace.wait_for(
        lambda: any(m.text.startswith(text) for m in scene.workspace.messages("ops")), timeout=40
    )
    return scene.workspace.messages("ops")[-1]


async def test_a_healthy_backend_and_then_a_dead_one(
    stage: Stage, running: Start, backend: BreakableBackend
) -> None:
    with_real_diagnosis(stage, Target("shop", backend.url))
    scene = await running()
    await scene.command("shop")
    message = await answered(scene, "shop is up")
    assert "there and back" in str(message.blocks)
    await backend.set_fault("stop")
    await scene.workspace.click("mira", message, "Run again")
    message = await answered(scene, "shop is down: Nothing listens")
    assert "connection refused" in str(message.blocks)


async def test_a_body_with_a_channel_ping_pings_nobody(stage: Stage, running: Start) -> None:
    body = b"<!channel> *<@U12345678>* & friends"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 403 <!here>\r\nContent-Type: text/plain\r\nX-A: <!everyone>\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            await writer.drain()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with_real_diagnosis(stage, Target("shop", f"http://127.0.0.1:{port}"))
        scene = await running()
        await scene.command("shop")
        message = await answered(scene, "shop is down")
    assert scene.workspace.pings(message) == []


async def test_a_backend_that_dies_is_told_in_the_channel_and_so_is_its_recovery(
    stage: Stage, running: Start, store: Store, backend: BreakableBackend
) -> None:
    target = Target("shop", backend.url)
    with_real_diagnosis(stage, target)
    scene = await running()
    watchers = Watchers(store=store, diagnose=diagnose, channel=scene.ops.id)
    watching = asyncio.create_task(watchers.run([target]))
    try:
        await scene.workspace.wait_for(lambda: scene.workspace.sockets.count)
        async with asyncio.timeout(30):
            while (seen := watchers.snapshot("shop")) is None or seen.state != "up":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await backend.set_fault("stop")
        message = await answered(scene, "shop is down: Nothing listens")
        await backend.set_fault("none")
        message = await answered(scene, "shop is up again after")
        await scene.workspace.wait_for(lambda: scene.workspace.thread(message))
        assert len(scene.workspace.messages("ops")) == 1
    finally:
        watching.cancel()
        await asyncio.wait({watching})

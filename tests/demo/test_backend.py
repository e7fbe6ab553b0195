"""Each fault of the demo's backend is the true thing on the wire."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.demo.backend import FAULTS, BreakableBackend
from bot.demo.front import without_upgrade

ORIGIN = "https://app.example"
POLLING = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"


@pytest.fixture
async def backend() -> AsyncIterator[BreakableBackend]:
    async with BreakableBackend(origin=ORIGIN) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(force_close=True)
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield session


async def namespace_answer(http: aiohttp.ClientSession, url: str) -> str:
    """What the main namespace answers over WebSocket."""
    async with http.ws_connect(url + WEBSOCKET) as ws:
        assert (await ws.receive_str(timeout=10)).startswith('0{"sid"')
        await ws.send_str("40")
        return await ws.receive_str(timeout=10)


async def test_a_healthy_backend_serves_both_transports_and_its_health(
    backend: BreakableBackend, http: aiohttp.ClientSession
) -> None:
    async with http.get(backend.url + "/health") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    async with http.get(backend.url + POLLING, headers={"Origin": ORIGIN}) as answer:
        assert answer.status == 200
        assert answer.headers.getall("Access-Control-Allow-Origin") == [ORIGIN]
    assert (await namespace_answer(http, backend.url)).startswith("40{")


async def test_a_stopped_backend_refuses_connections_and_comes_back_on_its_port(
    backend: BreakableBackend, http: aiohttp.ClientSession
) -> None:
    url = backend.url
    await backend.set_fault("stop")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", backend.port)
    await backend.set_fault("none")
    assert backend.url == url
    assert (await namespace_answer(http, url)).startswith("40{")


async def test_stopping_ends_the_connections_that_clients_hold(
    backend: BreakableBackend, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(backend.url + WEBSOCKET) as ws:
        await ws.receive_str(timeout=10)
        await backend.set_fault("stop")
        message = await ws.receive(timeout=10)
        assert message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}


async def test_a_hung_backend_accepts_and_is_silent_and_its_clients_stay_connected(
    backend: BreakableBackend, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(backend.url + WEBSOCKET) as ws:
        await ws.receive_str(timeout=10)
        await backend.set_fault("hang")
        reader, writer = await asyncio.open_connection("127.0.0.1", backend.port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        silence = asyncio.create_task(reader.read(1))
        done, _ = await asyncio.wait({silence}, timeout=0.5)
        assert not done
        await backend.set_fault("none")
        assert await asyncio.wait_for(silence, 10) == b"H"
        writer.close()
        await ws.send_str("40")
        assert (await ws.receive_str(timeout=10)).startswith("40{")


async def test_a_restart_refuses_for_a_while_and_mends_itself(http: aiohttp.ClientSession) -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()
    async with BreakableBackend(restart_s=0.2, on_change=seen.put_nowait) as backend:
        assert await seen.get() == "none"
        await backend.set_fault("restart")
        assert await seen.get() == "restart"
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", backend.port)
        assert await asyncio.wait_for(seen.get(), 20) == "none"
        assert (await namespace_answer(http, backend.url)).startswith("40{")


async def test_a_fault_chosen_during_a_restart_is_the_one_that_holds() -> None:
    async with BreakableBackend(restart_s=0.05) as backend:
        await backend.set_fault("restart")
        await backend.set_fault("stop")
        await asyncio.sleep(0.3)
        assert backend.fault == "stop"
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", backend.port)


async def test_a_proxy_with_nobody_behind_it_answers_502_to_every_path(
    backend: BreakableBackend, http: aiohttp.ClientSession
) -> None:
    await backend.set_fault("502")
    for path in ("/health", POLLING):
        async with http.get(backend.url + path) as answer:
            assert (answer.status, "502 Bad Gateway" in await answer.text()) == (502, True)
    async with http.post(backend.url + POLLING, data=b"x" * 300_000) as answer:
        assert answer.status == 502
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        await http.ws_connect(backend.url + WEBSOCKET)
    assert error.value.status == 502


async def test_without_upgrade_headers_engine_io_refuses_websocket_and_polling_works(
    backend: BreakableBackend, http: aiohttp.ClientSession
) -> None:
    await backend.set_fault("no_websocket")
    async with http.get(backend.url + POLLING) as answer:
        opened = json.loads((await answer.text())[1:])
        assert opened["upgrades"] == ["websocket"]
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        await http.ws_connect(backend.url + WEBSOCKET)
    assert error.value.status == 400


async def test_a_wrong_cors_origin_is_named_in_the_header_and_breaks_nothing_else(
    backend: BreakableBackend, http: aiohttp.ClientSession
) -> None:
    await backend.set_fault("wrong_cors")
    async with http.get(backend.url + POLLING, headers={"Origin": ORIGIN}) as answer:
        assert answer.status == 200
        allowed = answer.headers.getall("Access-Control-Allow-Origin")
        assert len(allowed) == 1
        assert allowed != [ORIGIN]
    assert (await namespace_answer(http, backend.url)).startswith("40{")


async def test_refused_auth_is_a_connect_error_of_the_namespace(
    backend: BreakableBackend, http: aiohttp.ClientSession
) -> None:
    await backend.set_fault("auth_refused")
    assert await namespace_answer(http, backend.url) == '44{"message":"invalid token"}'


async def test_a_slow_backend_lets_two_requests_wait_for_each_other(
    backend: BreakableBackend, http: aiohttp.ClientSession
) -> None:
    await backend.set_fault("slow")
    loop = asyncio.get_running_loop()
    begun = loop.time()

    async def ask() -> None:
        async with http.get(backend.url + "/health") as answer:
            assert answer.status == 200

    await asyncio.gather(ask(), ask())
    assert loop.time() - begun >= 1.0  # it cannot be faster: each blocks the loop for 0.5 s


async def test_a_change_that_is_cancelled_half_way_does_not_confuse_the_next(
    backend: BreakableBackend, http: aiohttp.ClientSession
) -> None:
    for turns in range(12):
        await backend.set_fault("stop")
        change = asyncio.create_task(backend.set_fault("wrong_cors"))
        for _ in range(turns):
            await asyncio.sleep(0)
        change.cancel()
        await asyncio.gather(change, return_exceptions=True)
    await backend.set_fault("auth_refused")
    assert (await namespace_answer(http, backend.url)).startswith("44{")
    assert len(_children()) == 1


async def test_every_fault_can_follow_every_other(http: aiohttp.ClientSession) -> None:
    async with BreakableBackend() as backend:
        for name in FAULTS:
            await backend.set_fault(name)
            await backend.set_fault("hang")
        await backend.set_fault("none")
        assert (await namespace_answer(http, backend.url)).startswith("40{")


async def test_an_unknown_fault_is_refused_with_the_known_ones(backend: BreakableBackend) -> None:
    with pytest.raises(ValueError, match="no_websocket"):
        await backend.set_fault("explode")
    assert backend.fault == "none"


@pytest.mark.parametrize("fault", ["none", "hang", "502"])
async def test_the_end_leaves_no_process_and_frees_the_port(fault: str) -> None:
    backend = BreakableBackend()
    await backend.start()
    await backend.set_fault(fault)
    await backend.stop()
    await backend.stop()
    assert _children() == []
    async with BreakableBackend(port=backend.port):
        assert len(_children()) == 1


async def test_cancelling_the_start_leaves_no_process() -> None:
    backend = BreakableBackend()
    start = asyncio.create_task(backend.start())
    while not _children():  # noqa: ASYNC110 - a process that appears sets no event
        await asyncio.sleep(0.01)
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert _children() == []


def test_hop_by_hop_headers_go_and_the_others_stay_as_they_were() -> None:
    head = b"GET / HTTP/1.1\r\nHost: a\r\nUPGRADE: websocket\r\nConnection: Upgrade\r\nX: y\r\n\r\n"
    assert without_upgrade(head) == (
        b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nConnection: close\r\n\r\n"
    )


def _children() -> list[str]:
    """Demo servers among this process's children, zombies included."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
            command = status.with_name("cmdline").read_text()
        except OSError:
            continue
        mine = re.search(rf"^PPid:\t{os.getpid()}$", text, re.MULTILINE)
        if mine and ("demo/server.py" in command or "State:\tZ" in text):
            found.append(command)
    return found

"""The link shaper: its arithmetic as pure code, its wire behaviour in real namespaces."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.servers.netns import FAR, NEAR, NetworkLab
from tests.servers.process import ChildProcess
from tests.servers.shaper import Shaper, Way

PACKETS = st.lists(
    st.tuples(st.floats(0, 0.01), st.integers(20, 1500)), min_size=1, max_size=50
)  # pause before it in seconds, size
WAYS = st.builds(
    Way,
    delay_ms=st.floats(0, 500),
    jitter_ms=st.floats(0, 200),
    loss=st.floats(0, 1),
    rate_kbit=st.none() | st.floats(10, 100_000),
    hole=st.none() | st.integers(100, 1500),
)


@given(WAYS, PACKETS, st.integers())
def test_packets_keep_their_order_and_none_arrives_before_it_was_sent(
    way: Way, packets: list[tuple[float, int]], seed: int
) -> None:
    shaper = Shaper(way, random.Random(seed))
    now, last = 0.0, 0.0
    for pause, size in packets:
        now += pause
        arrival = shaper.arrival(now, size)
        if arrival is not None:
            assert arrival >= now
            assert arrival >= last
            last = arrival


@given(PACKETS, st.floats(10, 10_000))
def test_a_rate_is_never_exceeded(packets: list[tuple[float, int]], rate: float) -> None:
    shaper = Shaper(Way(rate_kbit=rate, queue=10**9), random.Random(1))
    now, last = 0.0, 0.0
    for pause, size in packets:
        now += pause
        last = shaper.arrival(now, size) or 0.0
    assert last >= sum(size for _, size in packets) * 8 / (rate * 1000) * 0.999


def test_a_full_queue_drops_the_tail() -> None:
    shaper = Shaper(Way(rate_kbit=8, queue=2000), random.Random(1))  # 1,000 bytes a second
    assert [shaper.arrival(0.0, 1000) for _ in range(3)] == [1.0, 2.0, None]


def test_a_hole_swallows_large_packets_only() -> None:
    shaper = Shaper(Way(hole=600), random.Random(1))
    assert shaper.arrival(1.0, 600) == 1.0
    assert shaper.arrival(1.0, 601) is None


@pytest.mark.netns
async def test_a_connection_over_the_link_takes_its_delay(tmp_path: Path) -> None:
    async with NetworkLab(tmp_path, Way(delay_ms=40)) as lab:
        server = ChildProcess(lab.far([sys.executable, "-c", _ECHO, FAR]))
        async with server:
            await server.line(lambda line: line == "ready")
            took = float(await _said(lab, _CONNECT, FAR))
            assert took >= 0.080
            await lab.shape(Way(delay_ms=1))
            assert float(await _said(lab, _CONNECT, FAR)) >= 0.002
            counts = await lab.counts()
            assert counts["to_far"] >= 2
            assert counts["lost"] == 0


@pytest.mark.netns
async def test_a_way_of_total_loss_lets_nothing_through(tmp_path: Path) -> None:
    async with NetworkLab(tmp_path, Way(loss=1.0)) as lab:
        assert await _said(lab, _CONNECT, FAR) == "TimeoutError"
        assert (await lab.counts())["lost"] > 0


@pytest.mark.netns
async def test_names_are_asked_of_the_far_side(tmp_path: Path) -> None:
    async with NetworkLab(tmp_path, Way(delay_ms=5)) as lab, lab.names({"backend.test": [FAR]}):
        assert await _said(lab, _LOOKUP, "backend.test") == FAR
        assert await _said(lab, _LOOKUP, "other.test") == "gaierror -2"


@pytest.mark.netns
async def test_the_lab_sees_nothing_of_the_machines_network(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with NetworkLab(tmp_path) as lab:
            script = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
            async with ChildProcess(lab.near([sys.executable, "-c", script])) as client:
                await client.line(lambda line: "ConnectionRefusedError" in line)
            assert NEAR in await _said(lab, _ADDRESSES, "near")
    finally:
        server.close()
        await server.wait_closed()


_ECHO = """
import socket, sys
with socket.create_server((sys.argv[1], 7777)) as server:
    print("ready", flush=True)
    while True:
        server.accept()[0].close()
"""
_CONNECT = """
import socket, sys, time
begun = time.monotonic()
try:
    socket.create_connection((sys.argv[1], 7777), 1).close()
    print("said", time.monotonic() - begun)
except OSError as error:
    print("said", type(error).__name__)
"""
_LOOKUP = """
import socket, sys
try:
    print("said", socket.gethostbyname(sys.argv[1]))
except socket.gaierror as error:
    print("said gaierror", error.errno)
"""
_ADDRESSES = """
import subprocess, sys
out = subprocess.run(["ip", "-o", "addr", "show", sys.argv[1]], capture_output=True, text=True)
print("said", out.stdout.replace("\\n", " "))
"""


async def _said(lab: NetworkLab, script: str, argument: str) -> str:
    async with ChildProcess(lab.near([sys.executable, "-c", script, argument])) as client:
        line = await client.line(lambda line: line.startswith("said "))
        return line.removeprefix("said ").strip()

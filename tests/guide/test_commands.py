"""The guide's own commands against a real Socket.IO server: what they print is what it says."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from tests.guide.test_snippets import fences
from tests.servers.fixtures import StartNode

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed"),
]
_PATIENCE_S = 30
ORIGIN = "https://app.example.com"


def command(word: str, anchor: str) -> str:
    """The guide's block of commands under `anchor` that holds `word`."""
    (found,) = [text for where, text in fences("bash") if where == anchor and word in text]
    return found


async def printed(script: str, url: str) -> str:
    """What a shell prints for a block of the guide, with `url` in the place of the example's."""
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        script.replace("https://backend.example.com", url).replace("--max-time 5", "--max-time 1"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_PATIENCE_S):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return out.decode("utf-8", "replace")


async def test_the_three_first_requests_are_answered_as_the_guide_says(
    node_server: StartNode,
) -> None:
    server = await node_server()
    out = await printed(command("Sec-WebSocket-Key", "section-1a"), server.url)
    assert out.startswith("200 in ")
    assert '0{"sid":"' in out
    assert '"upgrades":["websocket"]' in out
    assert "101 Switching Protocols" in out


async def test_a_head_request_without_transport_gets_400_from_a_healthy_server(
    node_server: StartNode,
) -> None:
    server = await node_server()
    out = await printed("curl -sI https://backend.example.com/socket.io/", server.url)
    assert " 400 " in out.splitlines()[0]


async def test_the_cors_command_shows_the_echoed_origin_once(node_server: StartNode) -> None:
    server = await node_server(cors={"origin": [ORIGIN], "credentials": True})
    out = await printed(command("Origin:", "section-1a"), server.url)
    assert out.lower().count(f"access-control-allow-origin: {ORIGIN}") == 1


async def test_the_namespace_is_joined_by_hand(node_server: StartNode) -> None:
    server = await node_server()
    out = await printed(command("--data '40'", "section-3"), server.url)
    assert out.splitlines()[0] == "ok"
    assert out.splitlines()[1].startswith('40{"sid":')

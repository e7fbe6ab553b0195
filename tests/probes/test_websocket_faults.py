"""What can go wrong with a WebSocket while polling is healthy."""

from __future__ import annotations

import asyncio

import pytest

from bot.evidence import Outcome, Phase, WebSocketEvidence
from bot.model import Finding, Reason, Status, Transport
from bot.probes import websocket
from tests.net.scripted import Peer, Script, Scripted, by_kind, open_packet, poll_open
from tests.probes.looking import ask, observe, target, the


async def look_at(script: Script) -> tuple[Finding, WebSocketEvidence]:
    async with Scripted(by_kind(websocket=script, polling=poll_open)) as server:
        (finding,) = await ask(websocket.probe, target(server.url))
    assert isinstance(finding.evidence, WebSocketEvidence)
    return finding, finding.evidence


async def test_a_wrong_accept_is_a_bad_handshake() -> None:
    finding, evidence = await look_at(lambda peer: peer.switch(accept="wrong"))
    assert (finding.status, finding.reason) == (Status.FAIL, Reason.BAD_HANDSHAKE)
    assert evidence.accept_ok is False


async def test_an_extension_that_nobody_asked_for_is_a_bad_handshake() -> None:
    finding, evidence = await look_at(
        lambda peer: peer.switch("Sec-WebSocket-Extensions: permessage-deflate; x=1")
    )
    assert finding.reason is Reason.BAD_HANDSHAKE
    assert evidence.unasked_extensions == ("permessage-deflate; x=1",)


@pytest.mark.parametrize(
    ("headers", "wrong"),
    [
        ([], ("Upgrade", "Connection")),
        (["Connection: Upgrade"], ("Upgrade",)),
        (["Upgrade: h2c", "Connection: Upgrade"], ("Upgrade",)),
        (["Upgrade: websocket", "Upgrade: websocket", "Connection: Upgrade"], ("Upgrade",)),
        (["Upgrade: websocket"], ("Connection",)),
        (["Upgrade: websocket", "Connection: keep-alive"], ("Connection",)),
        (
            ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Protocol: chat"],
            ("Sec-WebSocket-Protocol",),
        ),
    ],
)
async def test_a_101_with_headers_that_a_browser_refuses_is_a_bad_handshake(
    headers: list[str], wrong: tuple[str, ...]
) -> None:
    finding, evidence = await look_at(lambda peer: peer.switch(switching=headers))
    assert (finding.status, finding.reason) == (Status.FAIL, Reason.BAD_HANDSHAKE)
    assert evidence.wrong_headers == wrong


@pytest.mark.parametrize(
    "headers",
    [
        ["UPGRADE: WebSocket", "connection: keep-alive, upgrade"],
        ["Upgrade: websocket", "Connection: keep-alive", "Connection: Upgrade"],
    ],
)
async def test_case_and_lists_do_not_break_a_handshake(headers: list[str]) -> None:
    async def script(peer: Peer) -> None:
        await peer.switch(switching=headers)
        await peer.frame(open_packet())
        await peer.silence()

    finding, _ = await look_at(script)
    assert finding.status is Status.OK


@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden", "426 Upgrade Required", "503 Busy"])
async def test_any_other_status_is_a_refused_upgrade(status: str) -> None:
    finding, evidence = await look_at(lambda peer: peer.answer(status, b"<html>no</html>"))
    assert finding.reason is Reason.UPGRADE_REFUSED
    assert evidence.answer.status == int(status[:3])
    assert evidence.answer.body == "<html>no</html>"


async def test_the_json_of_a_refusal_is_read() -> None:
    body = b'{"code":3,"message":"Bad request"}'
    _, evidence = await look_at(lambda peer: peer.answer("400 Bad Request", body))
    assert evidence.error is not None
    assert evidence.error.code == 3


async def test_a_reset_on_the_upgrade_request_keeps_its_phase() -> None:
    async def script(peer: Peer) -> None:
        peer.reset()

    finding, evidence = await look_at(script)
    assert finding.reason is Reason.RESET
    assert evidence.answer.failure is not None
    assert evidence.answer.failure.phase is Phase.REQUEST


async def test_silence_after_the_101_is_no_packet() -> None:
    async def script(peer: Peer) -> None:
        await peer.switch()
        await peer.silence()

    finding, evidence = await look_at(script)
    assert finding.reason is Reason.NO_PACKET
    assert evidence.closed is not None
    assert (evidence.closed.phase, evidence.closed.reason) == (Phase.OPEN, Reason.TIMEOUT)
    assert evidence.closed.tcp is not None


async def test_an_end_after_the_101_is_told_with_its_phase() -> None:
    finding, evidence = await look_at(lambda peer: peer.switch())
    assert finding.reason is Reason.EOF
    assert evidence.closed is not None
    assert evidence.closed.phase is Phase.OPEN


async def test_a_close_frame_instead_of_open_keeps_code_and_reason() -> None:
    async def script(peer: Peer) -> None:
        await peer.switch()
        await peer.close_frame(1008, "origin not allowed")
        await peer.silence()

    finding, evidence = await look_at(script)
    assert finding.reason is Reason.CLOSED
    assert (evidence.close_code, evidence.close_reason) == (1008, "origin not allowed")


@pytest.mark.parametrize(
    ("first", "words"), [(0xC1, "reserved bits 100"), (0x83, "opcode 3 does not exist")]
)
async def test_a_corrupted_frame_is_named(first: int, words: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.switch()
        await peer.frame("0{}", first=first)
        await peer.silence()

    finding, evidence = await look_at(script)
    assert finding.reason is Reason.BAD_FRAME
    assert evidence.closed is not None
    assert words in evidence.closed.detail
    assert evidence.frames[0].reserved_bits == (first >> 4) & 7


async def test_a_masked_frame_from_a_server_is_bad() -> None:
    async def script(peer: Peer) -> None:
        await peer.switch()
        await peer.send(b"\x81\x82\0\0\0\0hi")
        await peer.silence()

    finding, _ = await look_at(script)
    assert finding.reason is Reason.BAD_FRAME


async def test_text_that_is_not_utf8_is_bad() -> None:
    async def script(peer: Peer) -> None:
        await peer.switch()
        await peer.frame(b"0\xff\xfe")
        await peer.silence()

    finding, _ = await look_at(script)
    assert finding.reason is Reason.BAD_FRAME


async def test_an_http_refusal_inside_the_stream_is_a_version_conflict() -> None:
    async def script(peer: Peer) -> None:
        await peer.switch()
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\nUnsupported protocol version")
        await peer.silence()

    finding, evidence = await look_at(script)
    assert finding.reason is Reason.EIO_VERSION
    assert evidence.closed is not None
    assert evidence.closed.first_bytes.startswith("HTTP/1.1 400")


async def test_another_first_message_is_no_engine_io() -> None:
    async def script(peer: Peer) -> None:
        await peer.switch()
        await peer.frame("hello")
        await peer.silence()

    finding, evidence = await look_at(script)
    assert finding.reason is Reason.NOT_EIO
    assert evidence.frames[0].text == "hello"


async def test_fragments_and_control_frames_between_them_are_put_together() -> None:
    async def script(peer: Peer) -> None:
        await peer.switch()
        text = open_packet()
        await peer.frame(text[:20], first=0x01)
        await peer.frame("p", first=0x89)
        await peer.frame(text[20:], first=0x80)
        await peer.silence()

    finding, evidence = await look_at(script)
    assert finding.status is Status.OK
    assert [f.opcode for f in evidence.frames] == [1, 9, 0]


async def test_a_stream_of_noise_is_cut() -> None:
    async def script(peer: Peer) -> None:
        await peer.switch()
        while True:
            await peer.send(b"\x81\x7f" + b"\xff" * 4_000)

    finding, _ = await look_at(script)
    assert finding.reason is Reason.BAD_FRAME


async def test_a_reset_after_open_is_told_by_the_namespace() -> None:
    async def script(peer: Peer) -> None:
        await peer.switch()
        if peer.head.startswith(b"GET") and b"sid=" not in peer.head:
            await peer.frame(open_packet())
        await peer.reader.read(1)
        peer.reset()

    async with Scripted(by_kind(websocket=script, polling=poll_open)) as server:
        found = await observe(target(server.url.replace("http", "ws")))
    assert the(found, "websocket").status is Status.OK
    attempt = found.attempt(Transport.WEBSOCKET)
    assert attempt is not None
    assert attempt.outcome is Outcome.CLOSED
    assert attempt.failure is not None
    assert (attempt.failure.phase, attempt.failure.reason) == (Phase.SESSION, Reason.RESET)


async def test_frames_that_never_arrive_leave_our_pings_unanswered() -> None:
    async def script(peer: Peer) -> None:
        await peer.switch()
        await peer.frame(open_packet(pingInterval=300, pingTimeout=200))
        for _ in range(40):
            await peer.frame("2")
            await asyncio.sleep(0.3)

    async with Scripted(by_kind(websocket=script, polling=poll_open)) as server:
        found = await observe(target(server.url.replace("http", "ws")))
    attempt = found.attempt(Transport.WEBSOCKET)
    assert attempt is not None
    assert attempt.outcome is Outcome.SILENT
    assert attempt.pings > 1
    assert attempt.pongs == 0
    assert attempt.asked > 0


@pytest.mark.parametrize("first", [0x89, 0x81], ids=["pings", "texts"])
async def test_a_flood_starves_nobody(first: int) -> None:
    async def script(peer: Peer) -> None:
        await peer.switch()
        await peer.frame(open_packet())
        while True:
            await peer.send(bytes([first, 0]) * 20_000)

    async with Scripted(by_kind(websocket=script, polling=poll_open)) as server:
        async with asyncio.timeout(30):
            found = await observe(target(server.url.replace("http", "ws")))
    attempt = found.attempt(Transport.WEBSOCKET)
    assert attempt is not None
    assert attempt.outcome in (Outcome.SILENT, Outcome.CLOSED)

"""What a server can do wrong between accept and the end of an HTTP answer."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.evidence import Failure, Phase
from bot.findings import FindingSet
from bot.model import Controls, Reason, Status
from bot.net.http import BODY_BYTES
from bot.probes import http, polling
from bot.probes.look import prepare
from tests.net.scripted import Peer, Script, Scripted
from tests.probes.looking import ask, observe, target, the
from tests.servers.fixtures import StartNode


async def reset_on_accept(peer: Peer) -> None:
    peer.reset()


async def reset_on_request(peer: Peer) -> None:
    await peer.request()
    peer.reset()


async def finish_on_request(peer: Peer) -> None:
    await peer.request()


async def break_off_the_head(peer: Peer) -> None:
    await peer.request()
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-")


async def break_off_the_body(peer: Peer) -> None:
    await peer.request()
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc")


async def greet_as_ssh(peer: Peer) -> None:
    await peer.send(b"SSH-2.0-OpenSSH_9.2\r\n")
    await peer.silence()


async def answer_in_binary(peer: Peer) -> None:
    await peer.send(b"\x00\x00\x12\x04\x00\xff\xfe")
    await peer.silence()


async def head_without_end(peer: Peer) -> None:
    await peer.request()
    await peer.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await peer.send(b"X-More: of the same\r\n" * 200)


async def informational_without_end(peer: Peer) -> None:
    await peer.request()
    while True:
        await peer.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 10)


FAULTS: list[tuple[Script, Phase, Reason]] = [
    (reset_on_accept, Phase.REQUEST, Reason.RESET),
    (reset_on_request, Phase.REQUEST, Reason.RESET),
    (finish_on_request, Phase.REQUEST, Reason.EOF),
    (break_off_the_head, Phase.RESPONSE, Reason.EOF),
    (break_off_the_body, Phase.RESPONSE, Reason.EOF),
    (greet_as_ssh, Phase.RESPONSE, Reason.NOT_HTTP),
    (answer_in_binary, Phase.RESPONSE, Reason.NOT_HTTP),
    (head_without_end, Phase.RESPONSE, Reason.NOT_HTTP),
    (informational_without_end, Phase.RESPONSE, Reason.NOT_HTTP),
]


def failures(found: FindingSet) -> list[Failure | None]:
    assert found.health is not None
    assert found.polling is not None
    assert found.websocket is not None
    return [e.answer.failure for e in (found.health, found.polling, found.websocket)]


@pytest.mark.parametrize(
    ("script", "phase", "reason"), FAULTS, ids=lambda v: getattr(v, "__name__", None)
)
async def test_every_way_to_break_off_has_its_phase_and_reason(
    script: Script, phase: Phase, reason: Reason
) -> None:
    async with Scripted(script) as server:
        found = await observe(target(server.url))
    assert the(found, "tcp").status is Status.OK
    for failure in failures(found):
        assert failure is not None
        assert (failure.phase, failure.reason) == (phase, reason)
    assert the(found, "polling").status is Status.FAIL
    assert the(found, "upgrade").reason is Reason.NOT_REACHED
    assert the(found, "namespace").reason is Reason.NOT_REACHED


async def test_what_is_not_http_is_quoted() -> None:
    async with Scripted(greet_as_ssh) as server:
        found = await observe(target(server.url))
    for failure in failures(found):
        assert failure is not None
        assert failure.first_bytes.startswith("SSH-2.0-OpenSSH")


async def test_silence_shows_that_our_bytes_were_acknowledged() -> None:
    async def script(peer: Peer) -> None:
        await peer.silence()

    async with Scripted(script) as server:
        (finding,) = await ask(http.probe, target(server.url))
    failure = finding.evidence.answer.failure
    assert (failure.phase, failure.reason) == (Phase.REQUEST, Reason.TIMEOUT)
    assert failure.tcp is not None
    assert (failure.tcp.unacked, failure.tcp.retransmits) == (0, 0)


async def test_an_answer_that_only_trickles_is_cut_at_the_deadline() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 10_000:
            await peer.send(bytes([byte]))
            await asyncio.sleep(0.05)

    async with Scripted(script) as server:
        (finding,) = await ask(polling.probe, target(server.url))
    failure = finding.evidence.answer.failure
    assert (failure.phase, failure.reason) == (Phase.RESPONSE, Reason.TIMEOUT)
    assert 0 < failure.bytes_received < 10_000


async def test_a_hundred_megabytes_are_not_read() -> None:
    sent = 0

    async def script(peer: Peer) -> None:
        nonlocal sent
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(1_000):
            await peer.send(b"x" * 100_000)
            sent += 100_000

    async with Scripted(script) as server:
        (finding,) = await ask(http.probe, target(server.url))
    answer = finding.evidence.answer
    assert answer.body_bytes == BODY_BYTES
    assert not answer.body_complete
    assert len(answer.body) <= 2_048
    assert sent < 20_000_000


async def test_broken_utf8_and_control_characters_come_out_printable() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.answer("200 OK", b"\xff\xfe\x00\x1b[31m\r\n\xe2\x80\xae", "X-Odd: caf\xe9")

    async with Scripted(script) as server:
        (finding,) = await ask(http.probe, target(server.url))
    answer = finding.evidence.answer
    assert answer.status == 200
    assert answer.body.isprintable()
    assert all(v.isprintable() for _, v in answer.headers)


async def test_duplicated_headers_are_all_kept() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.answer(
            "200 OK", b"ok", "Access-Control-Allow-Origin: a", "Access-Control-Allow-Origin: b"
        )

    async with Scripted(script) as server:
        (finding,) = await ask(http.probe, target(server.url))
    assert finding.evidence.answer.header_lines("access-control-allow-origin") == ("a", "b")


async def test_a_redirect_is_reported_and_not_followed() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.answer("302 Found", b"", "Location: /elsewhere")

    async with Scripted(script) as server:
        found = await observe(target(server.url))
        assert server.accepted < 12
    assert the(found, "polling").reason is Reason.REDIRECT
    assert the(found, "websocket").reason is Reason.REDIRECT
    assert found.polling is not None
    assert found.polling.answer.header("location") == "/elsewhere"


@pytest.mark.parametrize(
    ("status", "configured", "expected"),
    [
        ("404 Not Found", None, (Status.SKIPPED, Reason.NOT_CONFIGURED)),
        ("404 Not Found", "/healthz", (Status.FAIL, Reason.HTTP_STATUS)),
        ("403 Forbidden", None, (Status.WARN, Reason.HTTP_STATUS)),
        ("405 Method Not Allowed", None, (Status.WARN, Reason.HTTP_STATUS)),
        ("500 Oops", None, (Status.FAIL, Reason.HTTP_STATUS)),
        ("204 No Content", "/healthz", (Status.OK, None)),
    ],
)
async def test_a_health_path_counts_unless_it_is_absent_and_was_not_promised(
    status: str, configured: str | None, expected: tuple[Status, Reason | None]
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(f"HTTP/1.1 {status}\r\nConnection: close\r\n\r\n".encode())

    async with Scripted(script) as server:
        (finding,) = await ask(http.probe, target(server.url, health_path=configured))
    assert (finding.status, finding.reason) == expected


async def test_a_slow_answer_is_a_warning() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(0.6)
        await peer.answer("200 OK", b"ok")

    async with Scripted(script) as server:
        (finding,) = await ask(http.probe, target(server.url))
    assert (finding.status, finding.reason) == (Status.WARN, Reason.SLOW_ANSWER)


async def test_a_refused_port_is_told_by_tcp_alone() -> None:
    async with Scripted(reset_on_accept) as server:
        url = server.url
    found = await observe(target(url))
    assert (the(found, "tcp").status, the(found, "tcp").reason) == (Status.FAIL, Reason.REFUSED)
    assert found.tcp[0].errno == "ECONNREFUSED"
    for probe in ("http", "polling", "websocket", "upgrade", "namespace", "rtt"):
        assert the(found, probe).reason is Reason.NOT_REACHED
    for failure in failures(found):
        assert failure is not None
        assert failure.phase is Phase.CONNECT


@pytest.mark.node
async def test_what_waited_for_our_own_busy_loop_is_not_the_servers_slowness(
    node_server: StartNode,
) -> None:
    server = await node_server()
    look = prepare(target(server.url), Controls())
    loop = asyncio.get_running_loop()
    try:
        reply = await look.fetch(
            look.get("/health"), on_dialled=lambda: loop.call_later(0, time.sleep, 1.5)
        )
    finally:
        await look.close()
    assert reply.answer.status == 200
    assert reply.answer.ttfb_ms is not None
    assert reply.answer.ttfb_ms < 1_000

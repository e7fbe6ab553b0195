"""The same handshakes one after another: which server of several answers each."""

from __future__ import annotations

import secrets

import pytest

from bot.diagnose import diagnose
from bot.evidence import AlikeEvidence, Outcome
from bot.model import FollowUp, State
from bot.probes import alike
from tests.net.scripted import Peer, Script, Scripted, by_kind, open_packet, poll_open
from tests.probes.looking import ask, target


async def joining(peer: Peer) -> None:
    """A WebSocket that lets everybody in."""
    await peer.switch()
    await peer.frame(open_packet())
    await peer.reader.read(1_024)
    await peer.frame('40{"sid":"b"}')
    await peer.silence()


async def new_session(peer: Peer) -> None:
    """A polling handshake as `poll_open`'s, of a session that nobody else has."""
    if b"sid=" in peer.head:
        await poll_open(peer)
    else:
        body = open_packet(sid=secrets.token_hex(8)).encode()
        await peer.answer("200 OK", body, "Content-Type: text/plain; charset=UTF-8")


def refusing(status: str) -> Script:
    async def script(peer: Peer) -> None:
        if not peer.head:
            await peer.request()
        await peer.answer(status, b"<h1>no</h1>")

    return script


def in_turn(*scripts: Script) -> Script:
    """A round robin: every connection goes to the next server."""
    met = 0

    async def script(peer: Peer) -> None:
        nonlocal met
        met += 1
        await scripts[(met - 1) % len(scripts)](peer)

    return script


def engine_io() -> Script:
    return by_kind(websocket=joining, polling=new_session)


async def look_at(script: Script) -> AlikeEvidence:
    async with Scripted(script) as server:
        (finding,) = await ask(alike.probe, target(server.url))
    assert isinstance(finding.evidence, AlikeEvidence)
    return finding.evidence


async def test_a_round_robin_shows_its_other_server_and_lets_the_websocket_in() -> None:
    seen = await look_at(in_turn(engine_io(), refusing("500 Internal Server Error")))
    assert [a.status for a in seen.polling] == [200, 500, 200, 500, 200]
    assert seen.opens == (True, False, True, False, True)
    assert [a.outcome for a in seen.websocket] == [Outcome.NOT_TRIED, Outcome.CONNECTED]


async def test_a_front_that_refuses_only_upgrades_does_so_each_time() -> None:
    busy = refusing("503 Service Unavailable")
    seen = await look_at(by_kind(websocket=busy, polling=new_session))
    assert set(seen.opens) == {True}
    assert [a.outcome for a in seen.websocket] == [Outcome.NOT_TRIED] * alike.JOINS


async def test_a_rate_limit_is_not_asked_on() -> None:
    seen = await look_at(refusing("429 Too Many Requests"))
    assert len(seen.polling) == len(seen.websocket) == 1


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("404 Not Found", "http_sio_absent"),
        ("500 Internal Server Error", "http_500_app_error"),
        ("502 Bad Gateway", "http_502_upstream_down"),
        ("503 Service Unavailable", "http_503_no_server"),
    ],
)
async def test_one_server_of_two_that_fails_leaves_the_target_degraded(
    status: str, cause: str
) -> None:
    """The base suite finds polling only where Engine.IO is, and the WebSocket where it is not."""
    polled = in_turn(new_session, refusing(status))
    upgraded = in_turn(refusing(status), refusing(status), joining)
    async with Scripted(by_kind(websocket=upgraded, polling=polled)) as server:
        report = await diagnose(target(server.url))
    assert FollowUp.ALIKE.value in {f.probe for f in report.findings}
    assert report.verdict.state is State.DEGRADED
    assert report.verdict.cause is not None
    assert report.verdict.cause.code == cause

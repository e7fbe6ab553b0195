"""Each follow-up against the difference that it is there to see."""

from __future__ import annotations

import itertools

import pytest

from bot.evidence import (
    AffinityEvidence,
    BurstEvidence,
    NamespaceEvidence,
    Outcome,
    ParsersEvidence,
    ProbedPathsEvidence,
    RecheckEvidence,
)
from bot.model import Finding, Reason, Status, Transport
from bot.probes import affinity, alone, burst, other_parser, paths, recheck
from bot.probes.look import Look
from tests.net.scripted import Peer, Scripted, open_packet, poll_open
from tests.probes.looking import ask, target
from tests.servers.fixtures import StartNginx, StartNode
from tests.servers.proxies import Nginx


@pytest.mark.node
@pytest.mark.nginx
@pytest.mark.parametrize("far_ms", [0.0, 40.0], ids=["far away", "near"])
async def test_a_round_robin_without_affinity_is_found(
    node_server: StartNode, nginx: StartNginx, far_ms: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(affinity, "_FAR_MS", far_ms)
    one, two = await node_server(), await node_server()
    upstream = f"upstream pool {{ server 127.0.0.1:{one.port}; server 127.0.0.1:{two.port}; }}"
    front = await nginx(Nginx.pass_to("http://pool"), http=upstream)
    (finding,) = await ask(affinity.probe, target(front.url))
    evidence = finding.evidence
    assert isinstance(evidence, AffinityEvidence)
    assert (finding.status, finding.reason) == (Status.FAIL, Reason.SESSION_UNKNOWN)
    assert {e.code for e in evidence.errors if e is not None} == {1}
    assert len(evidence.statuses) == len(evidence.ages_ms) == affinity.TRIES


@pytest.mark.node
@pytest.mark.parametrize("far_ms", [0.0, 40.0], ids=["far away", "near"])
async def test_one_server_finds_its_session_every_time(
    node_server: StartNode, far_ms: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(affinity, "_FAR_MS", far_ms)
    server = await node_server()
    (finding,) = await ask(affinity.probe, target(server.url))
    assert isinstance(finding.evidence, AffinityEvidence)
    assert finding.status is Status.OK
    assert finding.evidence.statuses == (200,) * affinity.TRIES


@pytest.mark.parametrize(
    ("bad", "status", "asked"),
    [((2,), Status.OK, 12), ((2, 8), Status.WARN, 12), ((1, 2), Status.WARN, 6)],
    ids=["a-hiccup", "again", "often"],
)
async def test_one_odd_answer_is_believed_only_when_another_follows(
    bad: tuple[int, ...], status: Status, asked: int
) -> None:
    posts = itertools.count()

    async def script(peer: Peer) -> None:
        if "sid=" not in await peer.request():
            await peer.answer("200 OK", open_packet().encode())
        elif next(posts) in bad:
            await peer.answer("502 Bad Gateway", b"no")
        else:
            await peer.answer("200 OK", b"ok")

    async with Scripted(script) as server:
        (finding,) = await ask(affinity.probe, target(f"http://127.0.0.1:{server.port}"))
    assert isinstance(finding.evidence, AffinityEvidence)
    assert finding.status is status
    assert len(finding.evidence.statuses) == asked


@pytest.mark.parametrize(
    ("most", "later", "status"),
    [
        (3, "200 OK", Status.OK),
        (5, "200 OK", Status.OK),
        (3, "503 Service Unavailable", Status.WARN),
    ],
)
async def test_a_limit_to_our_own_haste_is_no_fault(
    most: int, later: str, status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(affinity, "_BREATHER_S", 0.01)
    monkeypatch.setattr(affinity, "_PACE_S", 0.01)
    posts = itertools.count()

    async def script(peer: Peer) -> None:
        if "sid=" not in await peer.request():
            await peer.answer("200 OK", open_packet().encode())
        elif (number := next(posts)) < most:
            await peer.answer("200 OK", b"ok")
        else:
            await peer.answer("503 Service Unavailable" if number < 6 else later, b"")

    async with Scripted(script) as server:
        (finding,) = await ask(affinity.probe, target(server.url))
    assert finding.status is status
    assert len(finding.evidence.statuses) == affinity.TRIES + 3


@pytest.mark.parametrize(
    ("origin", "with_cookie"),
    [(None, True), ("https://elsewhere.example", False)],
)
async def test_a_sticky_cookie_goes_along_as_a_browser_would_send_it(
    origin: str | None, with_cookie: bool
) -> None:
    cookies: list[str | None] = []

    async def script(peer: Peer) -> None:
        path = await peer.request()
        if "sid=" in path:
            cookies.append(peer.header("cookie"))
            await peer.answer("200 OK", b"ok")
        else:
            await peer.answer("200 OK", open_packet().encode(), "Set-Cookie: lb=a1; Path=/")

    async with Scripted(script) as server:
        await ask(affinity.probe, target(server.url, origin=origin))
    assert set(cookies) == ({"lb=a1"} if with_cookie else {None})


async def test_a_burst_tells_always_from_sometimes() -> None:
    turns = itertools.count()

    async def script(peer: Peer) -> None:
        if next(turns) % 2:
            peer.reset()
            return
        await peer.request()
        await peer.answer("200 OK", b"ok")

    async with Scripted(script) as server:
        (finding,) = await ask(burst.probe, target(server.url))
    assert isinstance(finding.evidence, BurstEvidence)
    assert len(finding.evidence.outcomes) == burst.TRIES
    assert set(finding.evidence.outcomes) == {"answered", Reason.RESET}


async def test_a_burst_that_says_nothing_hears_who_closes_at_once() -> None:
    async def close(peer: Peer) -> None:
        pass

    async def wait(peer: Peer) -> None:
        await peer.request()

    for script, expected in ((close, Reason.EOF.value), (wait, "open")):
        async with Scripted(script) as server:
            (finding,) = await ask(burst.probe, target(server.url))
        assert isinstance(finding.evidence, BurstEvidence)
        assert set(finding.evidence.silent) == {expected}


@pytest.mark.node
async def test_engine_io_under_another_path_is_found(node_server: StartNode) -> None:
    server = await node_server(path="/realtime/")
    (finding,) = await ask(paths.path_candidates, target(server.url))
    assert isinstance(finding.evidence, ProbedPathsEvidence)
    assert finding.evidence.opens == ("/realtime/",)


async def test_the_path_of_the_url_is_tried_as_a_prefix() -> None:
    async def script(peer: Peer) -> None:
        if (await peer.request()).startswith("/app/socket.io/"):
            await poll_open(peer)
        else:
            await peer.answer("404 Not Found")

    async with Scripted(script) as server:
        (finding,) = await ask(paths.path_candidates, target(server.url + "/app"))
    assert isinstance(finding.evidence, ProbedPathsEvidence)
    assert finding.evidence.opens == ("/app/socket.io/",)


@pytest.mark.node
async def test_a_refused_origin_is_told_from_a_refusal_of_all(node_server: StartNode) -> None:
    server = await node_server(allow_request={"origins": ["https://good.example"]})
    (finding,) = await ask(paths.origin_variants, target(server.url, origin="https://bad.example"))
    assert isinstance(finding.evidence, ProbedPathsEvidence)
    asked = {label for label, _ in finding.evidence.answers}
    assert asked == {
        f"{label}{over}"
        for label in ("none", "own", "configured")
        for over in ("", " over websocket")
    }
    assert finding.evidence.opens == ("none", "none over websocket")


async def test_a_path_that_cannot_exist_is_asked_for_anew_each_time() -> None:
    asked: list[str] = []

    async def script(peer: Peer) -> None:
        asked.append(await peer.request())
        await peer.answer("200 OK", b"<html>portal</html>")

    async with Scripted(script) as server:
        for _ in range(2):
            (finding,) = await ask(paths.random_path, target(server.url))
    assert isinstance(finding.evidence, ProbedPathsEvidence)
    assert len(set(asked)) == 2
    assert finding.evidence.answers[0][1].body == "<html>portal</html>"


@pytest.mark.node
async def test_a_recheck_sees_a_server_that_came_back(node_server: StartNode) -> None:
    server = await node_server()
    (finding,) = await ask(recheck.probe, target(server.url))
    evidence = finding.evidence
    assert isinstance(evidence, RecheckEvidence)
    assert evidence.connects == ("ok", "ok")
    assert evidence.polling_open
    assert evidence.open is not None
    assert evidence.health is not None
    assert evidence.health.status == 200


@pytest.mark.node
async def test_a_server_with_another_parser_answers_in_its_own_form(
    node_server: StartNode,
) -> None:
    other, usual = await node_server(json_parser=True), await node_server()
    (theirs,) = await ask(other_parser.probe, target(other.url))
    (ours,) = await ask(other_parser.probe, target(usual.url))
    assert isinstance(theirs.evidence, ParsersEvidence)
    assert isinstance(ours.evidence, ParsersEvidence)
    assert (theirs.evidence.answered, ours.evidence.answered) == (("json",), ())


@pytest.mark.node
@pytest.mark.parametrize("transport", list(Transport))
@pytest.mark.parametrize(
    ("on_connect", "expected"),
    [("newest", Outcome.CONNECTED), ("disconnect", Outcome.DISCONNECTED)],
)
async def test_a_session_that_is_the_only_one_holds_unless_the_server_says_otherwise(
    node_server: StartNode, transport: Transport, on_connect: str, expected: Outcome
) -> None:
    server = await node_server(on_connect=on_connect)

    async def joined(look: Look) -> Finding:
        look.turned_away = transport
        return await alone.probe(look)

    (finding,) = await ask(joined, target(server.url))
    assert isinstance(finding.evidence, NamespaceEvidence)
    (attempt,) = finding.evidence.attempts
    assert (attempt.transport, attempt.outcome) == (transport, expected)

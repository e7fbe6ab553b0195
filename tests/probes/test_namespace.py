"""How a namespace CONNECT can end, on real Socket.IO servers."""

from __future__ import annotations

from typing import Any

import pytest

from bot.evidence import NamespaceAttempt, Outcome
from bot.model import Reason, Status, Transport
from tests.net.scripted import Peer, Scripted, by_kind, open_packet, poll_open
from tests.probes.looking import observe, target, the
from tests.servers.fixtures import StartNginx, StartNode
from tests.servers.proxies import Nginx

pytestmark = pytest.mark.node


async def attempts(
    node_server: StartNode, *, websocket_only: bool = False, **options: Any
) -> tuple[tuple[NamespaceAttempt, ...], tuple[Status, Reason | None]]:
    server = await node_server(**options)
    url = server.url.replace("http", "ws") if websocket_only else server.url
    found = await observe(target(url))
    finding = the(found, "namespace")
    return found.attempts, (finding.status, finding.reason)


async def test_a_refusal_is_quoted_on_both_transports(node_server: StartNode) -> None:
    tried, judged = await attempts(
        node_server, auth={"mode": "reject", "message": "jwt expired", "data": {"code": 7}}
    )
    assert judged == (Status.FAIL, Reason.CONNECT_REFUSED)
    assert [a.transport for a in tried] == [Transport.WEBSOCKET, Transport.POLLING]
    for attempt in tried:
        assert attempt.outcome is Outcome.REFUSED
        assert attempt.message == "jwt expired"
        assert '"code": 7' in attempt.data


async def test_a_namespace_that_does_not_exist_is_refused(node_server: StartNode) -> None:
    server = await node_server()
    found = await observe(target(server.url, namespace="/absent"))
    assert {a.message for a in found.attempts} == {"Invalid namespace"}


async def test_a_middleware_that_hangs_leaves_a_server_that_answers_pings(
    node_server: StartNode,
) -> None:
    tried, judged = await attempts(
        node_server, websocket_only=True, auth={"mode": "hang"}, ping_interval=500
    )
    assert judged == (Status.FAIL, Reason.NO_ANSWER)
    (attempt,) = tried
    assert attempt.outcome is Outcome.SILENT
    assert attempt.pings > 0
    assert attempt.asked > 0
    assert attempt.pongs > 0


async def test_a_slow_middleware_is_waited_for_and_warned_of(node_server: StartNode) -> None:
    tried, judged = await attempts(node_server, auth={"mode": "ok", "slowMs": 2_000})
    assert judged == (Status.WARN, Reason.SLOW_ANSWER)
    assert {a.outcome for a in tried} == {Outcome.CONNECTED}


@pytest.mark.parametrize("how", ["disconnect", "close"])
async def test_a_server_that_throws_clients_out_is_no_success(
    node_server: StartNode, how: str
) -> None:
    tried, judged = await attempts(node_server, on_connect=how)
    assert judged == (Status.FAIL, Reason.DISCONNECTED)
    assert {a.outcome for a in tried} == {Outcome.DISCONNECTED}


async def test_a_polling_only_server_completes_on_polling(node_server: StartNode) -> None:
    server = await node_server(transports=["polling"])
    found = await observe(target(server.url))
    assert found.completed == {Transport.POLLING}
    assert the(found, "websocket").reason is Reason.UPGRADE_REFUSED
    assert the(found, "upgrade").reason is Reason.NO_WEBSOCKET_UPGRADE
    assert found.rtt is not None
    assert found.rtt.transport is Transport.POLLING


async def test_a_version_two_server_is_recognised_on_both_transports(
    node_server: StartNode,
) -> None:
    server = await node_server(kind="socket.io-v2")
    found = await observe(target(server.url))
    assert the(found, "polling").reason is Reason.EIO_VERSION
    assert the(found, "websocket").reason is Reason.EIO_VERSION
    assert found.attempts == ()


@pytest.mark.nginx
async def test_a_proxy_that_refuses_post_fails_polling_alone(
    node_server: StartNode, nginx: StartNginx
) -> None:
    server = await node_server()
    front = await nginx(
        Nginx.pass_to(server.url, more="if ($request_method = POST) { return 405; }")
    )
    found = await observe(target(front.url))
    finding = the(found, "namespace")
    assert (finding.status, finding.reason) == (Status.WARN, Reason.HTTP_STATUS)
    attempt = found.attempt(Transport.POLLING)
    assert attempt is not None
    assert attempt.answer is not None
    assert (attempt.answer.method, attempt.answer.status) == ("POST", 405)


@pytest.mark.nginx
async def test_a_proxy_without_upgrade_headers_shows_code_three(
    node_server: StartNode, nginx: StartNginx
) -> None:
    server = await node_server()
    front = await nginx(Nginx.pass_to(server.url, websocket=False))
    found = await observe(target(front.url))
    assert found.websocket is not None
    assert found.websocket.error is not None
    assert found.websocket.error.code == 3
    assert found.completed == {Transport.POLLING}


async def test_a_session_lost_between_requests_is_named() -> None:
    async def polling(peer: Peer) -> None:
        if b"sid=" in peer.head:
            await peer.answer("400 Bad Request", b'{"code":1,"message":"Session ID unknown"}')
        else:
            await peer.answer("200 OK", open_packet().encode())

    async def no_websocket(peer: Peer) -> None:
        await peer.answer("400 Bad Request", b"no")

    async with Scripted(by_kind(websocket=no_websocket, polling=polling)) as server:
        found = await observe(target(server.url))
    assert the(found, "namespace").reason is Reason.SESSION_UNKNOWN


async def test_two_handshakes_with_one_session_id_can_be_told() -> None:
    async def no_websocket(peer: Peer) -> None:
        await peer.answer("200 OK", b"cached")

    async with Scripted(by_kind(websocket=no_websocket, polling=poll_open)) as server:
        found = await observe(target(server.url))
    assert found.polling is not None
    assert found.polling.open is not None
    assert found.upgrade is not None
    assert found.upgrade.open is not None
    assert found.polling.open.sid_digest == found.upgrade.open.sid_digest

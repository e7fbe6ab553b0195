"""The base suite against healthy servers of every kind."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from bot.evidence import Outcome
from bot.findings import FindingSet
from bot.model import FollowUp, Reason, SecretRef, Status, Transport
from bot.probes import FOLLOW_UPS, SUITE
from tests.probes.looking import observe, target, the
from tests.servers.certificates import CertificateAuthority
from tests.servers.fixtures import StartNode, StartPython

HEALTHY = {
    "config", "dns", "tcp", "http", "polling", "websocket", "upgrade", "namespace", "rtt",
}  # fmt: skip


# What a loaded machine may add to a healthy answer.
SLOWNESS = {None, Reason.SLOW_ANSWER, Reason.SLOW_LOOKUP, Reason.UNSTABLE, Reason.HIGH_LATENCY}


def fine(found: FindingSet) -> set[str]:
    """The probes that saw nothing wrong but, at most, slowness. None may have failed."""
    assert not [f for f in found.all if f.status is Status.FAIL]
    return {f.probe for f in found.all if f.status is not Status.SKIPPED and f.reason in SLOWNESS}


def test_every_follow_up_has_a_row() -> None:
    assert set(FOLLOW_UPS) == set(FollowUp)


def test_what_parallel_traffic_would_hide_runs_alone() -> None:
    alone = {f for f, row in FOLLOW_UPS.items() if row.alone}
    assert {FollowUp.AFFINITY, FollowUp.OLDER_VERSION, FollowUp.STEADINESS} <= alone
    assert {FollowUp.HOLD, FollowUp.TWIN, FollowUp.LADDER, FollowUp.SAMPLER} <= alone


def test_needs_name_probes_that_come_before() -> None:
    seen: set[str] = set()
    for row in SUITE:
        assert set(row.needs) <= seen
        seen.add(row.name)


@pytest.mark.node
async def test_a_healthy_node_server_passes_every_probe(node_server: StartNode) -> None:
    server = await node_server()
    found = await observe(target(server.url))
    assert fine(found) == HEALTHY
    assert found.completed == {Transport.WEBSOCKET, Transport.POLLING}
    assert found.upgraded
    assert found.rtt is not None
    assert found.rtt.transport is Transport.WEBSOCKET
    assert len(found.rtt.samples_ms) == 5


async def test_a_healthy_python_server_passes_every_probe(socketio_server: StartPython) -> None:
    server = await socketio_server()
    found = await observe(target(server.url))
    assert fine(found) == HEALTHY
    assert found.completed == {Transport.WEBSOCKET, Transport.POLLING}


@pytest.mark.node
async def test_a_healthy_server_behind_tls_passes_with_its_own_ca(
    node_server: StartNode, ca: CertificateAuthority
) -> None:
    server = await node_server(tls=ca.issue().for_node())
    found = await observe(target(server.url, ca_file=str(ca.ca_file)))
    assert fine(found) == HEALTHY | {"tls"}
    (tls,) = (found.all[[f.probe for f in found.all].index("tls")],)
    assert tls.address == "127.0.0.1"


@pytest.mark.node
async def test_a_look_asks_little_and_leaves_no_session_behind(node_server: StartNode) -> None:
    server = await node_server()
    await observe(target(server.url))
    stats = await server.stats()
    assert len(stats["requests"]) <= 8  # health, OPEN, POST, GET, WebSocket, OPEN, upgrade, leave
    async with asyncio.timeout(5):
        while stats["open"]:
            stats = await server.stats()


@pytest.mark.node
async def test_a_websocket_url_means_a_client_that_never_polls(node_server: StartNode) -> None:
    server = await node_server(transports=["websocket"])
    found = await observe(target(server.url.replace("http", "ws")))
    assert the(found, "polling").reason is Reason.NOT_NEEDED
    assert found.polling is not None
    assert found.polling.error is not None  # seen all the same
    assert found.completed == {Transport.WEBSOCKET}


@pytest.mark.node
async def test_secrets_are_sent_and_never_found(node_server: StartNode) -> None:
    server = await node_server(auth={"mode": "reject", "message": "no entry for s3cret-token"})
    what = target(
        server.url,
        headers={"Authorization": SecretRef("literal", SecretStr("Bearer he4der-secret"))},
        query={"key": "qu3ry-secret"},
        auth=SecretRef("literal", SecretStr('{"token": "s3cret-token"}')),
    )
    found = await observe(what)
    requests = (await server.stats())["requests"]
    assert all("he4der-secret" in str(r["headers"]) for r in requests)
    assert any("qu3ry-secret" in r["url"] for r in requests)
    shown = repr(found.all)
    for secret in ("he4der-secret", "qu3ry-secret", "s3cret-token"):
        assert secret not in shown


@pytest.mark.node
async def test_a_namespace_of_its_own_is_joined(node_server: StartNode) -> None:
    server = await node_server(namespaces=["/chat"])
    found = await observe(target(server.url + "/chat"))
    assert found.namespace is not None
    assert found.namespace.namespace == "/chat"
    assert {a.outcome for a in found.attempts} == {Outcome.CONNECTED}

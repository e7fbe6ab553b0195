"""Follow-ups below HTTP: hellos, other ports, a proxy that nobody uses."""

from __future__ import annotations

import ssl

import pytest
from pydantic import SecretStr

from bot.evidence import (
    HelloAnswer,
    OtherPortsEvidence,
    TlsHello,
    TlsHellosEvidence,
    ViaProxyEvidence,
)
from bot.model import Controls, Reason, SecretRef, Status
from bot.net.resolve import Lookup, Resolver
from bot.probes import other_ports, tcp, tls_hellos, via_proxy
from bot.probes.look import prepare
from tests.net.scripted import Peer, Scripted, open_packet
from tests.probes.looking import ask, target
from tests.servers.certificates import CertificateAuthority

SECRET = "hush-hush-token"


async def listens(peer: Peer) -> None:
    await peer.silence()


async def hellos(context: ssl.SSLContext, host: str = "localhost") -> dict[str, TlsHello]:
    async with Scripted(listens, tls=context) as server:
        url = server.url.replace("127.0.0.1", host)
        (finding,) = await ask(tls_hellos.probe, target(url))
    assert isinstance(finding.evidence, TlsHellosEvidence)
    return {h.kind: h for h in finding.evidence.hellos}


async def test_a_healthy_server_completes_every_hello(ca: CertificateAuthority) -> None:
    seen = await hellos(ca.issue().server_context())
    assert set(seen) == {"own", "other", "none", "small", "lenient"}
    assert all(h.completed and h.answer is HelloAnswer.HELLO for h in seen.values())
    assert seen["own"].server_name == "localhost"
    assert seen["own"].asks_certificate is False
    assert seen["own"].after is None


async def test_an_address_is_sent_without_a_server_name(ca: CertificateAuthority) -> None:
    seen = await hellos(ca.issue().server_context(), "127.0.0.1")
    assert set(seen) == {"own", "other", "small", "lenient"}
    assert seen["own"].server_name is None


async def test_a_demanded_certificate_is_seen_and_so_is_the_end(ca: CertificateAuthority) -> None:
    context = ca.issue().server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ca.ca_file)
    own = (await hellos(context))["own"]
    assert own.asks_certificate is True
    assert own.completed
    assert own.after is not None
    assert own.after.reason in (Reason.TLS_ALERT, Reason.EOF, Reason.RESET)


async def test_only_the_lenient_hello_reaches_an_old_server(ca: CertificateAuthority) -> None:
    context = ca.issue().server_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    seen = await hellos(context)
    assert {kind for kind, h in seen.items() if h.completed} == {"lenient"}
    assert seen["lenient"].version == "TLSv1.1"


async def test_engine_io_is_found_on_a_neighbouring_port_and_told_no_secret() -> None:
    heads: list[bytes] = []

    async def script(peer: Peer) -> None:
        await peer.request()
        heads.append(peer.head)
        await peer.answer("200 OK", open_packet().encode())

    async with Scripted(script) as server:
        header = {"Authorization": SecretRef("literal", SecretStr(SECRET))}
        asked = target(
            f"http://127.0.0.1:{server.port - 1}", headers=header, query={"token": SECRET}
        )
        (finding,) = await ask(other_ports.probe, asked)
    assert isinstance(finding.evidence, OtherPortsEvidence)
    (found,) = [t for t in finding.evidence.ports if t.port == server.port]
    assert (found.outcome, found.scheme) == ("ok", "http")
    assert heads
    assert SECRET.encode() not in b"".join(heads)
    assert len(finding.evidence.ports) <= len(other_ports.COMMON_PORTS) + 2


async def test_without_a_proxy_in_the_environment_nothing_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    (finding,) = await ask(via_proxy.probe, target("http://b.example:1"))
    assert (finding.status, finding.reason) == (Status.SKIPPED, Reason.NOT_CONFIGURED)


async def test_a_proxy_for_the_other_scheme_is_tried_and_told_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heads: list[bytes] = []

    async def script(peer: Peer) -> None:
        await peer.request()
        heads.append(peer.head)
        await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await peer.request()
        heads.append(peer.head)
        await peer.answer("200 OK", open_packet().encode())

    async with Scripted(script) as server:
        monkeypatch.delenv("http_proxy", raising=False)
        monkeypatch.delenv("HTTP_PROXY", raising=False)
        monkeypatch.setenv("HTTPS_PROXY", f"http://ann:{SECRET}@127.0.0.1:{server.port}")
        header = {"X-Token": SecretRef("literal", SecretStr("another-secret"))}
        (finding,) = await ask(via_proxy.probe, target("http://b.example:1", headers=header))
    assert isinstance(finding.evidence, ViaProxyEvidence)
    (tried,) = finding.evidence.tries
    assert tried.open
    assert tried.tunnel is not None
    assert tried.tunnel.status == 200
    assert tried.proxy == f"http://127.0.0.1:{server.port}"
    assert SECRET not in repr(finding)
    assert b"another-secret" not in b"".join(heads)


async def test_our_own_hello_offers_what_the_client_offers_and_no_more(
    ca: CertificateAuthority,
) -> None:
    context = ca.issue().server_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA")  # OpenSSL's DEFAULT has it, Python's has not
    seen = await hellos(context)
    assert not seen["own"].completed
    assert seen["lenient"].completed


async def test_localhost_is_found_by_either_family() -> None:
    class Both(Resolver):
        async def addresses(self, host: str) -> Lookup:
            return Lookup(host, ("::1", "127.0.0.1"))

    async with Scripted(listens) as server:
        port = server.url.rpartition(":")[2]
        for host, expected in (("localhost", Status.SKIPPED), ("b.example", Status.FAIL)):
            look = prepare(target(f"http://{host}:{port}"), Controls())
            look.dialer.resolver = Both()
            six, four = await tcp.probe(look)
            await look.close()
            assert (six.status, four.status) == (expected, Status.OK)

"""Certificates and handshakes that browsers refuse, and what evidence they leave."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest

from bot.evidence import Phase, TlsEvidence
from bot.model import ClientCertificate, Finding, Reason, Status
from bot.probes import http, other_scheme, tls
from tests.net.scripted import Peer, Scripted
from tests.probes.looking import ask, observe, target, the
from tests.servers.certificates import CertificateAuthority, CertificateFiles
from tests.servers.fixtures import StartNode

CA = CertificateAuthority


async def answer(peer: Peer) -> None:
    await peer.request()
    await peer.answer("200 OK", b"ok")


async def look_at(files: CertificateFiles, ca: CA) -> tuple[Finding, TlsEvidence]:
    async with Scripted(answer, tls=files.server_context()) as server:
        (finding,) = await ask(tls.probe, target(server.url, ca_file=str(ca.ca_file)))
    assert isinstance(finding.evidence, TlsEvidence)
    return finding, finding.evidence


async def test_a_good_certificate_is_described(ca: CA) -> None:
    finding, evidence = await look_at(ca.issue(), ca)
    assert finding.status is Status.OK
    assert evidence.verify_code == 0
    assert evidence.version == "TLSv1.3"
    assert evidence.certificate is not None
    assert {"localhost", "127.0.0.1"} <= set(evidence.certificate.names)
    assert evidence.certificate.key.startswith(("EC-P-256", "RSA-"))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda ca: ca.expired(), 10),
        (lambda ca: ca.not_yet_valid(), 9),
        (lambda ca: ca.self_signed(), 18),
        (lambda ca: ca.unknown_ca(), 20),
        (lambda ca: ca.missing_intermediate(), 20),
        (lambda ca: ca.wrong_intermediate(), 20),
        (lambda ca: ca.expired_intermediate(), 10),
    ],
    ids=[
        "expired",
        "not_yet_valid",
        "self_signed",
        "unknown_ca",
        "missing_intermediate",
        "wrong_intermediate",
        "expired_intermediate",
    ],
)
async def test_a_refused_certificate_is_still_read(ca: CA, make: object, code: int) -> None:
    finding, evidence = await look_at(make(ca), ca)  # type: ignore[operator]
    assert (finding.status, finding.reason) == (Status.FAIL, Reason.CERTIFICATE_INVALID)
    assert evidence.failure is not None
    assert evidence.failure.phase is Phase.TLS
    assert evidence.certificate is not None
    assert evidence.verify_code in {code, 21}
    assert evidence.verify_message


async def test_a_missing_intermediate_shows_where_it_could_be_fetched(ca: CA) -> None:
    _, evidence = await look_at(ca.missing_intermediate(), ca)
    assert evidence.certificate is not None
    assert evidence.certificate.chain_length == 1
    assert evidence.certificate.issuer_url
    assert not evidence.certificate.self_signed


async def test_a_foreign_name_is_a_mismatch(ca: CA) -> None:
    finding, evidence = await look_at(ca.wrong_name(), ca)
    assert finding.reason is Reason.CERTIFICATE_INVALID
    assert evidence.verify_code in {62, 64}


async def test_a_certificate_without_names_fails_although_openssl_would_take_it(ca: CA) -> None:
    async with Scripted(answer, tls=ca.nameless().server_context()) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        (finding,) = [
            f for f in await ask(tls.probe, target(url, ca_file=str(ca.ca_file)))
            if f.address == "127.0.0.1"
        ]  # fmt: skip
    assert (finding.status, finding.reason) == (Status.FAIL, Reason.CERTIFICATE_NAMELESS)


async def test_a_strange_name_breaks_nothing(ca: CA) -> None:
    _, evidence = await look_at(ca.strange_name("\u202e\x00\ud7ff'\"<b>" * 4), ca)
    assert evidence.certificate is not None
    assert evidence.certificate.subject.isprintable()


@pytest.mark.parametrize(
    ("days_left", "lifetime_days", "status"),
    [(5, 90, Status.WARN), (25, 90, Status.OK), (3, 6, Status.OK), (1, 6, Status.WARN)],
)
async def test_renewal_is_late_after_a_third_or_21_days(
    ca: CA, days_left: float, lifetime_days: float, status: Status
) -> None:
    files = ca.expiring(days_left=days_left, lifetime_days=lifetime_days)
    finding, _ = await look_at(files, ca)
    assert finding.status is status
    assert finding.reason is (Reason.CERTIFICATE_EXPIRING if status is Status.WARN else None)


async def test_a_plain_server_on_an_https_url_is_told(ca: CA) -> None:
    async def plainly(peer: Peer) -> None:
        hello = await peer.reader.read(1_024)
        await peer.answer("400 Bad Request" if hello[:1] == b"\x16" else "200 OK", b"")

    async with Scripted(plainly) as server:
        what = target(server.url.replace("http", "https"), ca_file=str(ca.ca_file))
        found = await observe(what)
        (plain,) = await ask(other_scheme.plain_http, what)
    assert the(found, "tls").reason is Reason.TLS_NOT_SPOKEN
    assert found.tls[0].alert == "WRONG_VERSION_NUMBER"
    for probe in ("http", "polling", "websocket", "upgrade", "namespace"):
        assert the(found, probe).reason is Reason.NOT_REACHED
    assert plain.evidence.spoken is True
    assert plain.evidence.answer.status == 200


async def test_a_tls_server_on_an_http_url_is_told(ca: CA) -> None:
    async with Scripted(answer, tls=ca.issue().server_context()) as server:
        (finding,) = await ask(
            other_scheme.tls_on_plain_port, target(server.url.replace("https", "http"))
        )
    assert finding.evidence.spoken is True
    assert finding.evidence.tls.certificate is not None


async def test_a_server_that_finishes_or_resets_the_handshake_keeps_its_way(ca: CA) -> None:
    async def finish(peer: Peer) -> None:
        await peer.reader.read(1_024)

    async def reset(peer: Peer) -> None:
        await peer.reader.read(1_024)
        peer.reset()

    for script, reason in ((finish, Reason.EOF), (reset, Reason.RESET)):
        async with Scripted(script) as server:
            url = server.url.replace("http", "https")
            (finding,) = await ask(tls.probe, target(url))
        assert (finding.status, finding.reason) == (Status.FAIL, reason)
        assert finding.evidence.failure.phase is Phase.TLS


async def test_a_handshake_that_hangs_shows_tcp_info() -> None:
    async def script(peer: Peer) -> None:
        await peer.silence()

    async with Scripted(script) as server:
        (finding,) = await ask(tls.probe, target(server.url.replace("http", "https")))
    failure = finding.evidence.failure
    assert (failure.phase, failure.reason) == (Phase.TLS, Reason.TIMEOUT)
    assert failure.tcp is not None
    assert failure.tcp.unacked == 0


@pytest.mark.parametrize(
    ("description", "words"), [(70, "PROTOCOL_VERSION"), (112, "UNRECOGNIZED_NAME")]
)
async def test_an_alert_is_quoted(ca: CA, description: int, words: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.reader.read(4_096)
        await peer.send(bytes([0x15, 3, 3, 0, 2, 2, description]))  # RFC 8446 §6: fatal

    async with Scripted(script) as server:
        url = server.url.replace("http", "https")
        (finding,) = await ask(tls.probe, target(url, ca_file=str(ca.ca_file)))
    assert finding.reason is Reason.TLS_ALERT
    assert words in finding.evidence.alert


@pytest.mark.node
async def test_a_demanded_client_certificate_shows_on_the_first_answer(
    ca: CA, node_server: StartNode
) -> None:
    files = ca.issue().for_node() | {"clientCa": str(ca.ca_file)}
    server = await node_server(tls=files)
    what = target(server.url, ca_file=str(ca.ca_file))
    (handshake,) = await ask(tls.probe, what)
    (refused,) = await ask(http.probe, what)
    own = ca.issue("client.example")
    mine = ClientCertificate(str(own.cert), str(own.key))
    (accepted,) = await ask(
        http.probe, target(server.url, ca_file=str(ca.ca_file), client_certificate=mine)
    )
    assert handshake.status is Status.OK  # TLS 1.3: the server refuses after our Finished
    assert refused.evidence.answer.failure.phase is Phase.REQUEST
    assert refused.reason is Reason.TLS_ALERT
    assert "CERTIFICATE_REQUIRED" in refused.evidence.answer.failure.detail
    assert accepted.status is Status.OK


def test_days_left_are_counted_from_the_clock_given(ca: CA) -> None:
    from bot.net import certificates

    der = ssl.PEM_cert_to_DER_cert(ca.issue().cert.read_text().split("\n\n")[0])
    now = datetime.now(UTC)
    today = certificates.read([der], now)
    tomorrow = certificates.read([der], now + timedelta(days=1))
    assert today is not None
    assert tomorrow is not None
    assert round(today.days_left - tomorrow.days_left, 2) == 1


def test_what_is_no_certificate_is_none() -> None:
    from bot.net import certificates

    assert certificates.read([b"nothing"], datetime.now(UTC)) is None
    assert certificates.read([], datetime.now(UTC)) is None


async def test_an_alert_that_openssl_has_no_word_for_is_still_named() -> None:
    async def script(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.send(b"\x15\x03\x03\x00\x02\x02\x78")  # RFC 7301 §3.2
        await peer.silence()

    async with Scripted(script) as server:
        url = server.url.replace("http", "https")
        (finding,) = await ask(tls.probe, target(url))
    assert isinstance(finding.evidence, TlsEvidence)
    assert finding.reason is Reason.TLS_ALERT
    assert "NO_APPLICATION_PROTOCOL" in (finding.evidence.alert or "")

"""`control`: what answers in a control's place is no control, nor is the target itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bot.evidence import ControlEvidence
from bot.model import Controls, Reason, Status
from bot.probes import control
from bot.probes.look import prepare
from tests.net.scripted import Peer, Scripted
from tests.probes.looking import target
from tests.servers.dns_server import DnsServer, Rule


async def asked(
    *urls: str,
    url: str = "http://backend.invalid",
    resolver: str | None = None,
    joined: bool = False,
    slack_connected: bool | None = None,
) -> tuple[Status, Reason | None, ControlEvidence]:
    look = prepare(target(url), Controls(urls, resolver))
    look.slack_connected = slack_connected
    if joined:
        look.joined.set()
    try:
        finding = await control.probe(look)
    finally:
        await look.close()
    assert isinstance(finding.evidence, ControlEvidence)
    return finding.status, finding.reason, finding.evidence


def answering(status: str, body: str = "", *headers: str) -> Scripted:
    async def answer(peer: Peer) -> None:
        await peer.answer(status, body.encode(), *headers)

    return Scripted(answer)


HTML = "Content-Type: text/html"


@pytest.mark.parametrize(
    ("path", "status", "body", "header"),
    [
        ("/", "302 Found", "", "Location: http://login.hotel.example/"),
        ("/", "511 Network Authentication Required", "", HTML),
        ("/generate_204", "200 OK", "<html>Welcome</html>", HTML),
        ("/", "200 OK", "<html><h1>Guest Wi-Fi</h1></html>", HTML),
        ("/", "200 OK", '<meta http-equiv="refresh" content="0; url=http://a.example/">', HTML),
    ],
)
async def test_what_a_portal_says_in_a_control_s_place_is_no_answer(
    path: str, status: str, body: str, header: str
) -> None:
    async with answering(status, body, header) as server:
        result, reason, evidence = await asked(server.url + path)
    assert (result, reason) == (Status.FAIL, Reason.CONTROL_FAILED)
    assert evidence.results[0][1] == Reason.HIJACKED


@pytest.mark.parametrize(
    ("path", "status", "body", "header"),
    [
        ("/generate_204", "204 No Content", "", "X-Any: x"),
        ("/", "301 Moved Permanently", "", "Location: http://www.127.0.0.1/"),
        ("/", "302 Found", "", "Location: /start"),
        ("/", "200 OK", "<html><title>Acme</title><p>Widgets</p></html>", HTML),
        ("/", "404 Not Found", "", HTML),
    ],
)
async def test_a_control_that_answers_for_itself_works(
    path: str, status: str, body: str, header: str
) -> None:
    async with answering(status, body, header) as server:
        result, _, evidence = await asked(server.url + path)
    assert result is Status.OK
    assert evidence.results[0][1] == "ok"


async def test_the_target_is_no_control_of_its_own() -> None:
    async with answering("200 OK") as server:
        same, reason, evidence = await asked(server.url + "/health", url=server.url)
    assert (same, reason) == (Status.WARN, Reason.SETTING_INVALID)
    assert evidence.results[0][1] == Reason.SAME_HOST


async def test_a_control_that_fails_is_not_waited_for_once_the_target_has_answered() -> None:
    async def silence(peer: Peer) -> None:
        await peer.silence()

    async with Scripted(silence) as server:
        status, _, evidence = await asked(server.url, joined=True)
    assert status is Status.FAIL
    assert evidence.results[0][1] == Reason.DEADLINE


async def test_one_that_works_is_enough_and_the_silent_one_says_nothing() -> None:
    async def silence(peer: Peer) -> None:
        await peer.silence()

    async with Scripted(silence) as slow, answering("204 No Content") as good:
        status, _, evidence = await asked(slow.url, good.url)
    assert status is Status.OK
    assert [result for _, result in evidence.results] == [Reason.DEADLINE, "ok"]


async def test_a_control_s_clock_is_read() -> None:
    ahead = datetime.now(UTC) + timedelta(days=40)
    async with answering("200 OK", "", f"Date: {format_datetime(ahead)}") as server:
        _, _, evidence = await asked(server.url)
    assert evidence.clock_offset_s is not None
    assert abs(evidence.clock_offset_s - 40 * 86_400) < 120


@pytest.mark.parametrize(
    ("rule", "rcode", "addresses"),
    [
        (Rule(("192.0.2.7",)), "NOERROR", ("192.0.2.7",)),
        (Rule(rcode="NXDOMAIN"), "NXDOMAIN", ()),
        (Rule(rcode="REFUSED"), "REFUSED", None),
    ],
)
async def test_a_control_resolver_that_refuses_works_and_has_no_opinion(
    rule: Rule, rcode: str, addresses: tuple[str, ...] | None
) -> None:
    async with DnsServer({"backend.invalid": rule}) as server:
        status, _, evidence = await asked(resolver=f"{server.host}:{server.port}")
    assert status is Status.OK
    assert (evidence.resolver_rcode, evidence.resolver_addresses) == (rcode, addresses)


async def test_slack_s_connection_is_noted_also_without_a_control() -> None:
    status, reason, evidence = await asked(slack_connected=False)
    assert (status, reason) == (Status.SKIPPED, Reason.NOT_CONFIGURED)
    assert evidence.slack_connected is False

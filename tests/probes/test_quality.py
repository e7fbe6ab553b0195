"""CORS, latency, fallbacks and lint: what is judged without a fault on the wire."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from bot.evidence import CorsEvidence, FallbackEvidence, RttEvidence
from bot.model import ClientSettings, Controls, Reason, Status, Target, Transport
from bot.net import endpoint
from bot.net.dial import Sample
from bot.probes import config, fallback, path_samples, rtt
from bot.probes.look import prepare
from tests.net.scripted import Peer, Scripted, by_kind, open_packet
from tests.probes.looking import ask, observe, target, the

ORIGIN = "https://app.example"


async def cors_of(*headers: str, **client: Any) -> tuple[Status, Reason | None, CorsEvidence]:
    async def polling(peer: Peer) -> None:
        await peer.answer("200 OK", open_packet().encode(), *headers)

    async def refuse(peer: Peer) -> None:
        await peer.answer("400 Bad Request")

    async with Scripted(by_kind(websocket=refuse, polling=polling)) as server:
        found = await observe(target(server.url, origin=ORIGIN, client=ClientSettings(**client)))
    finding = the(found, "cors")
    assert isinstance(finding.evidence, CorsEvidence)
    return finding.status, finding.reason, finding.evidence


ALLOW = "Access-Control-Allow-Origin: "
CREDENTIALS = "Access-Control-Allow-Credentials: true"


@pytest.mark.parametrize(
    ("headers", "with_credentials", "reason"),
    [
        ([ALLOW + ORIGIN], False, None),
        ([ALLOW + "*"], False, None),
        ([ALLOW + ORIGIN, CREDENTIALS], True, None),
        ([], False, Reason.CORS_HEADER_MISSING),
        ([ALLOW + "https://other.example"], False, Reason.ORIGIN_NOT_ALLOWED),
        ([ALLOW + ORIGIN, ALLOW + ORIGIN], False, Reason.CORS_HEADER_INVALID),
        ([ALLOW + f"{ORIGIN}, *"], False, Reason.CORS_HEADER_INVALID),
        ([ALLOW + "*", CREDENTIALS], True, Reason.CORS_HEADER_INVALID),
        ([ALLOW + ORIGIN], True, Reason.CORS_HEADER_MISSING),
    ],
)
async def test_cors_is_judged_as_a_browser_would(
    headers: list[str], with_credentials: bool, reason: Reason | None
) -> None:
    status, seen, evidence = await cors_of(*headers, with_credentials=with_credentials)
    assert seen is reason
    assert status is (Status.OK if reason is None else Status.FAIL)
    assert len(evidence.allow_origin) == sum(h.startswith(ALLOW) for h in headers)
    assert evidence.preflight is not None


async def test_cors_does_not_matter_to_a_client_that_never_polls() -> None:
    status, reason, _ = await cors_of(transports=(Transport.WEBSOCKET,))
    assert (status, reason) == (Status.SKIPPED, Reason.NOT_NEEDED)


def evidence(connects: list[float], resent: list[float], unanswered: int = 0) -> RttEvidence:
    return RttEvidence(
        None,
        connect_ms=(*connects, *resent),
        resent_ms=tuple(resent),
        unanswered=unanswered,
    )


EVEN = [20.0] * 40
WIDE = [165.0, 190.0, 240.0, 300.0, 310.0, 380.0, 420.0, 473.0] * 4


@pytest.mark.parametrize(
    ("seen", "data", "expected"),
    [
        (evidence(EVEN, []), 0, None),
        (evidence([250.0] * 10, []), 0, None),
        (evidence([310.0] * 10, []), 0, None),
        (evidence([440.0] * 10, []), 0, Reason.HIGH_LATENCY),
        (evidence(WIDE, []), 0, Reason.UNSTABLE),
        (
            evidence([250.0, 300.0, 340.0, 390.0, 430.0, 450.0, 480.0, 560.0] * 4, []),
            0,
            Reason.UNSTABLE,
        ),
        (evidence([420.0, 450.0, 500.0, 540.0] * 8, []), 0, Reason.HIGH_LATENCY),
        (evidence([*EVEN, 190.0, 240.0], []), 0, None),
        (evidence([300.0, 360.0] * 10, []), 0, None),
        (evidence(EVEN, [1_020.0]), 0, None),
        (evidence(EVEN, [1_020.0]), 3, Reason.LOSSY),
        (evidence(EVEN, [1_020.0, 3_040.0]), 0, Reason.LOSSY),
        (evidence(EVEN, [1_020.0], unanswered=2), 0, Reason.LOSSY),
        (evidence(EVEN * 3, [1_020.0, 1_020.0]), 0, None),
        (evidence([], [1_300.0] * 10), 0, Reason.HIGH_LATENCY),
        (evidence([990.0] * 5, [1_300.0] * 5), 0, Reason.HIGH_LATENCY),
    ],
)
def test_latency_jitter_and_loss_are_told_from_connects(
    seen: RttEvidence, data: int, expected: Reason | None
) -> None:
    status, reason = rtt._judge(seen, data)
    assert reason is expected
    assert status is (Status.OK if expected is None else Status.WARN)


def test_a_second_on_the_way_is_no_loss() -> None:
    fast = [Sample("192.0.2.1", 80, ms) for ms in (570.0, 640.0, 800.0)]
    late = Sample("192.0.2.1", 80, 1_028.0, resent=True)  # the answer to the first SYN
    lost = Sample("192.0.2.1", 80, 1_590.0, resent=True)
    assert rtt._lost_ms([*fast, late, lost]) == [1_590.0]
    near = [Sample("192.0.2.1", 80, 0.2), Sample("192.0.2.1", 80, 1_001.0, resent=True)]
    assert rtt._lost_ms(near) == [1_001.0]
    # all were sent again: nobody knows how long the way is
    assert rtt._lost_ms([late, lost]) == [1_028.0, 1_590.0]


async def test_the_way_to_one_address_is_not_compared_with_the_way_to_another() -> None:
    look = prepare(target("http://127.0.0.1"), Controls())
    look.dialer.connects += [Sample("192.0.2.1", 80, 20.0)] * 6
    look.dialer.connects += [Sample("2001:db8::1", 80, 390.0)] * 5
    finding = await rtt.probe(look)
    await look.close()
    assert finding.status is Status.OK
    assert finding.evidence.connect_ms == (20.0,) * 6


async def test_a_single_packet_sent_again_is_looked_into_and_does_not_count_alone() -> None:
    async def nothing(peer: Peer) -> None:
        await peer.silence()

    async with Scripted(nothing) as server:
        port = int(server.url.rpartition(":")[2])
        look = prepare(target(server.url), Controls())
        look.dialer.connects += [Sample("127.0.0.1", port, 0.1)] * 9
        look.dialer.connects.append(Sample("127.0.0.1", port, 1_020.0, resent=True))
        finding = await rtt.probe(look)
        await look.close()
    assert finding.evidence.measured == path_samples.BURST
    assert finding.status is Status.OK


async def test_without_a_connection_nothing_is_said_of_the_path() -> None:
    look = prepare(target("http://127.0.0.1"), Controls())
    finding = await rtt.probe(look)
    await look.close()
    assert (finding.status, finding.reason) == (Status.SKIPPED, Reason.NOT_REACHED)


async def test_each_fallback_is_tried_the_way_a_client_would() -> None:
    async def polling(peer: Peer) -> None:
        await peer.answer("200 OK", open_packet().encode())

    async def websocket(peer: Peer) -> None:
        await peer.switch()
        await peer.frame(open_packet())
        await peer.silence()

    async with Scripted(by_kind(websocket=websocket, polling=polling)) as good:
        what = target(
            "http://b.example",
            fallback_urls=(
                f"{good.url}?token=hidden",
                good.url.replace("http", "ws"),
                "http://127.0.0.1:9",
                "ftp://nonsense",
            ),
        )
        findings = await ask(fallback.probe, what)
    seen = [f.status for f in findings]
    assert seen == [Status.OK, Status.OK, Status.WARN, Status.WARN]
    assert {f.reason for f in findings[2:]} == {Reason.FALLBACK_DEAD}
    assert all(isinstance(f.evidence, FallbackEvidence) for f in findings)
    assert "hidden" not in repr(findings)


def codes(what: Target) -> list[str]:
    return [code for code, _ in config.advise(what, endpoint.parse(what.url))]


def test_the_guides_own_settings_get_their_advice() -> None:
    assert codes(target("https://b.example")) == ["cli_no_fallback", "cli_reconnect_exhausted"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"client": ClientSettings(timeout_ms=2_000)}, "cli_timeout_too_short"),
        ({"client": ClientSettings(keep_alive_s=90.0)}, "cli_keepalive_too_slow"),
        ({"fallback_urls": ("https://b.example:8443",)}, "cli_fallback_useless"),
        ({"url": "http://b.example:443"}, "cli_scheme_wrong"),
        ({"url": "http://b.example", "origin": "https://app.example"}, "cli_scheme_wrong"),
    ],
)
def test_settings_that_will_hurt_are_named(settings: dict[str, Any], code: str) -> None:
    assert code in codes(target(**{"url": "https://b.example", **settings}))


def test_a_client_that_retries_for_ever_is_not_advised() -> None:
    client = ClientSettings(
        reconnection_attempts=None, transports=(Transport.POLLING, Transport.WEBSOCKET)
    )
    assert codes(target("https://b.example", client=client)) == []


def test_the_retry_budget_of_the_guide_is_about_three_minutes() -> None:
    budget = config.retry_budget_s(ClientSettings())
    assert budget is not None
    assert 150 < budget < 200


async def test_a_sample_that_has_only_just_begun_holds_nobody_up() -> None:
    async def never() -> Sample | bool:
        await asyncio.sleep(3_600)
        return False

    async def made() -> Sample | bool:
        return Sample("192.0.2.1", 80, 50.0)

    now = time.monotonic()
    young, late, done = (asyncio.create_task(t) for t in (never(), never(), made()))
    await asyncio.sleep(0)
    tries = {young: now - 0.02, late: now - 0.5, done: now - 0.02}
    waited = path_samples._worth_waiting_for(tries, Sample("192.0.2.1", 80, 50.0))
    assert waited == [late, done]
    for task in (young, late):
        task.cancel()
    await asyncio.gather(young, late, return_exceptions=True)

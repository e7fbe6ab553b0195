"""CORS, latency, fallbacks and lint: what is judged without a fault on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from bot.evidence import CorsEvidence, FallbackEvidence
from bot.model import ClientSettings, Controls, Reason, Status, Target, Transport
from bot.net import endpoint
from bot.probes import config, fallback, rtt
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


@pytest.mark.parametrize(
    ("connects", "expected"),
    [
        ([20.0] * 6, (Status.OK, None)),
        ([350.0] * 6, (Status.WARN, Reason.HIGH_LATENCY)),
        ([165.0, 300.0, 473.0, 200.0, 240.0], (Status.WARN, Reason.UNSTABLE)),
        ([20.0, 20.0, 1_030.0], (Status.WARN, Reason.UNSTABLE)),
        ([600.0, 1_150.0], (Status.WARN, Reason.HIGH_LATENCY)),
        ([], (Status.SKIPPED, Reason.NOT_REACHED)),
    ],
)
async def test_latency_jitter_and_loss_are_told_from_connect_times(
    connects: list[float], expected: tuple[Status, Reason | None]
) -> None:
    look = prepare(target("http://127.0.0.1"), Controls())
    look.dialer.connects_ms += connects
    finding = await rtt.probe(look)
    await look.close()
    assert (finding.status, finding.reason) == expected


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

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bot.incidents import Incident
from bot.model import Confidence, Layer, Named, Section, State, Transport
from bot.store import Outbox
from bot.watcher import Link, Snapshot
from bot.web import Vitals
from tests.web.conftest import NOW, Serve

UP = Snapshot(
    target="prod",
    state=State.UP,
    since=NOW,
    incident=None,
    link=Link.CONNECTED,
    transport=Transport.WEBSOCKET,
    rtt_ms=42.0,
    trouble=None,
    reconnects=3,
    next_attempt_at=None,
    client_gave_up=False,
    last_check_at=NOW,
    last_report=None,
    ticked_at=NOW,
)
INCIDENT = Incident("id", "staging", 1, NOW, State.DOWN, None)
DOWN = replace(
    UP, target="staging", state=State.DOWN, link=Link.DISCONNECTED, transport=None, rtt_ms=None,
    incident=INCIDENT, last_check_at=None, ticked_at=None, client_gave_up=True,
)  # fmt: skip

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scrape(serve: Serve, http: aiohttp.ClientSession, vitals: Vitals) -> Samples:
    async def now() -> Vitals:
        return vitals

    async with http.get(f"{await serve(vitals=now)}/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain")
        text = await answer.text()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def one(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


async def test_every_target_shows_its_state_link_and_times(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    found = await scrape(serve, http, Vitals(NOW, "1.2.3", [UP, DOWN]))
    assert one(found, "wsdiag_build_info", version="1.2.3") == 1
    assert one(found, "wsdiag_target_state", target="prod", state="up") == 1
    assert one(found, "wsdiag_target_state", target="prod", state="down") == 0
    assert one(found, "wsdiag_target_state", target="staging", state="down") == 1
    assert one(found, "wsdiag_target_connected", target="prod", transport="websocket") == 1
    assert one(found, "wsdiag_target_connected", target="prod", transport="polling") == 0
    assert one(found, "wsdiag_target_connected", target="staging", transport="websocket") == 0
    assert one(found, "wsdiag_target_rtt_seconds", target="prod") == 0.042
    assert one(found, "wsdiag_target_rtt_seconds", target="staging") is None
    assert one(found, "wsdiag_target_reconnects_total", target="prod") == 3
    assert one(found, "wsdiag_target_incident_open", target="staging") == 1
    assert one(found, "wsdiag_target_client_gave_up", target="staging") == 1
    timestamp = one(found, "wsdiag_target_last_check_timestamp_seconds", target="prod")
    assert timestamp == NOW.timestamp()


async def test_the_seconds_in_each_state_are_counters(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    target = replace(UP, seconds={State.UP: 3600.0, State.DOWN: 12.5})
    found = await scrape(serve, http, Vitals(NOW, "1", [target]))
    name = "wsdiag_target_state_seconds_total"
    assert one(found, name, target="prod", state="up") == 3600
    assert one(found, name, target="prod", state="down") == 12.5


async def test_a_cause_is_a_label_only_if_the_catalogue_has_it(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    def down(name: str, code: str) -> Snapshot:
        cause = Named(code, Layer.TCP, Section.SERVER, Confidence.CERTAIN)
        return replace(DOWN, target=name, incident=replace(INCIDENT, cause=cause))

    found = await scrape(
        serve, http, Vitals(NOW, "1", [down("a", "tcp_refused"), down("b", 'x"} 1\nevil'), DOWN])
    )
    assert one(found, "wsdiag_target_cause", target="a", cause="tcp_refused") == 1
    assert one(found, "wsdiag_target_cause", target="b", cause="unrecognised") == 1
    assert one(found, "wsdiag_target_cause", target="staging", cause="unrecognised") == 1


async def test_a_webhook_that_takes_nothing_shows(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    found = await scrape(
        serve, http, Vitals(NOW, "1", webhooks={"transitions": 3, "escalation": 0})
    )
    assert one(found, "wsdiag_webhook_events", webhook="transitions") == 3
    assert one(found, "wsdiag_webhook_events", webhook="escalation") == 0


async def test_the_outbox_shows_its_depth_and_the_age_of_the_oldest(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    outbox = Outbox(depth=4, oldest_at=NOW - timedelta(seconds=90), lag_s=3.5)
    found = await scrape(
        serve, http, Vitals(NOW, "1", outbox=outbox, slack_connected=False, checks_running=2)
    )
    assert one(found, "wsdiag_outbox_deliveries") == 4
    assert one(found, "wsdiag_outbox_oldest_age_seconds") == 90
    assert one(found, "wsdiag_delivery_lag_seconds") == 3.5
    assert one(found, "wsdiag_slack_connected") == 0
    assert one(found, "wsdiag_checks_running") == 2


async def test_what_is_not_known_is_left_out(serve: Serve, http: aiohttp.ClientSession) -> None:
    found = await scrape(serve, http, Vitals(NOW, "1"))
    assert one(found, "wsdiag_slack_connected") is None
    assert one(found, "process_open_fds") is not None


async def test_a_scraper_may_ask_for_openmetrics(serve: Serve, http: aiohttp.ClientSession) -> None:
    url = await serve()
    accept = "application/openmetrics-text; version=1.0.0"
    async with http.get(f"{url}/metrics", headers={"Accept": accept}) as answer:
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        assert (await answer.text()).endswith("# EOF\n")


async def test_vitals_that_cannot_be_had_are_a_503_without_details(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    async def broken() -> Vitals:
        msg = "/secret/place"
        raise OSError(msg)

    async with http.get(f"{await serve(vitals=broken)}/metrics") as answer:
        assert answer.status == 503
        assert "secret" not in await answer.text()

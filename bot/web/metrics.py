"""/metrics for Prometheus: a snapshot is asked for and written out; nothing is counted here."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bot.causes import CATALOGUE, UNRECOGNISED
from bot.incidents import Incident
from bot.model import State, Transport
from bot.store import Outbox
from bot.watcher import Link, Snapshot

DEADLINE_S = 5.0
_NAMESPACE = "wsdiag"

_log = logging.getLogger("wsdiag.web")


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the bot knows of itself at one moment. None: not known."""

    at: datetime
    version: str
    targets: Sequence[Snapshot] = ()
    outbox: Outbox | None = None
    webhooks: Mapping[str, int] | None = None  # which one → how much it has not taken
    slack_connected: bool | None = None
    checks_running: int | None = None
    loop_lag_s: float | None = None


def handler(
    vitals: Callable[[], Awaitable[Vitals]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Answer with the metrics, in the format that the scraper asks for."""
    process = ProcessCollector(registry=None) if os.name == "posix" else None

    async def handle(request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(DEADLINE_S):
                now = await vitals()
        except Exception as error:  # noqa: BLE001  a scrape that fails must not end the bot
            _log.warning("metrics cannot be had: %s: %s", type(error).__name__, error)
            return web.Response(status=503, text="metrics cannot be had at the moment\n")
        registry = CollectorRegistry()
        registry.register(_Once(now))
        if process is not None:
            registry.register(process)
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    return handle


class _Once(Collector):
    """One snapshot as metrics. A registry of its own per scrape: no global state."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    def describe(self) -> Iterable[Metric]:
        return ()  # what there is depends on the snapshot

    def collect(self) -> Iterator[Metric]:
        now = self._vitals
        build = InfoMetricFamily(f"{_NAMESPACE}_build", "Version of the bot.")
        build.add_metric([], {"version": now.version})
        yield build
        yield from _of_targets(now.targets)
        yield from _of_times(now.targets)
        yield from _of_the_bot(now)


def _of_targets(targets: Sequence[Snapshot]) -> Iterator[Metric]:
    state = _gauge("target_state", "1 for the state that the target is in.", "state")
    link = _gauge("target_connected", "1 while the watcher holds its connection.", "transport")
    cause = _gauge("target_cause", "1 for the cause of the open incident.", "cause")
    incident = _gauge("target_incident_open", "1 while an incident is open.")
    recurs = _gauge("target_pattern", "1 while this recurs in the target's history.", "pattern")
    gave_up = _gauge("target_client_gave_up", "1 when a browser client would have given up.")
    reconnects = CounterMetricFamily(
        f"{_NAMESPACE}_target_reconnects",
        "Connections made again after a loss.",
        labels=["target"],
    )
    spent = CounterMetricFamily(
        f"{_NAMESPACE}_target_state_seconds",
        "Seconds in each state since the bot started; unknown: nobody knows.",
        labels=["target", "state"],
    )
    for target in targets:
        name = target.target
        for which, seconds in target.seconds.items():
            spent.add_metric([name, which.value], seconds)
        for one in State:
            state.add_metric([name, one.value], float(target.state is one))
        for transport in Transport:
            held = target.link is Link.CONNECTED and target.transport is transport
            link.add_metric([name, transport.value], float(held))
        if target.incident is not None:
            cause.add_metric([name, _cause_of(target.incident)], 1.0)
        for pattern in target.memory.patterns if target.memory else ():
            recurs.add_metric([name, pattern.kind.value], 1.0)
        incident.add_metric([name], float(target.incident is not None))
        gave_up.add_metric([name], float(target.client_gave_up))
        reconnects.add_metric([name], float(target.reconnects))
    yield from (state, link, cause, incident, recurs, gave_up, reconnects, spent)


def _of_times(targets: Sequence[Snapshot]) -> Iterator[Metric]:
    rtt = _gauge("target_rtt_seconds", "Round trip of the last heartbeat, else of the last check.")
    checked = _gauge("target_last_check_timestamp_seconds", "When the last check ended.")
    ticked = _gauge("target_watcher_timestamp_seconds", "When the watcher was last seen alive.")
    duration = _gauge("target_check_duration_seconds", "How long the last check took.")
    for target in targets:
        report = target.last_report
        values = (
            (rtt, None if target.rtt_ms is None else target.rtt_ms / 1000),
            (checked, target.last_check_at.timestamp() if target.last_check_at else None),
            (ticked, target.ticked_at.timestamp() if target.ticked_at else None),
            (duration, report.duration_ms / 1000 if report else None),
        )
        for metric, value in values:
            if value is not None:
                metric.add_metric([target.target], value)
    yield from (rtt, checked, ticked, duration)


def _of_the_bot(now: Vitals) -> Iterator[Metric]:
    if now.outbox is not None:
        oldest = now.outbox.oldest_at
        age = 0.0 if oldest is None else max(0.0, (now.at - oldest).total_seconds())
        yield _single(
            "outbox_deliveries", "Deliveries that Slack has not accepted.", now.outbox.depth
        )
        yield _single("outbox_oldest_age_seconds", "Age of the oldest of them.", age)
        if now.outbox.lag_s is not None:
            yield _single(
                "delivery_lag_seconds",
                "From what happened until Slack accepted it, the worst of the latest deliveries.",
                now.outbox.lag_s,
            )
    if now.webhooks is not None:
        waiting = GaugeMetricFamily(
            f"{_NAMESPACE}_webhook_events",
            "Events that a webhook has not taken.",
            labels=["webhook"],
        )
        for name, count in now.webhooks.items():
            waiting.add_metric([name], count)
        yield waiting
    if now.slack_connected is not None:
        yield _single("slack_connected", "1 while Slack can be reached.", now.slack_connected)
    if now.loop_lag_s is not None:
        yield _single(
            "loop_lag_seconds", "Longest delay of the event loop in the last minute.",
            now.loop_lag_s,
        )  # fmt: skip
    if now.checks_running is not None:
        yield _single("checks_running", "Checks that people asked for and that run now.",
                      now.checks_running)  # fmt: skip


def _cause_of(incident: Incident) -> str:
    """The code as a label: only the catalogue's, so that the series stay countable."""
    code = incident.cause.code if incident.cause else UNRECOGNISED
    return code if code in CATALOGUE else UNRECOGNISED


def _gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_NAMESPACE}_{name}", meaning, labels=["target", *labels])


def _single(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_NAMESPACE}_{name}", meaning, value=float(value))

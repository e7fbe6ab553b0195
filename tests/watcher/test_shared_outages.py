"""What one look found counts for those who would queue to find the same, and for nobody else."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.evidence import HistoryEvidence
from bot.model import Controls, Layer, Report, State, Target
from bot.watcher.looks import Looks, Slots
from bot.watcher.outages import SharedOutages
from tests.slack.reports import report

ONE = Target("one", "https://api.example:8443/?token=secret", query={"n": "1"})
OTHER = replace(ONE, name="other", path="/other/", namespace="/admin", query={})


def test_an_outage_below_http_is_everybodys_on_the_same_way() -> None:
    outages = SharedOutages()
    outages.tell(ONE, report(State.DOWN, name="one", url="https://api.example", code="tcp_refused"))
    found = outages.report(OTHER, time.monotonic() - 1)
    assert found is not None
    assert (found.target_name, found.verdict.state) == ("other", State.DOWN)
    assert "secret" not in found.target_url
    assert found.target_url.startswith("https://api.example:8443")


@pytest.mark.parametrize(
    "other",
    [
        replace(OTHER, url="https://api.example:8444"),
        replace(OTHER, url="http://api.example:8443"),
        replace(OTHER, proxy="http://proxy.example:3128"),
        replace(OTHER, ca_file="other.pem"),
        replace(OTHER, fallback_urls=("https://fallback.example",)),
    ],
    ids=["port", "scheme", "proxy", "trust", "fallback"],
)
def test_whoever_goes_another_way_looks_for_himself(other: Target) -> None:
    outages = SharedOutages()
    outages.tell(ONE, report(State.DOWN, name="one", url=ONE.url, code="tcp_refused"))
    assert outages.report(other, time.monotonic() - 1) is None


def _of_layer(given: Report, layer: Layer) -> Report:
    cause = given.verdict.cause
    assert cause is not None
    return replace(given, verdict=replace(given.verdict, cause=replace(cause, layer=layer)))


@pytest.mark.parametrize(
    "latest",
    [_of_layer(report(State.DOWN), Layer.HTTP), report(State.DEGRADED), report(State.UP)],
    ids=["its own path", "degraded", "up"],
)
def test_what_may_be_a_targets_own_is_not_shared(latest: Report) -> None:
    outages = SharedOutages()
    outages.tell(ONE, report(State.DOWN, name="one", url=ONE.url, code="tcp_refused"))
    outages.tell(ONE, latest)
    assert outages.report(OTHER, time.monotonic() - 1) is None


def test_what_was_found_before_one_asked_is_old() -> None:
    outages = SharedOutages()
    outages.tell(ONE, report(State.DOWN, name="one", url=ONE.url, code="tcp_refused"))
    assert outages.report(OTHER, time.monotonic() + 1) is None


async def test_a_hundred_suspicions_take_as_many_looks_as_there_are_places() -> None:
    looked: list[str] = []

    async def diagnose(
        target: Target, *, controls: Controls, memory: HistoryEvidence | None
    ) -> Report:
        looked.append(target.name)
        await asyncio.sleep(0.05)
        return report(State.DOWN, name=target.name, url=target.url, code="tcp_refused")

    slots = Slots.of(urgent=4, routine=1)
    targets = [replace(ONE, name=f"t{n}") for n in range(100)]
    looks = [
        Looks(
            target,
            diagnose=diagnose,
            controls=Controls(),
            slots=slots,
            now=lambda: datetime.now(UTC),
        )
        for target in targets
    ]
    async with asyncio.timeout(20):
        found = await asyncio.gather(*(look.glance() for look in looks))
    assert [r and r.target_name for r in found] == [t.name for t in targets]
    assert [look.last is not None for look in looks] == [True] * 100
    assert looked == ["t0", "t1", "t2", "t3"]
    await looks[50].glance()  # nobody else is looking: it sees for itself
    assert looked[4:] == ["t50"]

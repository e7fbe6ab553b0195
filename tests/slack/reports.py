"""Reports for the surfaces: judged by the real verdict from findings built by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.model import Finding, Reason, Report, State, Status, Target, Transport
from bot.verdict import judge
from tests import building

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def findings(state: State) -> list[Finding]:
    """Findings that the verdict makes this state of."""
    if state is State.UP:
        return building.healthy()
    if state is State.DOWN:
        refused = building.tcp(errno="ECONNREFUSED")
        skipped = building.finding(
            "polling", building.polling().evidence, Status.SKIPPED, Reason.NOT_REACHED
        )
        return [*building.unreachable(refused), skipped]
    if state is State.DEGRADED:
        return building.healthy(
            building.websocket(building.answer(400, '{"code":3}')),
            building.upgrade(building.answer(400, '{"code":3}')),
            building.namespace(building.attempt(Transport.POLLING)),
        )
    return building.unreachable(
        building.finding("tcp", building.tcp().evidence, Status.SKIPPED, Reason.DEADLINE)
    )


def report(
    state: State = State.DOWN,
    *,
    name: str = "prod",
    url: str = "https://prod.example",
    code: str | None = None,
) -> Report:
    """A report of this state; `code` puts another cause in place of the one found."""
    target = Target(name=name, url=url)
    seen = findings(state)
    verdict = judge(seen, target, cut_short=state is State.UNKNOWN)
    assert verdict.state is state
    if code is not None and verdict.cause is not None:
        verdict = replace(verdict, cause=replace(verdict.cause, code=code))
    return Report(name, url, "local", tuple(seen), verdict, AT, 312.0)

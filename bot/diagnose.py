"""Runs the base suite and the follow-ups that the verdict asks for, under deadlines → Report.

A fault of the target is data and never raises. An exception in a probe is our own bug: it is logged
with its traceback and leaves a finding that says nothing about the target (`strict` raises it).
Cancelling `diagnose` closes every socket that it holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from bot import urls, verdict
from bot.evidence import Failure, HistoryEvidence, NoEvidence, Phase
from bot.findings import FindingSet
from bot.model import Controls, Finding, FollowUp, Message, Reason, Report, Status, Target
from bot.net.errors import since_ms
from bot.probes import FOLLOW_UPS, SUITE, Found, config, history
from bot.probes.heartbeat import hold_s
from bot.probes.look import AddressError, Look, SettingsError, prepare
from bot.tasks import together

_ROUNDS: Final = 12  # of follow-ups; each may narrow the causes and ask for more
_LEAVE_S: Final = 1.0

log = logging.getLogger("wsdiag.diagnose")

OnProgress = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """What a surface may show while a diagnosis runs. `finding` is None when a probe starts."""

    probe: str
    finding: Finding | None
    note: Message | None = None  # how far a long probe has got


async def diagnose(
    target: Target,
    *,
    controls: Controls | None = None,
    slack_connected: Callable[[], bool | None] = lambda: None,
    vantage: str = "local",
    deep: bool = False,
    deadline_s: float | None = None,
    on_progress: OnProgress | None = None,
    memory: HistoryEvidence | None = None,
    strict: bool = False,
) -> Report:
    """Look at a target and conclude.

    `deadline_s` (seconds, default the target's) bounds the whole run: what it cuts off is reported
    as `skipped/deadline`, and the verdict is told. `deep` also holds sessions for two
    heartbeats of the server (at most 120 s) and climbs the payload ladder; the run may then take
    as much longer, unless `deadline_s` was given. `strict` raises what a probe raises.
    `slack_connected` says whether the bot is connected to Slack, None where there is no bot: a hint
    beside the controls, which decides nothing alone. `memory` is what the watcher knows of the
    past; the command line has none.
    """
    started_at = datetime.now(UTC)
    started = time.monotonic()
    deadline = started + (target.deadline_s if deadline_s is None else deadline_s)
    try:
        look = prepare(target, controls or Controls())
    except SettingsError as exc:
        findings = _unusable(target, exc)
        judged = verdict.judge(findings, target)
    else:
        look.slack_connected = slack_connected()
        run = _Run(look, deadline, on_progress or (lambda _: None), memory, strict=strict)
        try:
            await run.suite()
            if deep and deadline_s is None:
                run.extend(hold_s(look.opened))
            await run.follow_ups(deep=deep)
        finally:
            await run.close()
        findings = run.findings()
        judged = verdict.judge(findings, target, cut_short=run.cut_short())
    return Report(
        target_name=target.name,
        target_url=urls.without_secrets(target.url),
        vantage=vantage,
        findings=findings,
        verdict=judged,
        started_at=started_at,
        duration_ms=since_ms(started),
    )


class _Run:
    """One diagnosis as it goes."""

    def __init__(
        self,
        look: Look,
        deadline: float,
        on_progress: OnProgress,
        memory: HistoryEvidence | None,
        *,
        strict: bool,
    ) -> None:
        self.look = look
        self._memory = memory
        self.asked: set[FollowUp] = set()
        self._deadline = deadline
        self._on_progress = on_progress
        self._strict = strict
        self._by_probe: dict[str, tuple[Finding, ...]] = {}
        self._cut: set[str] = set()

    async def suite(self) -> None:
        """Run the base suite, each probe as soon as what it needs is there."""
        if self.look.endpoint.secure:
            self.look.dialer.prepare_tls()
        done = {row.name: asyncio.Event() for row in SUITE}

        async def run(index: int) -> None:
            row = SUITE[index]
            try:
                for need in row.needs:
                    await done[need].wait()
                await self._probe(row.name, row.function, row.deadline_s)
            finally:
                done[row.name].set()

        early_first = sorted(range(len(SUITE)), key=lambda i: not SUITE[i].early)
        await together(run(i) for i in early_first)
        if self._memory is not None:
            self._put(history.NAME, history.finding(self._memory, self.findings()))

    def extend(self, seconds: float) -> None:
        """Give the rest of the run more time."""
        self._deadline += seconds

    async def follow_ups(self, *, deep: bool = False) -> None:
        """Run what separates the causes still possible, until nothing does.

        The sessions of the base suite stay open only as long as somebody wants to watch them.
        """
        for _ in range(_ROUNDS):
            wanted = verdict.wanted(
                self.findings(), self.look.target, asked=frozenset(self.asked), deep=deep
            )
            fresh = [f for f in wanted if f not in self.asked]
            if FollowUp.LINGER not in fresh:
                await self.leave()
            self.look.turned_away = FindingSet.of(self.findings(), self.look.target).turned_away
            if not fresh:
                return
            # Parallel traffic flips the parity of a round robin and hides a missing affinity.
            batch = [f for f in fresh if not FOLLOW_UPS[f].alone] or fresh[:1]
            self.asked.update(batch)
            await together(self._follow_up(f) for f in batch)

    async def leave(self) -> None:
        """End the sessions. A server that does not listen any more gets no long goodbye."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE_S):
                await self.look.leave()

    async def close(self) -> None:
        """Let go of everything."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE_S):
                await self.look.close()

    def findings(self) -> tuple[Finding, ...]:
        """Everything found so far: the suite in its order, then the follow-ups."""
        order = [*(row.name for row in SUITE), history.NAME, *(f.value for f in FOLLOW_UPS)]
        found = [f for name in order for f in self._by_probe.get(name, ())]
        return tuple(calmed(unexplained(found), self.look.target))

    def cut_short(self) -> bool:
        """Whether the deadline of the whole run took something that the verdict needs.

        The state hangs on the namespace: it ends by itself when no transport gets that far, and
        what else is cut (a follow-up, say) only leaves the cause less certain.
        """
        return "namespace" in self._cut

    async def _follow_up(self, follow_up: FollowUp) -> None:
        row = FOLLOW_UPS[follow_up]
        await self._probe(follow_up.value, row.function, row.deadline_s)

    async def _probe(
        self, name: str, function: Callable[[Look], Awaitable[Found]], deadline_s: float
    ) -> None:
        started = time.monotonic()
        left = self._deadline - started
        if left <= 0:
            self._cut.add(name)
            self._put(name, _cut(name, started))
            return
        on_progress = self._on_progress
        on_progress(Progress(name, None))
        # Not by way of `self`: a look that refers to its run is a cycle, and all that it has opened
        # would wait, TLS sessions included, until somebody collects cycles.
        self.look.tell = lambda note: on_progress(Progress(name, None, note))
        self.look.ends = self._deadline
        try:
            async with asyncio.timeout(min(deadline_s, left)):
                found = await function(self.look)
        except TimeoutError:
            if left <= deadline_s:
                self._cut.add(name)
            found = _cut(name, started)
        except Exception:
            if self._strict:
                raise
            log.exception("probe %s failed by a fault of ours", name)
            note = NoEvidence("the probe itself failed; see the log")
            found = Finding(name, Status.SKIPPED, Reason.UNRECOGNISED, note, since_ms(started))
        self._put(name, found)

    def _put(self, name: str, found: Found) -> None:
        several = found if isinstance(found, tuple) else (found,)
        self._by_probe[name] = several
        for finding in several:
            self._on_progress(Progress(name, finding))


def unexplained(findings: Sequence[Finding]) -> list[Finding]:
    """Give every `not_reached` that no lower layer explains its own failure back.

    A probe whose dial failed leaves the blame to the probe of that layer. When that one saw
    nothing wrong (every third connection is refused, say), nobody would report the failure.
    """
    failing = {f.probe for f in findings if f.status is Status.FAIL}
    result: list[Finding] = []
    for finding in findings:
        failure = _failure_of(finding)
        orphan = (
            finding.status is Status.SKIPPED
            and finding.reason is Reason.NOT_REACHED
            and failure is not None
            and not failing & _EXPLAINS.get(failure.phase, frozenset())
        )
        if orphan and failure is not None:
            finding = replace(finding, status=Status.FAIL, reason=failure.reason)  # noqa: PLW2901
        result.append(finding)
    return result


def calmed(findings: Sequence[Finding], target: Target) -> list[Finding]:
    """Take back what was only suspected: a late answer that, asked for again, came in time."""
    found = FindingSet.of(findings, target)
    passing = found.passing
    return [
        replace(f, status=Status.OK, reason=None) if f.probe in passing else f for f in findings
    ]


_EXPLAINS: Final = {
    Phase.RESOLVE: frozenset({"dns"}),
    Phase.PROXY: frozenset({"tcp"}),
    Phase.CONNECT: frozenset({"dns", "tcp"}),
    Phase.TLS: frozenset({"dns", "tcp", "tls"}),
}


def _failure_of(finding: Finding) -> Failure | None:
    evidence = finding.evidence
    answer = getattr(evidence, "answer", None)
    failure = getattr(evidence, "failure", None) or getattr(answer, "failure", None)
    return failure if isinstance(failure, Failure) else None


def _unusable(target: Target, error: SettingsError) -> tuple[Finding, ...]:
    first = config.unusable(target, str(error), ours=not isinstance(error, AddressError))
    note = NoEvidence("the settings cannot be used")
    rest = (
        Finding(row.name, Status.SKIPPED, Reason.NOT_REACHED, note, 0.0)
        for row in SUITE
        if row.name != first.probe
    )
    return (first, *rest)


def _cut(name: str, started: float) -> Finding:
    note = NoEvidence("cut off by a deadline")
    return Finding(name, Status.SKIPPED, Reason.DEADLINE, note, since_ms(started))

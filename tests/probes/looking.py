"""Run the base suite, or single probes, and read what they found."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bot.findings import FindingSet
from bot.model import Controls, Finding, Target
from bot.net.nameserver import Server
from bot.probes import SUITE, Found
from bot.probes.look import Look, prepare


def target(url: str, **settings: Any) -> Target:
    """A target called `t`."""
    return Target("t", url, **settings)


async def observe(
    what: Target,
    *,
    controls: Controls | None = None,
    nameservers: tuple[Server, ...] | None = None,
) -> FindingSet:
    """What the base suite finds, without verdict and follow-ups."""
    look = prepare(what, controls or Controls(), nameservers=nameservers)
    try:
        first = await asyncio.gather(*(row.function(look) for row in SUITE if not row.needs))
        last = [await row.function(look) for row in SUITE if row.needs]
        await look.leave()
    finally:
        await look.close()
    return FindingSet.of([f for found in [*first, *last] for f in _each(found)], what)


async def ask(
    function: Callable[[Look], Awaitable[Found]],
    what: Target,
    *,
    nameservers: tuple[Server, ...] | None = None,
) -> tuple[Finding, ...]:
    """What one probe or follow-up finds."""
    look = prepare(what, Controls(), nameservers=nameservers)
    try:
        return _each(await function(look))
    finally:
        await look.close()


def the(found: FindingSet, probe: str) -> Finding:
    """The only finding of a probe."""
    (only,) = found.named(probe)
    return only


def _each(found: Found) -> tuple[Finding, ...]:
    return found if isinstance(found, tuple) else (found,)

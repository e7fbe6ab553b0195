"""The last week of some targets, read from the history."""

from __future__ import annotations

from collections.abc import Iterable

from bot.digest import TargetWeek, Week, week
from bot.model import Target
from bot.patterns import Sample
from bot.slack.desk import Planned
from bot.spans import Span
from bot.store import Store


async def reckon(store: Store, targets: Iterable[Target], span: Span, planned: Planned) -> Week:
    """What a span came to. Raises StoreError."""
    weeks = []
    for target in targets:
        reckoned = await store.history.availability(
            target.name,
            span,
            maintenance=planned(target.name, span),
            objective=target.objective,
        )
        past = await store.history.past(target.name, span)
        opened = [one for one in past.incidents if span.start <= one.opened_at < span.end]
        opened.sort(key=lambda one: (one.opened_at, one.number))
        first_seen = min((sample.at for sample in past.samples if _known(sample)), default=None)
        weeks.append(TargetWeek(target, reckoned, opened, first_seen))
    return week(span, weeks)


def _known(sample: Sample) -> bool:
    return sample.up_s + sample.degraded_s + sample.down_s > 0

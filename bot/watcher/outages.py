"""One look for many: what keeps everybody out of a backend is the same for all who connect to it.

Up to the TLS handshake nothing depends on a target's path, namespace or credentials. When hundreds
of targets on one backend fail together, those who would have to queue for a look of their own are
told what the others have found meanwhile.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from bot.model import Layer, Report, State, Target
from bot.urls import without_secrets

_SHARED: Final = frozenset({Layer.DNS, Layer.NET, Layer.TCP, Layer.TLS})

_Route = tuple[object, ...]


class SharedOutages:
    """The last outage that was seen at each backend, by those who look as this target would."""

    def __init__(self) -> None:
        self._seen: dict[_Route, tuple[float, Report]] = {}

    def tell(self, target: Target, report: Report) -> None:
        """A look has ended."""
        cause = report.verdict.cause
        if report.verdict.state is State.DOWN and cause is not None and cause.layer in _SHARED:
            self._seen[_route(target)] = (time.monotonic(), report)
        else:
            self._seen.pop(_route(target), None)

    def report(self, target: Target, since: float) -> Report | None:
        """What a look at the same backend has found that ended at `since` (monotonic seconds) or
        later, as a report on this target; None unless it found an outage that all share."""
        seen = self._seen.get(_route(target))
        if seen is None or seen[0] < since:
            return None
        return replace(seen[1], target_name=target.name, target_url=without_secrets(target.url))


def _route(target: Target) -> _Route:
    """Equal for targets that are reached in the same way, as far as TLS."""
    parts = urlsplit(target.url)
    return (
        parts.scheme.lower(),
        parts.netloc.rpartition("@")[2].lower(),
        target.proxy,
        target.ca_file,
        target.client_certificate,
        target.allow_private,
        target.fallback_urls,
        target.client,
    )

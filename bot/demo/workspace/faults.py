"""Trouble on demand: what the next calls of the Web API will meet."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum


class Trouble(StrEnum):
    """What happens to a call."""

    RATE_LIMIT = "rate_limit"
    STATUS = "status"  # an HTTP error with a body that is no JSON
    ERROR = "error"  # HTTP 200 with one of Slack's error codes
    DROP_BEFORE = "drop_before"  # the connection is cut, nothing was done
    DROP_AFTER = "drop_after"  # it was done, but the answer never arrives
    HANG = "hang"


@dataclass(slots=True)
class Fault:
    """A trouble for the next `times` calls of `method` (None: of any)."""

    trouble: Trouble
    times: int
    method: str | None = None
    retry_after: int = 1
    status: int = 500
    code: str = "internal_error"
    met: int = 0
    lifted: asyncio.Event = field(default_factory=asyncio.Event)


class Faults:
    """The faults set up and not yet used up, in order."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def rate_limit(
        self, times: int = 1, *, method: str | None = None, retry_after: int = 1
    ) -> Fault:
        """HTTP 429 with `Retry-After: retry_after` seconds."""
        return self._add(Fault(Trouble.RATE_LIMIT, times, method, retry_after=retry_after))

    def server_error(
        self, times: int = 1, *, method: str | None = None, status: int = 500
    ) -> Fault:
        """An HTTP error from a proxy or a crashed server."""
        return self._add(Fault(Trouble.STATUS, times, method, status=status))

    def error(self, code: str, times: int = 1, *, method: str | None = None) -> Fault:
        """One of Slack's errors, such as `internal_error` or `fatal_error`."""
        return self._add(Fault(Trouble.ERROR, times, method, code=code))

    def drop(self, times: int = 1, *, method: str | None = None, after: bool = False) -> Fault:
        """Cut the connection before the call is looked at, or `after` it was carried out."""
        trouble = Trouble.DROP_AFTER if after else Trouble.DROP_BEFORE
        return self._add(Fault(trouble, times, method))

    def hang(self, times: int = 1, *, method: str | None = None) -> Fault:
        """Accept the request and say nothing until `clear()`."""
        return self._add(Fault(Trouble.HANG, times, method))

    def clear(self) -> None:
        """No more trouble; calls that hang go on as if nothing had happened."""
        for fault in self._faults:
            fault.lifted.set()
        self._faults.clear()

    def meet(self, method: str) -> Fault | None:
        """The fault that this call meets, if any."""
        for fault in self._faults:
            if fault.method in {None, method} and fault.met < fault.times:
                fault.met += 1
                return fault
        return None

    def _add(self, fault: Fault) -> Fault:
        self._faults.append(fault)
        return fault

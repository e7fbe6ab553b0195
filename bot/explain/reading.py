"""What a row of the table of wordings is: who prints it, where it stands, what it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.model import Message


class Step(StrEnum):
    """What tells more than the text does; `bot.explain.steps` makes commands of it."""

    CHECK = "check"  # one look at the backend
    DEEP = "deep"  # hold the connection: drops, heartbeats, sizes
    CERTIFICATE = "certificate"
    NAME = "name"  # ask DNS
    AUTH = "auth"  # with the credentials of the client
    BROWSER = "browser"  # only the affected browser knows
    SERVER = "server"  # only the server's own log knows


@dataclass(frozen=True, slots=True)
class Reading:
    """What a wording means, whoever printed it.

    key: stable name for scripts. causes: codes of the catalogue, likeliest first; none where the
    wording itself says all. general: it only says that something failed, so that it counts for
    nothing beside a wording on the same line that says what. instead_of: keys of readings that it
    explains better on the same line.
    """

    key: str
    means: Message
    causes: tuple[str, ...] = ()
    step: Step = Step.CHECK
    general: bool = False
    instead_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """One wording.

    who: the program that prints it. source: the file of that program where it stands (or the
    document, or the row of faults.md where it was observed).
    needles: any of them, in lower case and with plain quotes (`text.plain`), must be on the line.
    having, without: all of them must be, none of them may be on the line as well.
    shape: a pattern that must be found around the needle (`scan.BEFORE`, `scan.AFTER`); its group,
    if it has one, chooses among `readings`, first as it is, then with `x` for all but its first
    character (`5xx`), else `reading` holds.
    """

    who: str
    source: str
    needles: tuple[str, ...]
    reading: Reading | None = None
    having: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    shape: re.Pattern[str] | None = None
    readings: Mapping[str, Reading] = field(default_factory=dict)

    def read(self, captured: str | None) -> Reading | None:
        """The reading for what the shape's group caught; None: this wording says nothing."""
        if captured is None:
            return self.reading
        rough = captured[:1] + "x" * (len(captured) - 1)
        return self.readings.get(captured) or self.readings.get(rough) or self.reading

"""What a row of the catalogue is.

A cause is a pure predicate over findings with the words for people. `holds` returns a `Fit` when
the evidence speaks for the cause, and None when it does not. A fit says how much the evidence
excludes: which follow-ups would still separate it, which other causes stay possible.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Message, Section, say

NOBODY = say("Nobody can connect.")
SOME = say("Some clients connect, others cannot, depending on their transport or their luck.")


class Reach(IntEnum):
    """How much a cause explains; the verdict prefers what explains the state it found."""

    WHOLE = 0  # nothing connects, or any request may fail
    PART = 1  # one transport, one address, one browser rule
    QUALITY = 2  # it works, but slowly, riskily, or a bystander fails


@dataclass(frozen=True, slots=True)
class Fit:
    """The evidence speaks for the cause.

    why: the evidence in sentences, most telling first.
    confidence: what the evidence supports when every rival is excluded.
    settle: follow-ups that would confirm or exclude this cause; those that have run count no more.
    rivals: codes that this evidence cannot exclude.
    """

    why: tuple[Message, ...]
    confidence: Confidence = Confidence.CERTAIN
    settle: tuple[FollowUp, ...] = ()
    rivals: tuple[str, ...] = ()


Predicate = Callable[[FindingSet], Fit | None]


@dataclass(frozen=True, slots=True)
class Cause:
    """One row of the catalogue.

    code, layer, section: as in the guide; the code never changes once published.
    title: the cause in a few words. impact: what users feel. fix: what to do, one or two sentences.
    reach: how much of a failure it can explain.
    needs_control: it means "blocked" or "our own side", so without a working control it is at most
        likely.
    holds: the predicate; None for causes that no server-side look can see (browser, client code,
        what only shows in time: `history.remembered`).
    """

    code: str
    layer: Layer
    section: Section
    title: Message
    impact: Message
    fix: Message
    reach: Reach = Reach.WHOLE
    needs_control: bool = False
    holds: Predicate | None = None

"""What can be asked for after `/wsdiag` or `@wsdiag`: a record per request. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.model import Message
from bot.slack.asking import lookback


@dataclass(frozen=True, slots=True)
class CheckTarget:
    """Check a configured target; None: the only one, or the channel's."""

    name: str | None = None
    deep: bool = False


@dataclass(frozen=True, slots=True)
class CheckUrl:
    """Check a URL that is no target; whether that is allowed is decided elsewhere."""

    url: str
    deep: bool = False


@dataclass(frozen=True, slots=True)
class ExplainText:
    """Explain what was pasted; its line breaks are kept."""

    text: str


@dataclass(frozen=True, slots=True)
class ShowStatus:
    """Show every target and how it is."""


@dataclass(frozen=True, slots=True)
class ShowTargets:
    """Show what is watched, and how."""


@dataclass(frozen=True, slots=True)
class ShowGuide:
    """Show the guide's section, or the entry of a cause, that these words mean; all without."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class MuteTarget:
    """Mute a target for a time; `lasts` None: until it is up."""

    name: str | None
    lasts: timedelta | None


@dataclass(frozen=True, slots=True)
class UnmuteTarget:
    """Take a mute back."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Take on what is wrong with a target."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class ShowChart:
    """Draw a target's past; without a name as for `CheckTarget`."""

    name: str | None = None
    back: timedelta = lookback.DAY


@dataclass(frozen=True, slots=True)
class ShowHistory:
    """List a target's incidents; without a name as for `CheckTarget`."""

    name: str | None = None
    back: timedelta = lookback.LONGEST


@dataclass(frozen=True, slots=True)
class ShowDigest:
    """Show what the last week came to."""


@dataclass(frozen=True, slots=True)
class ShowHelp:
    """Show what can be typed."""


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """Not understood: why, and what was probably meant (words to type after `/wsdiag`)."""

    problem: Message
    suggestion: str | None = None


Request = (
    CheckTarget
    | CheckUrl
    | ExplainText
    | ShowStatus
    | ShowTargets
    | ShowGuide
    | MuteTarget
    | UnmuteTarget
    | Acknowledge
    | ShowChart
    | ShowHistory
    | ShowDigest
    | ShowHelp
    | Misunderstood
)

"""Patterns in sentences, the most telling first. Moments are UTC, as they stand inside words."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.evidence import Ending, Pattern, PatternKind
from bot.model import Message, say, say_n


def telling(pattern: Pattern) -> tuple[Message, ...]:
    """What recurs, what that means, and what it may come from."""
    said = [headline(pattern)]
    if pattern.kind is PatternKind.CONSTANT_AGE:
        said += _meaning(pattern)
    if pattern.kind is PatternKind.CONSTANT_IDLE:
        said.append(say("Their ages differ: it is the silence that ends them, not the age."))
    if pattern.examples:
        said.append(say("Such as {examples}.", examples=", ".join(pattern.examples)))
    return tuple(said)


def headline(pattern: Pattern) -> Message:  # noqa: PLR0911  (one return per kind)
    """A pattern in one sentence."""
    value, spread, before = pattern.value or 0.0, pattern.spread or 0.0, pattern.before or 0.0
    match pattern.kind:
        case PatternKind.CONSTANT_AGE:
            return say(
                "{count} of {of} drops at {age} ± {spread} s, since {since}.",
                count=pattern.count,
                of=pattern.of,
                age=_seconds(value),
                spread=_spread(spread),
                since=_at(pattern.since),
            )
        case PatternKind.CONSTANT_IDLE:
            return say(
                "{count} of {of} drops after {span} ± {spread} s without a message, since {since}.",
                count=pattern.count,
                of=pattern.of,
                span=_seconds(value),
                spread=_spread(spread),
                since=_at(pattern.since),
            )
        case PatternKind.CRASH_LOOP:
            return say_n(
                "The server went away {n} time between {since} and {last}.",
                "The server went away {n} times between {since} and {last}.",
                pattern.count,
                since=_at(pattern.since),
                last=_at(pattern.last),
            )
        case PatternKind.CLUSTER:
            return say(
                "{count} of {of} drops of the last day between {since} and {last}: a restart or "
                "a deployment.",
                count=pattern.count,
                of=pattern.of,
                since=_at(pattern.since),
                last=_at(pattern.last),
            )
        case PatternKind.POLLING_SINCE:
            return say("On polling since {since}; before, it was WebSocket.",
                       since=_at(pattern.since))  # fmt: skip
        case PatternKind.SLOWER:
            return say(
                "A round trip takes {now} ms, usually {before} ms (since {since}).",
                now=round(value),
                before=_ms(before),
                since=_at(pattern.since),
            )
        case PatternKind.RISING:
            return say_n(
                "Round trips grow: {before} ms then, {now} ms now, over {n} day.",
                "Round trips grow: {before} ms then, {now} ms now, over {n} days.",
                pattern.count,
                before=_ms(before),
                now=round(value),
            )


def _meaning(pattern: Pattern) -> list[Message]:
    if pattern.ending is Ending.KICKED:
        if pattern.kept_alive:
            return [say("The server itself says goodbye, although it got the app's keep-alive.")]
        return [say("The server itself says goodbye; the app's keep-alive was not sent by then.")]
    if pattern.ending is Ending.CLOSED:
        return [say("The end comes with a close frame, so somebody means it.")]
    if pattern.ending is Ending.SILENT:
        return [say("Nobody says goodbye: from that age on nothing comes through.")]
    if pattern.kept_alive:
        return [say("They were cut without a goodbye although messages went over them: the age "
                    "ends them, not silence.")]  # fmt: skip
    return [say("They were cut without a goodbye; each time the server was there at once.")]


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _spread(value: float) -> str:
    return f"{value:.0f}" if value >= 1 else f"{max(value, 0.1):.1f}"


def _ms(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

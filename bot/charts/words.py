"""A picture in sentences: what a screen reader says, and what is said where nothing can be seen."""

from __future__ import annotations

from typing import Final

from bot import causes
from bot.charts.clock import Clock
from bot.charts.picture import Mark, Picture
from bot.locales import duration, percent, translate
from bot.model import Message, State, say, say_n
from bot.wording import milliseconds

LONGEST_ALT: Final = 1_000  # docs.slack.dev/reference/methods/files.getUploadURLExternal
_TOLD: Final = 4  # incidents, the longest ones
_HOURS: Final = 48
_WORTH_TELLING_S: Final = 60.0  # of a time that nobody watched

_LASTED: dict[State, Message] = {
    State.DOWN: say("down for {lasted} from {at} ({cause})"),
    State.DEGRADED: say("degraded for {lasted} from {at} ({cause})"),
    State.FLAPPING: say("flapping for {lasted} from {at} ({cause})"),
}


def title(picture: Picture, lang: str) -> str:
    """What the picture is of: `prod, the last 24 h`."""
    span = length(picture.length_s, lang)
    return translate(say("{target}, the last {span}", target=picture.target, span=span), lang)


def length(seconds: float, lang: str) -> str:
    """How far back somebody looks, as people say it: up to two days in hours, no odd seconds."""
    hours, rest = divmod(round(seconds), 3_600)
    if rest == 0 and hours <= _HOURS:
        return translate(say("{h} h", h=hours), lang)
    return duration(seconds if seconds < 120 else round(seconds / 60) * 60, lang)


def summary(picture: Picture, clock: Clock) -> str:
    """What it comes to, in two sentences; plain text."""
    return f"{_quick(picture, clock)} {_well(picture, clock.lang)}".strip()


def alt_text(picture: Picture, clock: Clock) -> str:
    """What the picture shows, in full sentences with its figures; plain text."""
    lang = clock.lang
    parts = [_quick(picture, clock), _well(picture, lang)]
    parts += [_listed(picture, clock)] if picture.marks else []
    if picture.reconnects:
        parts.append(
            translate(
                say_n(
                    "The connection was lost {n} time.",
                    "The connection was lost {n} times.",
                    len(picture.reconnects),
                ),
                lang,
            )
        )
    if picture.later:
        parts.append(translate(say("Nothing is known of the time before."), lang))
    if picture.figures.unknown_s >= _WORTH_TELLING_S:
        gap = duration(picture.figures.unknown_s, lang)
        parts.append(translate(say("Nothing was watched for {lasted} of it.", lasted=gap), lang))
    parts.append(translate(say("Times are in {zone}.", zone=clock.name), lang))
    text = ""
    for part in parts:  # whole sentences, as many as fit
        if part and len(text) + len(part) + 1 <= LONGEST_ALT:
            text = f"{text} {part}".strip()
    return text


def empty(picture: Picture) -> Message:
    """Instead of a picture in which there would be nothing to see."""
    return say(
        "There is nothing to draw yet: nobody watched {target} in that time. A first picture takes "
        "a minute or two of watching.",
        target=picture.target,
    )


def cause_title(mark: Mark, lang: str) -> str:
    """What an incident was, in words."""
    if mark.cause is None:
        return translate(say("no cause named"), lang)
    return translate(causes.describe(mark.cause).title, lang)


def _quick(picture: Picture, clock: Clock) -> str:
    figures, lang = picture.figures, clock.lang
    if (
        figures.p50_ms is None
        or figures.p95_ms is None
        or figures.worst_ms is None
        or figures.worst_at is None
    ):
        words = say(
            "{target}, the last {span}: no round trip was measured.",
            target=picture.target,
            span=length(picture.length_s, lang),
        )
        return translate(words, lang)
    words = say(
        "{target}, the last {span}: round trips took {p50} in the median and {p95} at the 95th "
        "percentile, the longest {worst} at {at}.",
        target=picture.target,
        span=length(picture.length_s, lang),
        p50=translate(milliseconds(figures.p50_ms), lang),
        p95=translate(milliseconds(figures.p95_ms), lang),
        worst=translate(milliseconds(figures.worst_ms), lang),
        at=clock.moment(figures.worst_at),
    )
    return translate(words, lang)


def _well(picture: Picture, lang: str) -> str:
    share = picture.figures.uptime
    n = len(picture.marks)
    if share is None:
        return ""
    if n == 0:
        words = say("It was reachable for {share} of the watched time, without an incident.",
                    share=percent(share, lang))  # fmt: skip
    else:
        words = say_n(
            "It was reachable for {share} of the watched time, with {n} incident.",
            "It was reachable for {share} of the watched time, with {n} incidents.",
            n,
            share=percent(share, lang),
        )
    return translate(words, lang)


def _listed(picture: Picture, clock: Clock) -> str:
    lang = clock.lang
    longest = sorted(picture.marks, key=lambda m: -m.lasted_s(picture.end))[:_TOLD]
    told = [
        translate(
            Message(
                _LASTED.get(mark.state, _LASTED[State.DOWN]).text,
                {
                    "lasted": duration(mark.lasted_s(picture.end), lang),
                    "at": clock.moment(mark.opened_at),
                    "cause": cause_title(mark, lang),
                },
            ),
            lang,
        )
        for mark in sorted(longest, key=lambda m: m.number)
    ]
    sentence = "; ".join(told)
    return f"{sentence[:1].upper()}{sentence[1:]}."

"""A target's incidents as a table, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot import causes
from bot.charts.clock import Clock
from bot.charts.words import length
from bot.incidents import Incident
from bot.locales import duration, percent, translate
from bot.model import Act, ActKind, Message, State, say, say_n
from bot.slack.blocks.common import FACES
from bot.slack.blocks.kit import (
    HEADER_TEXT,
    Block,
    Post,
    context,
    header,
    paragraphs,
    post,
    section,
)
from bot.slack.blocks.mrkdwn import clean, escape, person, plain, sentence
from bot.uptime import Availability

_ROWS: Final = 25  # what a person reads; a table may have 100
_NOTE: Final = 120
_CELLS: Final = 6_500  # characters of all cells: Slack takes 10,000, a message of ours 9,000


@dataclass(frozen=True, slots=True)
class Chronicle:
    """What `/wsdiag history` tells of one target. `acts`: what was done, by incident."""

    target: str
    availability: Availability
    incidents: Sequence[Incident]  # the oldest first
    acts: Mapping[str, Sequence[Act]]


def history(told: Chronicle, clock: Clock) -> tuple[Post, Post]:
    """The same twice: as a table, and in paragraphs for a Slack that takes no table."""
    words = _in_words(told, clock.lang)
    head = header(plain(_title(told, clock.lang), clock.lang, limit=HEADER_TEXT))
    facts = [section(words), *_facts(told.availability, clock.lang)]
    newest = list(reversed(told.incidents))[:_ROWS]
    if not newest:
        without = post(words, [head, *facts])
        return without, without
    rows = [_row(one, told, clock) for one in newest]
    left = len(told.incidents) - len(newest)
    zone = say("Times are in {zone}.", zone=clock.name)
    tail = [context(" ".join(filter(None, [_more(left, clock.lang), sentence(zone, clock.lang)])))]
    listed = paragraphs((_line(row) for row in rows), section, limit=2_000)
    return (
        post(words, [head, *facts, _table(rows, clock.lang)], closing=tail),
        post(words, [head, *facts], listed, tail),
    )


# ---------------------------------------------------------------- what it comes to


def _title(told: Chronicle, lang: str) -> Message:
    span = length(told.availability.span.seconds, lang)
    return say("{target}, the last {span}", target=told.target, span=span)


def _in_words(told: Chronicle, lang: str) -> str:
    reckoned = told.availability
    n = len(told.incidents)
    if reckoned.all_planned:
        words = say_n(
            "There was planned work on {target} all that time; {n} incident is known.",
            "There was planned work on {target} all that time; {n} incidents are known.",
            n,
            target=told.target,
        )
    elif reckoned.uptime is None:
        words = say_n(
            "Nobody watched {target} in that time; {n} incident is known.",
            "Nobody watched {target} in that time; {n} incidents are known.",
            n,
            target=told.target,
        )
    elif n == 0:
        words = say(
            "{target} was reachable for {share} of the watched time, without an incident.",
            target=told.target,
            share=percent(reckoned.uptime, lang),
        )
    else:
        words = say_n(
            "{target} was reachable for {share} of the watched time, with {n} incident.",
            "{target} was reachable for {share} of the watched time, with {n} incidents.",
            n,
            target=told.target,
            share=percent(reckoned.uptime, lang),
        )
    return sentence(words, lang)


def _facts(reckoned: Availability, lang: str) -> list[Block]:
    facts: list[Message] = []
    if reckoned.mtta_s is not None:
        took = duration(reckoned.mtta_s, lang)
        facts.append(say("acknowledged after {took} on average", took=took))
    if reckoned.mttr_s is not None:
        facts.append(say("over after {took} on average", took=duration(reckoned.mttr_s, lang)))
    if reckoned.down_s > 0:
        facts.append(say("down for {took} in all", took=duration(reckoned.down_s, lang)))
    if reckoned.maintenance_s > 0 and not reckoned.all_planned:
        took = duration(reckoned.maintenance_s, lang)
        facts.append(say("planned work for {took}, left out", took=took))
    if reckoned.unknown_s >= 60:
        facts.append(say("not watched for {took}", took=duration(reckoned.unknown_s, lang)))
    if (budget := reckoned.budget) is not None:
        of = f"{budget.objective:g}%"
        left = duration(abs(budget.left_s), lang)
        if budget.left_s >= 0:
            facts.append(say("error budget for {objective}: {left} left", objective=of, left=left))
        else:
            facts.append(
                say("error budget for {objective}: overspent by {left}", objective=of, left=left)
            )
    return [context(" · ".join(sentence(fact, lang) for fact in facts))] if facts else []


def _more(left: int, lang: str) -> str:
    if left <= 0:
        return ""
    words = say_n("{n} earlier one is not shown.", "{n} earlier ones are not shown.", left)
    return translate(words, lang)


# ---------------------------------------------------------------- one incident


@dataclass(frozen=True, slots=True)
class _Row:
    """An incident in plain words; `who` is a person's id."""

    when: str
    face: str
    cause: str
    lasted: str
    who: str | None
    after: str
    notes: tuple[tuple[str | None, str], ...]


def _row(incident: Incident, told: Chronicle, clock: Clock) -> _Row:
    lang = clock.lang
    acts = told.acts.get(incident.id, ())
    seen = next((a for a in acts if a.kind is ActKind.ACKNOWLEDGED), None)
    end = incident.closed_at or told.availability.span.end
    lasted = duration((end - incident.opened_at).total_seconds(), lang)
    if incident.closed_at is None:
        lasted = translate(say("{lasted} so far", lasted=lasted), lang)
    title = causes.describe(incident.cause.code).title if incident.cause else say("no cause named")
    after = ""
    if seen is not None:
        took = duration((seen.at - incident.opened_at).total_seconds(), lang)
        after = translate(say("after {took}", took=took), lang)
    return _Row(
        when=clock.moment(incident.opened_at),
        face=FACES.get(incident.state, FACES[State.DOWN]),
        cause=translate(title, lang),
        lasted=lasted,
        who=seen.user if seen else None,
        after=after,
        notes=tuple((a.user, clean(a.note, _NOTE)) for a in acts if a.kind is ActKind.NOTED),
    )


def _table(rows: Sequence[_Row], lang: str) -> Block:
    heads = (say("When"), say("Cause"), say("Lasted"), say("Acknowledged"), say("Notes"))
    made = [[_raw(translate(head, lang)) for head in heads]]
    size = 0
    for row in rows:
        note = "; ".join(text for _, text in row.notes)
        size += sum(map(len, (row.when, row.cause, row.lasted, row.after, note))) + 16
        if size > _CELLS:
            break
        made.append(
            [
                _raw(row.when),
                _raw(f"{row.face} {row.cause}"),
                _raw(row.lasted),
                _seen(row),
                _raw(note),
            ]
        )
    return {
        "type": "table",
        "rows": made,
        "column_settings": [{}, {"is_wrapped": True}, {"align": "right"}, {"is_wrapped": True},
                            {"is_wrapped": True}],
    }  # fmt: skip


def _raw(text: str) -> Block:
    return {"type": "raw_text", "text": text or "–"}


def _seen(row: _Row) -> Block:
    """Who acknowledged, by name: a mention in a table of one's own notifies nobody."""
    if row.who is None:
        return _raw(row.after)
    parts: list[dict[str, Any]] = [
        {"type": "user", "user_id": row.who},
        {"type": "text", "text": f" {row.after}"},
    ]
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": parts}],
    }


def _line(row: _Row) -> str:
    parts = [f"{row.face} *{escape(row.when)}*", escape(row.lasted), escape(row.cause)]
    if row.who is not None:
        parts.append(f"✋ {person(row.who)} {escape(row.after)}")
    elif row.after:
        parts.append(f"✋ {escape(row.after)}")
    parts += [f"“{escape(text)}”" for _, text in row.notes]
    return " · ".join(parts)

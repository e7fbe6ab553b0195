"""An incident in the channel: one message, rewritten as things change, and its thread.

The first line says what is wrong, the next what users feel, the next what to do. Everything below
is for whoever wants to know why. Several incidents in one message are drawn by `storm`.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.locales import duration, translate
from bot.model import Group, Member, Message, Named, Report, State, say
from bot.slack.blocks import storm
from bot.slack.blocks.buttons import incident_buttons
from bot.slack.blocks.common import (
    FACES,
    Reader,
    changed_blocks,
    details,
    fix_lines,
    labelled,
    row,
    trouble_words,
    users,
)
from bot.slack.blocks.kit import HEADER_TEXT, Block, Post, context, header, post, section
from bot.slack.blocks.mrkdwn import escape, plain, sentence, when
from bot.wording import CONFIDENCES, headline

_FLAPPING = say("It keeps coming and going: the next message follows when it stays up or down.")


def root(
    group: Group,
    reader: Reader,
    notes: Sequence[str] = (),
    *,
    before: Report | None = None,
    taken: bool = False,
) -> Post:
    """The message of a group, in whatever state it is.

    before: the last good report of its target, if it is about one target. taken: somebody looks
    after all of it, so that nobody is asked to.

    `notes` are lines of mrkdwn about the message itself (another channel than configured, who has
    taken the incident).
    """
    if len(group.targets) > 1:
        return storm.root(group, reader, notes, _buttons(group, reader, taken=taken))
    if not group.open:
        return _over(group, reader, notes)
    return _trouble(group, reader, notes, before, taken=taken)


def recovery(group: Group, lang: str, notes: Sequence[str] = ()) -> Post:
    """The reply in the thread when the last incident of the group has ended."""
    text = sentence(_over_words(group, lang), lang)
    return post(text, [section(f"{storm.ended(group.lead)} {text}"), *_noted(notes)])


def worse(members: Sequence[Member], lang: str, notes: Sequence[str] = ()) -> Post:
    """The reply, shown in the channel as well, when what worked in part goes down."""
    if len(members) > 1:
        return storm.worse(members, lang, notes)
    (member,) = members
    if member.cause is None:
        words = say("{target} is down now.", target=member.target)
    else:
        words = say(
            "{target} is down now: {title}.",
            target=member.target,
            title=translate(row(member.cause).title, lang),
        )
    text = sentence(words, lang)
    return post(text, [section(f"{FACES[State.DOWN]} {text}"), *_noted(notes)])


def bare(group: Group, lang: str) -> Post:
    """The last resort: nothing in it that anybody could refuse, and nothing that can fail."""
    if group.open:
        words = headline(group.lead.target, group.lead.state)
    else:
        words = headline(group.lead.target, State.UP)
    more = len(group.targets) - 1
    return Post(f"{sentence(words, lang)}{f' (+{more})' if more else ''}.")


def _trouble(
    group: Group, reader: Reader, notes: Sequence[str], before: Report | None, *, taken: bool
) -> Post:
    """While it lasts: what is wrong, what users feel, what to do, since when, what changed, and the
    buttons; below them, why."""
    lang, report, lead = reader.lang, group.report, group.lead
    words = trouble_words(lead.target, lead.state, lead.cause, lang)
    lines = []
    if report is not None:
        lines.append(users(report, lang))
    lines += fix_lines(lead.cause, lang)
    lines.append(labelled(translate(say("Since:"), lang), when(lead.opened_at, lang)))
    if lead.state is State.FLAPPING:
        lines.append(sentence(_FLAPPING, lang))
    head = plain(words, lang, limit=HEADER_TEXT - 4).rstrip(".")
    essential = [
        header(f"{FACES[lead.state]} {head}"),
        section("\n".join(lines)),
        *_noted([*notes, *_earlier(group, lang)]),
        *(changed_blocks(before, report, lang) if report is not None else ()),
        *_buttons(group, reader, taken=taken),
    ]
    about = [_cause(lead.cause, lang)] if lead.cause is not None else []
    if report is not None:
        about.append(escape(report.target_url, 300))
    optional: list[Block] = [context(" · ".join(about))] if about else []
    if report is not None:
        optional += details(report, lang, brief=True)
    return post(sentence(words, lang), essential, optional)


def _over(group: Group, reader: Reader, notes: Sequence[str]) -> Post:
    """Once it is over: how long, and what it was."""
    lang = reader.lang
    words = say("{target} is up again", target=group.lead.target)
    if group.lead.left:
        words = say("{target} is no longer watched", target=group.lead.target)
    if len(group.members) > 1:
        lines = [storm.past(member, lang) for member in group.members]
    else:
        lasted = duration(storm.lasted_s(group.lead), lang)
        span = storm.span(group.lead, lang)
        lines = [labelled(translate(say("Lasted:"), lang), f"{lasted} ({span})")]
        if group.lead.cause is not None:
            lines.append(_cause(group.lead.cause, lang))
    if group.lead.left:
        gone = say("It was taken out of the settings, so I do not see what becomes of it.")
        lines.insert(0, sentence(gone, lang))
    return post(
        sentence(_over_words(group, lang), lang),
        [
            header(f"{storm.ended(group.lead)} {plain(words, lang, limit=HEADER_TEXT - 4)}"),
            section("\n".join(lines)),
            *_noted(notes),
        ],
        (),
        _buttons(group, reader),
    )


def _over_words(group: Group, lang: str) -> Message:
    lasted = duration(storm.lasted_s(group.lead), lang)
    if len(group.targets) > 1 or (len(group.members) > 1 and not group.lead.left):
        return storm.over_words(group, lang)
    if group.lead.left:
        return say(
            "{target} is no longer watched: it was taken out of the settings, still in trouble "
            "after {lasted}.",
            target=group.lead.target,
            lasted=lasted,
        )
    return say("{target} is up again after {lasted}.", target=group.lead.target, lasted=lasted)


def _cause(cause: Named, lang: str) -> str:
    sure = sentence(CONFIDENCES[cause.confidence], lang)
    title = sentence(row(cause).title, lang)
    return labelled(translate(say("Cause:"), lang), f"{title} _({sure})_")


def _earlier(group: Group, lang: str) -> list[str]:
    """Outages of the same target that ended before anybody could be told of them."""
    past = [storm.past(m, lang) for m in group.members if m.closed_at is not None]
    return [labelled(translate(say("Earlier:"), lang), "\n".join(past))] if past else []


def _noted(notes: Sequence[str]) -> list[Block]:
    return [context("\n".join(notes))] if notes else []


def _buttons(group: Group, reader: Reader, *, taken: bool = False) -> tuple[Block, ...]:
    lead = group.lead
    return incident_buttons(
        lead.incident_id,
        lead.cause,
        lead.report_id,
        reader.lang,
        lasting=group.open,
        taken=taken,
    )

"""Several incidents in one message: a storm while it lasts, and what is left of a backlog."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.locales import duration, translate
from bot.model import Group, Member, Message, Named, State, say, say_n
from bot.slack.blocks.common import FACES, Reader, fix_lines, labelled, row, users
from bot.slack.blocks.kit import HEADER_TEXT, Block, Post, context, header, post, section
from bot.slack.blocks.mrkdwn import escape, marked, plain, sentence, when

_EACH: Final = 12  # members that get a line of their own; more of them share lines
_NAMED: Final = 40  # in a sentence, which is also what a notification shows
_NAME: Final = 60  # characters
_LIST: Final = 2_800  # characters of a section with names
_LISTS: Final = 7_500  # … of all of them: a storm of 250 is named to the last one

_ORDER: Final = (State.DOWN, State.FLAPPING, State.DEGRADED)


def root(group: Group, reader: Reader, notes: Sequence[str], buttons: Sequence[Block] = ()) -> Post:
    """The message of a group of several targets: who is down, why, who is back."""
    lang, report, lead = reader.lang, group.report, group.lead
    lines = []
    if group.open:
        if report is not None:
            lines.append(users(report, lang))
        if len(_causes(_lasting(group))) == 1:
            lines += fix_lines(lead.cause, lang)
        lines.append(labelled(translate(say("Since:"), lang), when(group.began, lang)))
        words, face = _trouble_words(_lasting(group), lang), FACES[lead.state]
    else:
        words, face = over_words(group, lang), ended(group.lead)
        if lead.cause is not None:
            cause = sentence(row(lead.cause).title, lang)
            lines.append(labelled(translate(say("Cause:"), lang), cause))
    essential = [header(f"{face} {plain(words, lang, limit=HEADER_TEXT - 4).rstrip('.')}")]
    if lines:
        essential.append(section("\n".join(lines)))
    essential += [section(block) for block in _members(group, lang)]
    if notes:
        essential.append(context("\n".join(notes)))
    return post(_with_names(words, group, lang), essential, (), buttons)


def joined(members: Sequence[Member], lang: str, notes: Sequence[str] = ()) -> Post:
    """The reply, shown in the channel as well, that names who has joined the storm."""
    return _line(
        members,
        say_n("{n} more target: {names}.", "{n} more targets: {names}.", n=len(members)),
        members[0].state,
        lang,
        notes,
    )


def worse(members: Sequence[Member], lang: str, notes: Sequence[str] = ()) -> Post:
    """The reply, shown in the channel as well, when several that worked in part go down."""
    return _line(
        members,
        say_n(
            "{n} target is down now: {names}.",
            "{n} targets are down now: {names}.",
            n=len(members),
        ),
        State.DOWN,
        lang,
        notes,
    )


def over_words(group: Group, lang: str) -> Message:
    """All of it is over: of how many targets, after how long."""
    targets = list(dict.fromkeys(member.target for member in group.members))
    left = {member.target for member in group.members if member.left}
    if left and len(left) == len(targets):
        return say_n(
            "{n} target is no longer watched.", "{n} targets are no longer watched.", n=len(left)
        )
    back = [m for m in group.members if m.target not in left]
    last = max(m.closed_at for m in back if m.closed_at is not None)
    lasted = duration(max(0.0, (last - group.began).total_seconds()), lang)
    if left:
        return say_n(
            "{n} target is up again after {lasted}; what else was here is no longer watched.",
            "{n} targets are up again after {lasted}; what else was here is no longer watched.",
            n=len(targets) - len(left),
            lasted=lasted,
        )
    if len(targets) == 1:
        return say_n(
            "{target} is up again; it was down {n} time.",
            "{target} is up again; it was down {n} times.",
            n=len(group.members),
            target=targets[0],
        )
    return say_n(
        "{n} target is up again after {lasted}.",
        "All {n} targets are up again after {lasted}.",
        n=len(targets),
        lasted=lasted,
    )


def ended(member: Member) -> str:
    """The mark of an outage that is over."""
    return FACES[State.UNKNOWN] if member.left else "✅"


def past(member: Member, lang: str) -> str:
    """An outage that is over, as a line: when, how long, why."""
    words = f"{span(member, lang)} ({duration(lasted_s(member), lang)})"
    if member.left:
        words += f" · {translate(say('no longer watched'), lang)}"
    if member.cause is None:
        return words
    return f"{words} · {sentence(row(member.cause).title, lang)}"


def span(member: Member, lang: str) -> str:
    """From when to when it lasted."""
    ended = member.closed_at or member.opened_at
    return f"{when(member.opened_at, lang)} – {when(ended, lang)}"


def lasted_s(member: Member) -> float:
    """Seconds that a closed incident lasted."""
    if member.closed_at is None:
        return 0.0
    return max(0.0, (member.closed_at - member.opened_at).total_seconds())


def _trouble_words(lasting: Sequence[Member], lang: str) -> Message:
    """How many are down, and why if it is one reason for all."""
    n = len(lasting)
    states = {member.state for member in lasting}
    cause = lasting[0].cause
    if len(_causes(lasting)) > 1 or cause is None:
        if states == {State.DOWN}:
            return say_n("{n} target is down.", "{n} targets are down.", n=n)
        return say_n("{n} target is in trouble.", "{n} targets are in trouble.", n=n)
    title = translate(row(cause).title, lang)
    if states == {State.DOWN}:
        return say_n(
            "{n} target is down: {title}.", "{n} targets are down: {title}.", n=n, title=title
        )
    if states == {State.DEGRADED}:
        return say_n(
            "{n} target is degraded: {title}.",
            "{n} targets are degraded: {title}.",
            n=n,
            title=title,
        )
    return say_n(
        "{n} target is in trouble: {title}.",
        "{n} targets are in trouble: {title}.",
        n=n,
        title=title,
    )


def _causes(members: Sequence[Member]) -> list[Named | None]:
    """The different causes of them, in the order of the members; None: one that nobody knows."""
    found = {member.cause.code if member.cause else None: member.cause for member in members}
    return list(found.values())


def _lasting(group: Group) -> list[Member]:
    return [member for member in group.members if member.closed_at is None]


def _members(group: Group, lang: str) -> list[str]:
    """Who is in which state and why: a line each, or, where there are many, a list for each."""
    if len(group.members) <= _EACH:
        return ["\n".join(_one(member, group, lang) for member in group.members)]
    blocks: list[str] = []
    several = len(_causes(_lasting(group))) > 1
    for state in _ORDER:
        alike = [m for m in _lasting(group) if m.state is state]
        for cause in _causes(alike):
            names = [m.target for m in alike if _same(m.cause, cause)]
            head = f"{FACES[state]} *{len(names)}*"
            if several and cause is not None:
                head += f" {sentence(row(cause).title, lang)}"
            blocks += _names(head, names, _LISTS - sum(map(len, blocks)))
    over = [m for m in group.members if m.closed_at is not None]
    for mark in dict.fromkeys(map(ended, over)):
        names = list(dict.fromkeys(m.target for m in over if ended(m) == mark))
        blocks += _names(f"{mark} *{len(names)}*", names, _LISTS - sum(map(len, blocks)))
    return blocks


def _same(one: Named | None, other: Named | None) -> bool:
    return (one and one.code) == (other and other.code)


def _one(member: Member, group: Group, lang: str) -> str:
    name = f"*{escape(member.target, _NAME)}*"
    if member.closed_at is not None:
        return f"{ended(member)} {name} · {past(member, lang)}"
    told = f"{FACES[member.state]} {name} · {when(member.opened_at, lang)}"
    if member.cause is None or len(_causes(_lasting(group))) == 1:
        return told  # the heading says it
    return f"{told} · {sentence(row(member.cause).title, lang)}"


def _names(head: str, names: Sequence[str], room: int) -> list[str]:
    """As many names as there is room for, in sections that Slack takes, and how many are left."""
    sections: list[str] = []
    line, lead = f"{head} ·", " "
    for n, name in enumerate(names):
        word = escape(name, _NAME)
        if sum(map(len, sections)) + len(line) + len(word) + 12 > room:
            return [*sections, f"{line}{lead}… +{len(names) - n}"]
        if len(line) + len(word) + 12 > _LIST:
            sections.append(f"{line},")
            line, lead = "", ""
        line, lead = f"{line}{lead}{word}", ", "
    return [*sections, line] if names else []


def _with_names(words: Message, group: Group, lang: str) -> str:
    names = [m.target for m in (_lasting(group) if group.open else group.members)]
    return f"{sentence(words, lang)} {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(escape(name, _NAME) for name in names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} … +{len(names) - _NAMED}"


def _line(
    members: Sequence[Member], words: Message, state: State, lang: str, notes: Sequence[str]
) -> Post:
    """A sentence that names its members; `words` has a place for `names`."""
    names = _listed([member.target for member in members])
    text = marked(words, lang, names=names)
    blocks = [section(f"{FACES[state]} {text}")]
    if notes:
        blocks.append(context("\n".join(notes)))
    return post(text, blocks)

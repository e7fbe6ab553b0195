"""An incident as it went, in sentences: what changed, and what people did about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot import causes
from bot.locales import moment, translate
from bot.model import Act, ActKind, Message, State, Transition, TransitionKind, say
from bot.wording import headline


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `text` is plain and holds what came from outside: surfaces escape it."""

    at: datetime
    text: str


def timeline(
    transitions: Iterable[Transition],
    acts: Iterable[Act],
    names: Mapping[str, str],
    lang: str,
) -> tuple[Entry, ...]:
    """Everything that happened, the oldest first; `names`: user id → how the person is called."""
    entries = [Entry(t.at, _changed(t, lang)) for t in transitions]
    entries += [Entry(act.at, translate(_done(act, names, lang), lang)) for act in acts]
    return tuple(sorted(entries, key=lambda entry: entry.at))


def _changed(transition: Transition, lang: str) -> str:
    if transition.kind is TransitionKind.CLOSED and transition.after is State.UNKNOWN:
        return translate(say("{target} is no longer watched", target=transition.target), lang)
    words = translate(headline(transition.target, transition.after), lang)
    if transition.cause is None or transition.kind is TransitionKind.CLOSED:
        return words
    title = translate(causes.describe(transition.cause.code).title, lang)
    return f"{words}: {title} [{transition.cause.code}]"


def _done(act: Act, names: Mapping[str, str], lang: str) -> Message:
    table = _BY_THE_BOT if act.user is None else _BY_PEOPLE
    words = table.get(act.kind, _OTHER)
    if act.kind is ActKind.MUTED and act.until is None:
        words = _MUTED_UNTIL_UP
    values = {
        "person": names.get(act.user, act.user) if act.user else "wsdiag",
        "time": moment(act.until, lang) if act.until else "",
        "note": act.note,
        "act": act.kind.value,
    }
    return Message(words.text, values)


_MUTED_UNTIL_UP: Final = say("{person} muted it until it is up")
_OTHER: Final = say("{person}: {act}")
_BY_PEOPLE: Final[Mapping[ActKind, Message]] = {
    ActKind.ACKNOWLEDGED: say("{person} acknowledged it"),
    ActKind.MUTED: say("{person} muted it until {time}"),
    ActKind.UNMUTED: say("{person} unmuted it"),
    ActKind.ESCALATED: say("{person} handed it over"),
    ActKind.SHARED: say("{person} shared it"),
    ActKind.NOTED: say("{person} noted: {note}"),
}
_BY_THE_BOT: Final[Mapping[ActKind, Message]] = {
    ActKind.REMINDED: say("reminder: nobody had acknowledged it"),
    ActKind.ESCALATED: say("escalated: nobody had acknowledged it"),
}

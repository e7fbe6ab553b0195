"""The hand-over: the modal that asks to whom, and the message that whoever takes it on reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.incidents import Incident
from bot.locales import translate
from bot.model import Act, Message, State, say
from bot.slack.blocks.acts import quoted
from bot.slack.blocks.common import (
    FACES,
    Reader,
    fix_lines,
    labelled,
    users,
    verdict_header,
)
from bot.slack.blocks.forms import form, where_input, words_input
from bot.slack.blocks.kit import (
    HEADER_TEXT,
    SECTION_TEXT,
    Block,
    Post,
    context,
    header,
    paragraphs,
    post,
    section,
)
from bot.slack.blocks.mrkdwn import clip, escape, link, marked, person, plain, sentence, when
from bot.slack.blocks.timeline import Entry
from bot.wording import headline

HAND_OVER: Final = "hand_over"  # the modal's callback_id

_SHOWN: Final = 8  # entries of the timeline in the message; the file has them all
_FENCE: Final = "```"


@dataclass(frozen=True, slots=True)
class HandOver:
    """Where hand-overs of a target go, and who is mentioned there: ids of users and user groups,
    `here`, `channel`."""

    channel: str | None = None
    mentions: tuple[str, ...] = ()


def hand_over_form(
    incidents: Sequence[Incident],
    earlier: Act | None,
    to: HandOver,
    metadata: str,
    lang: str,
    *,
    channel_id: str | None,
) -> Block:
    """Who takes it on. earlier: it was handed over before; channel_id: of `to`, if it is known."""
    about = [section("\n".join(_line(incident, lang) for incident in incidents[:_SHOWN]))]
    if earlier is not None:
        words = say("{person} handed it over already, {at}.")
        told = marked(words, lang, person=person(earlier.user or ""), at=when(earlier.at, lang))
        about.append(context(f"⚠️ {told}"))
    goes = say("The report, the timeline and the connection log go along, without secrets.")
    about.append(context(sentence(goes, lang)))
    if to.mentions:
        who = marked(say("It mentions {people}."), lang, people=_mentions(to.mentions))
        about.append(context(who))
    hint = say("Who is affected, and what was deployed just before. No passwords.")
    return form(
        HAND_OVER,
        (say("Hand over"), say("Hand over")),
        [
            *about,
            where_input(say("Where to?"), channel_id, lang, optional=to.channel is not None),
            words_input(say("What should they know?"), hint, lang, optional=True),
        ],
        metadata,
        lang,
    )


def handed(
    incidents: Sequence[Incident],
    entries: Sequence[Entry],
    reader: Reader,
    *,
    user: str,
    words: str,
    mentions: Sequence[str],
    url: str | None,
) -> Post:
    """The message: who is asked, by whom, what it is, how it went. `url`: of the incident."""
    lang, lead = reader.lang, incidents[0]
    title = headline(lead.target, lead.state)
    asked = marked(say("{person} hands this over to you."), lang, person=person(user))
    lines = [*([_mentions(mentions)] if mentions else []), asked]
    if words.strip():
        lines.append(quoted(words))
    facts = [_line(incident, lang) for incident in incidents[1:_SHOWN]]
    if lead.report is not None:
        facts.append(users(lead.report, lang))
        facts += fix_lines(lead.report.verdict.cause, lang)
    facts.append(labelled(translate(say("Since:"), lang), when(lead.opened_at, lang)))
    where = [escape(lead.report.target_url, 300)] if lead.report else []
    if url is not None:
        where.append(link(url, translate(say("The incident and its thread"), lang)))
    return post(
        sentence(say("{headline}: handed over to you.", headline=translate(title, lang)), lang),
        [
            _head(lead, lang),
            section("\n".join(lines)),
            section("\n".join(facts)),
            *([context(" · ".join(where))] if where else []),
        ],
        _timeline(entries, lang),
    )


def _head(lead: Incident, lang: str) -> Block:
    if lead.report is not None:
        return verdict_header(lead.report, lang)
    words = plain(headline(lead.target, lead.state), lang, limit=HEADER_TEXT - 4)
    return header(f"{FACES[lead.state]} {words}")


def log_instead(why: Message, lines: Sequence[str], lang: str) -> Post:
    """Where no file can be attached: the last lines of the log as text, and why."""
    text = sentence(why, lang)
    blocks = [section(f"⚠️ {text}")]
    room = SECTION_TEXT - 2 * len(_FENCE) - 2
    shown: list[str] = []
    for line in reversed([escape(line, 300) for line in lines]):
        if sum(map(len, shown)) + len(shown) + len(line) > room:
            break
        shown.insert(0, line.replace(_FENCE, "'''"))
    if shown:
        blocks.append(section("\n".join([_FENCE, *shown, _FENCE])))
    return post(text, blocks)


def _timeline(entries: Sequence[Entry], lang: str) -> list[Block]:
    shown = entries[-_SHOWN:]
    lines = [f"{when(entry.at, lang)}  {escape(entry.text, 200)}" for entry in shown]
    return paragraphs([f"*{translate(say('Timeline'), lang)}*", *lines]) if lines else []


def _line(incident: Incident, lang: str) -> str:
    words = sentence(headline(incident.target, incident.state), lang)
    return f"{FACES.get(incident.state, FACES[State.UNKNOWN])} *{words}* · " + _since(
        incident.opened_at, lang
    )


def _since(at: datetime, lang: str) -> str:
    return f"{translate(say('since'), lang)} {when(at, lang, dated=True)}"


def _mentions(ids: Sequence[str]) -> str:
    """Markup that notifies: these come from the settings and from nowhere else."""
    return clip(" ".join(map(_mention, ids)), 500)


def _mention(who: str) -> str:
    if who in ("here", "channel"):
        return f"<!{who}>"
    return f"<!subteam^{who}>" if who.startswith("S") else person(who)

"""Planned work, by what the answer says: a Retry-After, a page in whatever language, a redirect."""

from __future__ import annotations

import html
import re

from bot import portal
from bot.causes.http_front import is_page, said, spoken_by_front, words
from bot.causes.row import Fit
from bot.evidence import HttpAnswer
from bot.findings import FindingSet
from bot.model import Confidence, say

_WORK = re.compile(
    r"maintenance|scheduled|(?:being |is )upgrad|(?:planned|technical) (?:works?|break|downtime)|"
    r"(?:perform|install|apply)ing (?:\w+ )?(?:updates|upgrade)|"
    r"обслуживан|обслуговуван|(?:техническ|регламентн|технічн)\w+ (?:работ|робот|перерыв|перерв)|"
    r"профилактик|wartung|onderhoud|underhåll|ved(?:like|lige)hold|huoltokatko|huoltotö|"
    r"mantenimiento|mantenció|manteniment|manutenç|manutenzione|mentenan[tț]|întreținere|"
    r"przerwa techniczna|prace (?:konserwac|serwis|techniczn)|konserwac|údržb|karbantart|"
    r"održavanj|vzdrževan|техническа поддръжка|συντήρηση|\bbakım|bảo trì|pemeliharaan|"
    r"メンテナンス|维护|維護|系统升级|점검|صيانة|תחזוקה|ปิดปรับปรุง",
    re.IGNORECASE,
)
# Who expects to be back has planned it, or has made the page for any outage.
_BACK = re.compile(
    r"be (?:right )?back|back (?:soon|shortly|online soon|in a (?:moment|minute|few))|"
    r"(?:gleich|bald|in kürze) (?:wieder|zurück)|de retour (?:bientôt|dans|très vite|sous peu)|"
    r"(?:revenons|volvemos|volveremos|regresamos|voltamos|voltaremos|torniamo|torneremo)\b|"
    r"(?:zaraz|wkrótce|niedługo) (?:wracamy|wrócimy)|zo terug|strax tillbaka|"
    r"скоро (?:верн|будем|повернемо)|すぐに戻|稍后回来",
    re.IGNORECASE,
)
# The stock sentences of balancers that have nobody to ask. Apache's mentions maintenance, and
# Varnish's comes with a Retry-After, whether anything was planned or not.
_NOBODY_THERE = re.compile(
    r"maintenance downtime or capacity|backend fetch failed|guru meditation|no healthy|"
    r"upstream connect error|no server is available|ring-balancer",
    re.IGNORECASE,
)


def planned(answer: HttpAnswer) -> bool:
    """Whether a 503 is for a while that somebody foresaw."""
    text = _text(answer)
    if _NOBODY_THERE.search(text):
        return False
    return bool(answer.header("retry-after") or _WORK.search(text) or _BACK.search(text))


def _text(answer: HttpAnswer) -> str:
    """The page's words; older ones write letters beyond ASCII as entities."""
    return html.unescape(words(answer))


def maintenance(found: FindingSet) -> Fit | None:
    """Planned: the page or a Retry-After says so."""
    answer = spoken_by_front(found)
    if answer is None:
        return None
    if answer.status != 503:
        return _notice(answer)
    if not planned(answer):
        return None
    after = answer.header("retry-after")
    told = bool(_WORK.search(_text(answer)))
    why = [said(answer)]
    if after:
        why.append(say("It asks to come back after {after}.", after=after))
    return Fit(
        tuple(why),
        Confidence.CERTAIN if told else Confidence.LIKELY,
        rivals=() if told else ("http_503_no_server",),
    )


def _notice(answer: HttpAnswer) -> Fit | None:
    """A notice in place of a 503: a page that says so with 200, or a redirect to one."""
    status, place = answer.status or 0, answer.header("location") or ""
    if 300 <= status < 400 and _WORK.search(place.partition("?")[0]):
        why = say("The server answers {status} and points to {location}.",
                  status=status, location=place.partition("?")[0][:200])  # fmt: skip
        return Fit((why,), Confidence.LIKELY, rivals=("http_redirect_https",))
    title = html.unescape(portal.title_of(words(answer)))
    written = _WORK.search(title) or _BACK.search(title)
    if 200 <= status < 300 and is_page(answer) and written:
        why = say("The page in place of Engine.IO is called “{title}”.", title=title[:80])
        return Fit((why,), Confidence.LIKELY, rivals=("http_spa_fallback",))
    return None

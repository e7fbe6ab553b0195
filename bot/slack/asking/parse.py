"""What a person typed after `/wsdiag` or `@wsdiag`, understood. Pure.

A new word of the command is a row in `_WORDS` and a record in `requests`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches

from bot.model import say
from bot.slack.asking import lookback
from bot.slack.asking.requests import (
    Acknowledge,
    CheckTarget,
    CheckUrl,
    ExplainText,
    Misunderstood,
    MuteTarget,
    Request,
    ShowChart,
    ShowDigest,
    ShowGuide,
    ShowHelp,
    ShowHistory,
    ShowStatus,
    ShowTargets,
    UnmuteTarget,
)
from bot.slack.asking.spans import LONGEST as LONGEST_MUTE
from bot.slack.asking.spans import SHORTEST as SHORTEST_MUTE
from bot.slack.asking.spans import span

LONGEST = 2_000  # characters of a command; names and URLs that are real are far shorter
_LONGEST_WORD = 64  # beyond this nothing is compared for a did-you-mean

_QUOTES = "\"'`“”‘’„‚«»‹›"
_LINK = re.compile(r"<(?P<url>(?:https?|wss?|mailto|tel):[^|>\s]+)(?:\|(?P<label>[^>]*))?>")
_MENTION = re.compile(r"^\s*<@[A-Z0-9]+(?:\|[^>]*)?>")
_URL = re.compile(r"(?:https?|wss?)://\S+", re.IGNORECASE)
_PASTE = re.compile(r"\s{0,20}explain(?=[\s:\"'`“”«]|\Z)\s{0,20}", re.IGNORECASE)
_FENCE = re.compile(r"\A\s{0,20}```|```\s{0,20}\Z")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def parse(text: str, targets: Collection[str]) -> Request:
    """Understand `text`, given the names of the configured targets.

    Case, surrounding quotes (typographic ones too), invisible characters and Slack's own markup of
    links do not matter. Never raises, whatever the text.
    """
    if paste := _PASTE.match(text):
        return pasted(text[paste.end() :])
    if len(text) > LONGEST:
        return Misunderstood(
            say("That text is too long ({n} characters). A name or a URL is enough.", n=len(text))
        )
    words = _words(text)
    if not words:
        return CheckTarget()
    verb = _WORDS.get(words[0].casefold())
    if verb is not None:
        return verb(words[1:], targets)
    if _target(words, targets) or _URL.fullmatch(words[0]):
        return _check(words, targets)
    return _unknown(words, targets)


def target_named(typed: str, targets: Collection[str]) -> str | None:
    """The target that somebody means by a name alone, whatever its letter case."""
    return _target(_words(typed), targets)


def parse_mention(text: str, targets: Collection[str]) -> Request:
    """The same for a message that mentions the bot; the mention itself is left out."""
    return parse(_MENTION.sub("", text, count=1), targets)


def _words(text: str) -> list[str]:
    """The words of a command as typed, without markup, quotes and invisible characters."""
    text = _LINK.sub(_typed, text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    visible = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cs"))
    stripped = (word.strip(_QUOTES) for word in visible.split())
    return [word for word in stripped if word]


def _typed(match: re.Match[str]) -> str:
    """What was typed where Slack made a link: it adds a scheme to bare host names."""
    url, label = match["url"], match["label"]
    return label if label and not _SCHEME.match(label) else url


def _check(words: list[str], targets: Collection[str]) -> Request:
    if not words:
        return CheckTarget()
    name = _target(words, targets)
    if name is not None:
        return CheckTarget(name)
    if _target(words[:1], targets) or _URL.fullmatch(words[0]):
        if len(words) > 1:
            return _too_many(words[:1], words[1:])
        return CheckUrl(words[0])
    if len(words) > 1:
        return _too_many(words[:1], words[1:])
    return _no_such_target(words[0], targets)


def _deep(words: list[str], targets: Collection[str]) -> Request:
    found = _check(words, targets)
    if isinstance(found, CheckTarget | CheckUrl):
        return replace(found, deep=True)
    if isinstance(found, Misunderstood) and found.suggestion is not None:
        return replace(found, suggestion=f"deep {found.suggestion.removeprefix('check ')}")
    return found


def pasted(text: str) -> ExplainText | Misunderstood:
    """A paste, as it was before Slack marked it up."""
    text = _LINK.sub(_typed, _FENCE.sub("", text))
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    if not text.strip(f"{_QUOTES} \n"):
        return Misunderstood(
            say("Paste what was printed behind the word “explain”: an error or lines of a log."),
            "explain TEXT",
        )
    return ExplainText(text)


def _status(words: list[str], _: Collection[str]) -> Request:
    return _too_many(["status"], words) if words else ShowStatus()


def _show_targets(words: list[str], _: Collection[str]) -> Request:
    return _too_many(["targets"], words) if words else ShowTargets()


def _guide(words: list[str], _: Collection[str]) -> Request:
    return ShowGuide(" ".join(words))


def _mute(words: list[str], targets: Collection[str]) -> Request:
    """Names may have any length, so the longest one that leaves a time behind it is meant."""
    for cut in range(len(words), -1, -1):
        name, lasts = _target(words[:cut], targets), span(words[cut:])
        if lasts is None or (name is None and cut):
            continue
        if isinstance(lasts, timedelta) and not SHORTEST_MUTE <= lasts <= LONGEST_MUTE:
            return Misunderstood(
                say("A mute lasts from a minute to {n} days.", n=LONGEST_MUTE.days),
                " ".join(["mute", *words[:cut], "2h"]),
            )
        return MuteTarget(name, lasts if isinstance(lasts, timedelta) else None)
    for cut in range(len(words), 0, -1):
        if _target(words[:cut], targets):
            return Misunderstood(
                say("Say for how long: a time such as 30m or 2h, or until-up."),
                " ".join(["mute", *words[:cut], "30m"]),
            )
    return _other_target("mute", words, targets) if words else _how_long(targets)


def _how_long(targets: Collection[str]) -> Misunderstood:
    name = next(iter(targets), "NAME")
    return Misunderstood(
        say("Say for how long: a time such as 30m or 2h, or until-up."), f"mute {name} 30m"
    )


def _other_target(verb: str, words: list[str], targets: Collection[str]) -> Misunderstood:
    """No target is called like the first word."""
    found = _no_such_target(words[0], targets)
    if found.suggestion is None:
        return found
    close = found.suggestion.removeprefix("check ")
    return replace(found, suggestion=" ".join([verb, close, *words[1:]]))


def _unmute(words: list[str], targets: Collection[str]) -> Request:
    if not words:
        return UnmuteTarget()
    name = _target(words, targets)
    return UnmuteTarget(name) if name else _other_target("unmute", words, targets)


def _acknowledge(words: list[str], targets: Collection[str]) -> Request:
    if not words:
        return Acknowledge()
    name = _target(words, targets)
    return Acknowledge(name) if name else _other_target("ack", words, targets)


def _chart(words: list[str], targets: Collection[str]) -> Request:
    return _past("chart", words, targets, ShowChart)


def _history(words: list[str], targets: Collection[str]) -> Request:
    return _past("history", words, targets, ShowHistory, lookback.YEAR)


def _digest(words: list[str], _: Collection[str]) -> Request:
    return _too_many(["digest"], words) if words else ShowDigest()


def _past(
    verb: str,
    words: list[str],
    targets: Collection[str],
    show: Callable[..., Request],
    longest: timedelta = lookback.LONGEST,
) -> Request:
    """`NAME SPAN`, either of which may be left out. Names may have any length, so the longest one
    that is a target's is meant."""
    for cut in range(len(words), -1, -1):
        name, typed = _target(words[:cut], targets), " ".join(words[cut:])
        if cut and name is None:
            continue
        if not typed:
            return show(name) if name else show()
        back, nearest = lookback.read(typed, longest)
        if back is not None:
            return show(name, back)
        if typed[0].isdecimal():
            problem = say(
                "I cannot look back for “{typed}”: write a span between 5m and {days}d, such as "
                "6h, 24h or 7d.",
                typed=typed,
                days=longest.days,
            )
            return Misunderstood(problem, " ".join(filter(None, [verb, name, nearest])))
    cut = next((n for n, word in enumerate(words) if n and word[0].isdecimal()), len(words))
    found = _no_such_target(" ".join(words[:cut]), targets)
    close = _closest(" ".join(words[:cut]), targets)
    return replace(found, suggestion=" ".join([verb, close, *words[cut:]]) if close else None)


def _help(_words: list[str], _: Collection[str]) -> Request:
    return ShowHelp()


_WORDS: Mapping[str, Callable[[list[str], Collection[str]], Request]] = {
    "check": _check,
    "deep": _deep,
    "status": _status,
    "targets": _show_targets,
    "guide": _guide,
    "chart": _chart,
    "history": _history,
    "digest": _digest,
    "mute": _mute,
    "unmute": _unmute,
    "ack": _acknowledge,
    "acknowledge": _acknowledge,
    "help": _help,
    "?": _help,
}
_OFFERED = (
    "check", "deep", "explain", "status", "targets", "guide", "chart", "history", "digest",
    "mute", "unmute", "ack", "help",
)  # fmt: skip
_OF_A_TARGET = frozenset({"chart", "history", "mute", "unmute", "ack"})


def _target(words: list[str], targets: Collection[str]) -> str | None:
    """The target that all these words name together: exactly, else in any case if only one fits."""
    typed = " ".join(words)
    if typed in targets:
        return typed
    same = [name for name in targets if name.casefold() == typed.casefold()]
    return same[0] if len(same) == 1 else None


def _no_such_target(typed: str, targets: Collection[str]) -> Misunderstood:
    close = _closest(typed, targets)
    return Misunderstood(
        say("There is no target called “{typed}”.", typed=typed),
        f"check {close}" if close else None,
    )


def _unknown(words: list[str], targets: Collection[str]) -> Misunderstood:
    """A first word that is no word of the command, no target and no URL."""
    verb, rest = _closest(words[0], _OFFERED), words[1:]
    problem = say("I do not know “{typed}”.", typed=words[0])
    if verb in ("check", "deep") and rest:
        name = _target(rest, targets) or _closest(" ".join(rest), targets)
        return Misunderstood(problem, f"{verb} {name}" if name else verb)
    if verb in _OF_A_TARGET and rest:
        meant = _WORDS[verb](rest, targets)
        again = meant.suggestion if isinstance(meant, Misunderstood) else None
        return Misunderstood(problem, again or " ".join([verb, *rest]))
    if verb:
        return Misunderstood(problem, verb)
    return _no_such_target(words[0], targets) if not rest else Misunderstood(problem)


def _too_many(understood: list[str], rest: list[str]) -> Misunderstood:
    return Misunderstood(
        say("I do not know what “{rest}” is to mean there.", rest=" ".join(rest)),
        " ".join(understood) if understood[0] in _OFFERED else f"check {understood[0]}",
    )


def _closest(typed: str, names: Collection[str]) -> str | None:
    if len(typed) > _LONGEST_WORD:
        return None
    by_folded = {name.casefold(): name for name in names}
    found = get_close_matches(typed.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None

"""The place in the guide that somebody's words mean: a section, a cause, or several of them."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from bot.guide import mrkdwn
from bot.guide.parse import load, section_anchor
from bot.locales import LANGUAGES
from bot.model import Section

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Topic:
    """A section, or the cause `code` that is explained under it."""

    section: Section
    code: str | None = None


def find(words: str) -> tuple[Topic, ...]:
    """What `words` mean: exactly one topic where they are a code or a number, else every topic
    whose code or title (in any language) holds all of them, in the order of the guide.

    `1a`, `section 2`, `tcp_refused`, `TCP refused`, `sticky sessions`; empty for no words.
    """
    wanted = [word for word in _words(words) if word not in ("section", "раздел")]
    if not wanted:
        return ()
    topics = _topics()
    exact = [topic for topic, names, _ in topics if "_".join(wanted) in names]
    if exact:
        return tuple(exact)
    return tuple(
        topic for topic, _, said in topics if all(any(w in s for s in said) for w in wanted)
    )


@functools.cache
def _topics() -> tuple[tuple[Topic, frozenset[str], frozenset[str]], ...]:
    """Every topic with its exact names, and with all words of its code and titles."""
    found: list[tuple[Topic, frozenset[str], frozenset[str]]] = []
    titles: dict[str, list[str]] = {}
    for lang in LANGUAGES:
        for entry in load(lang).entries:
            titles.setdefault(entry.anchor, []).append(mrkdwn.plain(entry.title))
    for section in Section:
        number = section.value.lower()
        anchor = section_anchor(section)
        names = {number.replace("-", "_"), number.partition("-")[0]}
        found.append((Topic(section), frozenset(names), _all_words(number, *titles[anchor])))
        for entry in load("en").causes(anchor):
            if entry.code is not None:
                said = _all_words(entry.code, *titles[entry.anchor])
                found.append((Topic(section, entry.code), frozenset({entry.code}), said))
    return tuple(found)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold().replace("ё", "е"))


def _all_words(*texts: str) -> frozenset[str]:
    return frozenset(word for text in texts for word in _words(text))

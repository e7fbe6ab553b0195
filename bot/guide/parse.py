"""The guide as data: one Markdown file per language, cut into entries at its anchors.

An entry starts with a marker line and the heading that it names:

    <a id="cause-tcp_refused"></a>

    #### `tcp_refused` — The port refuses the connection

Plain Markdown viewers (GitHub's and GitLab's among them) hide the marker and let links jump to
it, so one file serves the repository, our own pages, Slack and the terminal. Sections have the
anchor `section-…`, causes `cause-…` and their code in front of the title. No other HTML is used.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.locales import language
from bot.model import Section

SECTION_PREFIX = "section-"
CAUSE_PREFIX = "cause-"

_MARKER = re.compile(r'<a id="([a-z0-9_-]+)"></a>')
_CAUSE_HEADING = re.compile(r"`([a-z0-9_]+)` — (.+)")


class GuideError(ValueError):
    """A guide file breaks the convention above; the text says where."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading with what stands under it, up to the next entry."""

    anchor: str
    level: int  # of the heading, 1 to 6
    heading: str  # inline Markdown, as written
    body: str  # Markdown, without the heading

    @property
    def code(self) -> str | None:
        """The code of the cause that this entry explains; None for a section."""
        return self.anchor[len(CAUSE_PREFIX) :] if self.anchor.startswith(CAUSE_PREFIX) else None

    @property
    def title(self) -> str:
        """The heading for reading, without the code in front of a cause's."""
        match = _CAUSE_HEADING.fullmatch(self.heading)
        return match[2] if match else self.heading


@dataclass(frozen=True, slots=True)
class Guide:
    """One language of the guide, entries in reading order."""

    lang: str
    heading: str  # the document's own title
    preamble: str  # Markdown between it and the first entry
    entries: tuple[Entry, ...]

    def find(self, anchor: str) -> Entry | None:
        """The entry of an anchor."""
        return next((entry for entry in self.entries if entry.anchor == anchor), None)

    def causes(self, anchor: str) -> tuple[Entry, ...]:
        """The causes explained directly under a section."""
        found: list[Entry] = []
        inside = False
        for entry in self.entries:
            if entry.code is None:
                inside = entry.anchor == anchor
            elif inside:
                found.append(entry)
        return tuple(found)


def section_anchor(section: Section) -> str:
    """The anchor of a section: `section-1a`, `section-2-transports`. Never changes."""
    return f"{SECTION_PREFIX}{section.value.lower()}"


def cause_anchor(code: str) -> str:
    """The anchor of a cause: `cause-tcp_refused`. Never changes."""
    return f"{CAUSE_PREFIX}{code}"


def markdown() -> MarkdownIt:
    """The dialect of the guide: CommonMark with tables, raw HTML shown as text."""
    return MarkdownIt("commonmark", {"html": False}).enable("table")


@functools.cache
def _load(lang: str) -> Guide:
    source = files("bot.guide").joinpath(f"{lang}.md").read_text(encoding="utf-8")
    return parse(source, lang)


def load(lang: str) -> Guide:
    """The guide in a language (English for an unknown one), read once per process."""
    return _load(language(lang))


def parse(source: str, lang: str) -> Guide:
    """Cut a guide file into its entries. Raises GuideError where it breaks the convention."""
    lines = source.splitlines()
    headings = list(_headings(markdown().parse(source)))
    if not headings:
        raise GuideError("the guide has no title")
    title, *rest = headings
    if title.anchor or any(heading.anchor is None for heading in rest):
        unmarked = [heading.text for heading in rest if heading.anchor is None]
        raise GuideError(f"only the title has no anchor, these have none: {unmarked}")
    ends = [heading.first_line for heading in rest] + [len(lines)]
    entries = [
        Entry(
            anchor=heading.anchor or "",
            level=heading.level,
            heading=heading.text,
            body="\n".join(lines[heading.next_line : end]).strip(),
        )
        for heading, end in zip(rest, ends[1:], strict=True)
    ]
    _refuse_doubles(entries)
    for entry in entries:
        _refuse_misnamed(entry)
    preamble = "\n".join(lines[title.next_line : ends[0]]).strip()
    return Guide(lang=lang, heading=title.text, preamble=preamble, entries=tuple(entries))


@dataclass(frozen=True, slots=True)
class _Heading:
    text: str
    level: int
    anchor: str | None
    first_line: int  # of the marker, if there is one
    next_line: int  # after the heading


def _headings(tokens: list[Token]) -> Iterator[_Heading]:
    marker: tuple[str, int] | None = None
    for token, inline in itertools.pairwise(tokens):
        if token.type == "paragraph_open" and token.level == 0:
            match = _MARKER.fullmatch(inline.content)
            if marker and match:
                raise GuideError(f"no heading follows the anchor {marker[0]}")
            if match and token.map:
                marker = (match[1], token.map[0])
        elif token.type == "heading_open" and token.level == 0 and token.map:
            yield _Heading(
                text=inline.content,
                level=int(token.tag[1:]),
                anchor=marker[0] if marker else None,
                first_line=marker[1] if marker else token.map[0],
                next_line=token.map[1],
            )
            marker = None
    if marker:
        raise GuideError(f"no heading follows the anchor {marker[0]}")


def _refuse_doubles(entries: list[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.anchor in seen:
            raise GuideError(f"the anchor {entry.anchor} is there twice")
        seen.add(entry.anchor)


def _refuse_misnamed(entry: Entry) -> None:
    if entry.code is None:
        if not entry.anchor.startswith(SECTION_PREFIX):
            raise GuideError(f"{entry.anchor} is the anchor of neither a section nor a cause")
        return
    match = _CAUSE_HEADING.fullmatch(entry.heading)
    if not match or match[1] != entry.code:
        raise GuideError(f"the heading of {entry.anchor} must read: `{entry.code}` — title")

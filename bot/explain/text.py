"""What was pasted, made comparable: bounded, without colours, one kind of quote, in pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

LONGEST: Final = 1_000_000  # characters that are read; more is cut off and said so
PIECE: Final = 4_000  # characters of a line that are looked at as one

# Characters as chats, editors and translated consoles write them → as programs do.
_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛`´ʼ′", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("\u00a0\u202f\u2009\t", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\x00", ""),
        "\u2011": "-",
    }
)
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_LEFT: Final = re.compile(r" ([CS]D[A-Za-z-]{2} (?=\d{1,9}/\d))")
_BREAK: Final = re.compile(r"\r\n|[\n\r\u2028\u2029]")


def lines(text: str) -> Iterator[str]:
    """The lines of a paste as they are, but for colours; never more than `LONGEST` characters."""
    for line in _BREAK.split(text[:LONGEST]):
        yield _COLOURS.sub("", line) if "\x1b" in line else line


def plain(line: str) -> str:
    """A line as the needles are written: lower case, plain quotes and spaces, no HTML entities.

    haproxy tells by case alone whether a side left (`CD`, `SD`) or was silent for too long (`cD`,
    `sD`): the former are marked, ` ^cd--`.
    """
    if "D-" in line:
        line = _LEFT.sub(r" ^\1", line)
    line = line.translate(_PLAIN).lower()
    if "&" in line:
        line = line.replace("&amp;", "&").replace("&quot;", '"').replace("&#39;", "'")
    return line


def pieces(line: str) -> Iterator[str]:
    """A line in parts of at most `PIECE` characters, cut at spaces where there are any.

    Some consoles export everything as one line; what belongs together is never that far apart.
    """
    start = 0
    while len(line) - start > PIECE:
        cut = line.rfind(" ", start + PIECE // 2, start + PIECE)
        end = cut if cut > 0 else start + PIECE
        yield line[start:end]
        start = end
    yield line[start:]

"""Finds the wordings of the table on a line, in time that grows with the line and no faster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bot.explain.reading import Pattern, Reading

BEFORE: Final = 160  # characters around a needle in which a shape is looked for
AFTER: Final = 480
_PER_LINE: Final = 20  # one needle is looked up so often on one line
_REMEMBERED: Final = 2_000  # lines; what repeats in a log often repeats without a difference

Found = tuple[Reading, Pattern]


class Scanner:
    """Looks every needle up once per line, whichever patterns share it."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = tuple(patterns)
        owners: dict[str, list[int]] = {}
        for index, pattern in enumerate(self._patterns):
            for needle in pattern.needles:
                owners.setdefault(needle, []).append(index)
        self._needles = tuple((needle, tuple(indexes)) for needle, indexes in owners.items())
        self._known: dict[str, tuple[Found, ...]] = {}

    def __call__(self, line: str) -> tuple[Found, ...]:
        """Every reading that `line` (as `text.plain` gives it) supports, each once.

        In the order of the table. Readings that only say that something failed are left out beside
        one that says what.
        """
        known = self._known.get(line)
        if known is None:
            known = self._known[line] = self._scan(line)
            if len(self._known) > _REMEMBERED:
                self._known.clear()
        return known

    def _scan(self, line: str) -> tuple[Found, ...]:
        hits = [indexes for needle, indexes in self._needles if needle in line]
        if not hits:
            return ()
        found: dict[str, Found] = {}
        for index in sorted({index for indexes in hits for index in indexes}):
            pattern = self._patterns[index]
            if _fits(line, pattern):
                for reading in _readings(line, pattern):
                    found.setdefault(reading.key, (reading, pattern))
        worse = {key for reading, _ in found.values() for key in reading.instead_of}
        kept = [one for key, one in found.items() if key not in worse]
        return tuple([one for one in kept if not one[0].general] or kept)


def _fits(line: str, pattern: Pattern) -> bool:
    return all(word in line for word in pattern.having) and not any(
        word in line for word in pattern.without
    )


def _readings(line: str, pattern: Pattern) -> Iterator[Reading]:
    if pattern.shape is None:
        if pattern.reading is not None:
            yield pattern.reading
        return
    for start, end in _windows(line, pattern.needles):
        match = pattern.shape.search(line, start, end)
        if match is not None:
            reading = pattern.read(match[1] if pattern.shape.groups else None)
            if reading is not None:
                yield reading


def _windows(line: str, needles: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the shape is looked for: around each needle, once for needles close to each other."""
    if len(line) <= BEFORE + AFTER:
        yield 0, len(line)
        return
    places = sorted(place for needle in needles for place in _places(line, needle))
    last = -1
    for place in places:
        if place >= last:
            yield max(0, place - BEFORE), place + AFTER
            last = place + BEFORE


def _places(line: str, needle: str) -> Iterator[int]:
    at = line.find(needle)
    for _ in range(_PER_LINE):
        if at < 0:
            return
        yield at
        at = line.find(needle, at + len(needle))

"""`wsdiag.toml`: reading it, and finding the line that a key stands on."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from bot import envfiles
from bot.model import say
from bot.settings.problems import Place, Problem, SettingsError, keys

_AT = re.compile(r"\s*\(at line (\d+), column (\d+)\)\Z")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A file that was read; `name` is how messages call it."""

    path: FilePath
    name: str
    text: str
    values: dict[str, Any]

    def where(self, path: Place) -> str:
        """`wsdiag.toml line 7: targets.prod.url`."""
        line = line_of(self.text, path)
        key = keys(path)
        return f"{self.name} line {line}: {key}" if line else f"{self.name}: {key}"


def read(path: FilePath, *, required: bool) -> TomlFile | None:
    """Read the file; None if there is none and none is required. Raises SettingsError."""
    name = path.name if path.parent == FilePath() else str(path)
    try:
        text = envfiles.read_bounded(path)
    except FileNotFoundError:
        if not required:
            return None
        missing = say("WSDIAG_CONFIG names this file, but it does not exist.")
        raise SettingsError([Problem(str(path), missing)]) from None
    except envfiles.FileError as error:
        raise SettingsError([Problem("", error.message)]) from None
    try:
        return TomlFile(path, name, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([_syntax_problem(name, str(error))]) from None
    except RecursionError:
        raise SettingsError(
            [Problem(name, say("This is nested too deeply to be a configuration."))]
        ) from None


def _syntax_problem(name: str, text: str) -> Problem:
    """tomllib says what and where in one sentence of its own; only the place is taken apart.

    Its sentence holds at most one character of the file, so that no secret can be in it.
    """
    at = _AT.search(text)
    detail = _AT.sub("", text)
    if at is None:
        return Problem(name, say("This is not valid TOML: {detail}.", detail=detail))
    return Problem(
        f"{name} line {at[1]} column {at[2]}",
        say('This is not valid TOML: {detail}. A line looks like key = "text".', detail=detail),
    )


def line_of(text: str, path: Place) -> int | None:
    """The number of the line on which the statement that defines a key begins, from 1 on.

    TOML read up to the end of a statement is TOML: the first prefix that has the key ends with it.
    """
    lines = text.splitlines()
    low, high = 0, len(lines)
    if not has(_longest_prefix(lines, high)[1], path):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if has(_longest_prefix(lines, middle)[1], path):
            high = middle
        else:
            low = middle
    before, _ = _longest_prefix(lines, high - 1)
    line = before + 1
    while line < high and re.match(r"\s*(#|\Z)", lines[line - 1]):
        line += 1
    return line


def _longest_prefix(lines: list[str], count: int) -> tuple[int, dict[str, Any]]:
    """The most lines up to `count` that end where a statement ends, and what they say."""
    for end in range(count, 0, -1):
        try:
            return end, tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue
    return 0, {}


def has(values: Any, path: Place) -> bool:
    """Whether a path leads somewhere in what TOML said; numbers are places in arrays."""
    for key in path:
        if isinstance(key, int):
            if isinstance(values, list):
                if key >= len(values):
                    return False
                values = values[key]
            # One table where several are allowed is the first of them.
            elif key > 0:
                return False
        elif isinstance(values, dict) and key in values:
            values = values[key]
        else:
            return False
    return True

"""`wsdiag explain`: what a pasted error or log means. No network, no settings but the guide's."""

from __future__ import annotations

import codecs
import json
import sys
from pathlib import Path
from typing import BinaryIO, Final

from bot import explain as room
from bot import terminal
from bot.composition.errors import UsageError
from bot.composition.speaking import guide_from_environment, spoken
from bot.model import say

EXIT_NOT_RECOGNISED: Final = 3
_BYTES: Final = 4 * room.LONGEST + 4  # no character takes more than four
_BOMS: Final = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def explain(
    pasted: str | None, *, as_json: bool = False, healthy: bool = False, lang: str | None = None
) -> int:
    """Explain an argument, `@file` or (`-`, or a pipe and no argument) standard input.

    Returns 0 when something was recognised, else 3. Raises UsageError for nothing to read.
    """
    terminal.adapt(sys.stdout, sys.stderr)
    speak = spoken(lang, as_json=as_json)
    found = room.explain(_text(pasted), healthy=healthy)
    guide = guide_from_environment()
    try:
        with terminal.until_closed():
            if not as_json:
                terminal.print_explanation(terminal.Output(), found, speak, guide)
            elif sys.stdout is not None:
                plain = sys.stdout.encoding.lower() not in ("utf-8", "utf8")
                shown = terminal.explanation_contract(found, speak, guide)
                sys.stdout.write(f"{json.dumps(shown, ensure_ascii=plain)}\n")
    except OSError as error:
        raise UsageError(
            say("The result cannot be written: {reason}.", reason=error.strerror or str(error))
        ) from None
    return 0 if found.recognised else EXIT_NOT_RECOGNISED


def _text(pasted: str | None) -> str:
    if pasted is None and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageError(
            say(
                "Give the text: as an argument in quotes, as @file, or through a pipe "
                "(wsdiag explain < server.log)."
            )
        )
    try:
        if pasted is None or pasted == "-":
            text = _decoded(sys.stdin.buffer) if sys.stdin is not None else ""
        elif pasted.startswith("@"):
            with Path(pasted[1:]).open("rb") as file:
                text = _decoded(file)
        else:
            text = pasted
    except OSError as error:
        raise UsageError(
            say(
                "{file} cannot be read: {reason}.",
                file=pasted or "-",
                reason=error.strerror or str(error),
            )
        ) from None
    except ValueError:  # a NUL in the name of a file
        raise UsageError(say("That is no name of a file.")) from None
    if not text.strip():
        raise UsageError(say("There is nothing in it to explain."))
    return text


def _decoded(stream: BinaryIO) -> str:
    """The beginning of a stream as text; Windows' shells write UTF-16 with its mark."""
    data = stream.read(_BYTES)
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    return data.decode("utf-8-sig", "replace")

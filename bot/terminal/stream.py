"""Standard output as it is: closed, full, or unable to show what we draw."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

from rich.console import Console

# What stands in for our signs where a terminal has another encoding than UTF-8.
_PLAIN: Final = {"✔": "+", "▲": "!", "✘": "x", "–": "-", "●": "*", "›": ">", "…": "...",
                 "·": "-", "“": '"', "”": '"', "«": '"', "»": '"', "—": "-", "→": "->"}  # fmt: skip
_LETTERS: Final = {"ru": "абвгдежзийклмнопрстуфхцчшщъыьэюя"}
_ERRORS: Final = "wsdiag.plain"


class Output(Console):
    """A console that leaves it to the caller what a reader who went away means."""

    def on_broken_pipe(self) -> None:
        """Raise what `until_closed` waits for; Rich itself would end with exit code 1."""
        raise BrokenPipeError


def adapt(*streams: IO[str] | None) -> None:
    """Let streams write plain signs, or `?`, for what their encoding does not have."""
    codecs.register_error(_ERRORS, _plain)
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_ERRORS)


def can_show(stream: IO[str] | None, lang: str) -> bool:
    """Whether a stream's encoding has the letters of a language."""
    letters = _LETTERS.get(lang, "")
    try:
        letters.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


@contextmanager
def until_closed() -> Iterator[None]:
    """Write to stdout inside. A reader who went away (`| head`) is no error; a full disk raises."""
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _forget()
    except OSError:
        _forget()
        raise


def _forget() -> None:
    """Send what is still in the buffer nowhere: the interpreter would complain of it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wanted = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in wanted), error.end

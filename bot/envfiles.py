"""`.env.local` and `.env`: read, never loaded into the process environment.

They are read anew by whoever asks, so that an edited token is seen without a restart.
Syntax is python-dotenv's, which Next.js users know: quotes, `export`, comments, `${NAME}`.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from bot.locales import translate
from bot.model import Message, say

NAMES = (".env.local", ".env")  # the first one that sets a variable wins
MAX_BYTES = 256 * 1024


class FileError(Exception):
    """A file that cannot be read; `message` names it and says what to change."""

    def __init__(self, message: Message) -> None:
        super().__init__(translate(message, "en"))
        self.message = message


@dataclass(frozen=True, slots=True)
class EnvFile:
    """The variables of one file, and the lines that are no `NAME=value`."""

    path: Path
    values: Mapping[str, str]
    bad_lines: tuple[int, ...] = ()


def read_bounded(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """Return a regular file's text (UTF-8). Raises FileNotFoundError, or FileError.

    Pipes and devices are refused before a byte is read: they could block for ever.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except ValueError:  # a NUL in it
        raise FileError(say("{path} cannot be the name of a file.", path=shown(path))) from None
    except OSError as error:
        raise FileError(
            say("{path} cannot be read: {reason}.", path=shown(path), reason=_words(error))
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileError(say("{path} is not a regular file.", path=shown(path)))
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise FileError(
            say(
                "{path} is larger than {limit} KiB; this is hardly the right file.",
                path=shown(path),
                limit=max_bytes // 1024,
            )
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(
            say(
                "{path} is not UTF-8 text (byte {position}); save it as UTF-8.",
                path=shown(path),
                position=error.start,
            )
        ) from None


def read_env_file(path: Path) -> EnvFile | None:
    """Return the variables of one file; None when there is no such file. Raises FileError."""
    try:
        text = read_bounded(path)
    except FileNotFoundError:
        return None
    bindings = list(parse_stream(io.StringIO(text)))
    bad = tuple(binding.original.line for binding in bindings if binding.error)
    good = "".join(binding.original.string for binding in bindings if not binding.error)
    values = dotenv_values(stream=io.StringIO(good), interpolate=True)
    return EnvFile(path, {k: v for k, v in values.items() if v is not None}, bad)


def shown(path: Path | str) -> str:
    """A path as it may stand in a sentence: bounded, its end kept."""
    text = "".join(c if c.isprintable() else "�" for c in str(path))
    return text if len(text) <= 200 else f"…{text[-199:]}"


def _words(error: OSError) -> str:
    return error.strerror or type(error).__name__

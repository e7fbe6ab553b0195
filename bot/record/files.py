"""Saved reports on disk: written whole or not at all, readable by their owner alone."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from bot.model import Message, say
from bot.record.codec import RecordError
from bot.record.saved import LARGEST, Saved, dumps, loads


class FileError(Exception):
    """A file cannot be used; `message` says which and why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.text)
        self.message = message


def read(path: Path) -> Saved:
    """Load a saved report. Raises FileError."""
    try:
        return loads(_text(path))
    except RecordError as error:
        raise FileError(
            say("{file} cannot be used: {problem}.", file=str(path), problem=str(error))
        ) from None


def check_place(path: Path) -> None:
    """Raise FileError unless `write` may create or replace this file.

    Only a saved report (or an empty file) is ever replaced: a mistyped name costs nobody their
    work.
    """
    file = path.resolve()
    if not file.parent.is_dir():
        raise FileError(say("{file} cannot be written: there is no such folder.", file=str(path)))
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise FileError(say("{file} cannot be written: its folder is not yours.", file=str(path)))
    try:
        about = file.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unwritable(path, error) from None
    if not stat.S_ISREG(about.st_mode):
        raise FileError(say("{file} is no file: give the name of a new one.", file=str(path)))
    if about.st_size == 0:
        return
    try:
        loads(_text(path))
    except RecordError:
        raise FileError(
            say(
                "{file} exists and is no report of wsdiag, so it is left alone: give another name.",
                file=str(path),
            )
        ) from None


def write(path: Path, saved: Saved) -> None:
    """Write a report (mode 0600), in place of an older one. Raises FileError.

    Readers see the old file or the new one, also when the disk fills up or the process dies.
    """
    check_place(path)
    file = path.resolve()  # a link goes on pointing where it did
    draft = file.with_name(f".{file.name[:100]}.{secrets.token_hex(6)}")
    try:
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(dumps(saved))
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from None


def _text(path: Path) -> str:
    try:
        # Opened so that a pipe without a writer cannot hold us.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise FileError(say("{file} is no file.", file=str(path)))
            content = stream.read(LARGEST + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(
            say("{file} cannot be read: {reason}.", file=str(path), reason=reason)
        ) from None
    if len(content) > LARGEST:
        raise RecordError("it is too large for a report of wsdiag")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RecordError("it is no text") from None


def _unwritable(path: Path, error: OSError) -> FileError:
    reason = error.strerror or str(error)
    return FileError(say("{file} cannot be written: {reason}.", file=str(path), reason=reason))

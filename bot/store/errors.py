"""What can go wrong with a store, in one sentence that says what to change."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_DAMAGED = ("file is not a database", "malformed", "file is encrypted")
_READ_ONLY = ("readonly database", "unable to open database file", "disk i/o error")


class StoreError(Exception):
    """The database cannot be used; the message says what to change and holds no password."""


class StoreConflictError(StoreError):
    """Someone else (another process) recorded this target's next revision first: load again."""


def explained(error: Exception, place: str) -> StoreError:
    """A driver's exception as a StoreError. `place` names the database without its password."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    text = " ".join(str(cause).split())[:300] or type(cause).__name__
    lowered = text.lower()
    if any(word in lowered for word in _DAMAGED):
        return damaged(place)
    if any(word in lowered for word in _READ_ONLY):
        return StoreError(
            f"The database {place} cannot be written ({text}). Check the rights and the free space"
            " of its folder, or set WSDIAG_DATABASE_URL to another place."
        )
    if "database is locked" in lowered:
        return StoreError(
            f"The database {place} is held by another process. Stop the other wsdiag, or give this"
            " one its own WSDIAG_DATABASE_URL."
        )
    if "disk is full" in lowered:
        return StoreError(f"The disk that holds the database {place} is full. Free some space.")
    return StoreError(f"The database {place} does not work: {text}. Check WSDIAG_DATABASE_URL.")


def damaged(place: str) -> StoreError:
    """The file holds something else, or is broken."""
    return StoreError(
        f"The database {place} is damaged or is no SQLite database. Move the file away (wsdiag then"
        " starts a new one), restore a copy of it, or set WSDIAG_DATABASE_URL to another place."
    )


DATABASE_ERRORS: tuple[type[Exception], ...] = (SQLAlchemyError, sqlite3.Error, OSError)
"""What a driver may raise; OSError is asyncpg's for a server out of reach."""

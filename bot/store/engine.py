"""A database URL → an engine: drivers, pragmas, and a file that nobody else can read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.store.errors import StoreError

BUSY_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 30.0

_SQLITE = {"sqlite", "sqlite+aiosqlite"}
_POSTGRES = {"postgres", "postgresql", "postgresql+asyncpg"}


def parse(url: str) -> URL:
    """Understand `sqlite:///file`, `postgresql://…` and the spellings people paste.

    Raises StoreError; its message repeats nothing of the URL but the scheme.
    """
    try:
        parsed = make_url(url.strip())
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "WSDIAG_DATABASE_URL cannot be read. Write sqlite:////absolute/path/wsdiag.db"
            " or postgresql://user:password@host/name."
        ) from error
    if parsed.drivername in _SQLITE:
        if not parsed.database or parsed.database == ":memory:":
            raise StoreError(
                "WSDIAG_DATABASE_URL names no file: incidents would be lost at a restart. Write"
                " sqlite:////absolute/path/wsdiag.db."
            )
        return parsed.set(drivername="sqlite+aiosqlite")
    if parsed.drivername in _POSTGRES:
        return parsed.set(drivername="postgresql+asyncpg")
    raise StoreError(
        f"WSDIAG_DATABASE_URL starts with {parsed.drivername}://, which wsdiag does not speak."
        " Use sqlite:/// or postgresql://."
    )


def place(url: URL) -> str:
    """The database as it may be shown: a path, or host and name."""
    if url.database and url.get_backend_name() == "sqlite":
        return url.database
    return url.set(username=None, password=None, query={}).render_as_string()


def create(url: URL) -> AsyncEngine:
    """An engine for a parsed URL; a SQLite file and its folder are created private.

    Raises StoreError where the folder cannot be made or written, or asyncpg is missing.
    """
    if url.get_backend_name() == "sqlite":
        prepare_file(Path(url.database or ""))
        return _sqlite(url)
    try:
        # What the driver's own deadlines do not cover, `Store` covers with its own.
        return create_async_engine(
            url,
            pool_pre_ping=True,
            pool_size=5,
            connect_args={"timeout": CONNECT_TIMEOUT_S, "command_timeout": COMMAND_TIMEOUT_S},
        )
    except ModuleNotFoundError as error:
        raise StoreError("PostgreSQL needs the extra: pip install 'wsdiag[postgres]'.") from error


def prepare_file(path: Path) -> None:
    """Create folder (0700) and file (0600) if they are missing; leave existing rights alone.

    SQLite gives its -wal and -shm files the rights of the database file.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError(
            f"The database file {path} cannot be created or written ({error.strerror}). Check the"
            " rights of its folder, or set WSDIAG_DATABASE_URL to another place."
        ) from error


def _sqlite(url: URL) -> AsyncEngine:
    # One connection: SQLite has one writer anyway, and in one process a queue is fairer than its
    # busy handler.
    engine = create_async_engine(
        url, pool_size=1, max_overflow=0, pool_timeout=60, connect_args={"timeout": BUSY_TIMEOUT_S}
    )
    event.listen(engine.sync_engine, "connect", _pragmas)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _pragmas(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin where we say: see _begin
    cursor = connection.cursor()
    try:
        for pragma in (
            f"busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "cache_size = -512",  # KiB, instead of 2,000: the system caches the file as well
        ):
            cursor.execute(f"PRAGMA {pragma}")
    finally:
        cursor.close()


def _begin(connection: Connection) -> None:
    # IMMEDIATE: a transaction that reads first and writes later fails at once ("database is
    # locked") when another process wrote in between; taking the lock first waits instead.
    connection.exec_driver_sql("BEGIN IMMEDIATE")

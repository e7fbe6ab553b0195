"""The schema, brought up to date when a store is opened.

Everything happens in the one transaction of the caller, which on both databases covers DDL too:
either the whole upgrade is there or nothing of it, and a second process waits at the lock and then
finds nothing left to do.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.store.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x77736469_6167  # "wsdiag", the name of our advisory lock in PostgreSQL


def config() -> Config:
    """Alembic's settings, without any ini file."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return settings


def upgrade(connection: Connection, place: str) -> None:
    """Upgrade to the newest revision, inside the caller's transaction.

    Raises StoreError when the database was written by a newer version of wsdiag.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    settings = config()
    known = {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise StoreError(
            f"The database {place} was written by a newer version of wsdiag (schema {current})."
            " Upgrade wsdiag, or set WSDIAG_DATABASE_URL to another place."
        )
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")

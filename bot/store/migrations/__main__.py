"""`python -m bot.store.migrations "what changes"`: write the revision that the tables ask for."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from bot.store import upgrade


def main(message: str) -> None:
    """Compare `bot.store.schema` with a database of the newest revision; write the difference."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'empty.db'}")
        with engine.connect() as connection:
            settings = upgrade.config()
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
            number = len(list((upgrade.MIGRATIONS / "versions").glob("[0-9]*.py"))) + 1
            command.revision(settings, message=message, autogenerate=True, rev_id=f"{number:04}")
        engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1])

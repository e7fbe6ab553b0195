"""Run by Alembic: migrates over the connection that `bot.store.upgrade` hands it.

For a developer: `alembic` needs an ini file; a new revision is written with
`python -m bot.store.migrations "what changes"`, which compares the tables with a fresh database.
"""

from typing import Any, Literal

from alembic import context

from bot.store.schema import Moment, metadata


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A revision spells our own types out: it must mean the same when the type has changed."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter much in place
    transactional_ddl=True,  # true of our SQLite connections too: see bot.store.engine
    compare_server_default=True,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()

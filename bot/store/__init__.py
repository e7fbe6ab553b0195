"""What must survive a restart: target states, incidents, transitions, the outbox, saved reports.

SQLAlchemy Core (async) over SQLite by default, PostgreSQL by URL; Alembic brings the schema up to
date whenever a store is opened.

| module | subject |
|---|---|
| `store` | the `Store`: every read and write, one transaction each |
| `incidents` | targets, their incidents and transitions |
| `reports` | saved reports, and which of them are forgotten |
| `keep` | how much is kept, and for how long |
| `history` | held connections and samples, in groups, rolled up and bounded |
| `acts` | what people did about incidents and targets, and the mutes in force |
| `good` | the last good report of each target |
| `unfinished` | messages that show the progress of a check |
| `digests` | which weekly digests were told |
| `outbox` | deliveries: order per channel, attempts |
| `groups` | which incidents share a message, and which message that is |
| `timeline` | what became of an incident, and which others share its message |
| `lease` | which of several processes delivers |
| `calls` | what webhooks are told: the same for them |
| `people` | what people set for themselves |
| `feedback` | what people said of a verdict |
| `engine` | a database URL → an engine with its pragmas and private file |
| `schema` | the tables; `migrations/` must lead to the same ones (a test compares) |
| `upgrade` | Alembic at opening, under a lock |
| `rows` | rows ↔ the model's records |
| `errors` | what can go wrong, in one sentence that says what to change |
"""

from bot.store.acts import Acts
from bot.store.calls import Calls
from bot.store.errors import StoreConflictError, StoreError
from bot.store.feedback import HEALTHY, OTHER, Feedback, expected
from bot.store.history import History, KeepHistory
from bot.store.keep import Keep
from bot.store.lease import Lease
from bot.store.outbox import NewDelivery, Outbox
from bot.store.people import PersonSettings
from bot.store.store import Store
from bot.store.unfinished import UnfinishedMessage

__all__ = [
    "HEALTHY",
    "OTHER",
    "Acts",
    "Calls",
    "Feedback",
    "History",
    "Keep",
    "KeepHistory",
    "Lease",
    "NewDelivery",
    "Outbox",
    "PersonSettings",
    "Store",
    "StoreConflictError",
    "StoreError",
    "UnfinishedMessage",
    "expected",
]

"""What people said of a verdict: kept with the report it is about, ready to become a fixture."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import State
from bot.record import Expected, RecordError, Saved, dumps, loads, scrubbed
from bot.store.schema import feedback

HEALTHY: Final = "healthy"  # answers that are no cause's code: nothing was wrong …
OTHER: Final = "other"  # … or something that the catalogue does not have
KEEP: Final = 1_000

_log = logging.getLogger("wsdiag.store")


@dataclass(frozen=True, slots=True)
class Feedback:
    """One person's answer to one report.

    answer: the code of the cause that it really was, HEALTHY or OTHER. note: their own words.
    saved: the report with the target's settings; its `expected` follows from the answer.
    """

    report_id: str
    person: str
    at: datetime
    answer: str
    note: str
    saved: Saved
    id: int = 0  # given by the database

    @property
    def named(self) -> str:
        """The code that the verdict named; "" for none."""
        cause = self.saved.report.verdict.cause
        return cause.code if cause else ""


def expected(answer: str, named: str) -> Expected:
    """The verdict that a report must get after a person's answer."""
    if answer == HEALTHY:
        return Expected(state=State.UP.value, code="")
    if answer == OTHER:
        return Expected(wrong=named)
    return Expected(code=answer)


async def save(connection: AsyncConnection, given: Feedback) -> None:
    """Keep an answer in place of what the same person said of the same report before."""
    await connection.execute(
        delete(feedback).where(
            feedback.c.report_id == given.report_id, feedback.c.person == given.person
        )
    )
    await connection.execute(
        insert(feedback).values(
            report_id=given.report_id,
            person=given.person,
            at=given.at,
            named=given.named,
            answer=given.answer,
            note=scrubbed(given.note),
            body=dumps(given.saved),
        )
    )
    surplus = select(feedback.c.id).order_by(feedback.c.id.desc()).offset(KEEP)
    if given_up := list(await connection.scalars(surplus)):
        await connection.execute(delete(feedback).where(feedback.c.id.in_(given_up)))


async def everything(connection: AsyncConnection) -> list[Feedback]:
    """Every answer, the newest first."""
    rows = await connection.execute(select(feedback).order_by(feedback.c.id.desc()))
    found = []
    for row in rows:
        try:
            saved = loads(row.body)
        except RecordError as error:
            _log.warning("the report of an answer cannot be read and is left out: %s", error)
            continue
        found.append(
            Feedback(row.report_id, row.person, row.at, row.answer, row.note, saved, id=row.id)
        )
    return found

"""What people set for themselves: their language, and the targets they are told of directly."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.run import Run
from bot.store.schema import follows, people


@dataclass(frozen=True, slots=True)
class PersonSettings:
    """Of one person. `lang` None: as Slack's locale has it, which `locale` remembers for messages
    that nobody asked for. follows: names of targets, also of ones that are gone by now."""

    person: str
    lang: str | None = None
    locale: str | None = None
    follows: frozenset[str] = frozenset()


class People:
    """Made by `Store`; every method is one transaction and raises StoreError."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def of(self, person: str) -> PersonSettings:
        """What somebody has set; nothing, if they never did."""

        async def work(connection: AsyncConnection) -> PersonSettings:
            row = (
                await connection.execute(select(people).where(people.c.person == person))
            ).one_or_none()
            targets = await connection.scalars(
                select(follows.c.target).where(follows.c.person == person)
            )
            followed = frozenset(targets)
            if row is None:
                return PersonSettings(person, follows=followed)
            return PersonSettings(person, row.lang, row.locale, followed)

        return await self._run(work)

    async def all(self) -> Mapping[str, PersonSettings]:
        """Everybody's languages, by person; without whom they follow."""

        async def work(connection: AsyncConnection) -> Mapping[str, PersonSettings]:
            found = await connection.execute(select(people))
            return {row.person: PersonSettings(row.person, row.lang, row.locale) for row in found}

        return await self._run(work)

    async def speak(self, person: str, lang: str | None, locale: str | None, at: datetime) -> None:
        """Keep a language; None: that of their Slack, whose locale this is."""
        values = {"lang": lang, "locale": locale, "at": at}
        await self._run(lambda connection: _keep(connection, person, values))

    async def follow(
        self,
        person: str,
        targets: Collection[str],
        locale: str | None,
        at: datetime,
    ) -> None:
        """Be told of these targets from now on, and of no others."""

        async def work(connection: AsyncConnection) -> None:
            await _keep(connection, person, {"locale": locale, "at": at})
            await connection.execute(delete(follows).where(follows.c.person == person))
            if targets:
                rows = [{"person": person, "target": name} for name in sorted(set(targets))]
                await connection.execute(insert(follows), rows)

        await self._run(work)

    async def followed(self, person: str) -> frozenset[str]:
        """The targets that somebody follows."""

        async def work(connection: AsyncConnection) -> frozenset[str]:
            query = select(follows.c.target).where(follows.c.person == person)
            return frozenset(await connection.scalars(query))

        return await self._run(work)


async def followers(connection: AsyncConnection, target: str) -> list[str]:
    """Who is told of a target, within somebody's transaction."""
    query = select(follows.c.person).where(follows.c.target == target)
    return list(await connection.scalars(query.order_by(follows.c.person)))


async def _keep(connection: AsyncConnection, person: str, values: Mapping[str, Any]) -> None:
    known = await connection.execute(update(people).where(people.c.person == person).values(values))
    if known.rowcount == 0:
        await connection.execute(insert(people).values(person=person, **values))

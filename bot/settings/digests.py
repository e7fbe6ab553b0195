"""`[[digest]]` of `wsdiag.toml`: a channel that wants a summary of its week."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from bot.digest import Due
from bot.model import say
from bot.settings import fields, quiet
from bot.settings.fields import TomlOnly
from bot.settings.problems import BadValueError

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Day = Annotated[
    Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    fields.Lower,
]


class DigestTable(quiet.Table):
    """One channel's digest. Without such a table a channel has none."""

    channel: Annotated[
        fields.Channel | None,
        TomlOnly(),
        Field(
            description="Channel that wants a weekly digest of its targets. Not set: the one of "
            "the alerts. Each channel has a `[[digest]]` of its own."
        ),
    ] = None
    day: Annotated[Day, TomlOnly(), Field(description="Day of the week, `monday` to `sunday`.")] = (
        "monday"
    )
    hour: Annotated[
        int, TomlOnly(), Field(ge=0, le=23, description="Hour of that day, 0 to 23.")
    ] = 9
    zone: Annotated[
        quiet.Zone, TomlOnly(), Field(description="Time zone of `hour`: an IANA name.")
    ] = "UTC"

    def due(self) -> Due:
        """When it is due."""
        return Due(DAYS.index(self.day), self.hour, self.zone)


def distinct(tables: tuple[DigestTable, ...]) -> tuple[DigestTable, ...]:
    """A channel has one digest."""
    seen: set[str | None] = set()
    for table in tables:
        if table.channel in seen:
            raise BadValueError(
                say(
                    "{channel} has two digests: take one out.",
                    channel=table.channel or "The channel of the alerts",
                )
            )
        seen.add(table.channel)
    return tables

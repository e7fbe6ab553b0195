"""Who may do what. Pure: a policy and a person in, a refusal or nothing out.

Guests and people of other organisations (in channels shared with them) may do nothing unless they
are listed themselves: a listed channel lets its full members in, not its guests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.model import Message, say


class Deed(StrEnum):
    """What a person wants to do."""

    CHECK = "check"  # run checks, look at states, read the guide
    MANAGE = "manage"  # change something: acknowledge, mute


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may. Nothing listed, or `everyone`: every full member of the workspace."""

    users: frozenset[str] = frozenset()  # U… ids
    groups: frozenset[str] = frozenset()  # S… ids of user groups
    channels: frozenset[str] = frozenset()  # C… ids or names without #
    everyone: bool = False  # beside those listed, who may be guests

    @property
    def open(self) -> bool:
        """Every full member may."""
        return self.everyone or not (self.users or self.groups or self.channels)

    @classmethod
    def of(
        cls, users: Iterable[str] = (), groups: Iterable[str] = (), channels: Iterable[str] = ()
    ) -> Rule:
        """A rule from lists as people write them: `@`, `#` and `<…>` markup are left out."""
        return cls(
            frozenset(map(_bare, users)),
            frozenset(map(_bare, groups)),
            frozenset(map(_bare, channels)),
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule per deed."""

    check: Rule = field(default_factory=Rule)
    manage: Rule = field(default_factory=Rule)

    def rule(self, deed: Deed) -> Rule:
        """The rule for a deed."""
        return self.manage if deed is Deed.MANAGE else self.check

    @property
    def groups(self) -> frozenset[str]:
        """Every user group whose members have to be known."""
        return self.check.groups | self.manage.groups


@dataclass(frozen=True, slots=True)
class Organisation:
    """Whose bot this is: from auth.test."""

    team_id: str
    enterprise_id: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, as users.info says."""

    id: str
    guest: bool = False
    outsider: bool = False
    deactivated: bool = False
    bot: bool = False
    locale: str | None = None  # such as `ru-RU`
    zone: str | None = None  # such as `Europe/Berlin`
    zone_offset_s: int | None = None  # east of Greenwich
    name: str = ""  # as it shows in Slack


@dataclass(frozen=True, slots=True)
class Where:
    """The conversation it is asked in."""

    channel: str
    channel_name: str | None = None


def person(user: Mapping[str, Any], home: Organisation) -> Person:
    """Read a `user` object of users.info (docs.slack.dev/reference/objects/user-object)."""
    return Person(
        id=str(user.get("id", "")),
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        outsider=bool(user.get("is_stranger")) or not _of(user, home),
        deactivated=bool(user.get("deleted")),
        bot=bool(user.get("is_bot")) or user.get("id") == "USLACKBOT",
        locale=user.get("locale"),
        zone=user.get("tz"),
        zone_offset_s=user.get("tz_offset"),
        name=_name(user),
    )


def _name(user: Mapping[str, Any]) -> str:
    profile: Mapping[str, Any] = user.get("profile") or {}
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"))
    return next((str(name) for name in names if name), str(user.get("name") or ""))


def _of(user: Mapping[str, Any], home: Organisation) -> bool:
    """Whether someone belongs to the home team, or to the same Enterprise Grid organisation."""
    enterprise = user.get("enterprise_user") or {}
    theirs = {user.get("team_id"), enterprise.get("enterprise_id"), enterprise.get("id")}
    theirs |= set(enterprise.get("teams") or ())
    ours = {home.team_id, home.enterprise_id} - {None, ""}
    return bool(theirs & ours)


_STRANGERS = say("People of other organisations cannot use this bot.")
_GUESTS = say("Guests cannot use this bot unless an administrator lists them.")


def refusal(
    policy: Policy, deed: Deed, who: Person, groups: frozenset[str], where: Where
) -> Message | None:
    """Why `who` may not; None: they may. `groups`: ids of the listed groups they are in."""
    rule = policy.rule(deed)
    if who.deactivated or who.bot:
        return say("Only people can ask for this.")
    if who.id in rule.users or groups & rule.groups:
        return None
    if who.outsider or who.guest:
        return _STRANGERS if who.outsider else _GUESTS
    if rule.open or {where.channel, where.channel_name} & rule.channels:
        return None
    if rule.channels:
        return say("You cannot do this here. Ask in one of the channels that are allowed to.")
    return say("You are not on the list of those who may do this.")


def _bare(name: str) -> str:
    inner = name.strip().removeprefix("<").removesuffix(">")
    inner = inner.removeprefix("!subteam^").lstrip("@#")
    return inner.split("|", 1)[0]

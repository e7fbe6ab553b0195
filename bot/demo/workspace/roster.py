"""Who and what there is in a workspace: people, groups, channels, and who is where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.demo.workspace.core import Core
from bot.demo.workspace.records import Channel, User, UserGroup
from bot.demo.workspace.state import new_id


class Roster:
    """Sets a workspace up. People and channels are named by object, id or name."""

    core: Core

    @property
    def bot(self) -> User:
        """The app's bot user."""
        return self.core.state.bot

    def add_user(self, name: str, *, real_name: str | None = None, **traits: Any) -> User:
        """Add a person; `traits` are fields of User: locale, is_guest, is_external, is_admin…"""
        user = User(new_id("U"), name, real_name or name.title(), **traits)
        if user.is_external and not user.team_id:
            user.team_id = new_id("T")
        return self.core.state.add_user(user)

    def add_channel(
        self,
        name: str,
        *,
        members: Iterable[User | str] = (),
        installed: bool = True,
        private: bool = False,
        topic: str = "",
    ) -> Channel:
        """Add a channel with these members, the bot among them if `installed`."""
        ids = {self.user(member).id for member in members}
        if installed:
            ids.add(self.bot.id)
        return self.core.state.add_channel(
            Channel(
                new_id("C"),
                name,
                ids,
                topic,
                is_private=private,
                is_shared=any(self.core.state.users[i].is_external for i in ids),
                created=int(self.core.clock.now()),
            )
        )

    def add_group(self, handle: str, *, users: Iterable[User | str] = ()) -> UserGroup:
        """Add a user group such as @oncall."""
        group = UserGroup(new_id("S"), handle, handle, tuple(self.user(u).id for u in users))
        self.core.state.groups[group.id] = group
        self.core.changes.publish("roster")
        return group

    def user(self, who: User | str) -> User:
        """A person by object, id or name.

        Raises:
            LookupError: nobody of that name.
        """
        found = who if isinstance(who, User) else self.core.state.user(who)
        if found is None:
            raise LookupError(f"no user {who!r}")
        return found

    def channel(self, which: Channel | str) -> Channel:
        """A channel by object, id or name.

        Raises:
            LookupError: no such channel.
        """
        found = which if isinstance(which, Channel) else self.core.state.channel(which)
        if found is None:
            raise LookupError(f"no channel {which!r}")
        return found

    def direct(self, who: User | str) -> Channel:
        """The direct message between a person and the app."""
        return self.core.state.direct_channel(self.user(who))

    def invite(self, channel: Channel | str, *users: User | str) -> None:
        """Bring people into a channel; nobody named: the bot."""
        members = [self.user(u) for u in users] or [self.bot]
        self.channel(channel).members.update(m.id for m in members)
        self.core.changes.publish("roster")

    def remove(self, channel: Channel | str, *users: User | str) -> None:
        """Take people out of a channel; nobody named: the bot."""
        members = [self.user(u) for u in users] or [self.bot]
        self.channel(channel).members.difference_update(m.id for m in members)
        self.core.changes.publish("roster")

    def archive(self, channel: Channel | str, archived: bool = True) -> None:
        """Archive a channel, or bring it back."""
        self.channel(channel).is_archived = archived
        self.core.changes.publish("roster")

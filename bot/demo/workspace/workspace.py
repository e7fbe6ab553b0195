"""The workspace as tests and the demo hold it: started, scripted, broken, looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from aiohttp import web

from bot.demo.workspace.answers import SLACKBOT
from bot.demo.workspace.changes import Changes
from bot.demo.workspace.clock import Clock, SystemClock
from bot.demo.workspace.content import pings
from bot.demo.workspace.core import ApiCall, Core
from bot.demo.workspace.deliveries import Deliveries, EventDelivery
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.limits import Limits
from bot.demo.workspace.page import Page
from bot.demo.workspace.panel import Panel
from bot.demo.workspace.people import Outcome, People
from bot.demo.workspace.records import AppConfig, Channel, Message, StepRun, User, View
from bot.demo.workspace.roster import Roster
from bot.demo.workspace.server import Api, Listener, new_application
from bot.demo.workspace.sockets import SocketHub
from bot.demo.workspace.state import State
from bot.demo.workspace.tickets import ResponseUrls, Triggers

T = TypeVar("T")

WAIT_S = 5.0  # how long `wait_for` waits unless told otherwise


class Workspace(Roster):
    """A strict local Slack with one app installed.

    People, channels and messages may be named by object, id or name wherever one is taken.

    Args:
        name: the workspace's name.
        app: the app's manifest; `AppConfig.from_manifest` reads a real one.
        clock: seconds for timestamps, limits, expiries and retries.
        rate_limits: whether Slack's rate limits apply (see `limits`).
        panel: switches shown on the page, see `Panel`.
    """

    def __init__(
        self,
        *,
        name: str = "Northwind",
        app: AppConfig | None = None,
        clock: Clock | None = None,
        rate_limits: bool = True,
        panel: Panel | None = None,
    ) -> None:
        clock = clock or SystemClock()
        changes = Changes()
        state = State(name, app or AppConfig(), clock, changes)
        self.core = Core(
            state=state,
            clock=clock,
            changes=changes,
            limits=Limits(clock, enabled=rate_limits),
            sockets=SocketHub(state.app_id, clock, changes),
            triggers=Triggers(clock),
            response_urls=ResponseUrls(clock),
        )
        self._deliveries = Deliveries(self.core)
        self.people = People(self.core, self._deliveries)
        self._page = Page(self.core, self.people, panel)
        self._listener = Listener(self._application)
        state.add_user(User(SLACKBOT, "slackbot", "Slackbot", is_bot=True))

    def _application(self) -> web.Application:
        application = new_application()
        application.add_routes(Api(self.core).routes())
        application.add_routes(self._page.routes())
        application.on_shutdown.append(self._let_go)
        return application

    async def _let_go(self, _: web.Application) -> None:
        """End what would keep connections open: sockets, live pages, hanging calls."""
        self.core.changes.end()
        await self.core.sockets.close()

    # ---------------------------------------------------------------- life

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen on a loopback address; port 0 takes any free one. Returns `base_url`."""
        await self._listener.start(host, port)
        shown = f"[{host}]" if ":" in host else host
        self.core.state.base_url = f"http://{shown}:{self._listener.port}/"
        return self.base_url

    async def stop(self) -> None:
        """End sockets, retries and the listener."""
        self.core.faults.clear()
        await self._deliveries.close()
        await self._listener.stop()

    async def __aenter__(self) -> Workspace:
        if not self._listener.listening:
            await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def go_away(self) -> None:
        """Stop listening: connections are refused. Messages are kept."""
        self.core.faults.clear()
        await self._listener.go_away()

    async def come_back(self) -> None:
        """Listen again, on the same port."""
        await self._listener.come_back()

    # ---------------------------------------------------------------- what the bot is given

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT/`: the page; empty before `start`."""
        return self.core.state.base_url

    @property
    def api_url(self) -> str:
        """`…/api/`: what replaces `https://slack.com/api/`."""
        return f"{self.base_url}api/"

    @property
    def bot_token(self) -> str:
        """The xoxb- token."""
        return self.core.tokens.bot

    @property
    def app_token(self) -> str:
        """The xapp- token."""
        return self.core.tokens.app

    @property
    def signing_secret(self) -> str:
        """What HTTP deliveries are signed with."""
        return self.core.tokens.signing_secret

    @property
    def team_id(self) -> str:
        """The workspace's id."""
        return self.core.state.team_id

    @property
    def bot_id(self) -> str:
        """The app's `B…` id."""
        return self.core.state.bot_id

    @property
    def app(self) -> AppConfig:
        """The app's manifest; assign to change it."""
        return self.core.state.app

    @app.setter
    def app(self, app: AppConfig) -> None:
        self.core.state.app = app

    # ---------------------------------------------------------------- what people do

    async def command(
        self, user: User | str, channel: Channel | str, command: str, text: str = ""
    ) -> Outcome:
        """Type a slash command; returns once the app acknowledged it or three seconds passed."""
        return await self.people.command(self.user(user), self.channel(channel), command, text)

    async def say(
        self, user: User | str, channel: Channel | str, text: str, *, thread_ts: str | None = None
    ) -> Message:
        """Post as a person."""
        return await self.people.say(
            self.user(user), self.channel(channel), text, thread_ts=thread_ts
        )

    async def mention(
        self,
        user: User | str,
        channel: Channel | str,
        text: str = "",
        *,
        thread_ts: str | None = None,
    ) -> Message:
        """Post `@bot text` as a person."""
        return await self.say(
            user, channel, f"<@{self.bot.id}> {text}".strip(), thread_ts=thread_ts
        )

    async def click(
        self,
        user: User | str,
        on: Message | View,
        action: str,
        value: Any = None,
        *,
        block_id: str | None = None,
    ) -> Outcome:
        """Press or pick the element with this action_id or visible text; `value` picks an option.

        Raises:
            LookupError: there is no such element or option.
        """
        return await self.people.act(self.user(user), on, action, value, block_id=block_id)

    async def submit(
        self,
        user: User | str,
        values: Mapping[str, Any] | None = None,
        *,
        view: View | None = None,
    ) -> Outcome:
        """Fill in the user's topmost modal and submit it; `values` by block_id or action_id.

        Raises:
            LookupError: no modal is open, or no such field.
        """
        person = self.user(user)
        stack = self.views(person)
        if view is None and not stack:
            raise LookupError(f"{person.name} has no modal open")
        return await self.people.submit(person, view or stack[-1], values or {})

    async def close_modal(self, user: User | str, *, all_of_them: bool = False) -> Outcome:
        """Dismiss the topmost modal."""
        return await self.people.close_modal(self.user(user), all_of_them=all_of_them)

    async def open_home(self, user: User | str) -> None:
        """Open the App Home tab."""
        await self.people.open_home(self.user(user))

    async def shortcut(
        self, user: User | str, callback_id: str, on: Message | None = None
    ) -> Outcome:
        """Use a global shortcut, or a message shortcut `on` a message."""
        return await self.people.shortcut(self.user(user), callback_id, on)

    async def run_step(
        self, user: User | str, callback_id: str, inputs: Mapping[str, Any] | None = None
    ) -> StepRun:
        """Run a workflow with a custom step of the manifest; the run tells how it ended.

        Raises:
            LookupError: the manifest has no such step.
            SlackError: the inputs are not those it declares.
        """
        return await self.people.run_step(self.user(user), callback_id, dict(inputs or {}))

    # ---------------------------------------------------------------- what is to be seen

    def messages(self, channel: Channel | str) -> list[Message]:
        """What a channel shows, oldest first: no replies unless broadcast, no ephemerals."""
        return list(self.core.state.timeline(self.channel(channel).id))

    def thread(self, parent: Message) -> list[Message]:
        """The replies below a message, oldest first."""
        return self.core.state.replies(parent)

    def ephemerals(
        self, user: User | str | None = None, channel: Channel | str | None = None
    ) -> list[Message]:
        """Messages that only one person sees, oldest first, Slackbot's among them."""
        who = self.user(user).id if user is not None else None
        where = self.channel(channel).id if channel is not None else None
        return [
            m
            for m in self.core.state.ephemerals
            if who in {None, m.ephemeral_to} and where in {None, m.channel}
        ]

    def views(self, user: User | str) -> list[View]:
        """A person's stack of modals, topmost last."""
        return self.core.state.open_modals(self.user(user).id)

    def home(self, user: User | str) -> View | None:
        """What the app published on a person's Home tab."""
        return self.core.state.homes.get(self.user(user).id)

    def pings(self, message: Message) -> list[str]:
        """Whom a message notifies: `@U…`, `!channel`, `!here`, `!subteam^S…`."""
        return pings(message.text) + pings(message.blocks) + pings(message.attachments)

    @property
    def calls(self) -> list[ApiCall]:
        """The Web API calls so far (the last 5,000), response URLs among them."""
        return list(self.core.calls)

    def called(self, method: str) -> list[ApiCall]:
        """The calls of one method."""
        return [call for call in self.core.calls if call.method == method]

    @property
    def events(self) -> list[EventDelivery]:
        """The events sent so far, each with its attempts."""
        return list(self._deliveries.events)

    async def wait_for(self, predicate: Callable[[], T], timeout: float = WAIT_S) -> T:
        """The first truthy result of `predicate`, looked at after every change here.

        Raises:
            TimeoutError: nothing truthy within `timeout` seconds; says what the workspace shows.
        """
        try:
            return await self.core.changes.until(predicate, timeout)
        except TimeoutError:
            raise TimeoutError(f"not within {timeout} s; {self.summary()}") from None

    def summary(self) -> str:
        """The latest messages and calls in a few lines, for failing tests."""
        state = self.core.state
        lines = [f"sockets: {self.sockets.count}"]
        for channel in state.channels.values():
            lines += [
                f"#{channel.name} {m.ts} {m.text[:100]!r}"
                for m in list(state.messages[channel.id].values())[-5:]
            ]
        lines += [f"only {m.ephemeral_to}: {m.text[:100]!r}" for m in state.ephemerals[-5:]]
        lines += [f"{call.method} → {call.answer.get('error', 'ok')}" for call in self.calls[-8:]]
        return "\n".join(lines)

    # ---------------------------------------------------------------- trouble

    @property
    def faults(self) -> Faults:
        """Trouble for the next API calls: rate_limit, server_error, error, drop, hang, clear."""
        return self.core.faults

    @property
    def limits(self) -> Limits:
        """The rate limits; `limits.enabled` switches them."""
        return self.core.limits

    @property
    def sockets(self) -> SocketHub:
        """The app's sockets: count, delivered, disconnect(), drop(), freeze(), violations."""
        return self.core.sockets

    def revoke(self, token: str | None = None, code: str = "token_revoked") -> None:
        """Refuse a token (the bot's by default) with `token_revoked`, `account_inactive`…"""
        self.core.tokens.refuse(token or self.bot_token, code)

    def remove_scope(self, *scopes: str) -> None:
        """Take scopes from the app."""
        self.core.state.scopes.difference_update(scopes)

    def add_scope(self, *scopes: str) -> None:
        """Give the app scopes."""
        self.core.state.scopes.update(scopes)

    def refuse_blocks(self, *kinds: str) -> None:
        """Answer `invalid_blocks` to these kinds, as an older Slack; no names: take all."""
        self.core.state.refused_blocks = set(kinds)

    def delete_message(self, message: Message) -> None:
        """Delete a message as a person would."""
        self.core.state.remove(message)

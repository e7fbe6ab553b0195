"""The bot in Slack: everything above wired together, started, run and stopped."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.charts import Artist
from bot.digest import Due
from bot.guide import GuideLinks, slack_blocks
from bot.jobs import Jobs
from bot.locales import LANGUAGES, moment
from bot.model import Section, Target
from bot.slack.acting import actions, escalating, incident_actions, noting, sharing, wrong_cause
from bot.slack.alerting.aftermath import Aftermath
from bot.slack.alerting.alerts import Alerts
from bot.slack.alerting.digests import DigestTeller
from bot.slack.alerting.duplicates import Duplicates
from bot.slack.alerting.followers import Followers
from bot.slack.alerting.incident_messages import IncidentMessages
from bot.slack.alerting.insistence import Insistence, Insister
from bot.slack.alerting.marks import Marks
from bot.slack.alerting.notices import NoticeTeller
from bot.slack.asking import commands, home, shortcuts, workflow
from bot.slack.asking.orphans import finish_orphans
from bot.slack.blocks.common import Reader
from bot.slack.blocks.handover import HandOver
from bot.slack.blocks.status import TargetStatus
from bot.slack.checks import Checks, Diagnose
from bot.slack.desk import Adhoc, Desk, Language, Planned, Quiet, never_planned, never_quiet
from bot.slack.pictures import Pictures
from bot.slack.way.access import Policy
from bot.slack.way.channels import Channels
from bot.slack.way.client import REACHING, Mode, SlackAccess, SlackClient, TokenRefused
from bot.slack.way.errors import understand
from bot.slack.way.http import Handler, handler
from bot.slack.way.languages import Languages
from bot.slack.way.once import Once
from bot.slack.way.people import Door
from bot.slack.way.posting import Poster
from bot.slack.way.sockets import SocketMode
from bot.slack.way.uploads import Uploads
from bot.store import Store, UnfinishedMessage

if TYPE_CHECKING:
    from bot.watcher import LogLine

_GREET_EVERY_S: Final = 60.0
_FIRST_GREETING_S: Final = 1.0
_GREETING_S: Final = 10.0  # how long a start waits for Slack before it goes on without
_DRAIN_S: Final = 4.0  # for checks that are about to end
_FAREWELL_S: Final = 2.5  # for those that are not, to say so in their messages

# Bolt reads these by itself and then does what nobody asked for: the first two switch OAuth on.
_BOLTS_OWN: Final = (
    "SLACK_CLIENT_ID",
    "SLACK_CLIENT_SECRET",
    "SLACK_BOT_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_VERIFICATION_TOKEN",
)

_log = logging.getLogger("wsdiag.slack")


def build(client: SlackClient, desk: Desk, languages: Languages) -> AsyncApp:
    """A Bolt app with every listener. Nothing is sent."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        # Asked once at start, so that no request waits for auth.test before it is acknowledged.
        known = client.known_identity
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=known.user_id if known else None,
            bot_id=known.bot_id if known else None,
            bot_token=client.web.token,
        )

    with _hidden(_BOLTS_OWN):
        app = AsyncApp(
            logger=client.web.logger,
            name="wsdiag",
            authorize=authorize,
            signing_secret="",  # `bot.slack.way.http` verifies; a socket needs no signature
            request_verification_enabled=False,
        )
    app.middleware(Once().middleware)
    commands.register(app, desk, client.web)
    home.register(app, desk, client.web, languages)
    wrong_cause.register(app, desk)
    sharing.register(app, desk)
    noting.register(app, desk)
    escalating.register(app, desk, client.web)
    shortcuts.register(app, desk, client.web)
    workflow.register(app, desk, client.web)
    incident_actions.register(app, desk, client.web)
    actions.register(app, desk, client.web)  # last: it answers what nobody knows as stale
    return app


@contextmanager
def _hidden(names: Sequence[str]) -> Iterator[None]:
    """The environment without these names, for as long as no other code can run."""
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def _warm_up(desk: Desk) -> None:
    """Read catalogues and guide now: the first request must not wait for files and parsers."""
    for lang in LANGUAGES:
        moment(datetime.now(UTC), lang)
        slack_blocks(Section.DIAGNOSTICS, lang)
        desk.links.url(Section.DIAGNOSTICS, None, lang)


@dataclass(frozen=True, slots=True)
class Bindings:
    """What the bot does in Slack, handed over by the composition root.

    targets: by name; their `channel` is where a bare command means them and their alerts go.
    diagnose: `bot.diagnose.diagnose` with controls and vantage chosen.
    suite: names of the probes, in the order in which progress shows them.
    statuses: how every target is right now.
    adhoc: a URL that is no target → a Target that may be checked, or why not.
    language: (channel id or None, user id or None) → language.
    default_channel: where alerts go whose own channel cannot be posted to, and what the bot has to
    say of itself; without one, the first target's channel hears of that.
    quiet: of which targets nobody is to be alerted at a moment.
    planned: when work on a target was planned; what it broke does not count.
    hand_over: a target → where Escalate hands its incidents over to.
    connection_log: a target → the last lines of its connection log, which go along.
    digests: when a channel's weekly digest is due, of those that want one.
    insistence: how long an incident may stay unacknowledged; None: for ever.
    """

    targets: Mapping[str, Target]
    store: Store
    diagnose: Diagnose
    suite: Sequence[str]
    statuses: Callable[[], Sequence[TargetStatus]]
    adhoc: Adhoc
    links: GuideLinks
    policy: Policy
    language: Language
    default_channel: str | None = None
    quiet: Quiet = never_quiet
    planned: Planned = never_planned
    hand_over: Callable[[str], HandOver] = lambda _: HandOver()
    connection_log: Callable[[str], Sequence[LogLine]] = lambda _: ()
    digests: Callable[[], Mapping[str, Due]] = dict
    insistence: Insistence | None = None


class SlackBot:
    """Start, run, stop: each once."""

    def __init__(
        self,
        access: SlackAccess,
        bindings: Bindings,
        *,
        jobs: Jobs | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        drain_s: float = _DRAIN_S,
        greet_every_s: float = _GREET_EVERY_S,
    ) -> None:
        """`drain_s`: how long `stop` lets running checks go on. `greet_every_s`: see
        `_keep_in_touch`.

        Raises TokenRefused when a token is missing or of the wrong kind.
        """
        self._drain_s, self._greet_every_s = drain_s, greet_every_s
        self._client = SlackClient(access)
        self._jobs = Jobs() if jobs is None else jobs
        self._stopping = asyncio.Event()
        self._in_touch = False  # HTTP mode: whether Slack answered the last greeting
        self._store = bindings.store
        self._left: list[UnfinishedMessage] = []  # of the process before, if it was killed
        poster = Poster(self._client)
        channels = Channels(self._client)
        uploads = Uploads(self._client)
        door = Door(self._client, bindings.policy)
        self._languages = Languages(bindings.language, door)
        pictures = Pictures(bindings.store, uploads, Artist(), planned=bindings.planned, now=now)
        self.desk = Desk(
            targets=bindings.targets,
            store=bindings.store,
            jobs=self._jobs,
            checks=Checks(
                jobs=self._jobs,
                diagnose=bindings.diagnose,
                store=bindings.store,
                poster=poster,
                suite=bindings.suite,
            ),
            poster=poster,
            channels=channels,
            door=door,
            links=bindings.links,
            language=self._languages,
            adhoc=bindings.adhoc,
            statuses=bindings.statuses,
            quiet=bindings.quiet,
            planned=bindings.planned,
            now=now,
            pictures=pictures,
            uploads=uploads,
            hand_over=bindings.hand_over,
            connection_log=bindings.connection_log,
        )
        self.app = build(self._client, self.desk, self._languages)

        def reader(channel: str) -> Reader:
            return Reader(self._languages(channel, None), bindings.links)

        messages = IncidentMessages(
            channels,
            reader=reader,
            default_channel=bindings.default_channel,
            notes=Marks(bindings.store, bindings.quiet, now),
            before=bindings.store.good_reports.of,
        )
        self._lease = bindings.store.lease("delivery")
        self._alerts = Alerts(
            bindings.store,
            messages,
            now=now,
            turn=self._lease.turn,
            quiet=bindings.quiet,
            hush=Followers(bindings.store, door, bindings.targets),
            after_recovery=Aftermath(
                self._jobs, pictures, lang=lambda channel: reader(channel).lang, now=now
            ),
            after_doubt=Duplicates(self._jobs, bindings.store, channels, now=now),
        )
        self._insister = (
            Insister(
                bindings.store,
                channels,
                bindings.insistence,
                quiet=bindings.quiet,
                reader=reader,
                default_channel=bindings.default_channel,
                now=now,
                turn=self._lease.turn,
            )
            if bindings.insistence is not None
            else None
        )
        known = (target.channel for target in bindings.targets.values())
        home = bindings.default_channel or next(filter(None, known), None)
        self._notices = (
            NoticeTeller(
                bindings.store,
                channels,
                channel=home,
                reader=reader,
                now=now,
                turn=self._lease.turn,
            )
            if home
            else None
        )
        self._digests = DigestTeller(
            bindings.store,
            channels,
            bindings.targets,
            due=bindings.digests,
            planned=bindings.planned,
            language=lambda channel: reader(channel).lang,
            default_channel=bindings.default_channel,
            now=now,
            turn=self._lease.turn,
        )
        self._socket = SocketMode(self.app, self._client) if access.mode is Mode.SOCKET else None
        secret = access.signing_secret
        self._handler = (
            handler(self.app, secret.get_secret_value().strip())
            if secret is not None and access.mode is Mode.HTTP
            else None
        )

    @property
    def handler(self) -> Handler | None:
        """In HTTP mode what the web server mounts at /slack/events; else None."""
        return self._handler

    @property
    def connected(self) -> bool:
        """Whether Slack can be reached: the socket is up, or (HTTP) Slack answered lately."""
        return self._in_touch if self._socket is None else self._socket.connected.is_set()

    async def wait_connected(self) -> None:
        """Wait until the socket is up (Socket Mode); returns at once in HTTP mode."""
        if self._socket is not None:
            await self._socket.connected.wait()

    async def start(self) -> None:
        """Open the session and ask Slack who we are.

        Raises TokenRefused with the fix. Slack out of reach is no error: `run` keeps trying.
        """
        _warm_up(self.desk)
        self._left = await self._store.unfinished.all()
        await self._languages.load(self._store)
        await self._client.open()
        try:
            async with asyncio.timeout(_GREETING_S):
                await self._client.identity()
        except REACHING as error:
            _log.warning("Slack is out of reach (%s); I keep trying", understand(error).code)

    async def run(self) -> None:
        """Take requests and deliver alerts until `stop`, or until cancelled.

        Raises TokenRefused when Slack, out of reach at start, refuses a token later on.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._lease.run(), name="lease"),
                    group.create_task(self._alerts.run(), name="alerts"),
                    group.create_task(self._digests.run(), name="digests"),
                    group.create_task(self._languages.follow(self._store), name="languages"),
                ]
                if self._left:
                    orphans = finish_orphans(self._client, self._store, self._left)
                    tasks.append(group.create_task(orphans, name="orphans"))
                if self._insister is not None:
                    tasks.append(group.create_task(self._insister.run(), name="insistence"))
                if self._notices is not None:
                    tasks.append(group.create_task(self._notices.run(), name="notices"))
                if self._socket is not None:
                    tasks.append(group.create_task(self._socket.run(), name="socket mode"))
                else:
                    tasks.append(group.create_task(self._keep_in_touch(), name="greetings"))
                await self._stopping.wait()
                for task in tasks:
                    task.cancel()
        except ExceptionGroup as failed:
            refused, rest = failed.split(TokenRefused)
            if refused is None or rest is not None:
                raise
            raise refused.exceptions[0] from None

    async def stop(self) -> None:
        """Let checks end or say that they do not, then leave Slack. May be called twice."""
        late = await self._jobs.drain(self._drain_s, grace=_FAREWELL_S)
        if late:
            _log.info("%d jobs were stopped before their end", late)
        self._stopping.set()

    async def close(self) -> None:
        """Close the session, after `run` has ended."""
        await self._client.close()

    async def _keep_in_touch(self) -> None:
        """HTTP mode: ask Slack who we are, again and again. Our own messages are known by the
        answer, and no socket shows whether Slack can be reached."""
        self._in_touch = self._client.known_identity is not None
        wait_s = self._greet_every_s if self._in_touch else _FIRST_GREETING_S
        while True:
            await asyncio.sleep(wait_s)
            try:
                await self._client.greet()
            except (*REACHING, TokenRefused) as error:
                refused = isinstance(error, TokenRefused)
                if refused and self._client.known_identity is None:
                    raise
                wait_s = min(
                    self._greet_every_s, _FIRST_GREETING_S if self._in_touch else wait_s * 2
                )
                if self._in_touch:
                    why = str(error) if refused else understand(error).code
                    _log.warning("Slack is out of reach (%s); I keep trying", why)
                self._in_touch = False
            else:
                self._in_touch, wait_s = True, self._greet_every_s

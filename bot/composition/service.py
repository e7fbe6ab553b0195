"""The running bot: store, watchers, Slack and web server, joined, started and ended in order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, nullcontext
from datetime import UTC, datetime
from typing import Final

from bot import __version__, guide, urls
from bot.composition.calling import caller
from bot.composition.errors import UsageError
from bot.composition.leaving import Leaving
from bot.composition.quietness import Quietness
from bot.composition.reloading import Reloader, changed_targets
from bot.composition.self_report import SelfReport
from bot.composition.thrift import give_back
from bot.composition.wellbeing import Wellbeing
from bot.diagnose import Progress, diagnose
from bot.digest import Due
from bot.evidence import HistoryEvidence
from bot.guide import GuideLinks
from bot.jobs import Jobs
from bot.model import Controls, Message, Notice, NoticeKind, Report, Target, say
from bot.probes import SUITE
from bot.pulse import Heartbeat, LoopLag
from bot.quiet import Policy as Patience
from bot.quiet import Window
from bot.settings import Audience, Settings
from bot.slack import Bindings, Mode, SlackAccess, SlackBot, TokenRefused
from bot.slack.alerting.insistence import Insistence
from bot.slack.blocks.handover import HandOver
from bot.slack.blocks.status import TargetStatus
from bot.slack.way.access import Policy, Rule
from bot.store import Store, StoreError
from bot.watcher import Slots, Watchers
from bot.web.app import build as build_web
from bot.web.metrics import Vitals
from bot.web.serve import ListenError, serving

_REFUSALS: Final = (TokenRefused, StoreError, ListenError)  # with the fix in their words

_log = logging.getLogger("wsdiag")


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run the bot until `stop` is set, then drain.

    Raises UsageError when it cannot start (tokens, database, port), with the fix in one sentence.
    """
    try:
        async with AsyncExitStack() as stack:
            store = await Store.open(settings.database_url.get_secret_value())
            stack.push_async_callback(store.close)
            await _Service(settings, store).run(stop)
    except _REFUSALS as error:
        raise UsageError(say("{problem}", problem=str(error))) from None
    except BaseExceptionGroup as group:
        # No `except*`: what that raises comes wrapped in a group on Python 3.11.2.
        refused, rest = group.split(_REFUSALS)
        if refused is None or rest is not None:
            raise
        raise UsageError(say("{problem}", problem=str(_first(refused)))) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class _Service:
    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._targets = settings.targets()
        self._links = GuideLinks(settings.guide_url, settings.public_url)
        self._places = asyncio.Semaphore(settings.max_checks)
        self._deep_places = asyncio.Semaphore(max(1, settings.max_checks // 2))
        self._lag = LoopLag()
        self._self_report = SelfReport(store, now=lambda: datetime.now(UTC))
        self._reloader = Reloader(
            settings, use=self._use, refused=self._settings_refused, mended=self._settings_mended
        )
        self._watchers = Watchers(
            store=store,
            history=store.history,
            diagnose=self._look,
            controls=settings.controls(),
            channel=settings.channel,
            slots=Slots.of(routine=settings.max_checks),
        )
        self._leaving = Leaving(store, self._targets, now=lambda: datetime.now(UTC))
        self._quietness = Quietness(store, self._targets, self._windows)
        store.calls.wanted = settings.webhook.url is not None
        self._caller = caller(store, lambda: self._settings, self._targets, self._links)
        self._slack = SlackBot(
            SlackAccess(
                settings.slack_bot_token,
                settings.slack_app_token,
                settings.slack_signing_secret,
                settings.slack_api_url,
                Mode(settings.slack_mode),
            ),
            Bindings(
                targets=self._targets,
                store=store,
                diagnose=self._diagnose,
                suite=[row.name for row in SUITE],
                statuses=self._statuses,
                adhoc=self._adhoc,
                links=self._links,
                policy=Policy(_rule(settings.checkers()), _rule(settings.changers())),
                language=lambda channel, _user: self._settings.language(channel),
                default_channel=settings.channel,
                planned=self._quietness.planned,
                hand_over=lambda target: HandOver(*self._settings.hand_over(target)),
                connection_log=self._watchers.log,
                digests=self._digests,
                quiet=self._quietness,
                insistence=Insistence(self._silence, self._quietness.ended),
            ),
            jobs=Jobs(limit=settings.max_checks + settings.max_waiting),
        )
        self._wellbeing = Wellbeing(
            store,
            self._targets,
            snapshots=self._watchers.snapshots,
            slack=lambda: self._slack.connected,
            now=lambda: datetime.now(UTC),
        )

    async def run(self, stop: asyncio.Event) -> None:
        await self._slack.start()
        app = build_web(
            guide=guide.html,
            vitals=self._vitals,
            ready=self._wellbeing.checks(),
            slack_handler=self._slack.handler,
            lang=self._settings.lang,
        )
        try:
            async with serving(app, self._settings.http_host, self._settings.http_port) as address:
                _log.info(
                    "wsdiag %s watches %d targets; %s/healthz",
                    __version__,
                    len(self._targets),
                    address,
                )
                await self._until(stop)
        finally:
            await self._slack.close()

    async def _until(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(
                self._watchers.run(self._targets.values()), name="watchers"
            )
            talking = group.create_task(self._slack.run(), name="slack")
            lagging = group.create_task(self._lag.run(), name="loop lag")
            beating = group.create_task(self._beat(), name="heartbeat")
            living = group.create_task(self._self_report.run(), name="self report")
            calling = group.create_task(self._caller.run(), name="webhooks")
            saving = group.create_task(give_back(), name="memory")
            reloading = group.create_task(self._reload(), name="settings")
            leaving = group.create_task(self._leaving.run(), name="targets that are gone")
            await stop.wait()
            _log.info("stopping")
            await self._slack.stop()
            aside = (lagging, beating, living, calling, saving, reloading, leaving)
            for task in (watching, talking, *aside):
                task.cancel()

    async def _beat(self) -> None:
        """Tell a dead-man's switch that all is well, if one is set."""
        settings = self._settings
        if settings.heartbeat_url is not None:
            await Heartbeat(
                settings.heartbeat_url, settings.heartbeat_interval_s, self._wellbeing.well
            ).run()

    # ------------------------------------------------------------ settings that change

    async def _reload(self) -> None:
        """Read settings anew on SIGHUP and when their files change; the demo's have none."""
        if not self._settings.files():
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._reloader.asked.set)
        try:
            await self._reloader.run()
        finally:
            loop.remove_signal_handler(signal.SIGHUP)

    async def _use(self, settings: Settings) -> None:
        """Put valid settings in force; targets that stay as they are do not notice."""
        self._settings = settings
        self._store.calls.wanted = settings.webhook.url is not None
        after = settings.targets()
        gone, new = changed_targets(self._targets, after)
        for name in gone:
            await self._watchers.remove(name)
        self._targets.clear()  # the same object: Slack's room looks targets up in it
        self._targets.update(after)
        for target in new:
            self._watchers.add(target)
        self._leaving.wake.set()

    async def _settings_refused(self, text: str) -> None:
        await self._note(NoticeKind.SETTINGS_REFUSED, text)

    async def _settings_mended(self) -> None:
        await self._note(NoticeKind.SETTINGS_USED)

    async def _note(self, kind: NoticeKind, detail: str = "") -> None:
        try:
            await self._store.notices.add(Notice(kind, datetime.now(UTC), detail=detail))
        except StoreError as error:
            _log.error("a notice (%s) could not be recorded: %s", kind, error)

    # ------------------------------------------------------------ what the rooms ask for

    async def _look(
        self, target: Target, *, controls: Controls, memory: HistoryEvidence | None
    ) -> Report:
        """A watcher's look."""
        report = await diagnose(
            target,
            controls=controls,
            memory=memory,
            vantage=self._settings.vantage,
            slack_connected=self._slack_hint,
        )
        await self._self_report.saw(report)
        await self._keep_good(target, report)
        return report

    def _statuses(self) -> Sequence[TargetStatus]:
        present = self._watchers.snapshots()
        return [TargetStatus.of(target, present.get(n)) for n, target in self._targets.items()]

    async def _diagnose(
        self,
        target: Target,
        *,
        deep: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Report:
        """A check that somebody asked for; more than `max_checks` wait for each other.

        Deep ones take minutes: they never have more than half of the places.
        """
        async with self._deep_places if deep else nullcontext(), self._places:
            report = await diagnose(
                target,
                controls=self._settings.controls(),
                slack_connected=self._slack_hint,
                vantage=self._settings.vantage,
                deep=deep,
                on_progress=on_progress,
                memory=self._memory(target),
            )
        await self._keep_good(target, report)
        return report

    async def _keep_good(self, target: Target, report: Report) -> None:
        """What later reports of a target are held against; no address that somebody typed."""
        if self._targets.get(target.name) != target:
            return
        try:
            await self._store.good_reports.keep(report)
        except StoreError as error:
            _log.warning("a good report was not kept: %s", error)

    def _memory(self, target: Target) -> HistoryEvidence | None:
        """What recurs, where the target is one that is watched and no address somebody typed."""
        if self._targets.get(target.name) != target:
            return None
        snapshot = self._watchers.snapshot(target.name)
        return snapshot.memory if snapshot else None

    async def _adhoc(self, url: str) -> Target | Message:
        try:
            address = urls.parse_socket_url(url)
        except urls.UrlError as error:
            return error.message
        if not urls.host_matches(address.host, self._settings.adhoc_allow):
            return say(
                "{host} is no target of mine. Add it to the targets, or allow the host in "
                "WSDIAG_ADHOC_ALLOW.",
                host=address.host,
            )
        return Target(
            name=address.host,
            url=address.url,
            path=address.path or "/socket.io/",
            namespace=address.namespace or "/",
            query=address.query,
            allow_private=False,
        )

    async def _vitals(self) -> Vitals:
        return Vitals(
            at=datetime.now(UTC),
            version=__version__,
            targets=list(self._watchers.snapshots().values()),
            outbox=await self._store.outbox(),
            webhooks={feed.value: n for feed, n in (await self._store.calls.waiting()).items()},
            slack_connected=self._slack.connected,
            loop_lag_s=self._lag.worst_s,
        )

    def _digests(self) -> Mapping[str, Due]:
        return self._settings.digests_due()

    def _silence(self, target: str) -> tuple[Patience, Sequence[str]]:
        return self._settings.silence(target)

    def _windows(self) -> Sequence[Window]:
        return self._settings.windows()

    def _slack_hint(self) -> bool | None:
        """Whether the socket to Slack is up; over HTTP there is none to ask."""
        if Mode(self._settings.slack_mode) is not Mode.SOCKET:
            return None
        return self._slack.connected


def _rule(audience: Audience) -> Rule:
    return Rule(audience.users, audience.groups, audience.channels, audience.everyone)

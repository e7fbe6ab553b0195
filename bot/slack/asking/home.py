"""The App Home: shown when somebody opens the tab, and anew after whatever they do there."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.incidents import Incident
from bot.jobs import JobsBusyError, JobsClosedError
from bot.model import Act, ActKind, Message, Target, say
from bot.quiet import Silence
from bot.slack.acting import quieting
from bot.slack.asking.past import answer_chart
from bot.slack.blocks import home as drawn
from bot.slack.blocks.home import Home, Uptime, on_page, target_key
from bot.slack.blocks.kit import VIEW_BLOCKS, Block, divider, section
from bot.slack.blocks.mrkdwn import sentence
from bot.slack.blocks.progress import notice
from bot.slack.blocks.status import TargetStatus
from bot.slack.blocks.usage import usage
from bot.slack.desk import COMMAND, Desk
from bot.slack.way.access import Deed, Where
from bot.slack.way.client import REACHING
from bot.slack.way.errors import understand
from bot.slack.way.languages import Languages
from bot.slack.way.posting import Place
from bot.spans import Span
from bot.store import StoreError
from bot.uptime import DAY, MONTH, WEEK

_CHART: Final = timedelta(hours=24)
_MUTE: Final = timedelta(hours=2)

_log = logging.getLogger("wsdiag.slack")

Json = Mapping[str, Any]


def register(app: AsyncApp, desk: Desk, web: AsyncWebClient, languages: Languages) -> None:
    """Let `app` fill the Home tab, and take what is done there."""
    tab = HomeTab(desk, web, languages)

    async def on_opened(event: Json) -> None:
        if event.get("tab") == "home" and event.get("user"):
            tab.start("home", tab.show(str(event["user"])))

    def taking(
        work: Callable[[str, Json], Awaitable[None]],
    ) -> Callable[..., Awaitable[None]]:
        async def on_action(ack: AsyncAck, body: Json, action: Json) -> None:
            await ack()
            user = str((body.get("user") or {}).get("id", ""))

            async def run() -> None:
                await work(user, action)

            tab.start(str(action.get("action_id")), run())

        return on_action

    app.event("app_home_opened")(on_opened)
    for action_id, work in (
        (drawn.CHECK, tab.check),
        (drawn.CHART, tab.chart),
        (drawn.ACKNOWLEDGE, tab.acknowledge),
        (drawn.MUTE, tab.mute),
        (drawn.TURN, tab.turn),
        (drawn.TURN_BACK, tab.turn),
        (drawn.LANGUAGE, tab.speak),
        (drawn.FOLLOW, tab.follow),
    ):
        app.action(action_id)(taking(work))


class HomeTab:
    """What the tab shows and does. Everything asks anew whether the person may; what is answered
    in words goes to them by direct message."""

    def __init__(self, desk: Desk, web: AsyncWebClient, languages: Languages) -> None:
        self._desk, self._web, self._languages = desk, web, languages

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Go on in the background."""
        try:
            self._desk.jobs.start(name, work)
        except (JobsBusyError, JobsClosedError):
            _log.warning("a Home tab was left as it was: too many jobs, or the process ends")

    # ------------------------------------------------------------ what is done

    async def check(self, user: str, action: Json) -> None:
        """Check a target; how it goes is shown in the direct message."""
        place = _place(user)
        target = await self._target(place, action)
        if target is not None:
            await self._desk.checks.answer(target, place, self._desk.audience(place))
            await self.show(user)

    async def chart(self, user: str, action: Json) -> None:
        """Send a picture of the last day."""
        place = _place(user)
        target = await self._target(place, action)
        if target is not None:
            await answer_chart(self._desk, target.name, _CHART, place)

    async def acknowledge(self, user: str, action: Json) -> None:
        """Take an incident on."""
        place = _place(user)
        if not await self._desk.admitted(Deed.MANAGE, place):
            return
        try:
            incident = await self._desk.store.incident(str(action.get("value") or ""))
        except StoreError as error:
            await self._unread(place, error)
            return
        if incident is None or incident.target not in self._desk.targets:
            await self._say(place, say("That incident is not kept any more."))
        else:
            await quieting.acknowledge(self._desk, [incident], place)
        await self.show(user)

    async def mute(self, user: str, action: Json) -> None:
        """Mute a target for two hours."""
        place = _place(user)
        target = await self._target(place, action)
        if target is not None:
            await quieting.mute(self._desk, target.name, _MUTE, place)
            await self.show(user)

    async def turn(self, user: str, action: Json) -> None:
        """Show another page."""
        page = str(action.get("value") or "")
        await self.show(user, page=int(page) if page.isdecimal() and len(page) < 6 else 0)

    async def speak(self, user: str, action: Json) -> None:
        """Keep somebody's language."""
        place = _place(user)
        if not await self._desk.admitted(Deed.CHECK, place):
            return
        asked = str((action.get("selected_option") or {}).get("value") or "")
        lang = asked if asked in drawn.NAMES_OF_LANGUAGES else None
        try:
            people = self._desk.store.people
            await people.speak(user, lang, self._locale(user), self._desk.now())
            self._languages.chose(await people.of(user))
        except StoreError as error:
            await self._unread(place, error)
        await self.show(user)

    async def follow(self, user: str, action: Json) -> None:
        """Keep which targets somebody wants to be told of."""
        place = _place(user)
        if not await self._desk.admitted(Deed.CHECK, place):
            return
        picked = {str(option.get("value")) for option in action.get("selected_options") or ()}
        names = [name for name in self._desk.targets if target_key(name) in picked]
        try:
            people = self._desk.store.people
            await people.follow(user, names, self._locale(user), self._desk.now())
            self._languages.chose(await people.of(user))
        except StoreError as error:
            await self._unread(place, error)
        await self.show(user)

    # ------------------------------------------------------------ what is shown

    async def show(self, user: str, *, page: int = 0) -> None:
        """Publish the tab for one person."""
        refused = await self._desk.door.refusal(Deed.CHECK, user, Where(user))
        lang = self._desk.reader(_place(user)).lang
        if refused is not None:
            blocks: list[Block] = [section(sentence(refused, lang))]
        else:
            try:
                shown = await self._read(user, page)
            except StoreError as error:
                _log.error("the Home tab cannot be read: %s", error)
                words = say("The bot's database does not answer. Try again in a moment.")
                blocks = [section(sentence(words, lang))]
            else:
                words_of_command = usage(COMMAND, tuple(self._desk.targets), lang).blocks
                blocks = [*drawn.home(shown, lang), divider(), *words_of_command]
        view = {"type": "home", "blocks": blocks[:VIEW_BLOCKS]}
        try:
            await self._web.views_publish(user_id=user, view=view)
        except REACHING as error:
            _log.warning("Slack did not take a Home tab: %s", understand(error).code)

    async def _read(self, user: str, page: int) -> Home:
        """Everything that the tab shows. Raises StoreError."""
        desk = self._desk
        now = desk.now()
        targets = desk.statuses()
        own = await desk.store.people.of(user)
        quiet: Mapping[str, Silence] = await desk.quiet(now)
        uptimes = {t.name: await self._uptime(t.name) for t in on_page(targets, page)}
        return Home(
            targets=targets,
            incidents=await self._incidents(targets),
            uptimes=uptimes,
            quiet=quiet,
            follows=own.follows,
            lang=own.lang,
            now=now,
            page=page,
        )

    async def _uptime(self, target: str) -> Uptime:
        now, history = self._desk.now(), self._desk.store.history
        shares: list[float | None] = []
        for length in (DAY, WEEK, MONTH):
            span = Span.until(now, length)
            planned = self._desk.planned(target, span)
            shares.append((await history.availability(target, span, maintenance=planned)).uptime)
        return Uptime(*shares)

    async def _incidents(
        self, targets: Sequence[TargetStatus]
    ) -> list[tuple[Incident, Act | None]]:
        known = {target.name for target in targets}
        found: list[tuple[Incident, Act | None]] = []
        for incident in await self._desk.store.open_incidents():
            if incident.target in known:
                acts = await self._desk.store.acts.of_incident(incident.id)
                seen = next((a for a in acts if a.kind is ActKind.ACKNOWLEDGED), None)
                found.append((incident, seen))
        return found

    # ------------------------------------------------------------ small things

    async def _target(self, place: Place, action: Json) -> Target | None:
        """The target of a button, if the person may check; else they have been told."""
        if not await self._desk.admitted(Deed.CHECK, place):
            return None
        key = str(action.get("value") or "")
        found = next((t for name, t in self._desk.targets.items() if target_key(name) == key), None)
        if found is None:
            await self._say(place, say("That target is not watched any more."))
            await self.show(place.user)
        return found

    def _locale(self, user: str) -> str | None:
        known = self._desk.door.known(user)
        return known.locale if known else None

    async def _say(self, place: Place, words: Message) -> None:
        await self._desk.poster.whisper(place, notice(words, self._desk.reader(place).lang))

    async def _unread(self, place: Place, error: StoreError) -> None:
        _log.error("what somebody set cannot be kept: %s", error)
        await self._say(place, say("The bot's database does not answer. Try again in a moment."))


def _place(user: str) -> Place:
    """The direct message with a person: a tab has no conversation of its own."""
    return Place(channel=user, user=user)

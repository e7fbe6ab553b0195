"""The bot between a real Bolt, a strict local workspace and a scripted diagnosis."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from pydantic import SecretStr

from bot.demo.workspace import AppConfig, Channel, User, Workspace
from bot.diagnose import Progress
from bot.guide import GuideLinks
from bot.jobs import Jobs
from bot.model import Message, Report, State, Target, say
from bot.slack import Bindings, Mode, SlackAccess, SlackBot
from bot.slack.blocks.handover import HandOver
from bot.slack.blocks.status import TargetStatus
from bot.slack.checks import Diagnose
from bot.slack.desk import Planned, Quiet, never_planned, never_quiet
from bot.slack.way.access import Policy
from bot.store import Store
from bot.watcher import LogLine
from tests.slack.newsroom import Newsroom
from tests.slack.reports import report

MANIFEST = Path(__file__).parents[2] / "manifest.yml"
WORKFLOW_MANIFEST = MANIFEST.with_name("manifest.workflow.yml")


def manifest(path: Path = MANIFEST) -> dict[str, Any]:
    """The manifest that people give to Slack."""
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@dataclass
class Script:
    """A diagnosis that does what the test says: which report, and when it is done."""

    state: State = State.DOWN
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    runs: list[Target] = field(default_factory=list)
    deep: list[bool] = field(default_factory=list)  # of each run
    steps: list[Callable[[Progress], None]] = field(default_factory=list)
    error: Exception | None = None
    change: Callable[[Report], Report] = lambda r: r

    async def diagnose(
        self,
        target: Target,
        *,
        deep: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Report:
        self.runs.append(target)
        self.deep.append(deep)
        if on_progress is not None:
            self.steps.append(on_progress)
            on_progress(Progress("dns", None))
        self.started.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.change(report(self.state, name=target.name, url=target.url))


@dataclass
class Scene:
    """One workspace with the bot in it."""

    workspace: Workspace
    bot: SlackBot
    script: Script
    store: Store
    ops: Channel
    mira: User

    async def command(
        self, text: str = "", *, user: User | str = "mira", channel: str = "ops"
    ) -> Any:
        """Type `/wsdiag text`."""
        return await self.workspace.command(user, channel, "/wsdiag", text)

    def whispers(self, user: str = "mira") -> list[str]:
        """What only this person was told."""
        return [m.text for m in self.workspace.ephemerals(user)]


@dataclass
class Stage:
    """What a test may change before the curtain rises."""

    workspace: Workspace
    store: Store
    script: Script
    targets: dict[str, Target]
    policy: Policy = field(default_factory=Policy)
    links: GuideLinks = field(default_factory=lambda: GuideLinks("https://guide.example/{lang}"))
    statuses: tuple[TargetStatus, ...] = ()
    lang: str = "en"
    default_channel: str | None = None
    mode: Mode = Mode.SOCKET
    jobs: Jobs | None = None
    drain_s: float = 0.0
    greet_every_s: float = 60.0
    diagnose: Diagnose | None = None  # None: the script
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    quiet: Quiet = never_quiet
    planned: Planned = never_planned
    hand_over: HandOver = field(default_factory=HandOver)
    connection_log: tuple[LogLine, ...] = ()
    allowed: tuple[str, ...] = ("https://adhoc.example",)

    def access(self, **changes: Any) -> SlackAccess:
        """The tokens of the workspace."""
        access = SlackAccess(
            bot_token=SecretStr(self.workspace.bot_token),
            app_token=SecretStr(self.workspace.app_token),
            signing_secret=SecretStr(self.workspace.signing_secret),
            api_url=self.workspace.api_url,
            mode=self.mode,
        )
        return replace(access, **changes)

    async def adhoc(self, url: str) -> Target | Message:
        if url in self.allowed:
            return Target(name=url.removeprefix("https://"), url=url, allow_private=False)
        return say("{url} is no target, and its host is not allowed.", url=url)

    def bindings(self) -> Bindings:
        return Bindings(
            targets=self.targets,
            store=self.store,
            diagnose=self.diagnose or self.script.diagnose,
            suite=("dns", "tcp", "tls", "websocket"),
            statuses=lambda: self.statuses,
            adhoc=self.adhoc,
            links=self.links,
            policy=self.policy,
            language=lambda _channel, _user: self.lang,
            default_channel=self.default_channel,
            quiet=self.quiet,
            planned=self.planned,
            hand_over=lambda _target: self.hand_over,
            connection_log=lambda _target: self.connection_log,
        )

    def bot(self, **changes: Any) -> SlackBot:
        return SlackBot(
            self.access(**changes),
            self.bindings(),
            jobs=self.jobs,
            now=self.now,
            drain_s=self.drain_s,
            greet_every_s=self.greet_every_s,
        )


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with its schema, made once: each test gets a copy."""
    path = tmp_path_factory.mktemp("database") / "empty.db"

    async def make() -> None:
        await (await Store.open(f"sqlite+aiosqlite:///{path}")).close()

    asyncio.run(make())
    return path


@pytest.fixture
async def store(tmp_path: Path, empty_database: Path) -> AsyncIterator[Store]:
    path = tmp_path / "wsdiag.db"
    shutil.copyfile(empty_database, path)
    async with await Store.open(f"sqlite+aiosqlite:///{path}") as opened:
        yield opened


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    made = Workspace(app=AppConfig.from_manifest(manifest()), rate_limits=False)
    mira = made.add_user("mira")
    jonas = made.add_user("jonas")
    made.add_channel("ops", members=[mira, jonas])
    async with made:
        yield made


@pytest.fixture
async def stage(workspace: Workspace, store: Store, mode: Mode) -> Stage:
    targets = {"prod": Target(name="prod", url="https://prod.example")}
    return Stage(workspace, store, Script(), targets, mode=mode)


@pytest.fixture
def mode() -> Mode:
    """How Slack reaches the bot."""
    return Mode.SOCKET


# What people do and see: each of these tests runs over a socket and over HTTP.
IN_BOTH_MODES = {
    "test_actions",
    "test_commands",
    "test_dialect",
    "test_escalating",
    "test_incident_actions",
    "test_past",
    "test_quieting",
    "test_sharing",
    "test_shortcuts",
    "test_wrong_cause",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    module = metafunc.module.__name__.rpartition(".")[2]
    own = any(m.args[0] == "mode" for m in metafunc.definition.iter_markers("parametrize"))
    if module in IN_BOTH_MODES and "mode" in metafunc.fixturenames and not own:
        metafunc.parametrize("mode", list(Mode), ids=str)


@pytest.fixture
async def running(stage: Stage) -> AsyncIterator[Callable[[], Any]]:
    """Starts the bot as the stage is set; stops it after the test."""
    started: list[tuple[SlackBot, asyncio.Task[None], web.AppRunner | None]] = []

    async def start() -> Scene:
        bot = stage.bot()
        runner = await _serve(stage.workspace, bot) if stage.mode is Mode.HTTP else None
        await bot.start()
        task = asyncio.create_task(bot.run())
        started.append((bot, task, runner))
        async with asyncio.timeout(10):
            await bot.wait_connected()
        workspace = stage.workspace
        return Scene(
            workspace,
            bot,
            stage.script,
            stage.store,
            workspace.channel("ops"),
            workspace.user("mira"),
        )

    yield start
    for bot, task, runner in started:
        stage.script.gate.set()
        if not task.done():
            await bot.stop()
        await asyncio.wait({task})
        await bot.close()
        if runner is not None:
            await runner.cleanup()


async def _serve(workspace: Workspace, bot: SlackBot) -> web.AppRunner:
    """The bot's own web server, as `bot.web` mounts the handler."""
    application = web.Application()
    assert bot.handler is not None
    application.router.add_post("/slack/events", bot.handler)
    # Nobody waits for the rest of a body that was refused.
    runner = web.AppRunner(application, access_log=None, lingering_time=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    workspace.app = replace(
        workspace.app, socket_mode=False, request_url=f"http://{host}:{port}/slack/events"
    )
    return runner


@pytest.fixture
async def scene(running: Callable[[], Any]) -> Scene:
    started = await running()
    assert isinstance(started, Scene)
    return started


@pytest.fixture
async def newsroom(stage: Stage) -> Newsroom:
    return Newsroom(stage, stage.store, stage.workspace, channel=stage.workspace.channel("ops").id)

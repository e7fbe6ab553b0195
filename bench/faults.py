"""200 random faults of real backends, with the bot killed in between: does it tell the truth?

The bot as it ships, Node servers and proxies that are killed, frozen, closed, silent or refuse, a
strict Slack that fails, and SIGKILL at random. Every incident must be posted once and closed once,
as in `chaos`; and as here the backends are real, what was recorded is held against what was done:
no fault overlooked, none invented, none called over while it lasted, each named rightly.
`WSDIAG_CHAOS_SEED` makes the same again, as far as time allows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.breakable import App, Backend, Kind, Process, Proxied
from bench.figures import Figure
from bench.processes import Bot, Fleet
from bench.told import all_told, ask, count
from bench.troubles import alongside, trouble_slack
from bench.truth import Contradictions, Hit, Seen, contradictions
from bot.demo.workspace import Channel, Workspace
from bot.incidents import FLAP_OUTAGES
from bot.tasks import together

FAULTS = 200
_EACH = FLAP_OUTAGES - 1  # faults of one backend: one more, and it flaps for ten minutes
_GAP_S = (1.5, 4.5)  # between two faults
_LASTS_S = (8.0, 45.0)
_SHORT_S = (0.2, 1.2)  # over within the confirmation
_SHORT = 0.15
_LIFE_S = (10.0, 45.0)
_SHORT_LIFE_S = (0.3, 8.0)
_SHORT_LIFE = 0.4
_AFTER_S = 15.0  # between two faults of one backend
_PATIENCE_S = 180.0  # until all is told in the end


async def figures(times: int) -> list[Figure]:
    """Counts of what must not be; `times` below 9 make it shorter."""
    seed = int(os.environ.get("WSDIAG_CHAOS_SEED") or random.randrange(1_000_000))
    wanted = FAULTS if times >= 9 else max(10, FAULTS * times // 9)
    print(f"      faults: seed {seed}, {wanted} faults", flush=True)
    return await _Faults(random.Random(seed), wanted).run()


class _Faults:
    def __init__(self, dice: random.Random, wanted: int) -> None:
        self._dice, self._wanted = dice, wanted
        self._hits: list[Hit] = []
        self._struck: Counter[int] = Counter()  # by backend
        self._busy: set[int] = set()
        self._lives: list[tuple[float, float]] = []
        self._troubles: Counter[str] = Counter()

    async def run(self) -> list[Figure]:
        """All of it; counts as figures whose limit is none."""
        began = time.monotonic()
        async with contextlib.AsyncExitStack() as stack:
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix="wsdiag-faults-"))
            folder = Path(name)
            self._backends = await stack.enter_async_context(self._standing())
            # The strict pace of a channel is kept by the bot: it must not meet a single refusal
            # beside those that are made.
            workspace = await stack.enter_async_context(Workspace())
            people = [workspace.add_user("mira")]
            places = [
                workspace.add_channel(place, members=people)
                for place in ("ops", "team", "web", "old")
            ]
            workspace.archive(places[-1])
            database = folder / "wsdiag.db"
            bot = Bot(folder, workspace, self._toml(places), level="info")
            stack.push_async_callback(bot.stop)
            await self._storm(bot, workspace)
            await self._calm(bot, workspace, database)
            counts = count(workspace, database, places, places[-1])
            truth = contradictions(self._hits, self._lives, _recorded(database))
            _tell(truth, bot, places, workspace)
        text = (
            f"{counts.pop('incidents')} incidents of {len(self._hits)} hits in"
            f" {counts.pop('groups')} messages, {len(self._lives) - 1} kills,"
            f" {sum(self._troubles.values())} troubles of Slack, {time.monotonic() - began:.0f} s"
        )
        counts |= {
            "overlooked": len(truth.missed),
            "invented": len(truth.false),
            "told though over at once": len(truth.hasty),
            "called over while it lasted": len(truth.early),
            "several incidents of one fault": len(truth.split),
            "wrong cause": len(truth.misnamed),
        }
        return [Figure(f"faults: {name}", n, 0, text, unit="") for name, n in counts.items()]

    @contextlib.asynccontextmanager
    async def _standing(self) -> AsyncIterator[Sequence[Backend]]:
        """Backends for so many faults, all of them well."""
        number = self._wanted // _EACH * 6 // 5 + 2
        well = Fleet(1, host="127.0.0.1")
        await well.start()
        backends: list[Backend] = []
        try:
            for n in range(number):
                host = f"127.7.{n // 200}.{n % 200 + 1}"
                if n % 8 == 0:
                    backends.append(Process(f"process{n}", host))
                elif n % 8 == 1:
                    backends.append(App(f"app{n}", host))
                else:
                    backends.append(Proxied(f"proxied{n}", host, well.ports[0]))
                await backends[-1].start()
            yield backends
        finally:
            await together([b.stop() for b in (*backends, well)])

    def _toml(self, places: Sequence[Channel]) -> str:
        lines = [f'channel = "{places[0].id}"']
        for backend in self._backends:
            channel = self._dice.choice(places).id
            for name, url in backend.urls.items():
                lines += [f"[targets.{name}]", f'url = "{url}"', f'channel = "{channel}"']
        return "\n".join(lines)

    # ------------------------------------------------------------ making it happen

    async def _storm(self, bot: Bot, workspace: Workspace) -> None:
        await self._born(bot)
        await bot.until(lambda: any(bot.since(0, "connected")))
        killing = self._kill_now_and_then(bot)
        troubles = trouble_slack(workspace, self._dice, self._troubles, pause_s=2.0)
        async with alongside(killing), alongside(troubles), asyncio.TaskGroup() as faults:
            while self._struck.total() < self._wanted:
                await asyncio.sleep(self._dice.uniform(*_GAP_S))
                if free := self._free():
                    faults.create_task(self._fault(self._dice.choice(free)))

    def _free(self) -> list[int]:
        return [
            n for n in range(len(self._backends)) if n not in self._busy and self._struck[n] < _EACH
        ]

    async def _fault(self, number: int) -> None:
        backend = self._backends[number]
        self._busy.add(number)
        self._struck[number] += 1
        kind: Kind = self._dice.choice(backend.kinds)
        short = self._dice.random() < _SHORT
        lasts_s = self._dice.uniform(*(_SHORT_S if short else _LASTS_S))
        hits = [Hit(name, kind, time.time()) for name in backend.urls]
        self._hits += hits
        await backend.strike(kind)
        for hit in hits:
            hit.struck = time.time()
        await asyncio.sleep(lasts_s)
        for hit in hits:
            hit.healing = time.time()
        await backend.heal(kind)
        for hit in hits:
            hit.healed = time.time()
        await asyncio.sleep(_AFTER_S)
        self._busy.discard(number)

    async def _born(self, bot: Bot) -> None:
        await bot.start()
        self._lives.append((time.time(), float("inf")))

    async def _kill_now_and_then(self, bot: Bot) -> None:
        while True:
            short = self._dice.random() < _SHORT_LIFE
            await asyncio.sleep(self._dice.uniform(*(_SHORT_LIFE_S if short else _LIFE_S)))
            self._lives[-1] = (self._lives[-1][0], time.time())
            await bot.kill()
            await self._born(bot)

    async def _calm(self, bot: Bot, workspace: Workspace, database: Path) -> None:
        """Slack works, the targets are well, the bot lives: until everything is told."""
        workspace.faults.clear()
        with contextlib.suppress(Exception):
            await workspace.come_back()
        if not bot.running:
            await self._born(bot)
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            await asyncio.sleep(0.5)
            if all_told(database):
                return


def _story(bot: Bot, target: str) -> None:
    """What the bot's log has of a target."""
    for event in bot.events:
        if event.who == target:
            said = str(event.fields.get("message", ""))[:110]
            print(f"          {datetime.fromtimestamp(event.at, UTC):%H:%M:%S.%f} {said}")


def _recorded(database: Path) -> list[Seen]:
    causes: dict[str, list[tuple[str, str | None, str]]] = {}
    query = (
        "SELECT incident_id, after, cause_code, t.at, body FROM transitions t"
        " LEFT JOIN reports r ON r.id = t.report_id ORDER BY t.id"
    )
    for incident, after, code, at, body in ask(database, query):
        look = f"{at[11:23]} {code} ({_against(body)})"
        causes.setdefault(incident, []).append((after, code, look))
    found = []
    for incident, target, opened, closed in ask(
        database, "SELECT id, target, opened_at, closed_at FROM incidents"
    ):
        told = causes[incident]
        codes = [code for after, code, _ in told if after != "up"]
        flapped = any(after == "flapping" for after, _, _ in told)
        looks = [look for _, _, look in told]
        end = _seconds(closed) if closed else float("inf")
        found.append(Seen(target, _seconds(opened), end, codes, flapped, looks))
    return found


def _against(body: str | None) -> str:
    """What speaks against the target in a report."""
    findings = json.loads(body)["findings"] if body else []
    bad = [f for f in findings if f["status"] in ("warn", "fail")]
    return ", ".join(f"{f['probe']} {f['reason']}" for f in bad)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _tell(truth: Contradictions, bot: Bot, places: Sequence[Channel], workspace: Workspace) -> None:
    """What a person needs to look into it."""
    for name in ("missed", "false", "hasty", "early", "split", "misnamed"):
        for line in getattr(truth, name):
            print(f"      {name}: {line}")
            if name in ("false", "hasty", "early", "split"):
                _story(bot, line.partition(":")[0].partition(",")[0])
    for seconds, hit in sorted(truth.waited, key=lambda pair: -pair[0])[:3]:
        print(f"      a bot lived for {seconds:.0f} s with what nobody noticed: {hit}")
    errors = Counter(
        str(e.fields.get("message"))[:160]
        for e in bot.since(0, "error", "critical")
        if e.who == "" and "cannot connect" not in str(e.fields.get("message"))
    )
    for message, n in errors.most_common(12):
        print(f"      the bot's log, {n} times: {message}")
    notices = Counter(
        message.text.split("\n")[0][:100]
        for place in places
        for message in workspace.messages(place)
        if not message.metadata
    )
    for text, n in notices.most_common(8):
        print(f"      beside incidents, {n} times: {text}")

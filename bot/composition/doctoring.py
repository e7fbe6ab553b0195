"""`wsdiag doctor`: the whole installation looked at, each point with what to change."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot import doctor
from bot.composition.effective import settings as load
from bot.diagnose import diagnose
from bot.guide import GuideLinks
from bot.locales import language, translate
from bot.model import Check, Status
from bot.settings import Settings
from bot.slack import Mode, SlackAccess
from bot.slack import doctor as slack_doctor
from bot.terminal import MARKS, STYLES


def examine(*, test_alert: bool, lang: str | None) -> int:
    """Print every check. Returns 0 when none fails, else 1; raises UsageError."""
    settings = load()
    spoken = language(lang or settings.lang)
    checks = asyncio.run(_look(settings, test_alert=test_alert, lang=spoken))
    _print(checks, spoken)
    return 1 if any(check.status is Status.FAIL for check in checks) else 0


async def _look(settings: Settings, *, test_alert: bool, lang: str) -> Sequence[Check]:
    targets = settings.targets()
    channels = [t.channel or settings.channel for t in targets.values()] or [settings.channel]
    access = SlackAccess(
        settings.slack_bot_token,
        settings.slack_app_token,
        settings.slack_signing_secret,
        settings.slack_api_url,
        Mode(settings.slack_mode),
    )
    ours, slacks = await asyncio.gather(
        doctor.examine(
            database_url=settings.database_url,
            targets=targets,
            diagnose=partial(diagnose, controls=settings.controls(), vantage=settings.vantage),
            links=GuideLinks(settings.guide_url, settings.public_url),
            slack_api_url=settings.slack_api_url,
            lang=lang,
        ),
        slack_doctor.examine(
            access, [c for c in dict.fromkeys(channels) if c], post=test_alert, lang=lang
        ),
    )
    return (*slacks, *ours)


def _print(checks: Sequence[Check], lang: str) -> None:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for check in checks:
        words = Text(translate(check.message, lang))
        if check.fix is not None:
            words.append(f"\n→ {translate(check.fix, lang)}", style="cyan")
        table.add_row(Text(MARKS[check.status], style=STYLES[check.status]), check.name, words)
    Console().print(table)

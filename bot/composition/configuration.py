"""`wsdiag config`: the effective settings, where each comes from, and what is wrong with them."""

from __future__ import annotations

import json
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.composition.effective import settings
from bot.settings import Settings, example_toml


def show(*, as_json: bool, example: bool) -> int:
    """Print the settings, or a commented example file. Returns the exit code.

    Raises UsageError when the settings cannot be used.
    """
    if example:
        sys.stdout.write(example_toml())
        return 0
    effective = settings()
    if as_json:
        shown = {"settings": effective.masked(), "warnings": list(effective.warnings)}
        sys.stdout.write(f"{json.dumps(shown, ensure_ascii=False)}\n")
    else:
        _print(effective)
    return 0


def _print(effective: Settings) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(style="dim", overflow="fold")
    for key, row in effective.masked().items():
        value = row["value"]
        words = "–" if value is None else value if isinstance(value, str) else json.dumps(value)
        table.add_row(key, Text(words), Text(row["source"]))
    Console().print(table)
    notices = Console(stderr=True)
    for warning in effective.warnings:
        notices.print(Text(f"▲ {warning}", style="yellow"))

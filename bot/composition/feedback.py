"""`wsdiag feedback`: what people said of verdicts, listed, and exported as golden fixtures."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.text import Text

from bot import terminal
from bot.causes import describe
from bot.composition.effective import settings as load
from bot.composition.errors import UsageError
from bot.composition.speaking import spoken
from bot.locales import moment, translate
from bot.model import Json, Message, say
from bot.record import FileError, write
from bot.store import HEALTHY, OTHER, Feedback, Store, StoreError


def feedback(*, as_json: bool = False, export: str | None = None, lang: str | None = None) -> int:
    """List the answers, the newest first; with `export`, also write a file for each into a folder.

    Returns the exit code. Raises UsageError when the database or the folder cannot be used.
    """
    terminal.adapt(sys.stdout, sys.stderr)
    settings = load()
    speak = spoken(lang, settings.lang, as_json=as_json)
    try:
        answers = asyncio.run(_answers(settings.database_url.get_secret_value()))
    except StoreError as error:
        raise UsageError(say("{problem}", problem=str(error))) from None
    files = _export(answers, Path(export)) if export is not None else {}
    with terminal.until_closed():
        if as_json:
            _write([_described(answer, files.get(answer.id)) for answer in answers])
        else:
            _print(answers, files, speak)
    return 0


async def _answers(url: str) -> list[Feedback]:
    async with await Store.open(url) as store:
        return await store.feedback()


def _export(answers: Sequence[Feedback], folder: Path) -> dict[int, Path]:
    """A file per answer. Who gave it stays at home; what looks like a secret is masked again."""
    written: dict[int, Path] = {}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for answer in answers:
            file = folder / f"{answer.answer}-{answer.id}.json"
            write(file, replace(answer.saved, about=answer.note))
            written[answer.id] = file
    except FileError as error:
        raise UsageError(error.message) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            say("{file} cannot be written: {reason}.", file=str(folder), reason=reason)
        ) from None
    return written


def _described(answer: Feedback, file: Path | None) -> Json:
    report = answer.saved.report
    return {
        "id": answer.id,
        "at": answer.at.isoformat(),
        "person": answer.person,
        "target": {"name": report.target_name, "url": report.target_url},
        "checked_at": report.started_at.isoformat(),
        "state": report.verdict.state.value,
        "named": answer.named or None,
        "answer": answer.answer,
        "note": answer.note,
        "file": str(file) if file else None,
    }


def _write(found: list[Json]) -> None:
    if sys.stdout is not None:
        plain = sys.stdout.encoding.lower() not in ("utf-8", "utf8")
        sys.stdout.write(f"{json.dumps(found, ensure_ascii=plain)}\n")


def _print(answers: Sequence[Feedback], files: dict[int, Path], lang: str) -> None:
    output = terminal.Output()

    def words(message: Message) -> str:
        return terminal.clean(translate(message, lang))

    if not answers:
        output.print(Text(words(say("Nobody has called a cause wrong."))))
    for answer in answers:
        head = Text(terminal.clean(answer.saved.report.target_name), style="bold")
        head.append(f"  {moment(answer.saved.report.started_at, lang)}", style="dim")
        output.print(head)
        named = words(describe(answer.named).title) if answer.named else "–"
        change = Text(f"  {named}", style="dim")
        change.append(" → ", style="dim")
        change.append(words(_meaning(answer.answer)), style="not dim")
        output.print(change)
        if answer.note:
            output.print(Text(f"  “{terminal.clean(answer.note)}”"))
        if answer.id in files:
            output.print(Text(f"  {files[answer.id]}", style="dim"))


def _meaning(answer: str) -> Message:
    if answer == HEALTHY:
        return say("Nothing was wrong")
    if answer == OTHER:
        return say("Something that is not listed")
    return describe(answer).title

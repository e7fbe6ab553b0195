"""`wsdiag judge` and `wsdiag diff`: saved reports looked at again, without any network."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.text import Text

from bot import __version__, compare, terminal
from bot.causes import describe
from bot.composition.errors import UsageError
from bot.composition.speaking import guide_from_environment, spoken
from bot.locales import moment, translate
from bot.model import Json, Message, Report, State, Verdict, say
from bot.record import Expected, FileError, Saved, read, unread, was_cut_short
from bot.verdict import judge as conclude


def judge(file: str, *, as_json: bool = False, lang: str | None = None) -> int:
    """Judge a saved report with this version and print what it says now.

    Returns the exit code of the new state. Raises UsageError when the file is no report.
    """
    terminal.adapt(sys.stdout, sys.stderr)
    speak = spoken(lang, as_json=as_json)
    saved = _read(file)
    now = judged(saved)
    changes = compare.verdict_differences(saved.report.verdict, now.verdict)
    guide = guide_from_environment()
    with terminal.until_closed():
        if as_json:
            found = terminal.contract(now, speak, guide)
            _write({**found, "saved": _about(saved, now, changes, speak)})
        else:
            terminal.print_summary(terminal.Output(), now, speak, guide)
            _print_changes(saved, now, changes, speak)
    return terminal.EXIT_CODES[now.verdict.state]


def diff(before: str, after: str, *, as_json: bool = False, lang: str | None = None) -> int:
    """Print what differs between two saved reports. Returns 0 when nothing does, else 1.

    Raises UsageError when one of the files is no report.
    """
    terminal.adapt(sys.stdout, sys.stderr)
    speak = spoken(lang, as_json=as_json)
    one, other = _read(before), _read(after)
    found = compare.differences(one.report, other.report)
    with terminal.until_closed():
        if as_json:
            _write(
                {
                    "before": _identity(one),
                    "after": _identity(other),
                    "differences": terminal.as_json(found, speak),
                }
            )
        else:
            _print_diff(one, other, found, speak)
    return 1 if found else 0


def judged(saved: Saved) -> Report:
    """The saved report with the verdict of this version."""
    findings = saved.report.findings
    cut_short = was_cut_short(saved.report)
    return replace(saved.report, verdict=conclude(findings, saved.target, cut_short=cut_short))


def _read(file: str) -> Saved:
    try:
        return read(Path(file))
    except FileError as error:
        raise UsageError(error.message) from None


def _write(found: Json) -> None:
    if sys.stdout is not None:
        plain = sys.stdout.encoding.lower() not in ("utf-8", "utf8")
        sys.stdout.write(f"{json.dumps(found, ensure_ascii=plain)}\n")


# ---------------------------------------------------------------- judge


def _about(saved: Saved, now: Report, changes: Sequence[compare.Difference], lang: str) -> Json:
    return {
        **_identity(saved),
        "changed": bool(changes),
        "changes": terminal.as_json(changes, lang),
        "unread": list(unread(saved.report)),
        "as_expected": saved.expected.met(now.verdict) if saved.expected else None,
    }


def _identity(saved: Saved) -> Json:
    verdict = saved.report.verdict
    return {
        "target": {"name": saved.report.target_name, "url": saved.report.target_url},
        "wsdiag": saved.version,
        "started_at": saved.report.started_at.isoformat(),
        "state": verdict.state.value,
        "cause": verdict.cause.code if verdict.cause else None,
        "confidence": verdict.cause.confidence.value if verdict.cause else None,
    }


def _print_changes(
    saved: Saved, now: Report, changes: Sequence[compare.Difference], lang: str
) -> None:
    output = terminal.Output()

    def tell(message: Message, style: str = "") -> None:
        output.print(Text(terminal.clean(translate(message, lang)), style=style))

    output.print()
    tell(
        say(
            "Saved by wsdiag {version} on {at}, judged again by {this}.",
            version=saved.version,
            at=moment(saved.report.started_at, lang),
            this=__version__,
        ),
        "dim",
    )
    if missing := unread(saved.report):
        kinds = ", ".join(missing)
        tell(say("This version cannot read a part of the evidence: {kinds}.", kinds=kinds))
    if saved.expected is not None:
        tell(*_expectation(saved.expected, now.verdict, lang))
    if not changes:
        tell(say("The verdict is the same as then."))
        return
    tell(say("What changed in the verdict:"), "bold")
    terminal.print_differences(output, changes, lang)


def _expectation(expected: Expected, verdict: Verdict, lang: str) -> tuple[Message, str]:
    if expected.met(verdict):
        return say("This is the verdict that it must get."), "green"
    if expected.wrong is not None:
        title = translate(describe(expected.wrong).title, lang)
        return say("Somebody said that this cause is wrong: {title}.", title=title), "yellow"
    if expected.code:
        title = translate(describe(expected.code).title, lang)
        return say("It must get another verdict: {title}.", title=title), "yellow"
    if expected.state == State.UP:
        return say("It must get another verdict: nothing was wrong."), "yellow"
    return say("It must get another verdict."), "yellow"


# ---------------------------------------------------------------- diff


def _print_diff(one: Saved, other: Saved, found: Sequence[compare.Difference], lang: str) -> None:
    output = terminal.Output()
    for saved in (one, other):
        line = Text(terminal.clean(saved.report.target_name), style="bold")
        line.append(f"  {terminal.clean(saved.report.target_url)}", style="dim")
        line.append(f"  {moment(saved.report.started_at, lang)}")
        output.print(line)
    output.print()
    if found:
        terminal.print_differences(output, found, lang)
    else:
        words = say("Nothing that matters differs between the two.")
        output.print(Text(translate(words, lang)))

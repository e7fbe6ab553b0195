"""`wsdiag check`: one diagnosis for a terminal or a script. Imports neither Slack nor SQL."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from bot import credentials, record, terminal, urls
from bot.composition.errors import UsageError
from bot.composition.speaking import guide_from_environment, guide_url, spoken
from bot.diagnose import Progress, diagnose
from bot.locales import translate
from bot.model import Controls, Message, Report, Target, say

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What was typed after `wsdiag check`; None where nothing was."""

    where: str
    as_json: bool = False
    deep: bool = False
    origin: str | None = None
    namespace: str | None = None
    path: str | None = None
    auth: str | None = None
    ca_file: str | None = None
    control_urls: tuple[str, ...] = ()
    control_resolver: str | None = None
    proxy: str | None = None
    timeout_s: float | None = None
    save: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    target: Target
    controls: Controls
    guide: terminal.GuideUrl
    vantage: str
    lang: str


def check(options: CheckOptions) -> int:
    """Run the check and print what it found. Returns the exit code of the report's state.

    Raises UsageError for what was typed wrongly, SettingsError for settings that cannot be read.
    """
    terminal.adapt(sys.stdout, sys.stderr)
    plan = _plan(options)
    file = _place(options.save)
    console = Console(stderr=True)
    with terminal.LiveProgress(console, plan.lang) as live:
        shown = None if options.as_json else live
        report = asyncio.run(_diagnose(plan, options, shown))
    unsaved = _save(file, plan.target, report)
    try:
        with terminal.until_closed():
            _print(report, plan, as_json=options.as_json)
    except OSError as error:
        raise UsageError(
            say("The result cannot be written: {reason}.", reason=error.strerror or str(error))
        ) from None
    if unsaved is not None:  # what was found has been shown, at least
        raise unsaved
    if file is not None:
        words = say("Saved to {file}.", file=str(file))
        console.print(Text(translate(words, plan.lang), style="dim"))
    return terminal.EXIT_CODES[report.verdict.state]


def _place(save: str | None) -> Path | None:
    """Where `--save` writes. Raises UsageError before the check takes its time."""
    if save is None:
        return None
    try:
        record.check_place(Path(save))
    except record.FileError as error:
        raise UsageError(error.message) from None
    return Path(save)


def _save(file: Path | None, target: Target, report: Report) -> UsageError | None:
    """Keep the report; what went wrong is for the caller to raise."""
    if file is None:
        return None
    try:
        record.write(file, record.Saved(target, report))
    except record.FileError as error:
        return UsageError(error.message)
    return None


def _print(report: Report, plan: _Plan, *, as_json: bool) -> None:
    if not as_json:
        terminal.print_summary(terminal.Output(), report, plan.lang, plan.guide)
    elif sys.stdout is not None:
        found = terminal.contract(report, plan.lang, plan.guide)
        plain = sys.stdout.encoding.lower() not in ("utf-8", "utf8")
        sys.stdout.write(f"{json.dumps(found, ensure_ascii=plain)}\n")


async def _diagnose(
    plan: _Plan, options: CheckOptions, live: terminal.LiveProgress | None
) -> Report:
    def on_progress(progress: Progress) -> None:
        if live is not None:
            live.update(progress.probe, progress.finding, progress.note)

    return await diagnose(
        plan.target,
        controls=plan.controls,
        vantage=plan.vantage,
        deep=options.deep,
        deadline_s=options.timeout_s,
        on_progress=on_progress,
    )


def _plan(options: CheckOptions) -> _Plan:
    plan = _typed(options) if "://" in options.where else _configured(options)
    return replace(
        plan,
        target=_with_flags(plan.target, options),
        controls=_controls(plan.controls, options),
        lang=spoken(options.lang, plan.lang, as_json=options.as_json),
    )


def _typed(options: CheckOptions) -> _Plan:
    """A URL: everything but the address comes from flags and defaults."""
    address = _read("URL", urls.parse_socket_url, options.where)
    target = Target(
        name=address.host,
        url=address.url,
        path=address.path or "/socket.io/",
        namespace=address.namespace or "/",
        query=address.query,
    )
    # A typed URL needs no settings, only the place of the guide.
    return _Plan(target, Controls(), guide_from_environment(), "local", "en")


def _configured(options: CheckOptions) -> _Plan:
    from bot.composition.effective import settings as load  # noqa: PLC0415  pydantic takes its time

    settings = load()
    targets = settings.targets()
    target = targets.get(options.where)
    if target is None:
        near = settings.target_like(options.where)
        if near:
            raise UsageError(
                say(
                    "There is no target {name}. Did you mean {near}?", name=options.where, near=near
                )
            )
        if (hint := _address_hint(options.where)) is not None:
            raise UsageError(hint)
        if targets:
            raise UsageError(
                say(
                    "There is no target {name}. Known targets: {known}. A URL starts with https://.",
                    name=options.where,
                    known=", ".join(sorted(targets)),
                )
            )
        raise UsageError(
            say(
                "There is no target {name}: none is configured. Give a URL that starts with "
                "https://, or set WSDIAG_URL.",
                name=options.where,
            )
        )
    _read_secrets(target)
    return _Plan(
        target,
        settings.controls(),
        guide_url(settings.guide_url, settings.public_url),
        settings.vantage,
        settings.lang,
    )


def _read_secrets(target: Target) -> None:
    """Raise UsageError for a secret that cannot be had: that is our fault and not the target's."""
    try:
        for ref in target.headers.values():
            credentials.read(ref)
        if target.auth is not None:
            credentials.read_json(target.auth)
    except credentials.CredentialError as error:
        raise UsageError(error.message) from None


def _address_hint(where: str) -> Message | None:
    """What to write instead, if this was probably meant to be an address and no name."""
    if where.strip() and not re.search(r"[.:/$\[]", where):
        return None
    try:
        urls.parse_socket_url(where)
    except urls.UrlError as error:
        return error.message
    return None


def _with_flags(target: Target, options: CheckOptions) -> Target:
    changes: dict[str, object] = {}
    if options.origin is not None:
        changes["origin"] = _read("--origin", urls.parse_origin, options.origin)
    if options.namespace is not None:
        changes["namespace"] = _read("--namespace", urls.parse_namespace, options.namespace)
    if options.path is not None:
        changes["path"] = _read("--path", urls.parse_mount, options.path)
    if options.proxy is not None:
        changes["proxy"] = _read("--proxy", urls.parse_proxy, options.proxy)
    try:
        if options.auth is not None:
            auth = credentials.reference(options.auth, literal_ok=True)
            credentials.read_json(auth)
            changes["auth"] = auth
        if options.ca_file is not None:
            credentials.check_ca_file(options.ca_file)
            changes["ca_file"] = str(Path(options.ca_file))
    except credentials.CredentialError as error:
        raise UsageError(error.message) from None
    return replace(target, **changes)  # type: ignore[arg-type]


def _controls(controls: Controls, options: CheckOptions) -> Controls:
    pages = tuple(_read("--control-url", urls.parse_page_url, url) for url in options.control_urls)
    resolver = options.control_resolver
    if resolver is not None:
        try:
            resolver = str(ip_address(resolver.strip()))
        except ValueError:
            raise UsageError(
                say("--control-resolver takes an IP address, like 192.0.2.53.")
            ) from None
    return Controls(pages or controls.urls, resolver or controls.resolver)


def _read(flag: str, parse: Callable[[str], _T], text: str) -> _T:
    try:
        return parse(text)
    except urls.UrlError as error:
        raise UsageError(say("{flag}: {problem}", flag=flag, problem=str(error))) from None

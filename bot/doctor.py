"""`wsdiag doctor`, all but Slack: the database, the guide, the targets, how we get out.

What is examined is handed over; every look has a deadline and ends in a `Check`, never in an
exception. Nothing is changed: no schema is upgraded and no file made. Slack's own points are in
`bot.slack.doctor`.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import aiohttp
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import credentials
from bot.causes import describe
from bot.guide import GuideLinks, anchor
from bot.model import Check, Report, Section, State, Status, Target, say
from bot.net import addresses
from bot.store import StoreError, engine
from bot.store.errors import DATABASE_ERRORS, explained
from bot.store.upgrade import config

LOOK_S = 10.0  # one look, unless it has a reason to take longer
_LARGEST_PAGE = 4 * 1024 * 1024
_STATUS = {
    State.UP: Status.OK,
    State.DEGRADED: Status.WARN,
    State.DOWN: Status.FAIL,
    State.UNKNOWN: Status.WARN,
}


async def examine(
    *,
    database_url: SecretStr,
    targets: Mapping[str, Target],
    diagnose: Callable[[Target], Awaitable[Report]],
    links: GuideLinks,
    slack_api_url: str,
    lang: str = "en",
) -> tuple[Check, ...]:
    """Look at everything at once; the checks come in an order for reading."""
    looks: list[Awaitable[Sequence[Check]]] = [
        _timed("database", database(database_url)),
        _timed("guide", guide(links, lang)),
        _timed("way to Slack", egress("way to Slack", slack_api_url)),
    ]
    if not targets:
        looks.append(_nothing_to_watch())
    for target in targets.values():
        looks += [
            _timed(f"secrets of {target.name}", secrets(target)),
            _timed(f"way to {target.name}", egress(f"way to {target.name}", target.url)),
            _timed(f"target {target.name}", health(target, diagnose), target.deadline_s + LOOK_S),
        ]
    return tuple(check for checks in await asyncio.gather(*looks) for check in checks)


async def _timed(
    name: str, look: Awaitable[Check | None], deadline_s: float = LOOK_S
) -> Sequence[Check]:
    try:
        async with asyncio.timeout(deadline_s):
            check = await look
    except TimeoutError:
        return [
            Check(
                name,
                Status.FAIL,
                say("There was no answer within {seconds} s.", seconds=deadline_s),
            )
        ]
    return [check] if check is not None else []


async def _nothing_to_watch() -> Sequence[Check]:
    return [
        Check(
            "targets",
            Status.WARN,
            say("No target is configured: there is nothing to watch."),
            say("Set WSDIAG_URL, or write [targets.NAME] into wsdiag.toml."),
        )
    ]


# ---------------------------------------------------------------- the database


async def database(url: SecretStr) -> Check:
    """Whether the database can be written, and whether its schema is this version's."""
    name = "database"
    try:
        parsed = engine.parse(url.get_secret_value())
        place = engine.place(parsed)
        if parsed.get_backend_name() == "sqlite" and (new := _new_file(name, parsed.database)):
            return new
        opened = engine.create(parsed)
    except StoreError as error:
        return Check(name, Status.FAIL, say("{problem}", problem=str(error)))
    try:
        return await _schema(name, opened, place)
    except DATABASE_ERRORS as error:
        return Check(name, Status.FAIL, say("{problem}", problem=str(explained(error, place))))
    finally:
        await opened.dispose()


def _new_file(name: str, database: str | None) -> Check | None:
    """What is to be said of a SQLite file that does not exist yet; None if it does."""
    path = Path(database or "")
    if path.exists():
        return None
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return Check(name, Status.OK, say("{place} is made when the bot starts.", place=str(path)))
    return Check(
        name,
        Status.FAIL,
        say(
            "{place} cannot be made: {folder} is not a folder that can be written.",
            place=str(path),
            folder=str(folder),
        ),
        say("Make the folder writable, or set WSDIAG_DATABASE_URL to another place."),
    )


async def _schema(name: str, opened: AsyncEngine, place: str) -> Check:
    scripts = ScriptDirectory.from_config(config())
    async with opened.connect() as connection:
        transaction = await connection.begin()
        try:
            current = await connection.run_sync(_revision)
            # The surest way to know that it can be written; rolled back with everything else.
            await connection.execute(text("CREATE TABLE wsdiag_doctor (n INTEGER)"))
        finally:
            await transaction.rollback()
    if current is None:
        return Check(
            name,
            Status.OK,
            say("{place} is empty; the bot sets it up when it starts.", place=place),
        )
    if current == scripts.get_current_head():
        return Check(name, Status.OK, say("{place} can be written and is up to date.", place=place))
    if current in {script.revision for script in scripts.walk_revisions()}:
        return Check(
            name,
            Status.OK,
            say("{place} is of an older version; the bot upgrades it when it starts.", place=place),
        )
    return Check(
        name,
        Status.FAIL,
        say(
            "{place} was written by a newer version of wsdiag (schema {revision}).",
            place=place,
            revision=current,
        ),
        say("Upgrade wsdiag, or set WSDIAG_DATABASE_URL to another place."),
    )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


# ---------------------------------------------------------------- the guide


async def guide(links: GuideLinks, lang: str) -> Check:
    """Whether the links in alerts lead to a page that has the guide's anchors."""
    name = "guide"
    link = links.url(Section.SERVER, None, lang)
    if link is None:
        return Check(name, Status.OK, say("No page is configured: the guide opens inside Slack."))
    page, _ = urldefrag(link)
    try:
        status, body = await _fetch(page)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return _unreachable(name, page, type(error).__name__, own=links.guide_url is None)
    if status != 200:
        return _unreachable(name, page, f"HTTP {status}", own=links.guide_url is None)
    missing = [anchor(section) for section in Section if anchor(section) not in body]
    if missing:
        return Check(
            name,
            Status.WARN,
            say(
                "{page} answers but lacks anchors, so that links end at its top: {missing}.",
                page=page,
                missing=", ".join(missing),
            ),
            say("Copy the guide with its headings, or unset WSDIAG_GUIDE_URL."),
        )
    return Check(name, Status.OK, say("{page} answers and has every section.", page=page))


def _unreachable(name: str, page: str, problem: str, *, own: bool) -> Check:
    message = say("{page} cannot be opened from here: {problem}.", page=page, problem=problem)
    if own:
        return Check(
            name,
            Status.WARN,
            message,
            say(
                "The page is the bot's own: start wsdiag run, and let WSDIAG_PUBLIC_URL lead to "
                "its web server. Without it the guide opens inside Slack."
            ),
        )
    return Check(name, Status.FAIL, message, say("Correct WSDIAG_GUIDE_URL, or unset it."))


async def _fetch(url: str) -> tuple[int, str]:
    """Status and text of a page. Proxies of the environment apply, not to loopback."""
    near = addresses.is_loopback(urlsplit(url).hostname or "")
    timeout = aiohttp.ClientTimeout(total=LOOK_S)
    async with (
        aiohttp.ClientSession(timeout=timeout, trust_env=not near) as session,
        session.get(url) as answer,
    ):
        body = bytearray()
        async for chunk in answer.content.iter_chunked(64 * 1024):
            body += chunk
            if len(body) > _LARGEST_PAGE:
                break
        return answer.status, body.decode("utf-8", "replace")


# ---------------------------------------------------------------- targets


async def secrets(target: Target) -> Check | None:
    """Whether the secrets that a target names can be read; None if it names none."""
    name = f"secrets of {target.name}"
    password = target.client_certificate.key_password if target.client_certificate else None
    refs = [ref for ref in (target.auth, password, *target.headers.values()) if ref is not None]
    if not refs:
        return None
    try:
        if target.auth is not None:
            credentials.read_json(target.auth)
        for ref in refs:
            for part in credentials.parts(ref):
                credentials.read(part)
    except credentials.CredentialError as error:
        return Check(name, Status.FAIL, error.message)
    for ref in refs:
        for part in credentials.parts(ref):
            if exposed := credentials.exposure(part):
                return Check(name, Status.WARN, exposed)
    return Check(name, Status.OK, say("They can be read."))


async def health(target: Target, diagnose: Callable[[Target], Awaitable[Report]]) -> Check:
    """What a check of the target says."""
    report = await diagnose(target)
    verdict = report.verdict
    name = f"target {target.name}"
    if verdict.cause is None:
        sentences = {
            State.UP: say("{url} is up.", url=report.target_url),
            State.DEGRADED: say("{url} is up, but not all is well.", url=report.target_url),
            State.DOWN: say("{url} is down.", url=report.target_url),
            State.UNKNOWN: say("{url} could not be judged from here.", url=report.target_url),
        }
        return Check(name, _STATUS[verdict.state], sentences[verdict.state])
    cause = describe(verdict.cause.code)
    return Check(
        name,
        _STATUS[verdict.state],
        say(
            "{url} has trouble: {cause}. More: wsdiag check {name}",
            url=report.target_url,
            cause=verdict.cause.code,
            name=target.name,
        ),
        cause.fix,
    )


# ---------------------------------------------------------------- how we get out


async def egress(name: str, url: str) -> Check:
    """The local address that the system would send from towards a host; nothing is sent.

    Firewalls that let single addresses in have to know it; behind NAT the outside sees another.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        own = sorted({_own_address(family, address) for family, _, _, _, address in found} - {""})
    except OSError as error:
        return Check(
            name,
            Status.FAIL,
            say(
                "{host} cannot be resolved: {problem}.",
                host=host,
                problem=error.strerror or str(error),
            ),
            say("Check the spelling of the host and this machine's DNS."),
        )
    if not own:
        return Check(
            name,
            Status.FAIL,
            say("This machine has no route to {host}.", host=host),
            say("Check its network and default route."),
        )
    return Check(
        name,
        Status.OK,
        say("Connections to {host} leave from {own}.", host=host, own=", ".join(own)),
    )


def _own_address(family: int, address: tuple[object, ...]) -> str:
    """Where a datagram would leave from; empty without a route. `connect` on UDP sends nothing."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.setblocking(False)
            probe.connect(address)
            return str(probe.getsockname()[0])
    except OSError:
        return ""

"""Reading all sources into Settings, with everything that is wrong said at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from bot import credentials, envfiles, urls
from bot.model import SecretRef, say
from bot.settings import toml, variables
from bot.settings.inventory import DEFAULT_TARGET, all_settings, known_keys, setting_at
from bot.settings.problems import (
    Path,
    Place,
    Problem,
    SettingsError,
    from_pydantic,
    keys,
    nearest,
)
from bot.settings.schema import Settings
from bot.settings.targets import TargetTable
from bot.settings.toml import TomlFile
from bot.settings.variables import Variables

CONFIG_NAME = "wsdiag.toml"


def load(**overrides: Any) -> Settings:
    """Read the environment, `.env.local`, `.env` and `wsdiag.toml` (in that order of strength).

    `overrides` are settings by their TOML key and stronger than all of these; a secret among them
    is a SecretStr. Raises SettingsError with every problem found.
    """
    folder = FilePath.cwd()
    said = variables.read(folder)
    lang = _language(said.values)
    try:
        file = _config(said)
    except SettingsError as error:
        raise SettingsError(error.problems, lang) from None
    written = _anchored(file) if file else {}
    lang = _language({**written, **said.values, **overrides})
    homeless = _without_a_target(said, written)
    merged = _merged(_merged(written, said.values), overrides)
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        found = error.errors(include_url=False)
        problems = [_problem(item, said, file) for item in found]
        raise SettingsError(_unique(problems), lang) from None
    settings._files = (_config_path(said), *(folder / name for name in envfiles.NAMES))  # noqa: SLF001
    settings._origins.update(_origins(said, file, overrides))  # noqa: SLF001  filled only here
    settings._notices = (  # noqa: SLF001
        *said.notices,
        *homeless,
        *_notices(settings, said),
    )
    return settings


def _config(said: Variables) -> TomlFile | None:
    return toml.read(_config_path(said), required="WSDIAG_CONFIG" in said.found)


def _config_path(said: Variables) -> FilePath:
    named = said.found.get("WSDIAG_CONFIG")
    return FilePath(CONFIG_NAME) if named is None else FilePath(named.value).expanduser()


def _language(values: Mapping[str, Any]) -> str:
    """The language to complain in, from settings that are not checked yet."""
    return "ru" if str(values.get("lang", "")).strip().lower() == "ru" else "en"


# ---------------------------------------------------------------- from the sources


def _anchored(file: TomlFile) -> dict[str, Any]:
    """The file's values, paths in them made relative to its folder and not to where we stand."""
    folder = file.path.absolute().parent

    def walk(value: Any, path: Path) -> Any:
        setting = setting_at(path) if path else None
        if isinstance(value, dict):
            return {key: walk(item, (*path, key)) for key, item in value.items()}
        if not isinstance(value, str) or setting is None:
            return value
        if setting.secret and value.startswith("@") and len(value) > 1:
            return f"@{folder / FilePath(value[1:]).expanduser()}"
        if setting.local_file and value:
            return str(folder / FilePath(value).expanduser())
        return value

    walked: dict[str, Any] = walk(file.values, ())
    return walked


def _merged(weak: Mapping[str, Any], strong: Mapping[str, Any]) -> dict[str, Any]:
    """Both, key by key; tables are merged, anything else is replaced."""
    result = dict(weak)
    for key, value in strong.items():
        old = result.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = _merged(old, value) if both else value  # type: ignore[arg-type]
    return result


def _without_a_target(said: Variables, written: Mapping[str, Any]) -> list[Problem]:
    """Take variables of the default target out again when nothing says where that target is."""
    ours = said.values.get("targets", {}).get(DEFAULT_TARGET)
    tables = written.get("targets")
    theirs = tables.get(DEFAULT_TARGET) if isinstance(tables, dict) else None
    if ours is None or "url" in ours or theirs is not None:
        return []
    del said.values["targets"]
    lone = [path for path in said.origins if path[:2] == ("targets", DEFAULT_TARGET)]
    return [
        Problem(
            said.origins.pop(path),
            say(
                "This belongs to the target of the environment, which has no address: set "
                "WSDIAG_URL, or write it below [targets.NAME] in wsdiag.toml."
            ),
        )
        for path in lone
    ]


def _origins(
    said: Variables, file: TomlFile | None, overrides: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    if file is not None:
        for path in _leaves(file.values):
            yield ".".join(path), file.name
    for path, where in said.origins.items():
        yield ".".join(path), where
    for key in overrides:
        yield key, "argument"


def _leaves(values: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    for key, value in values.items():
        setting = setting_at((*path, key))
        if isinstance(value, dict) and (setting is None or len(setting.path) > len(path) + 1):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key)


# ---------------------------------------------------------------- problems


def _problem(item: Any, said: Variables, file: TomlFile | None) -> Problem:
    # pydantic's location without what is no key of ours: "this is about the key".
    place = tuple(part for part in item["loc"] if part != "[key]")
    path = tuple(part for part in place if isinstance(part, str))
    if item["type"] == "extra_forbidden":
        return _unknown_key(path, _place(place, file))
    setting = setting_at(path)
    message = from_pydantic(item, secret=setting is None or setting.secret)
    return Problem(_variable_of(path, said) or _place(place, file), message)


def _variable_of(path: Path, said: Variables) -> str | None:
    """The variable that set this; for a target as a whole, the one with its address."""
    for origin, where in said.origins.items():
        if path[: len(origin)] == origin:
            return where
    return said.origins.get((*path, "url"))


def _place(path: Place, file: TomlFile | None) -> str:
    """Line and key in the file; what is missing there has the line of the table it belongs to."""
    if file is not None:
        for length in range(len(path), 0, -1):
            if toml.has(file.values, path[:length]):
                return keys((file.where(path[:length]), *path[length:]))
    return keys(path)


def _unknown_key(path: Path, where: str) -> Problem:
    *table, key = path
    if not table and setting_at(("targets", DEFAULT_TARGET, key)):
        return Problem(where, say("This is a setting of a target: write it below [targets.NAME]."))
    known = known_keys(tuple(table))
    meant = nearest(key, known)
    if meant:
        return Problem(where, say("There is no such setting. Did you mean {meant}?", meant=meant))
    elsewhere = next((s.key for s in all_settings() if s.path[-1] == key), None)
    if elsewhere:
        place = elsewhere.replace(f"targets.{DEFAULT_TARGET}", "targets.NAME")
        return Problem(where, say("This is not set here but as {place}.", place=place))
    return Problem(
        where, say("There is no such setting. Known here: {known}.", known=", ".join(known))
    )


def _unique(problems: list[Problem]) -> list[Problem]:
    """Each problem once (a union of types complains once per member), in the order of the lines."""

    def line(problem: Problem) -> int:
        found = re.search(r" line (\d+)", problem.where)
        return int(found[1]) if found else 0

    return sorted({(p.where, p.text()): p for p in problems}.values(), key=line)


# ---------------------------------------------------------------- notices


def _notices(settings: Settings, said: Variables) -> Iterator[Problem]:
    references = {name: table.references() for name, table in settings.targets_table.items()}
    named = frozenset(
        ref.source.removeprefix("env:")
        for refs in references.values()
        for ref in refs
        if ref.source.startswith("env:")
    )
    yield from variables.unknown(said.found, named)
    for name, table in settings.targets_table.items():
        yield from _about_address(name, table, settings)
        for ref in references[name]:
            yield from _about_secret(f"targets.{name}", ref)
    yield from _about_silence(settings)
    if settings.oauth_variables:
        yield Problem(
            ", ".join(settings.oauth_variables),
            say("These are for apps that others install by OAuth; the bot does not use them."),
        )


def _about_silence(settings: Settings) -> Iterator[Problem]:
    """A time after which nothing happens: where it is set, each place once."""
    places = {}
    for name, table in settings.targets_table.items():
        policy, _ = settings.silence(name)
        if policy.after is not None and not policy.mentions and not policy.calls:
            own = "after_min" in table.escalation.model_fields_set
            key = f"targets.{name}.escalation.after_min" if own else "escalation.after_min"
            places[key] = f"{key} ({settings.origin_of(key)})"
    words = say("Nobody is called upon then: set mention or webhook_url as well, or take it out.")
    yield from (Problem(where, words) for where in places.values())


def _about_address(name: str, table: TargetTable, settings: Settings) -> Iterator[Problem]:
    address = urls.parse_socket_url(table.url)
    if address.namespace is None or table.namespace is not None:
        return
    key = f"targets.{name}.url"
    yield Problem(
        f"{key} ({settings.origin_of(key)})",
        say(
            "The path {path} is taken as the namespace, as socket.io-client does. If the server "
            "is mounted below it, take it out of the address and set path = "
            '"{path}/socket.io/".',
            path=address.namespace,
        ),
    )


def _about_secret(where: str, ref: SecretRef) -> Iterator[Problem]:
    try:
        credentials.read(ref)
    except credentials.CredentialError as error:
        yield Problem(where, error.message)
        return
    exposed = credentials.exposure(ref)
    if exposed:
        yield Problem(where, exposed)

"""Variables: the process environment, `.env.local` and `.env`, the first one that has it wins."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pydantic import SecretStr

from bot import envfiles
from bot.model import say
from bot.settings.inventory import Setting, all_settings
from bot.settings.problems import Path, Problem, SettingsError, nearest

ENVIRONMENT = "environment"
# Not settings of the bot, yet ours: the path of wsdiag.toml, and the switch of the test command.
OTHER_NAMES = frozenset({"WSDIAG_CONFIG", "WSDIAG_REQUIRE_ALL"})
_OURS = "WSDIAG_"
_SHARED = ("SLACK_", "NEXT_PUBLIC_SOCKET_")  # others have names there, too


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable that is set to something."""

    name: str
    value: str
    source: str  # "environment", ".env.local", ".env"
    rank: int  # 0 is the strongest source

    @property
    def where(self) -> str:
        return self.name if self.source == ENVIRONMENT else f"{self.name} ({self.source})"


@dataclass(slots=True)
class Variables:
    """What variables say: nested values as in TOML, and where each came from."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)
    notices: list[Problem] = field(default_factory=list)
    found: Mapping[str, Variable] = field(default_factory=dict)


def read(folder: FilePath) -> Variables:
    """Read all three sources. Raises SettingsError for a file that cannot be read."""
    notices: list[Problem] = []
    found = _collect(folder, notices)
    result = Variables(found=found, notices=notices)
    for setting in all_settings():
        _take(setting, result)
    return result


def _collect(folder: FilePath, notices: list[Problem]) -> dict[str, Variable]:
    layers: list[tuple[str, Mapping[str, str]]] = [(ENVIRONMENT, os.environ)]
    for name in envfiles.NAMES:
        try:
            file = envfiles.read_env_file(folder / name)
        except envfiles.FileError as error:
            raise SettingsError([Problem("", error.message)]) from None
        if file is None:
            continue
        layers.append((name, file.values))
        notices.extend(
            Problem(f"{name} line {line}", say("This line is not NAME=value and is left out."))
            for line in file.bad_lines
        )
    found: dict[str, Variable] = {}
    for rank, (source, values) in enumerate(layers):
        for name, value in values.items():
            # `NAME=` is how compose files and CI say "not set".
            if name.startswith((_OURS, *_SHARED)) and value.strip() and name not in found:
                found[name] = Variable(name, value.strip(), source, rank)
    return found


def _take(setting: Setting, result: Variables) -> None:
    found = result.found
    candidates = [found[name] for name in setting.variables if name in found]
    joined = [found[name] for name in setting.joined if name in found]
    if candidates:
        # Stable: of two variables of the same source the preferred name stays in front.
        chosen = min(candidates, key=lambda v: v.rank)
        for other in candidates:
            if other.value != chosen.value:
                result.notices.append(_contradiction(other, chosen))
        _put(result.values, setting.path, _wrapped(setting, chosen))
        result.origins[setting.path] = chosen.where
    elif joined:
        _put(result.values, setting.path, [variable.value for variable in joined])
        result.origins[setting.path] = ", ".join(variable.where for variable in joined)


def _contradiction(other: Variable, chosen: Variable) -> Problem:
    return Problem(
        other.where,
        say(
            "This means the same as {chosen} but says something else; {chosen} is used. "
            "Remove one of them.",
            chosen=chosen.where,
        ),
    )


def _wrapped(setting: Setting, variable: Variable) -> Any:
    """Variables may hold a secret itself, wsdiag.toml may not: the type tells them apart."""
    if not setting.secret:
        return variable.value
    is_reference = variable.value.startswith(("env:", "@"))
    if setting.path[-1] == "auth":
        return variable.value if is_reference else f"env:{variable.name}"
    return SecretStr(variable.value)


def _put(values: dict[str, Any], path: Path, value: Any) -> None:
    for key in path[:-1]:
        values = values.setdefault(key, {})
    values[path[-1]] = value


def unknown(found: Mapping[str, Variable], referred_to: frozenset[str]) -> list[Problem]:
    """Variables that look like ours and are none. `referred_to` are those that env:NAME names."""
    known = {name for s in all_settings() for name in (*s.variables, *s.joined)} | OTHER_NAMES
    problems = []
    for name, variable in sorted(found.items()):
        if name in known or name in referred_to:
            continue
        # Names outside WSDIAG_ may well be somebody else's: only a slip of the pen is worth a word.
        meant = nearest(name, known, 0.6 if name.startswith(_OURS) else 0.9)
        if meant is not None and not _numbered_twin(name, meant):
            problems.append(
                Problem(
                    variable.where,
                    say("There is no such setting. Did you mean {meant}?", meant=meant),
                )
            )
        elif name.startswith(_OURS):
            problems.append(
                Problem(variable.where, say("There is no such setting; it changes nothing."))
            )
        elif name.startswith("NEXT_PUBLIC_SOCKET_FALLBACK_"):
            problems.append(
                Problem(
                    variable.where,
                    say(
                        "Only the fallbacks 1 and 2 are read. List all of them in "
                        "WSDIAG_FALLBACK_URLS, with commas between."
                    ),
                )
            )
    return problems


def _numbered_twin(name: str, meant: str) -> bool:
    """`…_FALLBACK_3` is no misspelt `…_FALLBACK_2`."""
    digits = re.compile(r"\d+\Z")
    return bool(digits.search(name)) and digits.sub("", name) == digits.sub("", meant)

"""The list of all settings, taken from the fields themselves: names, variables, defaults, meaning.

Reading the environment, showing the settings and docs/settings.md all go by this list, so that a
setting cannot exist in one of them and be missing in another.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.model import SecretRef
from bot.settings.fields import Env, LocalFile, TomlOnly
from bot.settings.problems import Path
from bot.settings.schema import Settings
from bot.settings.targets import TargetTable

DEFAULT_TARGET = "default"  # the target that variables describe
ANY_TARGET = "NAME"  # stands for it in documentation


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `path` is that of its key in `wsdiag.toml`."""

    path: Path
    variables: tuple[str, ...]  # the first one is preferred
    joined: tuple[str, ...]  # variables that make up a list together
    default: Any  # of pydantic: PydanticUndefined where there is none
    meaning: str
    secret: bool
    local_file: bool

    @property
    def key(self) -> str:
        return ".".join(self.path)


@functools.cache
def all_settings() -> tuple[Setting, ...]:
    """Every setting; those of a target with the path of the target `default`."""
    own = _settings_of(Settings, (), skip={"targets"})
    return (*own, *_settings_of(TargetTable, ("targets", DEFAULT_TARGET)))


def setting_at(path: Path) -> Setting | None:
    """The setting that a path in the TOML file leads to (or leads into, for a list or a table)."""
    wanted = (*path[:1], DEFAULT_TARGET, *path[2:]) if path[:1] == ("targets",) else path
    fitting = [s for s in all_settings() if wanted[: len(s.path)] == s.path]
    return max(fitting, key=lambda s: len(s.path), default=None)


def known_keys(table: Path) -> tuple[str, ...]:
    """The keys that may stand in a table of the TOML file."""
    if table[:1] == ("targets",):
        table = ("targets", DEFAULT_TARGET, *table[2:])
    keys = {s.path[len(table)] for s in all_settings() if s.path[: len(table)] == table[:]}
    return tuple(sorted(keys))


def _settings_of(
    table: type[BaseModel], path: Path, skip: frozenset[str] | set[str] = frozenset()
) -> Iterator[Setting]:
    for name, info in table.model_fields.items():
        key = info.alias or name
        if key in skip:
            continue
        inner = _inner_table(info)
        if inner is not None:
            yield from _settings_of(inner, (*path, key))
        else:
            yield _setting(info, (*path, key))


def _setting(info: FieldInfo, path: Path) -> Setting:
    env = next((m for m in info.metadata if isinstance(m, Env)), Env())
    toml_only = any(isinstance(m, TomlOnly) for m in info.metadata)
    inside_target = path[2:] if path[:1] == ("targets",) else path
    own = () if toml_only or env.instead else ("WSDIAG_" + "_".join(inside_target).upper(),)
    default = info.default
    if default is PydanticUndefined and info.default_factory is not None:
        default = info.get_default(call_default_factory=True, validated_data={})
    return Setting(
        path=path,
        variables=own if env.join else (*own, *env.names),
        joined=env.names if env.join else (),
        default=default,
        meaning=info.description or "",
        secret=_holds(info.annotation, (SecretStr, SecretRef)),
        local_file=any(isinstance(m, LocalFile) for m in info.metadata),
    )


def _inner_table(info: FieldInfo) -> type[BaseModel] | None:
    parts = (info.annotation, *get_args(info.annotation))
    bare = (get_args(part)[0] if get_origin(part) is Annotated else part for part in parts)
    return next((b for b in bare if isinstance(b, type) and issubclass(b, BaseModel)), None)


def _holds(annotation: Any, wanted: tuple[type, ...]) -> bool:
    if get_origin(annotation) in (Annotated, Union, types.UnionType, dict, tuple):
        return any(_holds(part, wanted) for part in get_args(annotation))
    return annotation in wanted

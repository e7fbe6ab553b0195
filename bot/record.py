"""A report as plain JSON data and back: lossless and free of any language.

The store keeps reports this way, golden fixtures are saved this way, and a newer version judges an
older report from it: unknown keys are ignored and missing ones take the field's default, so that
both directions of an upgrade work.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from bot import evidence as evidence_types
from bot import model
from bot.model import Finding, Json, Report

FORMAT = 1

_EVIDENCE = {kind.__name__: kind for kind in typing.get_args(evidence_types.Evidence)}
_KIND = "kind"


class RecordError(ValueError):
    """The data is no report of ours; the message says which part."""


def to_json(report: Report) -> Json:
    """A report as JSON-able data: str, int, float, bool, None, list and dict only."""
    return {"format": FORMAT, **_plain(report)}


def from_json(data: Mapping[str, Any]) -> Report:
    """The report that `to_json` was given.

    Raises:
        RecordError: not a report, or one of a format that this version does not know.
    """
    if data.get("format") != FORMAT:
        raise RecordError(f"this is no saved report of format {FORMAT}")
    try:
        return typing.cast("Report", _record(Report, data))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"the saved report cannot be read: {error}") from error


def finding_to_json(finding: Finding) -> Json:
    """One finding as plain data; `evidence.kind` names its type."""
    return typing.cast("Json", _plain(finding))


def plain(value: object) -> Any:
    """Any record of `bot.model` or `bot.evidence` as plain JSON data."""
    return _plain(value)


def _plain(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {_KIND: type(value).__name__, **fields} if type(value) in _KINDS else fields
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"{type(value).__name__} does not belong in a report")


_KINDS = frozenset(_EVIDENCE.values())


@cache
def _hints(kind: type) -> dict[str, Any]:
    names = {**vars(model), **vars(evidence_types)}
    return typing.get_type_hints(kind, globalns=names)


def _record(kind: type, data: Mapping[str, Any]) -> Any:
    hints = _hints(kind)
    given = {
        field.name: _value(hints[field.name], data[field.name])
        for field in dataclasses.fields(kind)
        if field.name in data
    }
    return kind(**given)


def _value(hint: Any, data: Any) -> Any:  # noqa: PLR0911  (one return per kind of type)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _member(args, data)
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_value(args[0], item) for item in data)
        return tuple(_value(item_hint, item) for item_hint, item in zip(args, data, strict=True))
    if origin in (dict, Mapping):
        return {key: _value(args[1], item) for key, item in data.items()}
    if isinstance(hint, type):
        if dataclasses.is_dataclass(hint):
            return _record(hint, data)
        if issubclass(hint, Enum):
            return hint(data)
        if hint is datetime:
            return datetime.fromisoformat(data)
        if hint is float and isinstance(data, int):
            return float(data)
    return data


def _member(args: tuple[Any, ...], data: Any) -> Any:
    if data is None:
        return None
    if isinstance(data, Mapping) and _KIND in data:
        return _record(_EVIDENCE[data[_KIND]], data)
    wanted = [arg for arg in args if arg is not types.NoneType]
    if len(wanted) == 1:
        return _value(wanted[0], data)
    return data  # a union of plain types, e.g. str | int | float

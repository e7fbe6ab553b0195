"""A report as plain JSON data and back: lossless and free of any language.

The store keeps reports this way, saved files and golden fixtures hold them this way, and a newer
version judges an older report from it. Both directions of an upgrade work: unknown keys are
ignored, missing ones take the field's default, a word of a vocabulary that this version does not
know becomes that vocabulary's "unknown", and evidence that cannot be read at all becomes
`NoEvidence` with a note that says so (see `unread`).
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any

from bot import evidence as evidence_types
from bot import model
from bot.evidence import NoEvidence
from bot.model import Confidence, Finding, Json, Layer, Reason, Report, Section, State

FORMAT = 1

T = typing.TypeVar("T")

_EVIDENCE = {kind.__name__: kind for kind in typing.get_args(evidence_types.Evidence)}
_KIND = "kind"
_UNREAD = "unread"  # in NoEvidence.details: the kind of evidence that could not be read

# What stands for a word of another version. A vocabulary without an entry has no such word: what
# holds it (one finding's evidence, say) cannot be read.
_UNKNOWN: Mapping[type[Enum], Enum] = {
    State: State.UNKNOWN,
    Confidence: Confidence.POSSIBLE,
    Layer: Layer.SERVER,
    Section: Section.DIAGNOSTICS,
    Reason: Reason.UNRECOGNISED,
}


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


def unread(report: Report) -> tuple[str, ...]:
    """Kinds of evidence in a loaded report that this version could not read, each once."""
    kinds = (f.evidence.details.get(_UNREAD) for f in report.findings
             if isinstance(f.evidence, NoEvidence))  # fmt: skip
    return tuple(dict.fromkeys(kind for kind in kinds if kind))


def settings_from_json(kind: type[T], data: Mapping[str, Any]) -> T:
    """A record of `bot.model` that is no report, from what `plain` made of it.

    Raises KeyError, TypeError or ValueError when it cannot be read.
    """
    return typing.cast("T", _record(kind, data))


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


def _record(kind: type, data: Any) -> Any:
    if not isinstance(data, Mapping):
        raise TypeError(f"{kind.__name__} is no object")
    hints = _hints(kind)
    given = {
        field.name: _value(hints[field.name], data[field.name])
        for field in dataclasses.fields(kind)
        if field.name in data
    }
    return kind(**given)


def _finding(data: Any) -> Finding:
    """One finding; its evidence may be of another version without harm to the others."""
    if not isinstance(data, Mapping):
        raise TypeError("a finding is no object")
    evidence = data["evidence"]
    try:
        return typing.cast("Finding", _record(Finding, data))
    except (KeyError, TypeError, ValueError, AttributeError):
        kind = evidence.get(_KIND) if isinstance(evidence, Mapping) else None
        stand_in = NoEvidence("this version cannot read the evidence", {_UNREAD: str(kind)[:80]})
        return typing.cast("Finding", _record(Finding, {**data, "evidence": _plain(stand_in)}))


def _value(hint: Any, data: Any) -> Any:  # noqa: PLR0911  (one return per kind of type)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _member(args, data)
    if origin is tuple:
        return _tuple(args, data)
    if origin in (dict, Mapping):
        if not isinstance(data, Mapping):
            raise TypeError("an object was expected")
        return {str(key): _value(args[1], item) for key, item in data.items()}
    if hint is Finding:
        return _finding(data)
    if isinstance(hint, type):
        if dataclasses.is_dataclass(hint):
            return _record(hint, data)
        if issubclass(hint, Enum):
            return _word(hint, data)
        if hint is datetime:
            at = datetime.fromisoformat(data)
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        return _scalar(hint, data)
    return data


def _tuple(args: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if not isinstance(data, list | tuple):
        raise TypeError("a list was expected")
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_value(args[0], item) for item in data)
    return tuple(_value(item_hint, item) for item_hint, item in zip(args, data, strict=True))


def _word(kind: type[Enum], data: Any) -> Enum:
    try:
        return kind(data)
    except ValueError:
        if isinstance(data, str) and kind in _UNKNOWN:
            return _UNKNOWN[kind]
        raise


def _scalar(kind: type, data: Any) -> Any:
    """A text, a number or a truth value: anything else in its place would break who reads it."""
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if kind in (str, int, float, bool) and (
        not isinstance(data, kind) or (kind is int and isinstance(data, bool))
    ):
        raise TypeError(f"{kind.__name__} was expected")
    return data


def _member(args: tuple[Any, ...], data: Any) -> Any:
    if data is None and types.NoneType in args:
        return None
    if isinstance(data, Mapping):
        return _record(_EVIDENCE[data[_KIND]] if _KIND in data else _only(args), data)
    wanted = [arg for arg in args if arg is not types.NoneType]
    if len(wanted) == 1:
        return _value(wanted[0], data)
    if not isinstance(data, str | int | float):  # the unions left are of plain types
        raise TypeError("a text or a number was expected")
    return data


def _only(args: tuple[Any, ...]) -> type:
    (kind,) = (arg for arg in args if dataclasses.is_dataclass(arg))
    return typing.cast("type", kind)

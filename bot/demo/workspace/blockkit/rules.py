"""A small language for saying what Block Kit allows, and how Slack words a refusal.

A rule looks at one value, and notes what is wrong with its JSON pointer, as Slack does in
`response_metadata.messages`, such as
`must be less than 3001 characters [json-pointer:/blocks/0/text/text]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]


class Notes:
    """Collects what is wrong; stops listing (not checking) after a screenful."""

    LIMIT = 25

    def __init__(self) -> None:
        self.problems: list[str] = []

    def add(self, problem: str, at: str) -> None:
        """Note a problem and the JSON pointer of its place."""
        line = f"{problem} [json-pointer:{at}]"
        if line not in self.problems and len(self.problems) < self.LIMIT:
            self.problems.append(line)


Rule = Callable[[Notes, Any, str], None]


def string(longest: int | None = None, *, shortest: int = 1) -> Rule:
    """A string of `shortest` to `longest` characters."""

    def check(notes: Notes, value: Any, at: str) -> None:
        if not isinstance(value, str):
            notes.add("must provide a string", at)
        elif len(value) < shortest:
            notes.add(f"must be more than {shortest - 1} characters", at)
        elif longest is not None and len(value) > longest:
            notes.add(f"must be less than {longest + 1} characters", at)

    return check


def choice(*allowed: str) -> Rule:
    """One of a few words."""

    def check(notes: Notes, value: Any, at: str) -> None:
        if value not in allowed:
            notes.add(f"must be one of: {', '.join(allowed)}", at)

    return check


def boolean(notes: Notes, value: Any, at: str) -> None:
    """True or false, not a word or a number."""
    if not isinstance(value, bool):
        notes.add("must provide a boolean", at)


def integer(low: int | None = None, high: int | None = None) -> Rule:
    """A whole number within bounds."""

    def check(notes: Notes, value: Any, at: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            notes.add("must provide an integer", at)
        elif low is not None and value < low:
            notes.add(f"must be greater than {low - 1}", at)
        elif high is not None and value > high:
            notes.add(f"must be less than {high + 1}", at)

    return check


def url(longest: int = 3000) -> Rule:
    """An absolute http(s) URL (buttons may also open mail and phone programs)."""

    def check(notes: Notes, value: Any, at: str) -> None:
        before = len(notes.problems)
        string(longest)(notes, value, at)
        if len(notes.problems) > before:
            return
        parts = urlsplit(value)
        web = parts.scheme in {"http", "https"} and parts.hostname
        if not web and parts.scheme not in {"mailto", "tel", "slack"}:
            notes.add("must be a valid URL", at)

    return check


def anything(notes: Notes, value: Any, at: str) -> None:
    """No rule."""


def array(item: Rule, *, most: int | None = None, least: int = 0) -> Rule:
    """A list whose items follow a rule."""

    def check(notes: Notes, value: Any, at: str) -> None:
        if not isinstance(value, list):
            notes.add("must provide an array", at)
            return
        if most is not None and len(value) > most:
            notes.add(f"no more than {most} items allowed", at)
        if len(value) < least:
            notes.add(f"no less than {least} items allowed", at)
        for index, entry in enumerate(value):
            item(notes, entry, f"{at}/{index}")

    return check


def shape(
    required: Mapping[str, Rule],
    optional: Mapping[str, Rule] | None = None,
    *,
    also: Callable[[Notes, Json, str], None] | None = None,
) -> Rule:
    """An object with these fields and no others; `also` checks what lies between fields."""
    known = {**required, **(optional or {})}

    def check(notes: Notes, value: Any, at: str) -> None:
        if not isinstance(value, dict):
            notes.add("must provide an object", at)
            return
        for name in required:
            if value.get(name) is None:
                notes.add(f"missing required field: {name}", at)
        for name, entry in value.items():
            if name not in known:
                notes.add(f"invalid additional property: {name}", at)
            elif entry is not None:
                known[name](notes, entry, f"{at}/{name}")
        if also is not None:
            also(notes, value, at)

    return check


def typed(kinds: Callable[[], Mapping[str, Rule]], allowed: Iterable[str] | None = None) -> Rule:
    """An object whose `type` picks its rule; types not `allowed` here are refused by name."""
    names = None if allowed is None else frozenset(allowed)

    def check(notes: Notes, value: Any, at: str) -> None:
        if not isinstance(value, dict):
            notes.add("must provide an object", at)
            return
        kind = value.get("type")
        if kind is None:
            notes.add("missing required field: type", at)
            return
        rule = kinds().get(kind) if isinstance(kind, str) else None
        if rule is None or (names is not None and kind not in names):
            notes.add(f"unsupported type: {str(kind)[:80]}", f"{at}/type")
            return
        rule(notes, value, at)

    return check

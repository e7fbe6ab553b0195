"""What is wrong with the settings: where it stands, what is wrong, what to write instead.

A problem never quotes the value of a secret; other values are quoted shortened.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.locales import translate
from bot.model import Message, say

Path = tuple[str, ...]  # of a setting: ("targets", "prod", "client", "timeout_ms")
Place = tuple[str | int, ...]  # where it is written; the second window: ("maintenance", 1, "cron")


def keys(place: Place) -> str:
    """`targets.prod.url`: without numbers in arrays, which a line tells better."""
    return ".".join(key for key in place if isinstance(key, str))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to change. `where` names variable or key with its file and line."""

    where: str
    message: Message

    def text(self, lang: str = "en") -> str:
        sentence = translate(self.message, lang)
        return f"{self.where}: {sentence}" if self.where else sentence


class SettingsError(Exception):
    """The settings cannot be used. `problems` holds everything found, in one go."""

    def __init__(self, problems: Iterable[Problem], lang: str = "en") -> None:
        self.problems = tuple(problems)
        self.lang = lang
        super().__init__(self.text("en"))

    def text(self, lang: str | None = None) -> str:
        """One clear text, a line per problem, in `lang` (default: the language of the settings)."""
        return "\n".join(problem.text(lang or self.lang) for problem in self.problems)


class BadValueError(ValueError):
    """Raised by validators: pydantic collects it, `from_pydantic` takes the message out again."""

    def __init__(self, message: Message) -> None:
        super().__init__(translate(message, "en"))
        self.message = message


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that `word` was probably meant to be."""
    matches = difflib.get_close_matches(word, list(known), 1, cutoff)
    return matches[0] if matches else None


# pydantic's kinds of error, by how they begin, in our words. `value` is what was written.
_KINDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("missing",), say("This is missing.").text),
    (("int_",), say("Write a whole number; it is {value} now.").text),
    (("float_", "finite_number"), say("Write a number; it is {value} now.").text),
    (("bool_",), say("Write true or false; it is {value} now.").text),
    (("literal_error", "enum"), say("Write {expected}; it is {value} now.").text),
    (("greater_than_equal",), say("Write {ge} or more; it is {value} now.").text),
    (("greater_than",), say("Write more than {gt}; it is {value} now.").text),
    (("less_than_equal",), say("Write {le} or less; it is {value} now.").text),
    (("too_long",), say("Write at most {max_length} of them; there are {actual_length} now.").text),
    (("too_short", "string_too_short"), say("This must not be empty.").text),
    (
        ("dict_type", "model_type", "model_attributes_type", "mapping_type"),
        say("This is a table: write its keys below a [header] of its own.").text,
    ),
    (("list_type", "tuple_type"), say("Write a list.").text),
    (("",), say("Write text in quotation marks; it is {value} now.").text),
)


def from_pydantic(error: Mapping[str, Any], *, secret: bool) -> Message:
    """Say one of pydantic's errors in our words (`error` is of ValidationError.errors())."""
    context: Mapping[str, Any] = error.get("ctx") or {}
    raised = getattr(context.get("error"), "message", None)
    if isinstance(raised, Message):
        return raised
    text = next(text for kinds, text in _KINDS if error["type"].startswith(kinds))
    values = {k: v for k, v in context.items() if isinstance(v, str | int | float)}
    if "expected" in values:
        values["expected"] = str(values["expected"]).replace("'", "")
    # Only where it is said: the input of "missing" is the whole table, secrets and all.
    if "{value}" in text:
        values["value"] = "…" if secret else _quoted(error.get("input"))
    return Message(text, values)


def _quoted(value: object) -> str:
    text = str(value)
    text = text if len(text) <= 60 else f"{text[:59]}…"
    return "“" + "".join(c if c.isprintable() else "�" for c in text) + "”"

"""In which language a command speaks, and where its guide is."""

from __future__ import annotations

import os
import sys

from bot import terminal
from bot.composition.errors import UsageError
from bot.locales import LANGUAGES, language
from bot.model import say

_KNOWN = ", ".join(LANGUAGES)


def spoken(asked: str | None, otherwise: str = "en", *, as_json: bool = False) -> str:
    """The language to speak: what `--lang` asks for (a locale's name will do: `ru_RU.UTF-8`).

    English where the terminal's encoding has no letters of that language: rows of question marks
    help nobody. (JSON has an escape for every letter.)

    Raises UsageError for a language that there is not.
    """
    lang = language(otherwise)
    if asked is not None:
        lang = language(asked)
        if not asked.lower().startswith((lang, "c.", "posix")) and asked.lower() != "c":
            raise UsageError(
                say(
                    "There is no language {tag}. Choose one of: {known}.",
                    tag=asked[:20],
                    known=_KNOWN,
                )
            )
    return lang if as_json or terminal.can_show(sys.stdout, lang) else "en"


def guide_url(address: str | None, public: str | None) -> terminal.GuideUrl:
    """Where a cause is explained; nowhere, when the guide has no address."""
    if not address and not public:
        return lambda _cause, _lang: None
    from bot.guide import GuideLinks  # noqa: PLC0415  reading the guide takes its time

    links = GuideLinks(address, public)
    return lambda cause, lang: links.url(cause.section, cause.code, lang)


def guide_from_environment() -> terminal.GuideUrl:
    """The guide's place for a command that needs no other setting."""
    return guide_url(os.environ.get("WSDIAG_GUIDE_URL"), os.environ.get("WSDIAG_PUBLIC_URL"))

"""Sentences, numbers and times in the language of the reader.

A `bot.model.Message` holds an English msgid; `translate` looks it up in the gettext catalogue of
a language and fills its `{named}` places. Everything here is pure apart from reading a catalogue
once per language and process, and nothing raises on what it is given: a sentence that cannot be
translated is shown in English.
"""

from bot.locales.catalogue import LANGUAGES, language
from bot.locales.sentences import duration, moment, number, percent, translate

__all__ = ["LANGUAGES", "duration", "language", "moment", "number", "percent", "translate"]

"""The settings, for the commands that need them."""

from __future__ import annotations

from bot.composition.errors import UsageError
from bot.model import say
from bot.settings import Settings, SettingsError, load


def settings() -> Settings:
    """The settings of this folder and environment. Raises UsageError with every problem in it."""
    try:
        return load()
    except SettingsError as error:
        raise UsageError(say("the settings cannot be used.\n{text}", text=error.text())) from None

"""What was typed or set cannot be done."""

from __future__ import annotations

from bot.locales import translate
from bot.model import Message


class UsageError(Exception):
    """`message` says what to change. The command line ends with EX_USAGE."""

    def __init__(self, message: Message) -> None:
        super().__init__(translate(message, "en"))
        self.message = message

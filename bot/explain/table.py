"""Every wording that is known, in one table. A new one is a row in the file of its program."""

from __future__ import annotations

from bot.explain import (
    chromium,
    firefox,
    fronts,
    javascript,
    openssl,
    platforms,
    protocol,
    python,
    safari,
)
from bot.explain.reading import Pattern

PATTERNS: tuple[Pattern, ...] = (
    *chromium.PATTERNS,
    *firefox.PATTERNS,
    *safari.PATTERNS,
    *javascript.PATTERNS,
    *openssl.PATTERNS,
    *python.PATTERNS,
    *fronts.PATTERNS,
    *platforms.PATTERNS,
    *protocol.PATTERNS,
)

"""`python -m bot.settings` prints docs/settings.md."""

import sys

from bot.settings import settings_markdown

sys.stdout.write(settings_markdown())

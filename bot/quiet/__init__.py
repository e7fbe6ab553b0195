"""When the bot keeps quiet, and when silence has lasted too long. Pure.

| module | subject |
|---|---|
| `mutes` | which targets people have muted |
"""

from bot.quiet.mutes import in_force

__all__ = ["in_force"]

"""Settings: the environment, `.env.local`, `.env` and `wsdiag.toml` → one frozen object.

Only the composition root imports this room; it hands the model's objects to the others.

| module | what |
|---|---|
| `fields` | the types of single settings |
| `schema`, `targets` | every setting with its default and meaning |
| `inventory` | the list of them all, taken from the fields |
| `variables`, `toml` | the sources |
| `loading` | sources → Settings, or every problem at once |
| `showing` | `wsdiag config` and docs/settings.md |
"""

from bot.settings.loading import load
from bot.settings.problems import Problem, SettingsError
from bot.settings.schema import Audience, Settings
from bot.settings.showing import example_toml, settings_markdown

__all__ = [
    "Audience",
    "Problem",
    "Settings",
    "SettingsError",
    "example_toml",
    "load",
    "settings_markdown",
]

"""Settings as plain data for `wsdiag config`, and as the table in docs/settings.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from bot.model import SecretRef
from bot.settings.inventory import ANY_TARGET, DEFAULT_TARGET, Setting, all_settings
from bot.settings.schema import Settings

MASK = "••••••"
_PASSWORD = re.compile(r"(://[^:/@]*:).*(@)")


def masked(settings: Settings) -> dict[str, Any]:
    """Every effective setting: `{key: {"value": plain data, "source": where it was written}}`."""
    rows: dict[str, Any] = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            for path, inner in _walk(value, (name,)):
                key = ".".join(path)
                rows[key] = _row(settings, key, inner)
        elif name != "targets_table":
            rows[name] = _row(settings, name, value)
    for target, table in settings.targets_table.items():
        for path, value in _walk(table, ("targets", target)):
            key = ".".join(path)
            rows[key] = _row(settings, key, value)
    return rows


def _row(settings: Settings, key: str, value: Any) -> dict[str, Any]:
    if key == "database_url":
        shown: Any = _PASSWORD.sub(rf"\1{MASK}\2", value.get_secret_value())
    else:
        shown = _plain(value)
    return {"value": shown, "source": settings.origin_of(key)}


def _walk(table: BaseModel, path: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], Any]]:
    for name in type(table).model_fields:
        value = getattr(table, name)
        if isinstance(value, BaseModel):
            yield from _walk(value, (*path, name))
        else:
            yield (*path, name), value


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in value.model_fields_set}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return _word(value)


def _word(value: Any) -> Any:
    match value:
        case SecretStr():
            return MASK
        case SecretRef():
            return MASK if value.literal is not None else value.source
        case Enum():
            return value.value
        case datetime():
            return value.isoformat(" ")
        case _:
            return value


# ---------------------------------------------------------------- documentation

_HEAD = """\
# Settings

<!-- Written by `python -m bot.settings`; edit the descriptions in bot/settings, not this file. -->

From strong to weak: the environment, `.env.local`, `.env`, `wsdiag.toml` (or the file that
`WSDIAG_CONFIG` names), the defaults. `wsdiag config` shows what is in force and where it came from.

Lists in variables are separated by commas. Secrets stand in variables themselves or as `@file`; in
`wsdiag.toml` only as `env:NAME` or `@file`, files relative to the folder of `wsdiag.toml`. An
unknown key in `wsdiag.toml` is an error, an unknown `WSDIAG_…` variable a warning.
"""


_TARGETS_HEAD = f"""\
In `wsdiag.toml` below `[targets.{ANY_TARGET}]`. The variables describe one target, which is called
`{DEFAULT_TARGET}`; its alerts go to `WSDIAG_CHANNEL`."""


def settings_markdown() -> str:
    """docs/settings.md: every setting with key, variables, default and meaning."""
    own = [s for s in all_settings() if s.path[0] != "targets"]
    target = [s for s in all_settings() if s.path[0] == "targets"]
    return "\n".join(
        [
            _HEAD,
            "## The bot",
            "",
            *_table(own),
            "",
            "## Targets",
            "",
            _TARGETS_HEAD,
            "",
            *_table(target),
            "",
            "## Example",
            "",
            "```toml",
            example_toml().rstrip(),
            "```",
            "",
        ]
    )


def _table(settings: Iterable[Setting]) -> Iterable[str]:
    yield "| key in `wsdiag.toml` | variable | default | meaning |"
    yield "|---|---|---|---|"
    for setting in settings:
        path = setting.path[2:] if setting.path[0] == "targets" else setting.path
        names = ", ".join(f"`{name}`" for name in (*setting.variables, *setting.joined)) or "–"
        meaning = setting.meaning.replace("|", "\\|")
        yield f"| `{'.'.join(path)}` | {names} | {_default(setting)} | {meaning} |"


def _default(setting: Setting) -> str:
    if setting.default is PydanticUndefined:
        return "required"
    if setting.key == "database_url":
        return "`sqlite:///$XDG_STATE_HOME/wsdiag/wsdiag.db`"
    value = _plain(setting.default)
    if value is None or value in ([], {}, ""):
        return "–"
    if isinstance(value, list):
        return f"`{', '.join(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def example_toml() -> str:
    """A `wsdiag.toml` to start from; it loads as it stands."""
    return _EXAMPLE


_EXAMPLE = """\
channel = "#on-call"
lang = "en"
adhoc_allow = ["*.example.com"]
control_urls = ["https://www.gstatic.com/generate_204"]

[targets.prod]
url = "https://backend.example.com"
fallback_urls = ["https://backup.example.com"]
origin = "https://app.example.com"
health_path = "/health"

[targets.prod.auth]
token = "env:PROD_SOCKET_TOKEN"
client = "wsdiag"  # a marker by which presence and analytics leave the bot out

[targets.prod.client]
try_all_transports = true

[targets.staging]
url = "https://staging.example.com"
channel = "#staging"

[targets.staging.watch]
mode = "periodic"
interval_s = 300

[[maintenance]]
targets = ["staging"]
cron = "0 3 * * 7"  # Sundays at three
duration_min = 90
zone = "Europe/Berlin"
note = "weekly deployment"

[[digest]]
day = "monday"
hour = 9
zone = "Europe/Berlin"

[escalation]
remind_every_min = 15
after_min = 30
mention = ["S0123ABCD"]

# [webhook]  # see docs/webhook.md
# url = "env:WEBHOOK_URL"
# secret = "env:WEBHOOK_SECRET"
"""

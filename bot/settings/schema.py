"""Every setting of the bot: one field each, with its type, default and meaning."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PrivateAttr, SecretStr, ValidationInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.digest import Due
from bot.model import Controls, Target, say
from bot.quiet import Policy, Window
from bot.settings import digests, fields, quiet
from bot.settings.fields import Env, TomlOnly
from bot.settings.problems import BadValueError, Problem, nearest
from bot.settings.targets import TargetTable

SLACK_API_URL = "https://slack.com/api/"

NO_BOT_TOKEN = say(
    "This is not set. Copy the Bot User OAuth Token (xoxb-…) from your Slack app's page "
    "OAuth & Permissions."
)
NO_APP_TOKEN = say(
    "This is not set. Make an app-level token (xapp-…) with the scope connections:write on your "
    "Slack app's page Basic Information."
)
NO_SIGNING_SECRET = say(
    "This is not set, and HTTP mode needs it. Copy the Signing Secret from your Slack app's page "
    "Basic Information."
)

Language = Annotated[Literal["en", "ru"], fields.Lower]


def state_folder() -> Path:
    """Where the bot keeps its database: `$XDG_STATE_HOME/wsdiag`, by default below ~/.local/state.

    The XDG specification has relative values ignored.
    """
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".local" / "state") / "wsdiag"


def _default_database() -> SecretStr:
    return SecretStr(f"sqlite+aiosqlite:///{state_folder() / 'wsdiag.db'}")


def _distinct(tables: dict[str, TargetTable]) -> dict[str, TargetTable]:
    """`/wsdiag PROD` means prod: names are told apart by more than their case."""
    seen: dict[str, str] = {}
    for name in tables:
        twin = seen.setdefault(name.casefold(), name)
        if twin != name:
            raise BadValueError(
                say("{one} and {two} differ only in case; rename one.", one=twin, two=name)
            )
    return tables


def _of_known_targets(
    window: quiet.MaintenanceTable, info: ValidationInfo
) -> quiet.MaintenanceTable:
    """A window of a target that is not there would keep nobody quiet."""
    known = info.data.get("targets_table")
    for name in window.targets:
        if known is not None and name not in known:
            meant = nearest(name, known)
            raise BadValueError(
                say("There is no target {name}. Did you mean {meant}?", name=name, meant=meant)
                if meant
                else say("There is no target {name}.", name=name)
            )
    return window


def _called_upon_some_time(table: TargetTable, info: ValidationInfo) -> TargetTable:
    """Whom a target mentions is mentioned at some time; `off` is an answer to when."""
    everybodys, own = info.data.get("escalation"), table.escalation
    if everybodys is None or not own.mention or "after_min" in own.model_fields_set:
        return table
    if everybodys.after_min is None:
        raise BadValueError(
            say(
                "Its escalation has mention and no after_min: set after how many minutes somebody "
                "is called upon, there or in [escalation]."
            )
        )
    return table


def _can_be_signed(table: quiet.EscalationTable, info: ValidationInfo) -> quiet.EscalationTable:
    webhook = info.data.get("webhook")
    if table.webhook_url and not table.webhook_secret and not (webhook and webhook.secret):
        raise BadValueError(
            say("Set webhook_secret as well, or secret in [webhook]: calls are signed with it.")
        )
    return table


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may. `everyone` are the full members of the workspace; others only by their ID."""

    everyone: bool
    users: frozenset[str]
    groups: frozenset[str]
    channels: frozenset[str]

    @classmethod
    def of(cls, ids: tuple[str, ...]) -> Audience:
        def of_kind(kinds: str) -> frozenset[str]:
            return frozenset(i for i in ids if i != "everyone" and i[0] in kinds)

        return cls("everyone" in ids, of_kind("UW"), of_kind("S"), of_kind("CG"))


class Settings(BaseSettings):
    """What people set. Only the composition root reads it; it hands on the model's objects."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    slack_bot_token: Annotated[
        fields.BotToken | None,
        Env(("SLACK_BOT_TOKEN",), instead=True),
        Field(description="Bot token (`xoxb-…`), itself or as `@file`."),
    ] = None
    slack_app_token: Annotated[
        fields.AppToken | None,
        Env(("SLACK_APP_TOKEN",), instead=True),
        Field(description="App-level token (`xapp-…`) for Socket Mode, itself or as `@file`."),
    ] = None
    slack_signing_secret: Annotated[
        fields.SigningSecret | None,
        Env(("SLACK_SIGNING_SECRET",), instead=True),
        Field(description="Signing secret for HTTP mode, itself or as `@file`."),
    ] = None
    slack_mode: Annotated[
        Literal["socket", "http"],
        fields.Lower,
        Field(
            description="`socket`: the bot calls Slack. `http`: Slack calls the bot at "
            "`/slack/events`."
        ),
    ] = "socket"
    slack_api_url: Annotated[
        fields.SlackApiUrl,
        Field(description="Slack's Web API, or that of a local workspace (`…/api/`)."),
    ] = SLACK_API_URL
    channel: Annotated[
        fields.Channel | None,
        Field(description="Slack channel for alerts: ID or #name."),
    ] = None
    lang: Annotated[Language, Field(description="Language of the bot: `en` or `ru`.")] = "en"
    languages: Annotated[
        dict[fields.Channel, Language],
        TomlOnly(),
        Field(description='Languages of single channels: `[languages]`, `C0123ABCD = "ru"`.'),
    ] = Field(default_factory=dict)
    may_check: Annotated[
        fields.Audience,
        Field(
            description="Who may run checks: IDs of users, user groups and channels, or `everyone` "
            "in the workspace. Guests and people from other organisations only if listed."
        ),
    ] = ("everyone",)
    may_change: Annotated[
        fields.Audience,
        Field(
            description="Who may change things, such as acknowledging; written like `may_check`."
        ),
    ] = ("everyone",)
    adhoc_allow: Annotated[
        fields.HostPatterns,
        Field(
            description="Hosts that `/wsdiag https://…` may probe though they are no target: "
            "`*.example.com`; `*` for any public one."
        ),
    ] = ()
    control_urls: Annotated[
        fields.PageUrls,
        Field(
            max_length=8,
            description="Addresses that answer when our own network works: tell “they” from “we”.",
        ),
    ] = ()
    control_resolver: Annotated[
        fields.IpAddress | None, Field(description="IP address of a DNS resolver outside.")
    ] = None
    vantage: Annotated[
        fields.Vantage, Field(description="Name of the place that this bot probes from.")
    ] = "local"
    max_checks: int = Field(
        default=8, ge=1, le=100, description="Checks that run at the same time."
    )
    max_waiting: int = Field(
        default=32,
        ge=0,
        le=10_000,
        description="Checks that may wait; further ones are told to come back.",
    )
    database_url: Annotated[
        fields.DatabaseUrl,
        Field(description="SQLite or PostgreSQL. Default: a file in the user's state folder."),
    ] = Field(default_factory=_default_database)
    http_host: Annotated[
        str,
        Field(
            min_length=1,
            description="Address the bot's web server listens on; `0.0.0.0` in a container.",
        ),
    ] = "127.0.0.1"
    http_port: int = Field(
        default=8080,
        ge=0,
        le=65535,
        description="Port of the bot's web server; 0 takes any free one.",
    )
    public_url: Annotated[
        fields.PageUrl | None,
        Field(description="Where people reach the bot's web server: guide links lead there."),
    ] = None
    guide_url: Annotated[
        fields.PageUrl | None,
        Field(
            description="Your own copy of the guide with the built-in anchors; `{lang}` "
            "in it becomes `en` or `ru`."
        ),
    ] = None
    heartbeat_url: Annotated[
        fields.SecretUrl | None,
        Field(
            description="Called every `heartbeat_interval_s` while the bot works: a dead-man's "
            "switch such as Healthchecks.io."
        ),
    ] = None
    heartbeat_interval_s: float = Field(
        default=60.0, ge=5.0, le=3600.0, description="Seconds between two such calls."
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        fields.Lower,
        Field(description="How much is logged; heartbeats are at `debug`."),
    ] = "info"
    log_format: Annotated[
        Literal["text", "json"], fields.Lower, Field(description="`text`, or `json` by the line.")
    ] = "text"
    webhook: quiet.WebhookTable = quiet.WebhookTable()
    escalation: Annotated[quiet.EscalationTable, AfterValidator(_can_be_signed)] = (
        quiet.EscalationTable()
    )
    targets_table: Annotated[
        dict[fields.TargetName, Annotated[TargetTable, AfterValidator(_called_upon_some_time)]],
        AfterValidator(_distinct),
        Field(alias="targets", description="`[targets.NAME]` tables."),
    ] = Field(default_factory=dict)

    maintenance: Annotated[
        tuple[Annotated[quiet.MaintenanceTable, AfterValidator(_of_known_targets)], ...],
        quiet.OneOrMany,
        Field(max_length=200),
    ] = ()
    digest: Annotated[
        tuple[digests.DigestTable, ...],
        quiet.OneOrMany,
        AfterValidator(digests.distinct),
        Field(max_length=200),
    ] = ()

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _notices: tuple[Problem, ...] = PrivateAttr(default=())
    _files: tuple[Path, ...] = PrivateAttr(default=())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `load` reads the sources itself: it has to know which file and line a value came from.
        return (init_settings,)

    # ------------------------------------------------------------ as the model's objects

    def targets(self) -> dict[str, Target]:
        """Every target by name, in the order they are written."""
        return {
            name: table.to_model(name, self.channel) for name, table in self.targets_table.items()
        }

    def controls(self) -> Controls:
        return Controls(self.control_urls, self.control_resolver)

    def windows(self) -> tuple[Window, ...]:
        """Every maintenance window."""
        return tuple(table.to_model() for table in self.maintenance)

    def digests_due(self) -> dict[str, Due]:
        """When each channel's digest is due."""
        wanted = ((table.channel or self.channel, table.due()) for table in self.digest)
        return {channel: due for channel, due in wanted if channel is not None}

    def silence(self, target: str) -> tuple[Policy, tuple[str, ...]]:
        """How long an incident of a target may stay unacknowledged, and who is mentioned then."""
        table = self.targets_table.get(target)
        return self.escalation.policy(table.escalation if table else None)

    def hand_over(self, target: str) -> tuple[str | None, tuple[str, ...]]:
        """Where incidents of a target are handed over to, and who is mentioned there."""
        mention = self.escalation.hand_over_mention or self.silence(target)[1]
        return self.escalation.hand_over_channel, mention

    def checkers(self) -> Audience:
        """Who may run checks."""
        return Audience.of(self.may_check)

    def changers(self) -> Audience:
        """Who may change things."""
        return Audience.of(self.may_change)

    def language(self, channel: str | None) -> str:
        """The language to speak in a channel."""
        return self.languages.get(channel or "", self.lang)

    def target_like(self, name: str) -> str | None:
        """The name of a target that `name` was probably meant to be."""
        exact = {known.casefold(): known for known in self.targets_table}
        return exact.get(name.casefold()) or nearest(name, self.targets_table)

    # ------------------------------------------------------------ about the settings themselves

    @property
    def notices(self) -> tuple[Problem, ...]:
        """What is odd, yet can be worked with."""
        return self._notices

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notices as text, in the language of the settings."""
        return tuple(notice.text(self.lang) for notice in self._notices)

    def files(self) -> tuple[Path, ...]:
        """The files that these settings come from, or would if they were there."""
        return self._files

    def origin_of(self, key: str) -> str:
        """Where a setting (`http_port`, `targets.prod.url`) was written; `default` if nowhere."""
        return self._origins.get(key, "default")

    def masked(self) -> dict[str, Any]:
        """Every effective setting as plain data: `{key: {"value", "source"}}`, secrets masked."""
        from bot.settings.showing import masked  # noqa: PLC0415  it reads this class's fields

        return masked(self)

    @property
    def oauth_variables(self) -> tuple[str, ...]:
        """Variables that silently switch Bolt's OAuth on; empty unless both are set."""
        names = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")
        return names if all(os.environ.get(name) for name in names) else ()

    def missing_for_run(self) -> tuple[Problem, ...]:
        """What `wsdiag run` cannot do without; empty when it may start."""
        needed = [("SLACK_BOT_TOKEN", self.slack_bot_token, NO_BOT_TOKEN)]
        if self.slack_mode == "socket":
            needed.append(("SLACK_APP_TOKEN", self.slack_app_token, NO_APP_TOKEN))
        else:
            needed.append(("SLACK_SIGNING_SECRET", self.slack_signing_secret, NO_SIGNING_SECRET))
        return tuple(Problem(name, fix) for name, value, fix in needed if value is None)

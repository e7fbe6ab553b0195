"""Tables of `wsdiag.toml` about quiet and insistence: `[[maintenance]]`, `[escalation]`,
`[webhook]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from bot.model import say
from bot.quiet import Policy, Recurring, Window
from bot.settings import fields
from bot.settings.fields import TomlOnly
from bot.settings.problems import BadValueError
from bot.spans import Span

LONGEST_MIN: Final = 7 * 24 * 60  # a window or a wait of more than a week is a slip of the pen
SHORTEST_SECRET: Final = 16

_PERSON = re.compile(r"[UWS][A-Z0-9]+\Z")
_EVERYBODY: Final = ("here", "channel")


def _cron(text: str) -> str:
    text = " ".join(text.split())
    try:
        CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise BadValueError(
            say(
                "“{text}” is not cron ({error}): write minute, hour, day, month and weekday, like "
                '"0 3 * * 7" for Sundays at three.',
                text=text[:40],
                error=str(error),
            )
        ) from None
    return text


def _zone(text: str) -> str:
    try:
        return str(ZoneInfo(text.strip()))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadValueError(
            say(
                "There is no time zone “{name}”: write a name like Europe/Berlin or UTC.",
                name=text[:40],
            )
        ) from None


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            value = None
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  the zone is set beside it
    raise BadValueError(say("Write a date and a time, like 2026-12-24 22:00."))


def _off(value: Any) -> Any:
    off = isinstance(value, str) and value.strip().lower() in ("off", "never", "no")
    return None if off or value is False else value


def _mention(text: str) -> str:
    text = text.strip().removeprefix("@")
    if text.lower() in _EVERYBODY:
        return text.lower()
    if _PERSON.match(text):
        return text
    raise BadValueError(
        say(
            "Write IDs of users (U…) or user groups (S…), or the words here or channel; "
            "{value} is none of these.",
            value=text[:40],
        )
    )


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise BadValueError(
            say("This secret is too short to sign with: take {n} characters.", n=SHORTEST_SECRET)
        )
    return secret


def _one_or_many(value: Any) -> Any:
    """`[maintenance]` means one window; the second needs `[[maintenance]]`, as TOML says itself."""
    return [value] if isinstance(value, Mapping) else value


Cron = Annotated[str, fields.reading(_cron)]
Zone = Annotated[str, fields.reading(_zone)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Minutes = Annotated[Annotated[float, Field(gt=0, le=LONGEST_MIN)] | None, BeforeValidator(_off)]
Mentions = Annotated[tuple[Annotated[str, fields.reading(_mention)], ...], fields.Listed]
SigningKey = Annotated[fields.Secret, AfterValidator(_long_enough)]
OneOrMany = BeforeValidator(_one_or_many)


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class MaintenanceTable(Table):
    """`[[maintenance]]`: a time in which nobody is to be alerted, once or again and again."""

    targets: Annotated[
        tuple[str, ...],
        TomlOnly(),
        fields.Listed,
        Field(
            description="Names of the targets it is about. Not set: all. Each window has a "
            "`[[maintenance]]` of its own."
        ),
    ] = ()
    cron: Annotated[
        Cron | None,
        TomlOnly(),
        Field(description='When it begins, again and again: `"0 3 * * 7"` is Sundays at three.'),
    ] = None
    duration_min: Annotated[
        float | None,
        TomlOnly(),
        Field(gt=0, le=LONGEST_MIN, description="How long it lasts then, in minutes."),
    ] = None
    start: Annotated[
        Moment | None,
        TomlOnly(),
        Field(description="When it begins, if it is once: `2026-12-24 22:00`."),
    ] = None
    end: Annotated[
        Moment | None,
        TomlOnly(),
        Field(
            description="When that one ends. Let a past window stand: what it broke is left out of "
            "uptime and error budget as long as it is written here."
        ),
    ] = None
    zone: Annotated[
        Zone,
        TomlOnly(),
        Field(description="Time zone of `cron`, `start` and `end`: an IANA name."),
    ] = "UTC"
    note: Annotated[
        str, TomlOnly(), Field(max_length=200, description="What is done, for whoever asks.")
    ] = ""

    @model_validator(mode="after")
    def _fits_together(self) -> MaintenanceTable:
        recurring = self.cron is not None or self.duration_min is not None
        once = self.start is not None or self.end is not None
        if recurring and once:
            raise BadValueError(
                say("A window has cron and duration_min, or start and end: take one pair out.")
            )
        if recurring and (self.cron is None or self.duration_min is None):
            raise BadValueError(say("cron and duration_min belong together: set both."))
        if not recurring and (self.start is None or self.end is None):
            raise BadValueError(say("Say when it is: cron and duration_min, or start and end."))
        if once and self._anchored(self.start) >= self._anchored(self.end):
            raise BadValueError(say("This window ends before it begins: exchange start and end."))
        return self

    def _anchored(self, moment: datetime | None) -> datetime:
        assert moment is not None  # noqa: S101  both are set or neither
        there = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.zone))
        return there.astimezone(UTC)

    def to_model(self) -> Window:
        """The model's window."""
        if self.cron is not None and self.duration_min is not None:
            lasts = timedelta(minutes=self.duration_min)
            when: Recurring | Span = Recurring(self.cron, lasts, self.zone)
        else:
            when = Span(self._anchored(self.start), self._anchored(self.end))
        return Window(when, frozenset(self.targets), self.note)


class WebhookTable(Table):
    """`[webhook]`: told of every transition."""

    url: Annotated[
        fields.SecretUrl | None,
        Field(description="Told of every transition by a signed POST: see docs/webhook.md."),
    ] = None
    secret: Annotated[
        SigningKey | None,
        Field(description="What the POSTs are signed with: `env:NAME` or `@file` in the file."),
    ] = None

    @model_validator(mode="after")
    def _signed(self) -> WebhookTable:
        if self.url is not None and self.secret is None:
            raise BadValueError(
                say("Set secret as well: whoever receives the calls has to know they are ours.")
            )
        return self


class TargetEscalationTable(Table):
    """`[targets.NAME.escalation]`: what differs from `[escalation]`."""

    remind_every_min: Annotated[
        Minutes,
        TomlOnly(),
        Field(description="As in `[escalation]`, for this target; `off` for never."),
    ] = None
    after_min: Annotated[
        Minutes,
        TomlOnly(),
        Field(description="As in `[escalation]`, for this target; `off` for never."),
    ] = None
    mention: Annotated[
        Mentions, TomlOnly(), Field(max_length=10, description="As in `[escalation]`.")
    ] = ()


class EscalationTable(Table):
    """`[escalation]`: what happens while nobody acknowledges an incident."""

    remind_every_min: Annotated[
        Minutes,
        Field(
            description="Minutes between reminders in the thread and the channel. Not set: none."
        ),
    ] = None
    after_min: Annotated[
        Minutes,
        Field(description="Minutes until `mention` is called upon. Not set: never."),
    ] = None
    mention: Annotated[
        Mentions,
        Field(
            max_length=10,
            description="Who is called upon: IDs of users (U…) and user groups (S…), `here`, "
            "`channel`.",
        ),
    ] = ()
    webhook_after_min: Annotated[
        Minutes,
        Field(
            description="Minutes until `webhook_url` is called. Not set: twice `after_min`, or "
            "`after_min` where nobody is mentioned."
        ),
    ] = None
    webhook_url: Annotated[
        fields.SecretUrl | None,
        Field(description="Called when even that helps nothing, such as a pager's address."),
    ] = None
    webhook_secret: Annotated[
        SigningKey | None,
        Field(description="What that call is signed with. Not set: the `secret` of `[webhook]`."),
    ] = None

    hand_over_channel: Annotated[
        fields.Channel | None,
        Field(
            description="Where *Escalate* hands an incident over to, unless another channel is "
            "chosen: an ID (C…) or a #name."
        ),
    ] = None
    hand_over_mention: Annotated[
        Mentions,
        Field(
            max_length=10,
            description="Who is mentioned there, as in `mention`. Not set: those of `mention`.",
        ),
    ] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> EscalationTable:
        if self.mention and self.after_min is None:
            raise BadValueError(
                say("Set after_min as well: after how many minutes somebody is called upon.")
            )
        if self.webhook_url and self.after_min is None and self.webhook_after_min is None:
            raise BadValueError(
                say("Set webhook_after_min as well: after how many minutes it is called.")
            )
        return self

    def policy(self, own: TargetEscalationTable | None = None) -> tuple[Policy, tuple[str, ...]]:
        """What is due when, and who is mentioned; `own` is what the target sets itself."""
        said = own.model_fields_set if own is not None else frozenset()
        merged = own if own is not None else self
        remind = merged.remind_every_min if "remind_every_min" in said else self.remind_every_min
        after = merged.after_min if "after_min" in said else self.after_min
        mention = merged.mention if "mention" in said else self.mention
        mentions = bool(mention) and after is not None
        call = self.webhook_after_min
        if call is None and after is not None:
            call = 2 * after if mentions else after
        policy = Policy(
            remind_every=_span(remind),
            after=_span(after),
            mentions=mentions,
            call_after=_span(call),
            calls=self.webhook_url is not None,
        )
        return policy, mention if mentions else ()


def _span(minutes: float | None) -> timedelta | None:
    return None if minutes is None else timedelta(minutes=minutes)

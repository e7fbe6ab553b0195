"""Things handed out to be used soon and seldom: trigger ids, response URLs, the app's tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from bot.demo.workspace.clock import Clock
from bot.demo.workspace.errors import SlackError

TRIGGER_LIFE_S = 3.0  # https://docs.slack.dev/interactivity/handling-user-interaction
RESPONSE_URL_LIFE_S = 30 * 60.0
RESPONSE_URL_USES = 5


@dataclass(slots=True)
class Trigger:
    """Permission to open a modal for a user, once, within three seconds."""

    user: str
    expires: float
    channel: str | None = None  # what the user looked at
    used: bool = False


class Triggers:
    """The trigger ids given out with commands and interactions."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._triggers: dict[str, Trigger] = {}

    def issue(self, user: str, channel: str | None = None) -> str:
        """A new trigger id for this user, who looks at this channel."""
        trigger_id = (
            f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**9)}.{secrets.token_hex(16)}"
        )
        self._triggers[trigger_id] = Trigger(user, self._clock.now() + TRIGGER_LIFE_S, channel)
        return trigger_id

    def redeem(self, trigger_id: str) -> Trigger:
        """Use a trigger id up.

        Raises:
            SlackError: invalid_trigger_id, expired_trigger_id or exchanged_trigger_id.
        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock.now() >= trigger.expires:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger


@dataclass(slots=True)
class ResponseUrl:
    """Where one command or click may be answered: five times within half an hour."""

    key: str
    channel: str
    user: str
    expires: float
    thread_ts: str | None = None
    origin_ts: str | None = None  # the message whose button was clicked; None for a command
    origin_ephemeral: bool = False
    uses: int = 0


class ResponseUrls:
    """The response URLs given out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._urls: dict[str, ResponseUrl] = {}

    def issue(
        self,
        channel: str,
        user: str,
        *,
        thread_ts: str | None = None,
        origin_ts: str | None = None,
        origin_ephemeral: bool = False,
    ) -> ResponseUrl:
        """A new response URL; its `key` is the last part of the path."""
        url = ResponseUrl(
            secrets.token_urlsafe(18),
            channel,
            user,
            self._clock.now() + RESPONSE_URL_LIFE_S,
            thread_ts,
            origin_ts,
            origin_ephemeral,
        )
        self._urls[url.key] = url
        return url

    def use(self, key: str) -> ResponseUrl:
        """Count a use.

        Raises:
            SlackError: `expired_url` or `used_url`, with HTTP status 404.
        """
        url = self._urls.get(key)
        if url is None or self._clock.now() >= url.expires:
            raise SlackError("expired_url", status=404)
        if url.uses >= RESPONSE_URL_USES:
            raise SlackError("used_url", status=404)
        url.uses += 1
        return url


@dataclass(slots=True)
class Tokens:
    """The app's credentials, made up anew for every workspace."""

    bot: str = field(default_factory=lambda: f"xoxb-{secrets.token_hex(20)}", repr=False)
    app: str = field(default_factory=lambda: f"xapp-1-{secrets.token_hex(20)}", repr=False)
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    refusals: dict[str, str] = field(default_factory=dict, repr=False)
    just_in_time: set[str] = field(default_factory=set, repr=False)  # of running workflow steps

    def check(self, token: str | None, *, app_level: bool) -> None:
        """Raise what Slack says of a missing, wrong, revoked or misplaced token.

        Raises:
            SlackError: not_authed, invalid_auth, token_revoked, account_inactive,
                not_allowed_token_type.
        """
        if not token:
            raise SlackError("not_authed")
        if refusal := self.refusals.get(token):
            raise SlackError(refusal)
        if token not in {self.bot, self.app, *self.just_in_time}:
            raise SlackError("invalid_auth")
        if (token == self.app) is not app_level:
            raise SlackError("not_allowed_token_type")

    def issue_just_in_time(self) -> str:
        """A bot token for one run of a workflow step."""
        token = f"xwfp-{secrets.token_hex(20)}"
        self.just_in_time.add(token)
        return token

    def refuse(self, token: str, code: str = "token_revoked") -> None:
        """Answer this token with `code` from now on (token_revoked, account_inactive…)."""
        self.refusals[token] = code

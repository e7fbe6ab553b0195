"""The webhooks of the settings, joined with what they are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from bot.guide import GuideLinks
from bot.hooks import Caller, Endpoint, Words
from bot.model import Feed, Target
from bot.settings import Settings
from bot.store import Store
from bot.urls import without_secrets


def caller(
    store: Store,
    settings: Callable[[], Settings],
    targets: Mapping[str, Target],
    links: GuideLinks,
) -> Caller:
    """What calls webhooks. `settings` is asked for each call, since they may change."""

    def url(name: str) -> str | None:
        target = targets.get(name)
        return without_secrets(target.url) if target is not None else None

    def words() -> Words:
        lang = settings().lang
        return Words(lang, url, lambda cause: links.url(cause.section, cause.code, lang))

    return Caller(
        store.calls,
        lambda feed: endpoint(settings(), feed),
        words,
        now=lambda: datetime.now(UTC),
        lease=store.lease("webhooks"),
    )


def endpoint(settings: Settings, feed: Feed) -> Endpoint | None:
    """Where a feed goes; None: nowhere."""
    webhook, escalation = settings.webhook, settings.escalation
    url, secret = webhook.url, webhook.secret
    if feed is Feed.ESCALATION:
        url, secret = escalation.webhook_url, escalation.webhook_secret or webhook.secret
    return Endpoint(url, secret) if url is not None and secret is not None else None

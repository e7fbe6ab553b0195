"""The routes of the bot's web server. Everything they show is handed over as callables."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from bot.locales import LANGUAGES
from bot.web import guide as guide_pages
from bot.web import headers, health, metrics
from bot.web.metrics import Vitals

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build(
    *,
    guide: Callable[[str], str],
    vitals: Callable[[], Awaitable[Vitals]],
    alive: Mapping[str, health.Check] | None = None,
    ready: Mapping[str, health.Check] | None = None,
    slack_handler: Handler | None = None,
    lang: str = "en",
) -> web.Application:
    """Make the application.

    `guide(lang)` gives the guide as an HTML fragment; `vitals()` what /metrics shows. `alive` and
    `ready` are checks by name: /healthz and /readyz answer 503 when one of them is false, raises or
    does not answer in time. `slack_handler` takes Slack's signed requests and refuses all others
    (HTTP mode, see `bot.slack.way.http`); without it /slack/events does not exist. `lang` is for
    readers whose browser asks for no language we have.
    """
    app = web.Application(middlewares=[headers.protect])
    pages = guide_pages.Pages({name: guide_pages.page(guide(name), name) for name in LANGUAGES})
    app.add_routes(
        [
            web.get("/", pages.to_reader(lang)),
            web.get("/guide", pages.to_reader(lang)),
            web.get("/guide/", pages.to_reader(lang)),
            web.get("/guide/{lang}", pages.show),
            web.get("/healthz", health.handler(alive or {})),
            web.get("/readyz", health.handler(ready or {})),
            web.get("/metrics", metrics.handler(vitals)),
        ]
    )
    if slack_handler is not None:
        app.router.add_post("/slack/events", slack_handler)
    return app

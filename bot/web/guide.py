"""The guide as a page of its own: one file, no script or style from anywhere else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from aiohttp import web

from bot.locales import LANGUAGES, language, translate
from bot.model import say

_NAMES = {"en": "English", "ru": "Русский"}  # a language is listed in itself
_CACHE = "public, max-age=300"

_PAGE = """\
<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
{alternates}
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<a class="skip" href="#guide">{skip}</a>
<header class="top">
<a class="brand" href="#guide">
<svg viewBox="0 0 32 32" aria-hidden="true"><path d="M3 17h6l4-10 6 18 4-12 2 4h4"/></svg>
wsdiag</a>
<nav class="languages" aria-label="{languages_label}">{languages}</nav>
</header>
<main id="guide">
{fragment}</main>
<script>{script}</script>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Page:
    """A finished page with the policy that allows its own style and script and nothing else."""

    body: bytes
    policy: str
    etag: str


def page(fragment: str, lang: str) -> Page:
    """Put the guide's HTML fragment into a page in `lang`."""
    style, script = _resource("guide.css"), _resource("guide.js")
    text = _PAGE.format(
        lang=lang,
        title=escape(translate(say("WebSocket troubleshooting guide · wsdiag"), lang)),
        alternates="\n".join(
            f'<link rel="alternate" hreflang="{other}" href="/guide/{other}">'
            for other in LANGUAGES
            if other != lang
        ),
        style=style,
        skip=escape(translate(say("Skip to the guide"), lang)),
        languages_label=escape(translate(say("Language"), lang)),
        languages="".join(_language_link(other, other == lang) for other in LANGUAGES),
        fragment=fragment,
        script=script,
    )
    body = text.encode()
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Page(body, policy, hashlib.sha256(body).hexdigest()[:32])


class Pages:
    """The finished pages by language."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self._pages = pages

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET /guide/{lang}."""
        found = self._pages.get(request.match_info["lang"])
        if found is None:
            raise web.HTTPNotFound(text="There is no guide in this language.\n")
        response = web.Response(
            body=found.body,
            content_type="text/html",
            charset="utf-8",
            headers={"Content-Security-Policy": found.policy, "Cache-Control": _CACHE},
        )
        response.etag = found.etag
        if request.if_none_match and any(tag.value == found.etag for tag in request.if_none_match):
            response.body = None
            response.set_status(304)
        else:
            response.enable_compression()
        return response

    def to_reader(self, default: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A handler that leads to the page in the language that the browser asks for."""

        async def handle(request: web.Request) -> web.Response:
            lang = preferred(request.headers.get("Accept-Language", ""), default)
            headers = {"Location": f"/guide/{lang}", "Vary": "Accept-Language"}
            return web.Response(status=302, headers=headers)

        return handle


def preferred(accept_language: str, default: str) -> str:
    """The language of ours that a reader likes best (RFC 9110, 12.5.4), else `default`."""
    wishes: list[tuple[float, str]] = []
    for item in accept_language.split(",")[:20]:
        tag, _, parameters = item.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary in LANGUAGES and (quality := _quality(parameters)) > 0:
            wishes.append((quality, primary))
    # max() keeps the first of equals, and the order of a list is the reader's own.
    return max(wishes, key=lambda wish: wish[0])[1] if wishes else language(default)


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


def _language_link(lang: str, current: bool) -> str:
    here = ' aria-current="page"' if current else ""
    return f'<a href="/guide/{lang}" hreflang="{lang}" lang="{lang}"{here}>{_NAMES[lang]}</a>'


def _resource(name: str) -> str:
    return files("bot.web").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

"""Where a link to the guide leads in this installation."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from bot.guide.parse import cause_anchor, load, section_anchor
from bot.locales import language
from bot.model import Section


@dataclass(frozen=True, slots=True)
class GuideLinks:
    """The team's own copy of the guide if it has one, else the bot's page, else no URL.

    `guide_url` may hold `{lang}` where the team keeps one page per language. `public_url` is the
    address under which browsers reach the bot's web server.
    """

    guide_url: str | None = None
    public_url: str | None = None

    def url(self, section: Section, code: str | None = None, lang: str = "en") -> str | None:
        """The URL of a cause, or of its section when the guide has no such cause.

        None: there is no page to open, show the section in a modal instead.
        """
        if self.guide_url:
            base = self.guide_url.replace("{lang}", language(lang))
        elif self.public_url:
            base = f"{self.public_url.rstrip('/')}/guide/{language(lang)}"
        else:
            return None
        return urlunsplit(urlsplit(base)._replace(fragment=_anchor(section, code)))


def _anchor(section: Section, code: str | None) -> str:
    if code is not None and load("en").find(cause_anchor(code)):
        return cause_anchor(code)
    return section_anchor(section)

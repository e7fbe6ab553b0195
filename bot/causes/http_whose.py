"""Whose page is it? What tells a proxy's answer from an application's, and the names it serves."""

from __future__ import annotations

import re

from bot.causes.http_front import front, words
from bot.evidence import HttpAnswer
from bot.findings import FindingSet

_CANNOT = re.compile(r"cannot (?:get|post) (/[^\s<\"]*)", re.IGNORECASE)
_PROXY = re.compile(
    r"nginx|apache|haproxy|caddy|envoy|traefik|openresty|varnish|litespeed|iis|cloudflare|"
    r"cloudfront|awselb|istio|kong|squid",
    re.IGNORECASE,
)
_HOSTING = re.compile(r"vercel|netlify|github\.com|firebase|bunnycdn|render|surge", re.IGNORECASE)
_ASGI = re.compile(r"uvicorn|hypercorn|daphne|granian", re.IGNORECASE)


def echoed(answer: HttpAnswer) -> str | None:
    """The path that Express and its like say they cannot serve."""
    match = _CANNOT.search(answer.body)
    return match.group(1) if match else None


def by_app(answer: HttpAnswer) -> bool:
    """Written by an application server and not by the proxy."""
    if echoed(answer) or answer.header("x-powered-by"):
        return True
    server = answer.header("server") or ""
    return bool(server) and not _PROXY.search(server)


def by_hosting(answer: HttpAnswer) -> bool:
    """Written by a hosting of frontends: which of its sites was meant, only its owner knows."""
    return bool(_HOSTING.search(answer.header("server") or ""))


def by_proxy(answer: HttpAnswer) -> bool:
    """A proxy puts its name to what it passes on."""
    return bool(_PROXY.search(answer.header("server") or ""))


def by_asgi(answer: HttpAnswer) -> bool:
    """Answered by one of Python's ASGI servers, under their own names."""
    return bool(_ASGI.match(answer.header("server") or ""))


def everything_404(found: FindingSet) -> bool:
    """The front itself answers 404 for all paths: it may know no such host."""
    answers = front(found)
    return (
        len(answers) > 1
        and all(a.status == 404 for a in answers)
        and all(not by_app(a) and _PROXY.search(a.header("server") or a.body) for a in answers)
    )


def _alike(one: HttpAnswer, other: HttpAnswer) -> bool:
    """The same page, whatever name, path or number it repeats."""
    return one.status == other.status and _shape(one) == _shape(other)


def _shape(answer: HttpAnswer) -> str:
    return re.sub(r"[\w.:-]*[\d.:][\w.:-]*", "#", words(answer))


def _by_host(found: FindingSet) -> dict[str, HttpAnswer]:
    answers = found.host_variants.answers if found.host_variants else ()
    return {label: answer for label, answer in answers if answer.status is not None}


def name_known(found: FindingSet) -> bool:
    """A name that cannot exist gets another answer than ours: the front knows ours."""
    answers = _by_host(found)
    ours, nobody = answers.get("ours"), answers.get("nobody")
    return ours is not None and nobody is not None and not _alike(ours, nobody)


def names_served(found: FindingSet) -> tuple[str, ...]:
    """Names that the front serves, while it treats ours like one that cannot exist."""
    answers = _by_host(found)
    ours = answers.get("ours")
    if ours is None or "nobody" not in answers or name_known(found):
        return ()
    served = found.host_variants.opens if found.host_variants else ()
    others = (n for n, a in answers.items() if n not in ("ours", "nobody") and not _alike(a, ours))
    return tuple(dict.fromkeys((*served, *others)))

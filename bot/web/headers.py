"""Headers that every answer carries, errors included."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STRICT: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_SERVER = "wsdiag"  # aiohttp would name its version and Python's


@web.middleware
async def protect(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Add what the handler did not set itself."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        _add(error)
        raise
    if not response.prepared:
        _add(response)
    return response


def _add(response: web.StreamResponse) -> None:
    for name, value in STRICT.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = _SERVER

"""What a browser's own rules mean when they stop a page: CORS, CSP, mixed content, extensions."""

from __future__ import annotations

from bot.explain.reading import Reading, Step
from bot.model import say

# ------------------------------------------------------------------ CORS (polling only)

CORS_MISSING = Reading(
    "cors_missing",
    say(
        "CORS: the answer has no Access-Control-Allow-Origin. Polling only; a WebSocket "
        "never fails for it. Beside a 502, 503 or 404 look there first: error pages have no "
        "such header."
    ),
    ("cors_missing", "cors_stripped_by_proxy", "br_cors_blocked", "http_502_upstream_down"),
)
CORS_MISMATCH = Reading(
    "cors_mismatch",
    say("CORS: the server allows another Origin than the page's. Polling only."),
    ("cors_origin_mismatch", "br_cors_blocked"),
)
CORS_REFUSED = Reading(
    "cors_refused",
    say(
        "CORS: the server does not allow this Origin: its header is missing or names "
        "another one. Polling only."
    ),
    ("cors_origin_mismatch", "cors_missing", "cors_stripped_by_proxy", "br_cors_blocked"),
)
CORS_SEVERAL = Reading(
    "cors_several",
    say(
        "CORS: Access-Control-Allow-Origin is there more than once: application and proxy "
        "both set it. Polling only."
    ),
    ("cors_duplicate_header", "br_cors_blocked"),
)
CORS_WILDCARD = Reading(
    "cors_wildcard",
    say("CORS: `*` is not enough for a client that sends credentials. Polling only."),
    ("cors_wildcard_credentials", "br_cors_blocked"),
)
CORS_CREDENTIALS = Reading(
    "cors_credentials",
    say("CORS: the client sends credentials and the server does not allow them. Polling only."),
    ("cors_no_credentials", "br_cors_blocked"),
)
CORS_PREFLIGHT = Reading(
    "cors_preflight",
    say(
        "CORS: the OPTIONS request before the real one was not answered well. Polling only, "
        "and only with extra headers."
    ),
    ("cors_preflight_blocked", "cors_missing", "http_401_auth", "br_cors_blocked"),
)
CORS_REDIRECT = Reading(
    "cors_redirect",
    say("CORS: the request was redirected, where a page may not follow."),
    ("http_redirect_https", "http_redirect_login", "http_sio_trailing_slash"),
)
CORS_HEADER = Reading(
    "cors_header",
    say("CORS: the client sends a header or method that the server does not allow. Polling only."),
    ("cors_preflight_blocked", "br_cors_blocked"),
)
CORS_UNREACHED = Reading(
    "cors_unreached",
    say(
        "The browser says CORS, but no answer came at all: refused, DNS, a certificate, an "
        "extension or the network."
    ),
    ("tcp_refused", "tls_self_signed", "dns_nxdomain", "br_extension_blocked", "user_firewall"),
)
CORS_ANY = Reading(
    "cors_any",
    say(
        "The browser does not let the page read the answer. Polling only; CORS never fails "
        "a WebSocket."
    ),
    ("br_cors_blocked", "cors_missing", "cors_origin_mismatch"),
    general=True,
)

# ------------------------------------------------------------------ rules of page and browser

MIXED = Reading(
    "mixed_content",
    say(
        "A page on https may not open an insecure socket; the browser refuses before "
        "anything is sent."
    ),
    ("br_mixed_content",),
    Step.BROWSER,
)
CSP = Reading(
    "csp",
    say("The page's own Content-Security-Policy does not list the backend in connect-src."),
    ("br_csp_connect_src",),
    Step.BROWSER,
)
LOCAL_NETWORK = Reading(
    "local_network",
    say("A public page may not reach a private address without the user's permission."),
    ("br_local_network_access", "dns_bogon"),
    Step.BROWSER,
)
EXTENSION = Reading(
    "extension",
    say("An extension or the browser's own blocker stopped the request before it was sent."),
    ("br_extension_blocked",),
    Step.BROWSER,
)
POLICY = Reading(
    "browser_policy",
    say("The browser is administered, and its policy forbids this address."),
    ("user_firewall",),
    Step.BROWSER,
)
FETCH_FAILED = Reading(
    "fetch_failed",
    say(
        "A request failed and the browser does not tell the page why; the line before or "
        "the Network tab does."
    ),
    ("br_cors_blocked", "tcp_refused", "br_extension_blocked"),
    general=True,
)
ABORTED = Reading(
    "aborted",
    say("The page itself gave the request up, mostly because it was left or reloaded."),
    ("br_closed_while_connecting",),
    Step.BROWSER,
    general=True,
)

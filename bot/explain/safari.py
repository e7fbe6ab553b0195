"""Wordings of Safari: WebKit's own, and CFNetwork's descriptions of NSURLError codes."""

from __future__ import annotations

import re

from bot.explain import answers, network, page, session
from bot.explain.reading import Pattern

_WHO = "Safari"
_CORS = "WebKit: Source/WebCore/loader/CrossOriginAccessControl.cpp"
_CSP = "WebKit: Source/WebCore/page/csp/ContentSecurityPolicy.cpp"
_MIXED = "WebKit: Source/WebCore/loader/MixedContentChecker.cpp"
_CFNETWORK = "CFNetwork: localized description of NSURLError"

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        _WHO,
        f"{_CFNETWORK}BadServerResponse (-1011)",
        ("there was a bad response from the server",),
        session.BAD_RESPONSE,
    ),
    Pattern(
        _WHO,
        f"{_CFNETWORK}NetworkConnectionLost (-1005)",
        ("the network connection was lost",),
        network.LOST,
    ),
    Pattern(
        _WHO,
        f"{_CFNETWORK}CannotConnectToHost (-1004)",
        ("could not connect to the server.",),
        network.REFUSED,
    ),
    Pattern(
        _WHO,
        f"{_CFNETWORK}TimedOut (-1001)",
        ("the request timed out.",),
        network.TIMEOUT,
    ),
    Pattern(
        _WHO,
        f"{_CFNETWORK}CannotFindHost (-1003)",
        ("a server with the specified hostname could not be found",),
        network.NAME_UNKNOWN,
    ),
    Pattern(
        _WHO,
        f"{_CFNETWORK}ServerCertificateUntrusted (-1202)",
        ("the certificate for this server is invalid",),
        network.CERTIFICATE_BAD,
    ),
    Pattern(
        _WHO,
        f"{_CFNETWORK}SecureConnectionFailed (-1200)",
        ("an ssl error has occurred and a secure connection to the server cannot be made",),
        network.TLS_BROKEN,
    ),
    Pattern(
        _WHO,
        f"{_CFNETWORK}NotConnectedToInternet (-1009)",
        ("the internet connection appears to be offline",),
        network.OFFLINE,
    ),
    Pattern(
        _WHO,
        _MIXED,
        ("was not allowed to run insecure content from", "requested insecure content from ws"),
        page.MIXED,
    ),
    Pattern(
        _WHO,
        _CSP,
        ("does not appear in the connect-src directive of the content security policy",),
        page.CSP,
    ),
    # ------------------------------------------------------------ CORS
    Pattern(
        _WHO,
        _CORS,
        ("is not allowed by access-control-allow-origin",),
        page.CORS_REFUSED,
    ),
    Pattern(
        _WHO,
        _CORS,
        ("is not allowed by access-control-allow-origin. status code",),
        None,
        shape=re.compile(r"allow-origin\. status code: ([345]\d\d)\b"),
        readings=answers.REQUEST,
    ),
    Pattern(
        _WHO,
        _CORS,
        ("cannot use wildcard in access-control-allow-origin when credentials flag is true",),
        page.CORS_WILDCARD,
    ),
    Pattern(
        _WHO,
        _CORS,
        ("access-control-allow-origin cannot contain more than one origin",),
        page.CORS_SEVERAL,
    ),
    Pattern(
        _WHO,
        _CORS,
        ("credentials flag is true, but access-control-allow-credentials is not",),
        page.CORS_CREDENTIALS,
    ),
    Pattern(
        _WHO,
        _CORS,
        ("preflight response is not successful",),
        page.CORS_PREFLIGHT,
    ),
    Pattern(
        _WHO,
        "WebKit: Source/WebCore/loader/CrossOriginPreflightResultCache.cpp",
        (
            "is not allowed by access-control-allow-headers",
            "is not allowed by access-control-allow-methods",
        ),
        page.CORS_HEADER,
        without=("preflight response",),
    ),
    Pattern(
        _WHO,
        "WebKit: Source/WebCore/loader/DocumentThreadableLoader.cpp",
        ("due to access control checks",),
        page.CORS_ANY,
    ),
    Pattern(
        _WHO,
        "WebKit: Source/WebCore/Modules/fetch/FetchResponse.cpp",
        ("typeerror: load failed",),
        page.FETCH_FAILED,
    ),
)

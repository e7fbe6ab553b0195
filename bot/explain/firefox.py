"""Wordings of Firefox, in English and, since its consoles are translated, in Russian."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.explain import network, page, session
from bot.explain.reading import Pattern, Reading

_WHO = "Firefox"
_PAGES = "firefox: browser/locales/en-US/chrome/overrides/appstrings.properties"
_PAGES_RU = "firefox-l10n: ru/browser/chrome/overrides/appstrings.properties"
_SECURITY = "firefox: dom/locales/en-US/chrome/security/security.properties"
_SECURITY_RU = "firefox-l10n: ru/dom/chrome/security/security.properties"
_CSP = "firefox: dom/locales/en-US/chrome/security/csp.properties"
_CSP_RU = "firefox-l10n: ru/dom/chrome/security/csp.properties"
_CODES = "firefox: xpcom/base/ErrorList.py; security/nss/lib/ssl/SSLerrs.h"

_ERRORS: Mapping[str, Reading] = {
    "ns_error_connection_refused": network.REFUSED,
    "ns_error_websocket_connection_refused": session.HIDDEN_STATUS,
    "ns_error_unknown_host": network.NAME_UNKNOWN,
    "ns_error_unknown_proxy_host": network.PROXY_DOWN,
    "ns_error_proxy_connection_refused": network.PROXY_DOWN,
    "ns_error_net_timeout": network.TIMEOUT,
    "ns_error_net_reset": network.RESET,
    "ns_error_net_interrupt": session.INTERRUPTED,
    "ns_error_offline": network.OFFLINE,
    "ns_error_dom_bad_uri": session.URL_BAD,
    "ns_binding_aborted": page.ABORTED,
    "sec_error_expired_certificate": network.CERTIFICATE_EXPIRED,
    "sec_error_expired_issuer_certificate": network.CERTIFICATE_EXPIRED,
    "mozilla_pkix_error_not_yet_valid_certificate": network.CERTIFICATE_EARLY,
    "sec_error_unknown_issuer": network.CERTIFICATE_ISSUER,
    "sec_error_revoked_certificate": network.CERTIFICATE_REVOKED,
    "ssl_error_bad_cert_domain": network.CERTIFICATE_NAME,
    "mozilla_pkix_error_self_signed_cert": network.CERTIFICATE_SELF_SIGNED,
    "mozilla_pkix_error_mitm_detected": network.CERTIFICATE_INTERCEPTED,
    "mozilla_pkix_error_inadequate_key_size": network.CERTIFICATE_WEAK,
    "ssl_error_rx_record_too_long": network.TLS_NOT_SPOKEN,
    "ssl_error_unsupported_version": network.TLS_VERSION,
    "ssl_error_protocol_version_alert": network.TLS_VERSION,
    "ssl_error_no_cypher_overlap": network.TLS_CIPHER,
    "ssl_error_unrecognized_name_alert": network.TLS_NAME,
    "ssl_error_rx_certificate_required_alert": network.CERTIFICATE_WANTED,
    "pr_end_of_file_error": network.TLS_BROKEN,
}

PATTERNS: tuple[Pattern, ...] = (
    # ------------------------------------------------------------ the WebSocket
    Pattern(
        _WHO,
        f"{_PAGES} (connectionFailure)",
        ("can't establish a connection to the server at",),
        session.HIDDEN_STATUS,
    ),
    Pattern(
        _WHO,
        f"{_PAGES_RU} (connectionFailure)",
        ("firefox не может установить соединение с сервером",),
        session.HIDDEN_STATUS,
    ),
    Pattern(
        _WHO,
        f"{_PAGES} (netInterrupt)",
        ("was interrupted while the page was loading",),
        session.INTERRUPTED,
    ),
    Pattern(
        _WHO,
        f"{_PAGES_RU} (netInterrupt)",
        ("во время загрузки страницы соединение с",),
        session.INTERRUPTED,
    ),
    Pattern(
        _WHO,
        f"{_PAGES_RU} (netTimeout)",
        ("время ожидания ответа от сервера",),
        network.TIMEOUT,
    ),
    Pattern(
        _WHO,
        _CODES,
        ("ns_error_", "ns_binding_", "sec_error_", "ssl_error_", "mozilla_pkix_", "pr_end_of"),
        session.ANY_FAILURE,
        shape=re.compile(
            r"\b((?:ns_error|ns_binding|sec_error|ssl_error|mozilla_pkix_error|pr_end)"
            r"_[a-z_]{3,60})\b"
        ),
        readings=_ERRORS,
    ),
    # ------------------------------------------------------------ the page's rules
    Pattern(
        _WHO,
        "firefox: dom/bindings/Errors.msg, DOMException (SecurityError)",
        ("the operation is insecure",),
        page.MIXED,
    ),
    Pattern(
        _WHO,
        f"{_SECURITY} (BlockMixedActiveContent)",
        ("blocked loading mixed active content", "loading mixed (insecure) active content"),
        page.MIXED,
    ),
    Pattern(
        _WHO,
        f"{_SECURITY_RU} (BlockMixedActiveContent)",
        (
            "заблокирована загрузка смешанного активного содержимого",
            "загрузка смешанного (незащищённого) активного содержимого",
        ),
        page.MIXED,
    ),
    Pattern(
        _WHO,
        f"{_CSP} (CSPViolationWithURI, CSPGenericViolation)",
        ("the page's settings blocked the loading of a resource",),
        page.CSP,
        having=("connect-src",),
    ),
    Pattern(
        _WHO,
        f"{_CSP_RU} (CSPViolationWithURI)",
        ("параметры страницы заблокировали загрузку ресурса",),
        page.CSP,
        having=("connect-src",),
    ),
    # ------------------------------------------------------------ CORS
    Pattern(
        _WHO,
        _SECURITY,
        ("cross-origin request blocked:",),
        page.CORS_ANY,
    ),
    Pattern(
        _WHO,
        _SECURITY_RU,
        ("запрос из постороннего источника заблокирован",),
        page.CORS_ANY,
    ),
    Pattern(
        _WHO,
        f"{_SECURITY} (CORSMissingAllowOrigin2); {_SECURITY_RU}",
        (
            "cors header 'access-control-allow-origin' missing",
            'отсутствует заголовок cors "access-control-allow-origin"',
            "отсутствует заголовок cors 'access-control-allow-origin'",
        ),
        page.CORS_MISSING,
    ),
    Pattern(
        _WHO,
        f"{_SECURITY} (CORSAllowOriginNotMatchingOrigin); {_SECURITY_RU}",
        (
            "cors header 'access-control-allow-origin' does not match",
            'заголовок cors "access-control-allow-origin" не совпадает с',
        ),
        page.CORS_MISMATCH,
    ),
    Pattern(
        _WHO,
        f"{_SECURITY} (CORSMultipleAllowOriginNotAllowed); {_SECURITY_RU}",
        (
            "multiple cors header 'access-control-allow-origin' not allowed",
            "несколько заголовков cors",
        ),
        page.CORS_SEVERAL,
    ),
    Pattern(
        _WHO,
        f"{_SECURITY} (CORSNotSupportingCredentials); {_SECURITY_RU}",
        (
            "credential is not supported if the cors header",
            "учётные данные не поддерживаются, если заголовок cors",
        ),
        page.CORS_WILDCARD,
    ),
    Pattern(
        _WHO,
        f"{_SECURITY} (CORSMissingAllowCredentials); {_SECURITY_RU}",
        (
            "expected 'true' in cors header 'access-control-allow-credentials'",
            'в заголовке cors "access-control-allow-credentials" ожидалось',
        ),
        page.CORS_CREDENTIALS,
    ),
    Pattern(
        _WHO,
        f"{_SECURITY} (CORSPreflightDidNotSucceed3); {_SECURITY_RU}",
        (
            "cors preflight response did not succeed",
            "cors preflight channel did not succeed",
            "неудача ответа cors preflight",
        ),
        page.CORS_PREFLIGHT,
    ),
    Pattern(
        _WHO,
        f"{_SECURITY} (CORSExternalRedirectNotAllowed); {_SECURITY_RU}",
        (
            "cors request external redirect not allowed",
            "внешнее перенаправление запроса cors не разрешено",
        ),
        page.CORS_REDIRECT,
    ),
    Pattern(
        _WHO,
        f"{_SECURITY} (CORSMissingAllowHeaderFromPreflight2, CORSMethodNotFound); {_SECURITY_RU}",
        (
            "is not allowed according to header 'access-control-allow-headers'",
            "did not find method in cors header",
            'не разрешён согласно заголовку "access-control-allow-headers"',
            "не найден метод в заголовке cors",
        ),
        page.CORS_HEADER,
    ),
    Pattern(
        _WHO,
        f"{_SECURITY} (CORSDidNotSucceed2); {_SECURITY_RU}",
        ("cors request did not succeed", "не удалось выполнить запрос cors"),
        page.CORS_UNREACHED,
    ),
    Pattern(
        _WHO,
        "firefox: dom/bindings/Errors.msg (MSG_FETCH_FAILED)",
        ("networkerror when attempting to fetch resource",),
        page.FETCH_FAILED,
    ),
)

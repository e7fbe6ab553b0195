"""Redirects, as they are met in the wild."""

from __future__ import annotations

from bot.model import State
from tests.lab import wire
from tests.lab.pages import TEXT, by_path, redirect
from tests.lab.scenario import Scenario

DOWN, DEGRADED, UP = State.DOWN, State.DEGRADED, State.UP
SCENARIOS = (
    Scenario(
        "to https on another port",
        "http_redirect_https",
        DOWN,
        redirect("301 Moved Permanently", "https://127.0.0.1:8443{path}?{query}"),
    ),
    Scenario(
        "to https, path dropped",
        "http_redirect_https",
        DOWN,
        redirect("301 Moved Permanently", "https://127.0.0.1/"),
    ),
    Scenario(
        "to https www, path dropped",
        "http_redirect_https",
        DOWN,
        redirect("301 Moved Permanently", "https://www.example.com/"),
    ),
    Scenario(
        "to www",
        "http_redirect_https",
        DOWN,
        redirect("308 Permanent Redirect", "https://www.example.com{path}?{query}"),
    ),
    Scenario(
        "vercel domain moved",
        "http_redirect_https",
        DOWN,
        redirect("307 Temporary Redirect", "https://app.example.com{path}?{query}"),
    ),
    Scenario(
        "https host named auth",
        "http_redirect_https",
        DOWN,
        redirect("301 Moved Permanently", "https://auth.example.com{path}?{query}"),
    ),
    Scenario(
        "okta",
        "http_redirect_login",
        DOWN,
        redirect(
            "302 Found",
            "https://acme.okta.com/oauth2/v1/authorize?client_id=0oa&redirect_uri=https%3A%2F%2Fapp{path}",
        ),
    ),
    Scenario(
        "cloudflare access",
        "http_redirect_login",
        DOWN,
        redirect(
            "302 Found",
            "https://acme.cloudflareaccess.com/cdn-cgi/access/login/app.example.com?redirect_url=%2Fsocket.io%2F",
        ),
    ),
    Scenario(
        "keycloak",
        "http_redirect_login",
        DOWN,
        redirect(
            "303 See Other",
            "https://id.example.com/realms/acme/protocol/openid-connect/auth?client_id=web&redirect_uri=http://127.0.0.1{path}",
        ),
    ),
    Scenario(
        "azure ad",
        "http_redirect_login",
        DOWN,
        redirect(
            "302 Found", "https://login.microsoftonline.com/11-22/oauth2/v2.0/authorize?client_id=x"
        ),
    ),
    Scenario(
        "django login",
        "http_redirect_login",
        DOWN,
        redirect("302 Found", "/accounts/login/?next={path}"),
    ),
    Scenario("devise", "http_redirect_login", DOWN, redirect("302 Found", "/users/sign_in")),
    Scenario(
        "german sign-in",
        "http_redirect_login",
        DOWN,
        redirect("302 Found", "/anmelden?weiter={path}"),
        frozenset({"http_redirect_https"}),
    ),
    Scenario(
        "adfs",
        "http_redirect_login",
        DOWN,
        redirect("302 Found", "https://fs.example.com/adfs/ls/?wa=wsignin1.0&wtrealm=urn%3aapp"),
    ),
    Scenario(
        "iap",
        "http_redirect_login",
        DOWN,
        redirect("302 Found", "https://accounts.google.com/o/oauth2/v2/auth?client_id=iap"),
    ),
    Scenario(
        "vpn portal",
        "http_redirect_login",
        DOWN,
        redirect("302 Found", "https://vpn.corp.example/remote/login?lang=en"),
        frozenset({"http_captive_portal"}),
    ),
    Scenario(
        "portal at a private address",
        "http_captive_portal",
        DOWN,
        redirect("302 Found", "http://192.168.1.1/cgi-bin/portal?orig={path}"),
        frozenset({"http_redirect_login"}),
    ),
    Scenario(
        "mikrotik hotspot",
        "http_captive_portal",
        DOWN,
        redirect(
            "302 Hotspot login required", "http://10.5.50.1/login?dst=http%3A%2F%2F127.0.0.1%2F"
        ),
        frozenset({"http_redirect_login"}),
    ),
    Scenario(
        "slash removed",
        "http_sio_trailing_slash",
        DOWN,
        by_path(
            lambda p: (
                wire.http(
                    "308 Permanent Redirect", "", "Location: /socket.io?" + p.partition("?")[2]
                )
                if p.startswith("/socket.io/")
                else wire.http("404 Not Found", "not found", kind=TEXT)
            )
        ),
        frozenset({"http_redirect_https"}),
    ),
    Scenario(
        "to the start page",
        "http_spa_fallback",
        DOWN,
        redirect("302 Found", "/"),
        frozenset({"http_redirect_https"}),
    ),
    Scenario(
        "to a language",
        "http_spa_fallback",
        DOWN,
        redirect("307 Temporary Redirect", "/en{path}"),
        frozenset({"http_redirect_https"}),
    ),
)

"""Causes inside the user's browser or network, which no look from elsewhere can see.

None has a predicate: the verdict of a check never names them. `wsdiag explain` names them from what
a browser printed, the browser check from what a page could measure (faults.md, Browser only).
"""

from __future__ import annotations

from bot.causes.row import Cause, Reach
from bot.model import Layer, Section, say

ROWS = (
    Cause(
        "br_mixed_content",
        Layer.BROWSER,
        Section.BROWSER,
        say("A secure page opens an insecure socket"),
        say("Everyone on the https page is cut off; on http://localhost it works."),
        say(
            "Serve the backend over TLS, write https:// (or wss://) into its URL and build the "
            "frontend again."
        ),
    ),
    Cause(
        "br_csp_connect_src",
        Layer.BROWSER,
        Section.BROWSER,
        say("The page's own policy forbids the backend"),
        say("Everyone is cut off, usually since a deployment of the frontend."),
        say(
            "Add the backend to connect-src of the page's Content-Security-Policy, with https:// "
            "and with wss://."
        ),
    ),
    Cause(
        "br_cors_blocked",
        Layer.BROWSER,
        Section.BROWSER,
        say("The browser blocks polling because of CORS"),
        say("Clients that start with polling cannot connect; WebSockets are not affected."),
        say(
            "Let the server allow the page's Origin, once and exactly. Beside a 502 or 503 it is "
            "no CORS fault: the error page has no such header."
        ),
        reach=Reach.PART,
    ),
    Cause(
        "br_closed_while_connecting",
        Layer.BROWSER,
        Section.ERRORS,
        say("The page closes the socket while it is connecting"),
        say("Often nothing: the next attempt works. A flood of it keeps users from connecting."),
        say(
            "Create the socket once, outside of components; never close it while it connects; "
            "raise `timeout` to 30 s."
        ),
        reach=Reach.PART,
    ),
    Cause(
        "br_extension_blocked",
        Layer.BROWSER,
        Section.BROWSER,
        say("An extension blocks the connection"),
        say("Single users are cut off; everyone else is fine."),
        say("Try a private window without extensions, then allow the site in the extension."),
    ),
    Cause(
        "br_local_network_access",
        Layer.BROWSER,
        Section.BROWSER,
        say("The browser protects the local network"),
        say("It works for some users and fails for others after an update of the browser."),
        say("Let users allow “local network” for the site, or give the backend a public address."),
    ),
    Cause(
        "br_stale_bundle",
        Layer.BROWSER,
        Section.BROWSER,
        say("The browser runs an old version of the page"),
        say("Users who have not reloaded for long fail, often after a move of the backend."),
        say(
            "Reload without the cache and unregister the service worker; serve index.html with "
            "Cache-Control: no-cache."
        ),
    ),
    Cause(
        "user_firewall",
        Layer.BROWSER,
        Section.NETWORK,
        say("The user's network blocks WebSockets"),
        say("This user, or this office, is on polling or cut off; everyone else is fine."),
        say(
            "Prove it on another network (a phone's hotspot), then ask their IT to allow "
            "WebSockets to your host. Start with polling."
        ),
        reach=Reach.PART,
    ),
)

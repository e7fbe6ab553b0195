"""What failures below HTTP mean: names, connections, TLS, proxies on the way out."""

from __future__ import annotations

from bot.explain.reading import Reading, Step
from bot.model import say

# ------------------------------------------------------------------ names

NAME_UNKNOWN = Reading(
    "name_unknown",
    say("The host name could not be resolved: a typing error, a missing record, or a DNS fault."),
    ("dns_nxdomain", "cli_url_missing", "dns_poisoned_nxdomain", "dns_servfail", "dns_timeout"),
    Step.NAME,
)
NAME_FAILED = Reading(
    "name_failed",
    say("The resolver could not answer just now; the name itself may be right."),
    ("dns_servfail", "dns_timeout", "dns_resolver_down", "dns_refused_rcode"),
    Step.NAME,
)
NAME_EMPTY = Reading(
    "name_empty",
    say("The host name exists and has no address."),
    ("dns_no_address", "dns_dangling_cname", "dns_nxdomain"),
    Step.NAME,
)

# ------------------------------------------------------------------ connections

REFUSED = Reading(
    "refused",
    say("The machine answers that nothing listens on this port: the server is down or elsewhere."),
    ("tcp_refused", "srv_restarting", "srv_wrong_port", "server_bound_loopback_only"),
)
RESET = Reading(
    "reset",
    say("The connection was reset: by a proxy, a firewall, or a process that died."),
    (
        "tcp_rst_on_accept",
        "ws_blocked_rst",
        "tls_rst_in_handshake",
        "srv_crashes_on_connect",
        "tls_dpi_sni_rst",
    ),
)
TIMEOUT = Reading(
    "timeout",
    say("Nothing answered in time: packets are dropped on the way, or the server hangs."),
    ("tcp_blackhole", "srv_frozen", "ws_blocked_drop", "tcp_backlog_full", "srv_cold_start"),
)
CLOSED_SILENTLY = Reading(
    "closed_silently",
    say("The connection was closed before a single byte of an answer."),
    ("http_sio_wrong_path", "tcp_conn_limit", "srv_crashes_on_connect", "tls_https_on_http_url"),
)
UNREACHABLE = Reading(
    "unreachable",
    say("The address cannot be reached: the host is off, or a firewall says no."),
    ("tcp_host_unreachable", "tcp_reject_admin", "ipv6_broken", "tcp_no_route"),
)
NO_ROUTE = Reading(
    "no_route",
    say("This machine has no way to that network."),
    ("tcp_no_route", "ipv6_broken"),
)
LOST = Reading(
    "lost",
    say("An open connection was lost: the network changed, or something on the way dropped it."),
    ("net_cut_midway", "ws_flow_dropped", "srv_restarting", "ws_lifetime_cap"),
    Step.DEEP,
)
OFFLINE = Reading(
    "offline",
    say(
        "The user's own device was offline or asleep at that moment; the backend has no part in it."
    ),
    (),
    Step.BROWSER,
)
NETWORK_DENIED = Reading(
    "network_denied",
    say("The user's own machine forbids the connection: a firewall, an antivirus or a policy."),
    ("user_firewall", "br_extension_blocked"),
    Step.BROWSER,
)
ADDRESS_INVALID = Reading(
    "address_invalid",
    say("The address is no address that can be connected to."),
    ("cli_url_missing", "dns_bogon", "cli_scheme_wrong"),
)
UNSAFE_PORT = Reading(
    "unsafe_port",
    say("Browsers refuse this port for any page; the backend needs another one."),
    ("srv_wrong_port", "cli_scheme_wrong"),
)
OTHER_PROTOCOL = Reading(
    "other_protocol",
    say("What answers there does not speak HTTP as the client expects it."),
    ("tcp_wrong_service", "tls_https_on_http_url", "srv_wrong_port", "ws_bad_accept"),
)
CUT_SHORT = Reading(
    "cut_short",
    say("An answer was cut off in the middle."),
    ("http_poll_read_timeout", "net_cut_midway", "srv_restarting"),
    Step.DEEP,
)

# ------------------------------------------------------------------ TLS

CERTIFICATE_DATE = Reading(
    "certificate_date",
    say("The certificate is not valid today: expired, not valid yet, or a clock is wrong."),
    ("tls_expired", "tls_not_yet_valid"),
    Step.CERTIFICATE,
)
CERTIFICATE_EXPIRED = Reading(
    "certificate_expired", say("The certificate has expired."), ("tls_expired",), Step.CERTIFICATE
)
CERTIFICATE_EARLY = Reading(
    "certificate_early",
    say("The certificate is not valid yet, or the client's clock is wrong."),
    ("tls_not_yet_valid",),
    Step.CERTIFICATE,
)
CERTIFICATE_NAME = Reading(
    "certificate_name",
    say("The certificate does not name this host."),
    ("tls_hostname_mismatch", "tls_no_san", "dns_wrong_ip"),
    Step.CERTIFICATE,
)
CERTIFICATE_ISSUER = Reading(
    "certificate_issuer",
    say("The client does not trust who signed the certificate, or the chain has a gap."),
    ("tls_missing_intermediate", "tls_unknown_ca", "tls_self_signed", "tls_mitm_corp_ca"),
    Step.CERTIFICATE,
)
CERTIFICATE_SELF_SIGNED = Reading(
    "certificate_self_signed",
    say("The certificate is self-signed: nobody vouches for it."),
    ("tls_self_signed", "tls_mitm_corp_ca"),
    Step.CERTIFICATE,
)
CERTIFICATE_CHAIN = Reading(
    "certificate_chain",
    say(
        "At the end of the chain stands a root that the client does not know, often of a "
        "company's TLS inspection."
    ),
    ("tls_mitm_corp_ca", "tls_unknown_ca", "tls_self_signed"),
    Step.CERTIFICATE,
)
CERTIFICATE_WEAK = Reading(
    "certificate_weak",
    say("The certificate's key or signature is too weak for today's clients."),
    ("tls_weak_key",),
    Step.CERTIFICATE,
)
CERTIFICATE_INTERCEPTED = Reading(
    "certificate_intercepted",
    say("Something on the way shows a certificate of its own: TLS is being inspected."),
    ("tls_mitm_corp_ca",),
    Step.CERTIFICATE,
)
CERTIFICATE_REVOKED = Reading(
    "certificate_revoked",
    say("The certificate was withdrawn by its issuer: have a new one issued and installed."),
    (),
    Step.CERTIFICATE,
)
CERTIFICATE_BAD = Reading(
    "certificate_bad",
    say("The certificate is not accepted."),
    ("tls_hostname_mismatch", "tls_expired", "tls_self_signed", "tls_missing_intermediate"),
    Step.CERTIFICATE,
)
CERTIFICATE_WANTED = Reading(
    "certificate_wanted",
    say("The server wants a certificate from the client."),
    ("tls_client_cert_required",),
)
TLS_NOT_SPOKEN = Reading(
    "tls_not_spoken",
    say("The client began TLS and the port answered something else, mostly plain HTTP."),
    ("tls_plain_http_on_tls_port", "srv_wrong_port", "cli_scheme_wrong"),
)
TLS_VERSION = Reading(
    "tls_version",
    say("Client and server have no TLS version in common."),
    ("tls_old_protocol", "tls_cipher_mismatch"),
)
TLS_CIPHER = Reading(
    "tls_cipher",
    say("The server ended the TLS handshake: no cipher in common, or it wanted something more."),
    ("tls_cipher_mismatch", "tls_old_protocol", "tls_client_cert_required"),
)
TLS_NAME = Reading(
    "tls_name",
    say("The TLS server does not know this host name."),
    ("tls_sni_unrecognized", "dns_wrong_ip"),
)
TLS_BROKEN = Reading(
    "tls_broken",
    say("The TLS handshake broke off."),
    (
        "tls_rst_in_handshake",
        "tls_plain_http_on_tls_port",
        "tls_dpi_sni_rst",
        "tls_cipher_mismatch",
    ),
)
PLAIN_ON_TLS = Reading(
    "plain_on_tls",
    say("A plain request was sent to a port that speaks TLS."),
    ("tls_https_on_http_url",),
)

# ------------------------------------------------------------------ the user's way out

PROXY_REFUSES = Reading(
    "proxy_refuses",
    say("The proxy between the user and the internet did not open a way to the backend."),
    ("proxy_connect_denied", "user_firewall", "proxy_required"),
    Step.BROWSER,
)
PROXY_WANTS_LOGIN = Reading(
    "proxy_wants_login",
    say("The proxy between the user and the internet wants a login."),
    ("proxy_auth_required",),
    Step.BROWSER,
)
PROXY_DOWN = Reading(
    "proxy_down",
    say("The proxy that this client is told to use cannot be reached."),
    ("proxy_required",),
    Step.BROWSER,
)

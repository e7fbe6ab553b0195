"""How to reach a target: read anew for every attempt, so that a new secret is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot import __version__, credentials
from bot.model import ClientCertificate, Target
from bot.net import endpoint as endpoints
from bot.net import proxy as proxies
from bot.net import secrecy, tls
from bot.net.dial import Policy
from bot.net.endpoint import Endpoint
from bot.net.http import HeaderLines
from bot.net.text import Scrubber
from bot.watcher.wire import Ended


class ConnectError(Exception):
    """An attempt came to nothing."""

    def __init__(self, ended: Ended) -> None:
        super().__init__(f"{ended.reason} {ended.detail}".rstrip())
        self.ended = ended


@dataclass(frozen=True, slots=True)
class Reach:
    """Where and how to connect."""

    endpoint: Endpoint
    auth: Mapping[str, Any] | None
    headers: Mapping[str, str]
    trust: tls.Trust
    proxy: proxies.Proxy | None
    policy: Policy
    scrub: Scrubber

    @classmethod
    def of(cls, target: Target) -> Reach:
        """Raises UrlError or CredentialError: a setting to correct."""
        endpoint = endpoints.parse(
            target.url,
            path=target.path,
            namespace=target.namespace,
            query=tuple(target.query.items()),
        )
        headers = {"User-Agent": f"wsdiag/{__version__}"}
        if target.origin:
            headers["Origin"] = target.origin
        for name, ref in target.headers.items():
            headers[name] = credentials.read(ref).get_secret_value()
        auth = credentials.read_json(target.auth) if target.auth else None
        proxy = proxies.choose(target.proxy, endpoint.host, endpoint.port, secure=endpoint.secure)
        trust = _trust(target.ca_file, target.client_certificate)
        return cls(
            endpoint=endpoint,
            auth=auth,
            headers=headers,
            trust=trust,
            proxy=proxy,
            policy=Policy(trust, target.proxy, public_only=not target.allow_private),
            scrub=Scrubber(
                secrecy.sent(
                    headers=[(name, headers[name]) for name in target.headers],
                    query=endpoint.query,
                    auth=auth,
                    others=proxy.secrets if proxy else (),
                )
            ),
        )

    @property
    def lines(self) -> HeaderLines:
        """The headers of a request of our own."""
        return (("Host", self.endpoint.authority), *self.headers.items())

    @property
    def url(self) -> str:
        """For python-socketio, which takes scheme, host, port and query from it."""
        pairs = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in self.endpoint.query)
        scheme = "https" if self.endpoint.secure else "http"
        return f"{scheme}://{self.endpoint.authority}" + (f"?{pairs}" if pairs else "")


def _trust(ca_file: str | None, certificate: ClientCertificate | None) -> tls.Trust:
    if certificate is None:
        return tls.Trust(ca_file)
    password = certificate.key_password
    return tls.Trust(
        ca_file,
        certificate.cert_file,
        certificate.key_file,
        credentials.read(password).get_secret_value() if password else None,
    )


def _quoted(text: str) -> str:
    return quote(text, safe="")

"""The tables of a target in `wsdiag.toml`; the one called `default` also comes from variables."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot import credentials, model, urls
from bot.model import ClientCertificate, ClientSettings, Target, Transport, WatchSettings, say
from bot.settings import fields
from bot.settings.fields import Env, LocalFile, TomlOnly
from bot.settings.problems import BadValueError
from bot.settings.quiet import TargetEscalationTable

_CLIENT = ClientSettings()
_WATCH = WatchSettings()


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ClientTable(_Table):
    """`[targets.NAME.client]`: how the team's browser client is configured."""

    transports: Annotated[
        tuple[Transport, ...],
        fields.Listed,
        Field(
            min_length=1,
            max_length=2,
            description="Transports of the browser client, in its order.",
        ),
    ] = _CLIENT.transports
    try_all_transports: bool = Field(
        default=_CLIENT.try_all_transports,
        description="`tryAllTransports`: without it the client never falls back to the second one.",
    )
    upgrade: bool = Field(default=_CLIENT.upgrade, description="Polling may upgrade to WebSocket.")
    reconnection_attempts: Annotated[
        fields.Attempts,
        Env(("NEXT_PUBLIC_SOCKET_RECONNECTION_ATTEMPTS",)),
        Field(description="Tries before the client gives up, or `forever`."),
    ] = _CLIENT.reconnection_attempts
    reconnection_delay_ms: Annotated[
        int,
        Env(("NEXT_PUBLIC_SOCKET_RECONNECTION_DELAY",)),
        Field(ge=0, le=3_600_000, description="Wait before the first reconnection, milliseconds."),
    ] = _CLIENT.reconnection_delay_ms
    reconnection_delay_max_ms: int = Field(
        default=_CLIENT.reconnection_delay_max_ms,
        ge=0,
        le=3_600_000,
        description="Longest wait between reconnections, milliseconds.",
    )
    timeout_ms: Annotated[
        int,
        Env(("NEXT_PUBLIC_SOCKET_TIMEOUT",)),
        Field(ge=1, le=3_600_000, description="The client's connection timeout, milliseconds."),
    ] = _CLIENT.timeout_ms
    keep_alive_s: Annotated[
        fields.KeepAlive,
        Field(description="Seconds between the app's `keep-alive` events, or `off`."),
    ] = _CLIENT.keep_alive_s
    with_credentials: bool = Field(
        default=_CLIENT.with_credentials, description="`withCredentials`: the client sends cookies."
    )


class WatchTable(_Table):
    """`[targets.NAME.watch]`: how the bot watches."""

    mode: Annotated[
        Literal["held", "periodic"],
        fields.Lower,
        Field(
            description="`held` keeps one Socket.IO connection; `periodic` only probes (a held "
            "connection keeps a Cloud Run instance alive)."
        ),
    ] = "held"
    interval_s: float = Field(
        default=_WATCH.interval_s,
        ge=5,
        le=86_400,
        description="Seconds between full checks in quiet times.",
    )
    confirm_s: float = Field(
        default=_WATCH.confirm_s,
        ge=0,
        le=300,
        description="A loss that heals within so many seconds posts nothing.",
    )
    keep_alive: bool = Field(
        default=_WATCH.keep_alive, description="The bot itself sends the app's `keep-alive` event."
    )


class CertificateTable(_Table):
    """`[targets.NAME.client_certificate]`: files for mutual TLS, PEM."""

    cert_file: Annotated[
        fields.PemFile, LocalFile(), TomlOnly(), Field(description="Certificate and its chain.")
    ]
    key_file: Annotated[
        fields.PemFile | None,
        LocalFile(),
        TomlOnly(),
        Field(description="Key, if not in `cert_file`."),
    ] = None
    key_password: Annotated[
        fields.Reference | None, TomlOnly(), Field(description="Password of the key.")
    ] = None

    def to_model(self) -> ClientCertificate:
        return ClientCertificate(self.cert_file, self.key_file, self.key_password)


class TargetTable(_Table):
    """`[targets.NAME]`: one backend."""

    url: Annotated[
        fields.SocketUrl,
        Env(("NEXT_PUBLIC_SOCKET_URL",)),
        Field(
            description="Address of the backend, as the client has it. A path is the namespace, "
            "as in socket.io-client. `ws://` and `wss://` mean WebSocket only."
        ),
    ]
    fallback_urls: Annotated[
        fields.SocketUrls,
        Env(("NEXT_PUBLIC_SOCKET_FALLBACK_1", "NEXT_PUBLIC_SOCKET_FALLBACK_2"), join=True),
        Field(max_length=8, description="Addresses the client tries when the first one is down."),
    ] = ()
    path: Annotated[
        fields.Mount | None, Field(description="Path that Engine.IO is mounted under.")
    ] = None
    namespace: Annotated[fields.Namespace | None, Field(description="Socket.IO namespace.")] = None
    origin: Annotated[
        fields.Origin | None,
        Field(description="Origin of the page, for the CORS probe. Not set: CORS is skipped."),
    ] = None
    health_path: Annotated[
        fields.HealthPath | None,
        Field(description="Path of the health check. Not set: `/health` is tried, 404 is fine."),
    ] = None
    auth: Annotated[
        fields.AuthPayload | None,
        Field(
            description="Auth payload of the namespace CONNECT: `env:NAME` or `@file` of a JSON "
            "object, or in TOML a table whose secrets are `env:NAME` or `@file`."
        ),
    ] = None
    headers: Annotated[
        fields.Headers,
        TomlOnly(),
        Field(max_length=32, description="HTTP headers; secrets as `env:NAME` or `@file`."),
    ] = Field(default_factory=dict)
    query: Annotated[
        fields.Query,
        TomlOnly(),
        Field(
            max_length=32,
            description="Query parameters, e.g. a marker that presence and analytics leave out.",
        ),
    ] = Field(default_factory=dict)
    ca_file: Annotated[
        fields.CaFile | None,
        LocalFile(),
        Field(description="CA certificates (PEM) to trust beside the system's."),
    ] = None
    client_certificate: CertificateTable | None = None
    proxy: Annotated[
        fields.Proxy | None,
        Field(
            description="HTTP proxy. Not set: as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say, "
            "where one that needs a password is set as well."
        ),
    ] = None
    channel: Annotated[
        fields.Channel | None,
        TomlOnly(),
        Field(description="Slack channel for its alerts. Not set: the bot's `channel`."),
    ] = None
    allow_private: bool = Field(
        default=True, description="The host may resolve to loopback and private addresses."
    )
    deadline_s: float = Field(
        default=20.0, ge=1, le=120, description="Deadline of a whole check, seconds."
    )
    objective: float | None = Field(
        default=None,
        gt=0,
        lt=100,
        description="Per cent of the time that it shall not be down, e.g. `99.9`: what its error "
        "budget is reckoned from. Not set: none is.",
    )
    client: ClientTable = ClientTable()
    watch: WatchTable = WatchTable()
    escalation: TargetEscalationTable = TargetEscalationTable()

    @model_validator(mode="after")
    def _fits_together(self) -> TargetTable:
        address = urls.parse_socket_url(self.url)
        if address.namespace and self.namespace and address.namespace != self.namespace:
            raise BadValueError(
                say(
                    "The path of url is read as the namespace {inside}, but namespace is {beside}. "
                    "Take one of them out. A server mounted below a path of its own needs "
                    'path = "{inside}/socket.io/" and no path in url.',
                    inside=address.namespace,
                    beside=self.namespace,
                )
            )
        if address.path and self.path and address.path != self.path:
            raise BadValueError(
                say(
                    "url ends in {inside}, but path is {beside}. Take one of them out.",
                    inside=address.path,
                    beside=self.path,
                )
            )
        return self

    def references(self) -> tuple[model.SecretRef, ...]:
        """Every secret this target names, those inside an auth table one by one."""
        password = self.client_certificate.key_password if self.client_certificate else None
        named = [ref for ref in (self.auth, password, *self.headers.values()) if ref]
        return tuple(part for ref in named for part in credentials.parts(ref))

    def to_model(self, name: str, channel: str | None) -> Target:
        """The model's Target; `channel` is what the bot posts to where the target says nothing."""
        address = urls.parse_socket_url(self.url)
        certificate = self.client_certificate
        return Target(
            name=name,
            url=address.url,
            fallback_urls=tuple(urls.parse_socket_url(u).url for u in self.fallback_urls),
            path=self.path or address.path or "/socket.io/",
            namespace=self.namespace or address.namespace or "/",
            origin=self.origin,
            health_path=self.health_path,
            auth=self.auth,
            headers=dict(self.headers),
            query={**address.query, **self.query},
            ca_file=self.ca_file,
            client_certificate=certificate.to_model() if certificate else None,
            proxy=self.proxy,
            client=ClientSettings(**self.client.model_dump()),
            channel=self.channel or channel,
            watch=WatchSettings(**self.watch.model_dump()),
            allow_private=self.allow_private,
            deadline_s=self.deadline_s,
            objective=self.objective,
        )

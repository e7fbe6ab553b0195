"""Types of single settings: each takes what a person may write and says what to write instead."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, SecretStr

from bot import credentials, urls
from bot.model import SecretRef, say
from bot.settings.problems import BadValueError

T = TypeVar("T")

# Words of `/wsdiag`: a target called like that could not be asked for.
_RESERVED = frozenset(
    {
        "check",
        "status",
        "help",
        "explain",
        "guide",
        "chart",
        "history",
        "digest",
        "demo",
        "all",
        "mute",
        "unmute",
        "ack",
        "acknowledge",
    }
)
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]+\Z")
_CHANNEL_NAME = re.compile(r"#?[^\s#A-Z.,]{1,80}\Z")
_AUDIENCE = re.compile(r"[UWSCG][A-Z0-9]+\Z")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\Z")  # RFC 9110, 5.6.2: token
_SECRET_NAME = re.compile(
    r"auth|token|secret|passw|pwd|jwt|bearer|cookie|session|credential|signature|api.?key"
    r"|(?:^|[-_])key$|(?:^|[-_])sid$",
    re.IGNORECASE,
)
_URL_PASSWORD = re.compile(r"://[^/?#]*:[^/?#]*@")
_SECRET_VALUE = re.compile(
    r"\s*(?:Bearer|Basic|Digest)\s|eyJ[\w-]+\.|xox[a-z]-|[A-Za-z0-9_+/=-]{32,}\Z"
)


@dataclass(frozen=True, slots=True)
class Env:
    """Metadata of a field: variables that set it beside its own `WSDIAG_…`.

    `instead` replaces the own name; `join` collects the variables into a list.
    """

    names: tuple[str, ...] = ()
    instead: bool = False
    join: bool = False


@dataclass(frozen=True, slots=True)
class TomlOnly:
    """Metadata of a field that no variable of the environment sets."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """Metadata of a field that holds a path; relative to the file it is written in."""


def looks_secret(name: str, value: str) -> bool:
    """Whether a name or a value has the look of something that nobody else should read."""
    return bool(_SECRET_NAME.search(name) or _SECRET_VALUE.match(value))


def reading(read: Callable[[str], T]) -> BeforeValidator:
    """A validator that hands text to one of our readers and leaves other types to pydantic."""

    def validate(value: Any) -> Any:
        return read(value) if isinstance(value, str) else value

    return BeforeValidator(validate)


def _listed(value: Any) -> Any:
    """`a, b c` → a list, as variables of the environment have it."""
    return (
        [item for item in re.split(r"[,\s]+", value) if item] if isinstance(value, str) else value
    )


def _channel(text: str) -> str:
    text = text.strip()
    if _CHANNEL_ID.match(text):
        return text
    if _CHANNEL_NAME.match(text):
        return f"#{text.removeprefix('#')}"
    raise BadValueError(say("Write the channel's ID, like C0123ABCD, or its name, like #alerts."))


def _audience(text: str) -> str:
    if text.lower() == "everyone":
        return "everyone"
    if _AUDIENCE.match(text):
        return text
    raise BadValueError(
        say(
            "Write IDs of users (U…), user groups (S…) or channels (C…), or the word everyone; "
            "{value} is none of these.",
            value=text[:40],
        )
    )


def _ip(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip().strip("[]")))
    except ValueError:
        raise BadValueError(say("Write the IP address of a DNS resolver, like 1.1.1.1.")) from None


def _slack_api_url(text: str) -> str:
    return urls.parse_page_url(text).rstrip("/") + "/"


def _page(text: str) -> str:
    return urls.parse_page_url(text).rstrip("/")


def _vantage(text: str) -> str:
    if re.match(r"[\w.-]{1,64}\Z", text):
        return text
    raise BadValueError(
        say("Write a short name of letters, digits, dots and dashes, like office-berlin.")
    )


def _database_url(value: Any) -> Any:
    """Name the async driver; the password stays inside the SecretStr."""
    text = _dereferenced(value)
    if text is None:
        return value
    if isinstance(value, str) and value == text and _URL_PASSWORD.search(text):
        raise BadValueError(
            say(
                "The address holds a password, which is not written here itself. Put the address "
                "into an environment variable and write env:NAME, or into a file and write @file."
            )
        )
    scheme, separator, rest = text.strip().partition("://")
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "sqlite+aiosqlite": "sqlite+aiosqlite",
        "postgres": "postgresql+asyncpg",
        "postgresql": "postgresql+asyncpg",
        "postgresql+asyncpg": "postgresql+asyncpg",
    }
    if not separator or scheme not in drivers or not rest:
        raise BadValueError(
            say(
                "Write sqlite:////var/lib/wsdiag/wsdiag.db (four slashes before an absolute path) "
                "or postgresql://user:password@host/database."
            )
        )
    return SecretStr(f"{drivers[scheme]}://{rest}")


def _secret(value: Any) -> Any:
    """A secret read at start. Literals come wrapped (from the environment), references as text."""
    if isinstance(value, str) and not value.startswith(("env:", "@")):
        return _secret_ref(value)  # raises: a literal that did not come wrapped
    text = _dereferenced(value)
    return value if text is None else SecretStr(text.strip())


def _secret_page(secret: SecretStr) -> SecretStr:
    """An address whose path is a secret, as dead-man's switches and webhooks have them."""
    return SecretStr(urls.parse_page_url(secret.get_secret_value()))


def _token(wanted: str, foreign: tuple[str, ...]) -> AfterValidator:
    """Refuse a secret that is plainly another one; local workspaces may have tokens of any look."""

    def validate(secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        if text.startswith(foreign) or not text.isprintable() or " " in text:
            raise BadValueError(
                say(
                    "This holds something else: it has to look like {wanted}. Compare it with "
                    "your Slack app's pages.",
                    wanted=wanted,
                )
            )
        return secret

    return AfterValidator(validate)


def _target_name(name: str) -> str:
    plain = name.isascii() and all(c.isalnum() or c in "._-" for c in name)
    if not plain or not name[:1].isalnum() or len(name) > 64:
        raise BadValueError(
            say("The name of a target is made of letters, digits, dots and dashes.")
        )
    if name.casefold() in _RESERVED:
        raise BadValueError(
            say("{name} is a word of /wsdiag; give the target another name.", name=name)
        )
    return name


def _socket_url(text: str) -> str:
    for name, value in urls.parse_socket_url(text).query.items():
        if looks_secret(name, value):
            raise BadValueError(
                say(
                    "The address holds {name}, which looks like a secret. Take it out and send "
                    "it in auth or in a header, as env:NAME or @file.",
                    name=name[:40],
                )
            )
    return text.strip()


def _checked(check: Callable[[str], object]) -> AfterValidator:
    """Look at a file when the settings are read, not only when the target is first probed."""

    def validate(path: str) -> str:
        try:
            check(path)
        except credentials.CredentialError as error:
            raise BadValueError(error.message) from None
        return path

    return AfterValidator(validate)


def _dereferenced(value: Any) -> str | None:
    """The text of a value, fetched from where it refers to; None for other types."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str) or not text.startswith(("env:", "@")):
        return text if isinstance(text, str) else None
    try:
        return credentials.read(credentials.reference(text)).get_secret_value()
    except credentials.CredentialError as error:
        raise BadValueError(error.message) from None


def _secret_ref(value: Any) -> SecretRef:
    """A secret read when it is needed: only its reference is kept."""
    if isinstance(value, SecretRef):
        return value
    if not isinstance(value, str):
        raise BadValueError(say("Write env:NAME or @/path/of/the/file."))
    try:
        return credentials.reference(value.strip())
    except credentials.CredentialError as error:
        raise BadValueError(error.message) from None


def _auth(value: Any) -> SecretRef:
    """The auth payload: a reference to a JSON object, or a table whose secrets are references."""
    if not isinstance(value, dict):
        return _secret_ref(value)
    try:
        return credentials.payload(value, looks_secret)
    except credentials.CredentialError as error:
        raise BadValueError(error.message) from None


def _headers(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {_header_name(name): _header(name, text) for name, text in value.items()}


def _header_name(name: str) -> str:
    if not _HEADER_NAME.match(name):
        raise BadValueError(say("{name} cannot be the name of an HTTP header.", name=name[:40]))
    return name


def _header(name: str, value: Any) -> SecretRef:
    plain = isinstance(value, str) and not value.startswith(("env:", "@"))
    if plain and not looks_secret(name, value):
        if not value.isprintable() or not value.isascii():
            raise BadValueError(say("The value of header {name} has to be plain ASCII.", name=name))
        return SecretRef(f"header {name}", SecretStr(value))
    return _secret_ref(value)


def _query(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    pairs = {k: str(v) if isinstance(v, int | float) else v for k, v in value.items()}
    for name, text in pairs.items():
        if isinstance(text, str) and looks_secret(name, text):
            raise BadValueError(
                say(
                    "The query parameter {name} looks like a secret, and addresses end up in logs. "
                    "Send it in auth or in a header, as env:NAME or @file.",
                    name=name[:40],
                )
            )
    return pairs


def _attempts(value: Any) -> Any:
    forever = isinstance(value, str) and value.strip().lower() in ("infinity", "forever", "inf")
    return None if forever or value == float("inf") else value


def _keep_alive(value: Any) -> Any:
    off = isinstance(value, str) and value.strip().lower() in ("off", "false", "no", "0")
    return None if off or value is False or value == 0 else value


def _lower(text: str) -> str:
    return text.strip().lower()


Lower = BeforeValidator(lambda value: _lower(value) if isinstance(value, str) else value)
Listed = BeforeValidator(_listed)
Channel = Annotated[str, reading(_channel)]
Audience = Annotated[tuple[Annotated[str, reading(_audience)], ...], Listed]
IpAddress = Annotated[str, reading(_ip)]
PageUrl = Annotated[str, reading(_page)]
SlackApiUrl = Annotated[str, reading(_slack_api_url)]
PageUrls = Annotated[tuple[Annotated[str, reading(urls.parse_page_url)], ...], Listed]
HostPatterns = Annotated[tuple[Annotated[str, reading(urls.parse_host_pattern)], ...], Listed]
Vantage = Annotated[str, reading(_vantage)]
DatabaseUrl = Annotated[SecretStr, BeforeValidator(_database_url)]
Secret = Annotated[SecretStr, BeforeValidator(_secret)]
SecretUrl = Annotated[Secret, AfterValidator(_secret_page)]
BotToken = Annotated[Secret, _token("xoxb-…", ("xapp-", "xoxp-", "http:", "https:"))]
AppToken = Annotated[Secret, _token("xapp-…", ("xoxb-", "xoxp-", "http:", "https:"))]
SigningSecret = Annotated[
    Secret, _token("8f74…, 32 characters 0-9a-f", ("xoxb-", "xapp-", "xoxp-"))
]
TargetName = Annotated[str, AfterValidator(_target_name)]
Reference = Annotated[SecretRef, PlainValidator(_secret_ref)]
AuthPayload = Annotated[SecretRef, PlainValidator(_auth)]
Headers = Annotated[
    dict[str, Annotated[SecretRef, PlainValidator(_secret_ref)]], BeforeValidator(_headers)
]
Query = Annotated[dict[str, str], BeforeValidator(_query)]
SocketUrl = Annotated[str, reading(_socket_url)]
CaFile = Annotated[str, _checked(credentials.check_ca_file)]
PemFile = Annotated[str, _checked(credentials.check_pem)]
SocketUrls = Annotated[tuple[SocketUrl, ...], Listed]
Origin = Annotated[str, reading(urls.parse_origin)]
Mount = Annotated[str, reading(urls.parse_mount)]
Namespace = Annotated[str, reading(urls.parse_namespace)]
HealthPath = Annotated[str, reading(urls.parse_health_path)]
Proxy = Annotated[str, reading(urls.parse_proxy)]
Attempts = Annotated[Annotated[int, Field(ge=0, le=1_000_000)] | None, BeforeValidator(_attempts)]
KeepAlive = Annotated[Annotated[float, Field(gt=0, le=86_400)] | None, BeforeValidator(_keep_alive)]

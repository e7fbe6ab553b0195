"""Secrets of targets: where they are kept is configuration, what they are is read when needed.

Every call reads anew, so that a rotated token is picked up after a refusal without a restart.
No error and no repr ever holds a value.
"""

from __future__ import annotations

import json
import os
import re
import ssl
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import envfiles
from bot.locales import translate
from bot.model import Message, SecretRef, say

MAX_BYTES = 64 * 1024
MAX_PEM_BYTES = 4 * 1024 * 1024  # a whole bundle of CAs
_PAYLOAD = "json:"  # of a SecretRef that holds a payload's table, its secrets as references
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class CredentialError(Exception):
    """A secret that cannot be had; `message` says what to change and never the value."""

    def __init__(self, message: Message) -> None:
        super().__init__(translate(message, "en"))
        self.message = message


def reference(text: str, *, literal_ok: bool = False) -> SecretRef:
    """Read how a secret is named: `env:NAME`, `@file`, or (where allowed) the secret itself.

    Raises CredentialError for anything else; the text is then treated as a secret and not repeated.
    """
    if text.startswith("env:"):
        if not _NAME.match(text[4:]):
            raise CredentialError(
                say("After env: comes the name of an environment variable, like env:PROD_TOKEN.")
            )
        return SecretRef(text)
    if text.startswith("@"):
        if len(text) == 1 or "\0" in text:
            raise CredentialError(
                say("After @ comes the path of a file, like @/run/secrets/token.")
            )
        return SecretRef(text)
    if literal_ok:
        return SecretRef("the command line", SecretStr(text))
    raise CredentialError(
        say(
            "A secret is not written here itself. Put it into an environment variable and write "
            "env:NAME, or into a file and write @/path/of/the/file."
        )
    )


def read(
    ref: SecretRef, *, environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> SecretStr:
    """Return the secret. Raises CredentialError.

    `env:NAME` is looked up in the environment (`environ`, by default the process's), then in
    `.env.local` and `.env` of `folder` (by default the working directory). A file may hold up to
    64 KiB of UTF-8; one line break at its end is dropped.
    """
    if ref.literal is not None:
        return ref.literal
    reference(ref.source)  # refuses what names no place
    if ref.source.startswith("env:"):
        value = _from_environment(
            ref.source[4:], os.environ if environ is None else environ, folder or Path.cwd()
        )
    else:
        value = _from_file(_path(ref.source, folder))
    if not value.strip():
        raise CredentialError(say("{source} is empty.", source=ref.source))
    return SecretStr(value)


def payload(table: Mapping[str, Any], looks_secret: Callable[[str, str], bool]) -> SecretRef:
    """Keep an auth payload written as a table: secrets are references, markers stand as they are.

    `{"token": "env:PROD_TOKEN", "client": "wsdiag"}`. `looks_secret(name, value)` says what may not
    stand there itself. Raises CredentialError for that, and for what JSON cannot hold.
    """
    _check_payload(table, looks_secret)
    return SecretRef(_PAYLOAD + json.dumps(table))


def read_json(ref: SecretRef) -> dict[str, Any]:
    """Return a secret that is a JSON object, such as an auth payload. Raises CredentialError."""
    if ref.literal is None and ref.source.startswith(_PAYLOAD):
        filled = _fill(json.loads(ref.source.removeprefix(_PAYLOAD)))
        return dict(filled)
    secret = read(ref)
    try:
        value = json.loads(secret.get_secret_value())
    except (ValueError, RecursionError):
        # The parser's own text would quote the secret: only the place it came from is named.
        raise CredentialError(
            say(
                'The auth payload from {source} is not JSON; write it like {"token": "…"}.',
                source=ref.source,
            )
        ) from None
    if not isinstance(value, dict):
        raise CredentialError(
            say(
                "The auth payload from {source} is JSON but not an object; write it like "
                '{"token": "…"}.',
                source=ref.source,
            )
        )
    return value


def parts(ref: SecretRef) -> tuple[SecretRef, ...]:
    """The references inside a payload kept as a table; of any other secret, the secret itself."""
    if ref.literal is not None or not ref.source.startswith(_PAYLOAD):
        return (ref,)
    return tuple(_references(json.loads(ref.source.removeprefix(_PAYLOAD))))


def exposure(ref: SecretRef, *, folder: Path | None = None) -> Message | None:
    """Say that a secret's file can be read by every user of this machine, or None.

    A warning and not an error: container platforms mount secrets that way.
    """
    if not ref.source.startswith("@") or ref.literal is not None:
        return None
    path = _path(ref.source, folder)
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    if not mode & stat.S_IROTH:
        return None
    return say(
        "Every user of this machine can read {path}: chmod 600 {path}.", path=envfiles.shown(path)
    )


def check_ca_file(path: str) -> None:
    """Make sure that a file holds CA certificates in PEM. Raises CredentialError with the fix."""
    text = check_pem(path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise CredentialError(
            say(
                "{path} holds no certificate in PEM (-----BEGIN CERTIFICATE-----).",
                path=envfiles.shown(path),
            )
        ) from None


def check_pem(path: str) -> str:
    """Return the text of a PEM file. Raises CredentialError when it is none or cannot be read."""
    try:
        text = envfiles.read_bounded(Path(path).expanduser(), MAX_PEM_BYTES)
    except FileNotFoundError:
        raise CredentialError(say("There is no file {path}.", path=envfiles.shown(path))) from None
    except envfiles.FileError as error:
        raise CredentialError(error.message) from None
    if "-----BEGIN " not in text:
        raise CredentialError(
            say("{path} is not a PEM file (-----BEGIN …-----).", path=envfiles.shown(path))
        )
    return text


def _check_payload(value: Any, looks_secret: Callable[[str, str], bool], name: str = "") -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            _check_payload(item, looks_secret, str(key))
    elif isinstance(value, list):
        for item in value:
            _check_payload(item, looks_secret, name)
    elif isinstance(value, str):
        if value.startswith(("env:", "@")) or looks_secret(name, value):
            reference(value)
    elif not isinstance(value, bool | int | float):
        raise CredentialError(say("{name} cannot be sent as JSON; write it as text.", name=name))


def _references(value: Any) -> Iterator[SecretRef]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _references(item)
    elif isinstance(value, str) and value.startswith(("env:", "@")):
        yield SecretRef(value)


def _fill(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _fill(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item) for item in value]
    if isinstance(value, str) and value.startswith(("env:", "@")):
        return read(SecretRef(value)).get_secret_value()
    return value


def _from_environment(name: str, environ: Mapping[str, str], folder: Path) -> str:
    if name in environ:
        return environ[name]
    for file_name in envfiles.NAMES:
        try:
            file = envfiles.read_env_file(folder / file_name)
        except envfiles.FileError as error:
            raise CredentialError(error.message) from None
        if file is not None and name in file.values:
            return file.values[name]
    raise CredentialError(
        say("The environment variable {name} is not set; it has to hold the secret.", name=name)
    )


def _from_file(path: Path) -> str:
    try:
        text = envfiles.read_bounded(path, MAX_BYTES)
    except FileNotFoundError:
        raise CredentialError(
            say("There is no file {path}; it has to hold the secret.", path=envfiles.shown(path))
        ) from None
    except envfiles.FileError as error:
        raise CredentialError(error.message) from None
    return text.removesuffix("\n").removesuffix("\r")


def _path(source: str, folder: Path | None) -> Path:
    return (folder or Path.cwd()) / Path(source[1:]).expanduser()

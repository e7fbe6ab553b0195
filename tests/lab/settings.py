"""A scenario's target as a person writes it down: `wsdiag.toml` and the variables it points to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bot.model import ClientSettings, Controls, SecretRef, Target

_PLAIN = ("path", "namespace", "origin", "health_path", "ca_file", "proxy", "deadline_s")
_CLIENT = ClientSettings()


def write(target: Target, controls: Controls, folder: Path) -> dict[str, str]:
    """Write `folder`/wsdiag.toml; returns the environment that `wsdiag check lab` needs."""
    environment = {
        "WSDIAG_CONFIG": str(folder / "wsdiag.toml"),
        **{f"XDG_{kind}_HOME": str(folder / "xdg") for kind in ("STATE", "CONFIG", "CACHE")},
    }
    lines = []
    if controls.urls:
        lines.append(f"control_urls = {_toml(list(controls.urls))}")
    if controls.resolver:
        lines.append(f"control_resolver = {_toml(controls.resolver)}")
    lines += ["[targets.lab]", f"url = {_toml(target.url)}"]
    if target.fallback_urls:
        lines.append(f"fallback_urls = {_toml(list(target.fallback_urls))}")
    default = Target("lab", target.url)
    for name in _PLAIN:
        if (value := getattr(target, name)) != getattr(default, name):
            lines.append(f"{name} = {_toml(value)}")
    if target.auth is not None:
        lines.append(f"auth = {_toml(_secret(target.auth, 'LAB_AUTH', environment))}")
    lines += _tables(target, environment)
    if target.client != _CLIENT:
        lines.append("[targets.lab.client]")
        lines += _client(target.client)
    (folder / "wsdiag.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return environment


def _tables(target: Target, environment: dict[str, str]) -> list[str]:
    lines = []
    if target.headers:
        lines.append("[targets.lab.headers]")
        for number, (name, ref) in enumerate(target.headers.items()):
            kept = _secret(ref, f"LAB_HEADER_{number}", environment)
            lines.append(f"{_toml(name)} = {_toml(kept)}")
    if target.query:
        lines.append("[targets.lab.query]")
        lines += [f"{_toml(key)} = {_toml(value)}" for key, value in target.query.items()]
    if (certificate := target.client_certificate) is not None:
        lines.append("[targets.lab.client_certificate]")
        lines.append(f"cert_file = {_toml(certificate.cert_file)}")
        if certificate.key_file is not None:
            lines.append(f"key_file = {_toml(certificate.key_file)}")
    return lines


def _client(client: ClientSettings) -> list[str]:
    lines = []
    for name in ClientSettings.__slots__:
        value = getattr(client, name)
        if value == getattr(_CLIENT, name):
            continue
        if value is None:
            value = {"reconnection_attempts": "forever", "keep_alive_s": "off"}[name]
        lines.append(f"{name} = {_toml(value)}")
    return lines


def _secret(ref: SecretRef, variable: str, environment: dict[str, str]) -> str:
    """A literal goes into a variable, as settings want it."""
    if ref.literal is None:
        return ref.source
    environment[variable] = ref.literal.get_secret_value()
    return f"env:{variable}"


def _toml(value: Any) -> str:
    """Strings, numbers, booleans and lists of them: JSON's words for these are TOML's too."""
    if isinstance(value, tuple):
        value = [str(item) for item in value]
    return json.dumps(value, ensure_ascii=False)

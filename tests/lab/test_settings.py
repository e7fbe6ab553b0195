"""What the lab writes into wsdiag.toml is read back as the very target of the scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import credentials
from bot.composition.effective import settings as load
from bot.credentials import reference
from bot.model import ClientSettings, Controls, Target, Transport
from tests.lab import settings
from tests.servers.certificates import CertificateAuthority


def test_a_target_survives_being_written_down(
    tmp_path: Path, ca: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target(
        "lab",
        "https://backend.example:8443",
        fallback_urls=("https://other.example",),
        path="/live/",
        namespace="/admin",
        origin="https://app.example.com",
        health_path="/up",
        query={"marker": "lab"},
        ca_file=str(ca.ca_file),
        proxy="http://127.0.0.1:8888",
        client=ClientSettings(
            transports=(Transport.POLLING,),
            reconnection_attempts=None,
            keep_alive_s=None,
            with_credentials=True,
        ),
        deadline_s=33.0,
    )
    for name, value in settings.write(target, Controls(("http://127.0.0.1:1/",)), tmp_path).items():
        monkeypatch.setenv(name, value)
    found = load()
    assert found.targets()["lab"] == target
    assert found.controls() == Controls(("http://127.0.0.1:1/",))


def test_secrets_are_kept_in_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target(
        "lab",
        "http://127.0.0.1:3000",
        auth=reference('{"token": "t0p"}', literal_ok=True),
        headers={"X-Api-Key": reference("k3y", literal_ok=True)},
    )
    for name, value in settings.write(target, Controls(), tmp_path).items():
        monkeypatch.setenv(name, value)
    read = load().targets()["lab"]
    assert read.auth is not None
    assert credentials.read_json(read.auth) == {"token": "t0p"}
    assert credentials.read(read.headers["X-Api-Key"]).get_secret_value() == "k3y"
    assert "t0p" not in (tmp_path / "wsdiag.toml").read_text(encoding="utf-8")

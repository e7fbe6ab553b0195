from __future__ import annotations

import os
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from bot import credentials
from bot.credentials import CredentialError
from bot.model import SecretRef


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def value(source: str) -> str:
    return credentials.read(SecretRef(source)).get_secret_value()


def refusal(source: str) -> str:
    with pytest.raises(CredentialError) as raised:
        value(source)
    return str(raised.value)


def test_a_secret_is_read_anew_every_time(folder: Path) -> None:
    path = folder / "token"
    path.write_text("old\n")
    assert value("@token") == "old"
    path.write_text("new\r\n")
    assert value("@token") == "new"


def test_only_the_line_break_at_the_end_of_a_file_is_dropped(folder: Path) -> None:
    (folder / "token").write_bytes(b" a b \n\n")
    assert value("@token") == " a b \n"


def test_the_environment_is_asked_before_env_local_and_env(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text("A=env\nB=env\nC=env\n")
    (folder / ".env.local").write_text("A=local\nB=local\n")
    monkeypatch.setenv("A", "environment")
    assert [value(f"env:{name}") for name in "ABC"] == ["environment", "local", "env"]
    (folder / ".env.local").write_text("B=rotated\n")
    assert value("env:B") == "rotated"


def test_a_literal_is_given_back_and_shows_nowhere() -> None:
    ref = SecretRef("literal", SecretStr("s3cret"))
    assert credentials.read(ref).get_secret_value() == "s3cret"
    assert "s3cret" not in repr(ref)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("env:NOT_SET", "The environment variable NOT_SET is not set"),
        ("@missing", "There is no file"),
        ("@folder", "is not a regular file"),
        ("@pipe", "is not a regular file"),
        ("@/dev/zero", "is not a regular file"),
        ("@large", "larger than 64 KiB"),
        ("@latin1", "not UTF-8"),
        ("@empty", "@empty is empty"),
        ("env:", "After env: comes the name"),
        ("@", "After @ comes the path"),
    ],
)
def test_what_cannot_be_read_says_what_to_change(folder: Path, source: str, says: str) -> None:
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "large").write_bytes(b"x" * (64 * 1024 + 1))
    (folder / "latin1").write_bytes(b"s3cr\xe9t")
    (folder / "empty").write_bytes(b"\n")
    assert says in refusal(source)


def test_what_the_system_says_of_a_file_is_passed_on() -> None:
    assert "File name too long" in refusal("@" + "x" * 300)


def test_a_secret_written_as_a_reference_is_not_repeated() -> None:
    with pytest.raises(CredentialError) as raised:
        credentials.reference("s3cret")
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("text", ['{"token": "s3cret"', '["s3cret"]', '"s3cret"', "s3cret"])
def test_an_auth_payload_that_is_no_object_is_refused_without_quoting_it(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH", text)
    with pytest.raises(CredentialError) as raised:
        credentials.read_json(SecretRef("env:AUTH"))
    assert '{"token": "…"}' in str(raised.value)
    assert "s3cret" not in str(raised.value)
    assert raised.value.__context__ is None or raised.value.__suppress_context__


def test_deeply_nested_json_is_refused_and_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH", "[" * 60_000)
    with pytest.raises(CredentialError):
        credentials.read_json(SecretRef("env:AUTH"))


def looks_secret(name: str, text: str) -> bool:
    return name == "token"


def test_a_payload_written_as_a_table_is_filled_when_it_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "jwt").write_text("one")
    monkeypatch.setenv("TENANT", "acme")
    table = {"token": "@jwt", "client": "wsdiag", "v": 2, "deep": {"tenant": ["env:TENANT"]}}
    ref = credentials.payload(table, looks_secret)
    filled = {"client": "wsdiag", "v": 2, "deep": {"tenant": ["acme"]}}
    assert credentials.read_json(ref) == {"token": "one", **filled}
    (folder / "jwt").write_text("two")
    assert credentials.read_json(ref) == {"token": "two", **filled}
    assert credentials.parts(ref) == (SecretRef("@jwt"), SecretRef("env:TENANT"))


@pytest.mark.parametrize("table", [{"token": "s3cret"}, {"a": [{"token": "s3cret"}]}])
def test_a_payload_with_a_secret_in_it_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(CredentialError) as raised:
        credentials.payload(table, looks_secret)
    assert "s3cret" not in str(raised.value)


def test_a_file_that_everyone_can_read_is_worth_a_warning(folder: Path) -> None:
    path = folder / "token"
    path.write_text("x")
    path.chmod(0o644)
    warning = credentials.exposure(SecretRef("@token"))
    assert warning is not None
    assert warning.values["path"] == str(path)
    path.chmod(0o640)
    assert credentials.exposure(SecretRef("@token")) is None
    assert credentials.exposure(SecretRef("env:TOKEN")) is None


def test_a_ca_file_has_to_hold_certificates(folder: Path) -> None:
    good, key, text = folder / "ca.pem", folder / "key.pem", folder / "text.pem"
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(good))
    ca.private_key_pem.write_to_path(str(key))
    text.write_text("hello")
    credentials.check_ca_file(str(good))
    for path in (key, text, folder / "missing.pem", folder):
        with pytest.raises(CredentialError) as raised:
            credentials.check_ca_file(str(path))
        assert str(path) in str(raised.value)

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.model import ClientSettings, Controls, SecretRef, Target, Transport
from bot.settings import load
from tests.settings.conftest import Write

GUIDE_ENV = """\
# WebSocket Configuration
NEXT_PUBLIC_SOCKET_URL=https://bot-crm-backend-756832582185.us-central1.run.app

# Fallback URLs
NEXT_PUBLIC_SOCKET_FALLBACK_1=https://backup-server-1.example.com
NEXT_PUBLIC_SOCKET_FALLBACK_2=https://backup-server-2.example.com

# WebSocket Timeouts
NEXT_PUBLIC_SOCKET_TIMEOUT=20000
NEXT_PUBLIC_SOCKET_RECONNECTION_ATTEMPTS=7
NEXT_PUBLIC_SOCKET_RECONNECTION_DELAY=1500

NEXT_PUBLIC_ANALYTICS_ID=somebody-elses
"""


def test_the_variables_of_the_guide_work_as_they_stand(write: Write) -> None:
    write(".env.local", GUIDE_ENV)
    settings = load()
    assert settings.warnings == ()
    assert settings.targets() == {
        "default": Target(
            name="default",
            url="https://bot-crm-backend-756832582185.us-central1.run.app",
            fallback_urls=(
                "https://backup-server-1.example.com",
                "https://backup-server-2.example.com",
            ),
            client=ClientSettings(
                timeout_ms=20_000, reconnection_attempts=7, reconnection_delay_ms=1500
            ),
        )
    }


def test_without_any_source_the_defaults_hold(tmp_path: Path) -> None:
    settings = load()
    assert settings.targets() == {}
    assert settings.controls() == Controls()
    assert settings.slack_api_url == "https://slack.com/api/"
    database = settings.database_url.get_secret_value()
    assert database == f"sqlite+aiosqlite:///{tmp_path}/xdg/state/wsdiag/wsdiag.db"
    assert settings.warnings == ()


def test_the_environment_wins_over_env_local_over_env_over_toml(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("wsdiag.toml", 'channel = "#toml"\nhttp_port = 1\nlog_level = "error"\nvantage = "toml"')
    write(".env", "WSDIAG_CHANNEL=env\nWSDIAG_HTTP_PORT=2\nWSDIAG_LOG_LEVEL=info")
    write(".env.local", "WSDIAG_CHANNEL=local\nWSDIAG_HTTP_PORT=3")
    monkeypatch.setenv("WSDIAG_CHANNEL", "#environment")
    settings = load()
    assert (settings.channel, settings.http_port) == ("#environment", 3)
    assert (settings.log_level, settings.vantage) == ("info", "toml")
    assert settings.origin_of("channel") == "WSDIAG_CHANNEL"
    assert settings.origin_of("http_port") == "WSDIAG_HTTP_PORT (.env.local)"
    assert settings.origin_of("log_level") == "WSDIAG_LOG_LEVEL (.env)"
    assert settings.origin_of("vantage") == "wsdiag.toml"
    assert settings.origin_of("lang") == "default"


def test_an_argument_wins_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WSDIAG_LANG", "ru")
    settings = load(lang="en", slack_bot_token=SecretStr("xoxb-1"))
    assert settings.lang == "en"
    assert settings.origin_of("lang") == "argument"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WSDIAG_URL", "")
    monkeypatch.setenv("WSDIAG_HTTP_PORT", " ")
    settings = load()
    assert settings.targets() == {}
    assert settings.http_port == 8080


def test_two_names_of_the_address_that_differ_give_a_warning(write: Write) -> None:
    write(
        ".env.local",
        "NEXT_PUBLIC_SOCKET_URL=https://a.example.com\nWSDIAG_URL=https://b.example.com",
    )
    settings = load()
    assert settings.targets()["default"].url == "https://b.example.com"
    (warning,) = settings.warnings
    assert warning == (
        "NEXT_PUBLIC_SOCKET_URL (.env.local): This means the same as WSDIAG_URL (.env.local) but "
        "says something else; WSDIAG_URL (.env.local) is used. Remove one of them."
    )


def test_of_two_names_the_stronger_source_wins(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(".env", "WSDIAG_URL=https://weak.example.com")
    monkeypatch.setenv("NEXT_PUBLIC_SOCKET_URL", "https://strong.example.com")
    assert load().targets()["default"].url == "https://strong.example.com"


def test_variables_override_single_keys_of_the_toml_target_called_default(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        "wsdiag.toml",
        '[targets.default]\nurl = "https://a.example.com"\nhealth_path = "/up"\n'
        "[targets.default.client]\ntimeout_ms = 5000\nupgrade = false\n",
    )
    monkeypatch.setenv("WSDIAG_ORIGIN", "https://app.example.com/")
    monkeypatch.setenv("NEXT_PUBLIC_SOCKET_TIMEOUT", "9000")
    target = load().targets()["default"]
    assert (target.url, target.health_path) == ("https://a.example.com", "/up")
    assert target.origin == "https://app.example.com"
    assert (target.client.timeout_ms, target.client.upgrade) == (9000, False)


def test_variables_of_a_target_without_an_address_are_a_warning_and_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WSDIAG_ORIGIN", "https://app.example.com")
    settings = load()
    assert settings.targets() == {}
    (warning,) = settings.warnings
    assert warning.startswith("WSDIAG_ORIGIN: This belongs to the target of the environment")


def test_a_misspelt_variable_gives_a_warning_with_the_right_name(
    monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    monkeypatch.setenv("WSDIAG_CHANEL", "#x")
    write(".env", "NEXT_PUBLIC_SOCKET_FALBACK_1=https://b.example.com\nSLACK_BOT_TOKE=xoxb-1")
    assert load().warnings == (
        (
            "NEXT_PUBLIC_SOCKET_FALBACK_1 (.env): There is no such setting. Did you mean "
            "NEXT_PUBLIC_SOCKET_FALLBACK_1?"
        ),
        "SLACK_BOT_TOKE (.env): There is no such setting. Did you mean SLACK_BOT_TOKEN?",
        "WSDIAG_CHANEL: There is no such setting. Did you mean WSDIAG_CHANNEL?",
    )


def test_a_third_fallback_is_not_taken_for_a_misspelt_second_one(write: Write) -> None:
    write(".env", "NEXT_PUBLIC_SOCKET_FALLBACK_3=https://c.example.com")
    (warning,) = load().warnings
    assert "WSDIAG_FALLBACK_URLS" in warning


def test_variables_of_other_programs_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEXT_PUBLIC_API_URL", "SLACK_WEBHOOK", "NEXT_PUBLIC_SOCKET_ROOM_PREFIX"):
        monkeypatch.setenv(name, "x")
    assert load().warnings == ()


def test_a_line_that_is_no_variable_is_named_and_the_others_count(write: Write) -> None:
    write(".env", "WSDIAG_LANG=ru\nwhat is this\nWSDIAG_HTTP_PORT=99")
    settings = load(lang="en")
    assert settings.http_port == 99
    assert settings.warnings == (".env line 2: This line is not NAME=value and is left out.",)


def test_the_configuration_file_can_lie_elsewhere_and_its_paths_are_relative_to_it(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("wsdiag.toml", 'lang = "ru"')
    elsewhere = tmp_path / "etc"
    elsewhere.mkdir()
    (elsewhere / "token").write_text('{"token": "s3cret"}\n')
    (elsewhere / "token").chmod(0o600)
    (elsewhere / "bot.toml").write_text(
        '[targets.prod]\nurl = "https://a.example.com"\nauth = "@token"\n'
        'headers = { Cookie = "@token" }\n'
    )
    monkeypatch.setenv("WSDIAG_CONFIG", str(elsewhere / "bot.toml"))
    settings = load()
    target = settings.targets()["prod"]
    assert settings.lang == "en"
    assert target.auth == SecretRef(f"@{elsewhere}/token")
    assert target.headers == {"Cookie": SecretRef(f"@{elsewhere}/token")}
    assert settings.warnings == ()


def test_everything_of_a_target_can_be_written(write: Write, tls_files: tuple[Path, Path]) -> None:
    certificate, key = tls_files
    write(
        "wsdiag.toml",
        f"""
channel = "C0ALERTS"
[targets.prod]
url = "https://backend.example.com:8443/admin?v=2"
fallback_urls = ["https://backup.example.com/"]
path = "/ws"
origin = "https://app.example.com"
health_path = "/healthz?full=1"
auth = "env:PROD_AUTH"
headers = {{ X-Client = "wsdiag", Authorization = "env:PROD_AUTH" }}
query = {{ client = "wsdiag" }}
ca_file = "{certificate}"
proxy = "http://proxy.example.com:3128"
channel = "#prod"
allow_private = false
deadline_s = 10
objective = 99.9
[targets.prod.client_certificate]
cert_file = "{certificate}"
key_file = "{key}"
[targets.prod.client]
transports = ["polling"]
reconnection_attempts = "forever"
keep_alive_s = "off"
[targets.prod.watch]
mode = "periodic"
interval_s = 300
""",
    )
    write(".env", "PROD_AUTH=s3cret")
    settings = load()
    target = settings.targets()["prod"]
    assert target.url == "https://backend.example.com:8443"
    assert (target.namespace, target.path) == ("/admin", "/ws/")
    assert target.query == {"v": "2", "client": "wsdiag"}
    assert target.fallback_urls == ("https://backup.example.com",)
    assert target.client.transports == (Transport.POLLING,)
    assert target.client.reconnection_attempts is None
    assert target.client.keep_alive_s is None
    assert target.watch.mode == "periodic"
    assert (target.channel, target.allow_private, target.deadline_s) == ("#prod", False, 10)
    assert target.objective == 99.9
    assert target.client_certificate is not None
    assert target.client_certificate.key_file == str(key)
    assert target.headers["Authorization"] == SecretRef("env:PROD_AUTH")
    assert "s3cret" not in repr(target)


def test_a_path_in_the_address_is_read_as_the_namespace_and_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WSDIAG_URL", "https://backend.example.com/prefix")
    settings = load()
    assert settings.targets()["default"].namespace == "/prefix"
    (warning,) = settings.warnings
    assert 'path = "/prefix/socket.io/"' in warning


def test_a_secret_that_is_not_there_is_a_warning_until_it_is_needed(write: Write) -> None:
    write("wsdiag.toml", '[targets.prod]\nurl = "https://a.example.com"\nauth = "env:NOT_SET"')
    (warning,) = load().warnings
    assert warning == (
        "targets.prod: The environment variable NOT_SET is not set; it has to hold the secret."
    )


def test_a_variable_that_a_target_names_as_its_secret_is_no_unknown_setting(write: Write) -> None:
    write("wsdiag.toml", '[targets.prod]\nurl = "https://a.example.com"\n[targets.prod.auth]\n'
          'token = "env:WSDIAG_PROD_TOKEN"')  # fmt: skip
    write(".env", "WSDIAG_PROD_TOKEN=s3cret")
    assert load().warnings == ()


def test_tokens_may_lie_in_files(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("token", "xoxb-s3cret\n")
    monkeypatch.setenv("SLACK_BOT_TOKEN", f"@{path}")
    settings = load()
    assert settings.slack_bot_token is not None
    assert settings.slack_bot_token.get_secret_value() == "xoxb-s3cret"


def test_no_secret_shows_when_settings_are_printed(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-s3cret")
    monkeypatch.setenv("WSDIAG_AUTH", '{"token": "s3cret"}')
    monkeypatch.setenv("WSDIAG_URL", "https://a.example.com")
    monkeypatch.setenv("WSDIAG_DATABASE_URL", "postgresql://me:s3cret@db.example.com/x")
    write("wsdiag.toml", '[targets.b]\nurl = "https://b.example.com"\nheaders = {X-Id = "s3cret"}')
    settings = load()
    shown = (repr(settings), str(settings), json.dumps(settings.masked()), repr(settings.targets()))
    assert all("s3cret" not in text for text in shown)
    assert settings.masked()["database_url"]["value"] == (
        "postgresql+asyncpg://me:••••••@db.example.com/x"
    )


def test_settings_do_not_change_after_they_were_read() -> None:
    settings = load()
    with pytest.raises(ValidationError):
        settings.lang = "ru"  # type: ignore[misc]


def test_run_is_told_which_tokens_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [p.where for p in load().missing_for_run()] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]
    monkeypatch.setenv("WSDIAG_SLACK_MODE", "http")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    assert [p.where for p in load().missing_for_run()] == ["SLACK_SIGNING_SECRET"]
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "8f742231b10e8888abcd99yyyzzz85a5")
    assert load().missing_for_run() == ()


def test_variables_that_switch_oauth_on_are_reported_when_both_are_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    assert load().oauth_variables == ()
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "s3cret")
    settings = load()
    assert settings.oauth_variables == ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")
    assert settings.warnings[0].startswith("SLACK_CLIENT_ID, SLACK_CLIENT_SECRET: ")


def test_who_may_is_told_apart_by_kind_of_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WSDIAG_MAY_CHANGE", "U012AB3CD, S0614TZR7,C024BE91L")
    settings = load()
    assert settings.checkers().everyone
    changers = settings.changers()
    assert not changers.everyone
    assert changers.users == {"U012AB3CD"}
    assert changers.groups == {"S0614TZR7"}
    assert changers.channels == {"C024BE91L"}


def test_a_channel_may_have_a_language_of_its_own(write: Write) -> None:
    write("wsdiag.toml", '[languages]\nC0RUSSIAN = "ru"')
    settings = load()
    assert (settings.language("C0RUSSIAN"), settings.language("C1"), settings.language(None)) == (
        "ru",
        "en",
        "en",
    )


def test_a_misspelt_name_leads_to_the_target(write: Write) -> None:
    write(
        "wsdiag.toml",
        '[targets.prod]\nurl = "https://a.example.com"\n'
        '[targets.staging]\nurl = "https://s.example.com"\n',
    )
    settings = load()
    assert [settings.target_like(name) for name in ("PROD", "stagin", "zzz")] == [
        "prod",
        "staging",
        None,
    ]

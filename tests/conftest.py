"""What holds for every test: a clean environment, loopback only, nothing left running."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.servers.guard import LoopbackGuard
from tests.servers.tools import TOOLS, required_all

pytest_plugins = ["tests.servers.fixtures"]

_GUARD = LoopbackGuard()
_FOREIGN = ("WSDIAG_", "SLACK_", "NEXT_PUBLIC_")
_KEPT = {"WSDIAG_REQUIRE_ALL"}
_ALSO = {
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "WS_PROXY", "WSS_PROXY",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "LANGUAGE", "NO_COLOR", "FORCE_COLOR", "COLUMNS",
}  # fmt: skip
_UNWIND_S = 1.0


def pytest_configure() -> None:
    # How long an example takes says how busy the machine is.
    settings.register_profile("untimed", deadline=None)
    settings.load_profile("untimed")
    _GUARD.install()
    # Started in the background, the suite ignores SIGINT, and its children would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        function = getattr(item, "function", None)
        names = getattr(item, "fixturenames", None)
        if names is not None and inspect.iscoroutinefunction(inspect.unwrap(function or print)):
            names.insert(0, "no_task_left_behind")  # first set up, so last torn down


def pytest_runtest_setup(item: pytest.Item) -> None:
    from tests.servers.tools import require

    for tool in TOOLS:
        if item.get_closest_marker(tool):
            require(tool)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and required_all() and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"WSDIAG_REQUIRE_ALL is set, yet this test skipped: {report.longrepr}"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxies, tokens, settings or state of the person who runs the tests."""
    for name in list(os.environ):
        if name in _KEPT:
            continue
        if name.upper() in _ALSO or name.upper().startswith(_FOREIGN):
            monkeypatch.delenv(name)
    for name in ("STATE", "CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / "xdg" / name.lower()))


@pytest.fixture(autouse=True)
def loopback_only() -> Iterator[LoopbackGuard]:
    """Fails a test that tried to reach anything but this machine."""
    _GUARD.clear()
    yield _GUARD
    tried = list(_GUARD.violations)
    _GUARD.clear()
    if tried:
        pytest.fail(f"tests stay on loopback, this one tried: {', '.join(tried)}", pytrace=False)


@pytest.fixture
async def no_task_left_behind() -> AsyncIterator[None]:
    """Fails an async test after which, fixtures torn down, tasks are still running."""
    yield
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    if rest:
        # What was cancelled or closed a moment ago may take a turn or two to unwind.
        _, pending = await asyncio.wait(rest, timeout=_UNWIND_S)
        if pending:
            pytest.fail(f"tasks left running: {pending}", pytrace=False)

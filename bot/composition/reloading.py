"""Changed settings are read anew: on SIGHUP, and when a file of theirs changes."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from bot.model import Target
from bot.settings import Settings, SettingsError, load

# What is in force at once; everything else waits for a restart, which the log then says.
_AT_ONCE: Final = frozenset(
    {"targets_table", "lang", "languages", "adhoc_allow", "maintenance", "escalation", "webhook"}
)
_LOOK_EVERY_S: Final = 2.0

_log = logging.getLogger("wsdiag.settings")


class Reloader:
    """Looks at files of settings. Run `run()`; set `asked` to make it look now (SIGHUP).

    use: what to do with settings that are valid. refused, mended: told why new ones cannot be used,
    and that they can be again; settings that cannot be used change nothing.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        use: Callable[[Settings], Awaitable[None]],
        refused: Callable[[str], Awaitable[None]],
        mended: Callable[[], Awaitable[None]],
        look_every_s: float = _LOOK_EVERY_S,
    ) -> None:
        self._use, self._refused, self._mended = use, refused, mended
        self._settings = settings
        self._look_every_s = look_every_s
        self._wrong = False
        self.asked = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        seen = await asyncio.to_thread(_fingerprint, self._settings.files())
        while True:
            try:
                async with asyncio.timeout(self._look_every_s):
                    await self.asked.wait()
            except TimeoutError:
                pass
            found = await asyncio.to_thread(_fingerprint, self._settings.files())
            if found == seen and not self.asked.is_set():
                continue
            self.asked.clear()
            seen = found
            await self._reload()

    async def _reload(self) -> None:
        try:
            settings = await asyncio.to_thread(load)
        except SettingsError as error:
            self._wrong = True
            text = error.text()
            _log.error("the changed settings cannot be used; the ones before stay:\n%s", text)
            await self._refused(text)
            return
        waiting = sorted(_changed(self._settings, settings) - _AT_ONCE)
        if waiting:
            _log.warning("%s: in force after a restart", ", ".join(waiting))
        self._settings = settings
        await self._use(settings)
        _log.info("the settings were read anew")
        if self._wrong:
            self._wrong = False
            await self._mended()


def changed_targets(
    before: Mapping[str, Target], after: Mapping[str, Target]
) -> tuple[Sequence[str], Sequence[Target]]:
    """Names to stop watching, and targets to begin with; one that changed is in both."""
    gone = [name for name, target in before.items() if after.get(name) != target]
    new = [target for name, target in after.items() if before.get(name) != target]
    return gone, new


def _changed(before: Settings, after: Settings) -> set[str]:
    return {name for name in Settings.model_fields if getattr(before, name) != getattr(after, name)}


def _fingerprint(files: Sequence[Path]) -> tuple[object, ...]:
    """What changes when one of the files does, also when it is replaced by another."""
    found: list[object] = []
    for path in files:
        try:
            status = os.stat(path)  # noqa: PTH116  Path.stat has no advantage here
        except OSError as error:
            found.append(type(error).__name__)
        else:
            found.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)

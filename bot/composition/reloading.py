"""Changed settings are read anew: on SIGHUP, and when a file of theirs changes."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from bot.model import Target, say
from bot.settings import Problem, Settings, SettingsError, load

# What is in force at once; everything else stays as it is until a restart, which the log then says.
_AT_ONCE: Final = frozenset(
    {
        "targets_table",
        "lang",
        "languages",
        "adhoc_allow",
        "maintenance",
        "digest",
        "escalation",
        "webhook",
    }
)
_LOOK_EVERY_S: Final = 2.0

_GONE: Final = say(
    "This file is gone, so nothing of it was changed. Put it back, or restart wsdiag to go on "
    "without it."
)
_NO_TARGET: Final = say(
    "No target is left in the settings, so those before are still watched. Add one, or restart "
    "wsdiag to go on without any."
)

_log = logging.getLogger("wsdiag.settings")


class Reloader:
    """Looks at files of settings. Run `run()`; set `asked` to make it look now (SIGHUP).

    use: what to do with settings that are valid. refused, mended: told why new ones cannot be used,
    and that they can be again; settings that cannot be used change nothing. What is wrong is told
    once for as long as it stays the same.

    A file is read when two looks in a row find it the same: editors write in several steps, and
    what stands there in between may well be valid. Files that are gone and settings without any
    target are taken for an accident, since what they mean would end all watching silently.
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
        self._wrong = ""  # what was told last; empty: all is well
        self._waiting: set[str] = set()  # what was said to wait for a restart
        self._present: frozenset[Path] = frozenset()
        self.asked = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        used = seen = await asyncio.to_thread(_fingerprint, self._settings.files())
        self._present = await asyncio.to_thread(_present, self._settings.files())
        while True:
            try:
                async with asyncio.timeout(self._look_every_s):
                    await self.asked.wait()
            except TimeoutError:
                pass
            found = await asyncio.to_thread(_fingerprint, self._settings.files())
            settled, seen = found == seen, found
            asked = self.asked.is_set()
            if not asked and (found == used or not settled):
                continue
            self.asked.clear()
            used = found
            await self._reload(asked=asked)

    async def _reload(self, *, asked: bool) -> None:
        try:
            settings = await asyncio.to_thread(self._load)
        except SettingsError as error:
            text = error.text()
            news, self._wrong = text != self._wrong, text
            if news or asked:
                _log.error("the changed settings cannot be used; the ones before stay:\n%s", text)
            if news:
                await self._refused(text)
            return
        waiting = _changed(self._settings, settings) - _AT_ONCE
        if waiting - self._waiting:
            _log.warning("%s: in force after a restart", ", ".join(sorted(waiting)))
        self._waiting = waiting
        known = self._settings.warnings
        for warning in (text for text in settings.warnings if text not in known):
            _log.warning("%s", warning)
        kept = {name: getattr(self._settings, name) for name in waiting}
        self._settings = settings.model_copy(update=kept)
        self._present = await asyncio.to_thread(_present, settings.files())
        await self._use(self._settings)
        _log.info("the settings were read anew")
        if self._wrong:
            self._wrong = ""
            await self._mended()

    def _load(self) -> Settings:
        """What the files say now. Raises SettingsError also for what would only start anew."""
        before = self._settings
        gone = [path for path in before.files() if path in self._present and not path.exists()]
        if gone:
            raise SettingsError([Problem(str(path), _GONE) for path in gone], before.lang)
        settings = load()
        problems = list(settings.missing_for_run())
        if before.targets_table and not settings.targets_table:
            problems.append(Problem("", _NO_TARGET))
        if problems:
            raise SettingsError(problems, settings.lang)
        return settings


def changed_targets(
    before: Mapping[str, Target], after: Mapping[str, Target]
) -> tuple[Sequence[str], Sequence[Target]]:
    """Names to stop watching, and targets to begin with; one that changed is in both."""
    gone = [name for name, target in before.items() if after.get(name) != target]
    new = [target for name, target in after.items() if before.get(name) != target]
    return gone, new


def _changed(before: Settings, after: Settings) -> set[str]:
    return {name for name in Settings.model_fields if getattr(before, name) != getattr(after, name)}


def _present(files: Sequence[Path]) -> frozenset[Path]:
    return frozenset(path for path in files if path.exists())


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

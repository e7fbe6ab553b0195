"""Which probes run and what they found, while they run: on stderr, and only on a terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from bot.locales import translate
from bot.model import Finding, Message, Status
from bot.terminal.style import LOOK_MARK, LOOK_STYLE, MARKS, STYLES
from bot.wording import is_look, label


class LiveProgress:
    """A line of probes that fills up. Use as a context manager round the diagnosis."""

    def __init__(self, console: Console, lang: str) -> None:
        self._lang = lang
        self._states: dict[str, Status | None] = {}
        self._notes: dict[str, Message] = {}
        self._live = Live(
            console=console, transient=True, refresh_per_second=8, get_renderable=self._line
        )
        self._shown = console.is_terminal

    def __enter__(self) -> LiveProgress:
        if self._shown:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._live.stop()

    def update(self, probe: str, finding: Finding | None, note: Message | None = None) -> None:
        """A probe has started (None), got as far as the note says, or reported."""
        if note is not None:
            self._notes[probe] = note
        if finding is None:
            self._states.setdefault(probe, None)
        else:
            self._states[probe] = _worse(self._states.get(probe), finding.status)

    def _line(self) -> Text:
        line = Text()
        for probe, status in self._states.items():
            mark, style = (MARKS[status], STYLES[status]) if status else ("…", "dim")
            if is_look(probe) and status is not None:
                mark, style = LOOK_MARK, LOOK_STYLE
            words = translate(label(probe), self._lang)
            if status is None and (note := self._notes.get(probe)) is not None:
                words = f"{words}: {translate(note, self._lang)}"
            line.append(f"{mark} {words}  ", style=style)
        return line


def _worse(one: Status | None, other: Status) -> Status:
    order = (Status.SKIPPED, Status.OK, Status.WARN, Status.FAIL)
    return max((s for s in (one, other) if s), key=order.index)

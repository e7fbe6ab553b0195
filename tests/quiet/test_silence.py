"""Why a target is quiet: people's mutes and the settings' windows together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.model import Mute
from bot.quiet import Silence, Window, silences
from bot.spans import Span

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = Span(NOW, NOW + timedelta(hours=1))


def test_a_target_is_quiet_for_each_reason_that_holds() -> None:
    mute = Mute("a", None, "U1", NOW)
    gone = Mute("gone", None, "U1", NOW)
    window = Window(HOUR, frozenset({"a", "b"}), "new disks")
    found = silences(["a", "b", "c"], {"a": mute, "gone": gone}, [window], NOW)
    assert found == {
        "a": Silence("a", mute, window, HOUR),
        "gone": Silence("gone", gone),
        "b": Silence("b", None, window, HOUR),
    }


def test_a_window_of_all_covers_every_target_and_ends() -> None:
    window = Window(HOUR)
    assert set(silences(["a", "b"], {}, [window], NOW)) == {"a", "b"}
    assert silences(["a", "b"], {}, [window], HOUR.end) == {}

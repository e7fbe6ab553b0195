"""What `explain` found, in sentences: counts, times, drops of one age, what to paste instead."""

from __future__ import annotations

import math
from collections.abc import Iterator

from bot.explain import Explanation, Timer, Told
from bot.model import Message, say, say_n

NOT_RECOGNISED = say("Nothing in this text is a wording that wsdiag knows.")
PASTE_INSTEAD = say(
    "Paste the red line of the browser's console together with its address; or message, "
    "description and context of connect_error; or the answer and status of the /socket.io/ "
    "request from the Network tab; or the log of the server or proxy from the minutes before."
)
ONLY_THE_BEGINNING = say("The text is very long: only its first million characters were read.")
NOT_CERTAIN = say("Likely, judged by the text alone; a check tells for certain.")


def told_times(told: Told) -> Message | None:
    """How often and when a wording was met; None where it stands alone and undated."""
    if told.first is not None and told.last is not None:
        first, last = told.first.text(), told.last.text()
        if told.count == 1 or first == last:
            return say_n("once, {first}", "{n} times, {first}", told.count, first=first)
        return say_n(
            "once, {first} to {last}", "{n} times, {first} to {last}", told.count,
            first=first, last=last,
        )  # fmt: skip
    if told.count > 1:
        return say_n("once", "{n} times", told.count)
    return None


def facts(found: Explanation) -> Iterator[Message]:
    """What a log says beyond its wordings: how much was read, connections, drops of one age."""
    if found.lines > 1:
        yield say_n(
            "{n} line read, {recognised} recognised.",
            "{n} lines read, {recognised} recognised.",
            found.lines,
            recognised=found.recognised_lines,
        )
        if found.first is not None and found.last is not None:
            yield say("From {first} to {last}.", first=found.first.text(), last=found.last.text())
    sessions = found.sessions
    if sessions.connects + sessions.disconnects + sessions.retries > 1:
        yield say(
            "Connected: {connects}. Disconnected: {disconnects}. Tried to reconnect: {retries}.",
            connects=sessions.connects,
            disconnects=sessions.disconnects,
            retries=sessions.retries,
        )
    if sessions.timer is not None:
        yield timer(sessions.timer)
    if found.cut:
        yield ONLY_THE_BEGINNING


def timer(seen: Timer) -> Message:
    """Drops that agree in their age: `14 of 15 drops at 300 ± 2 s`, and what that means."""
    return say_n(
        "{n} of {total} drops at {age} ± {spread} s: nothing but a timer does that.",
        "{n} of {total} drops at {age} ± {spread} s: nothing but a timer does that.",
        seen.count,
        total=seen.total,
        age=round(seen.age_s, 1),
        spread=max(0.1, math.ceil(seen.spread_s * 10) / 10),
    )

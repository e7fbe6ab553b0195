"""When the bot keeps quiet, and when silence has lasted too long. Pure.

| module | subject |
|---|---|
| `mutes` | which targets people have muted |
| `windows` | maintenance windows: cron and one-off, in the time of a place |
| `silence` | both together: which targets are quiet, and why |
| `pending` | which reminders and escalations are due |
"""

from bot.quiet.mutes import ended as mute_ended
from bot.quiet.mutes import in_force
from bot.quiet.pending import Policy, Step, Vigil, acknowledgement, due, steps
from bot.quiet.silence import Silence, silences
from bot.quiet.windows import Recurring, Window, maintenance, times
from bot.quiet.windows import ended as window_ended

__all__ = [
    "Policy",
    "Recurring",
    "Silence",
    "Step",
    "Vigil",
    "Window",
    "acknowledgement",
    "due",
    "in_force",
    "maintenance",
    "mute_ended",
    "silences",
    "steps",
    "times",
    "window_ended",
]

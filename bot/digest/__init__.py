"""A week of a channel: what its targets were like, and what to set differently. Pure.

| module | subject |
|---|---|
| `due` | when a digest is due, in the time of a place |
| `week` | what a week comes to: the noisiest target, the most frequent cause |
| `advice` | thresholds that would have spared people something, from what happened |
"""

from bot.digest.advice import Advice, advise
from bot.digest.due import Due, latest, upcoming
from bot.digest.week import TargetWeek, Week, week

__all__ = ["Advice", "Due", "TargetWeek", "Week", "advise", "latest", "upcoming", "week"]

"""What people paste (a console's error, a log of thousands of lines) and what it means. Pure.

The wordings stand in `table.PATTERNS`, each with the file of the program that prints it; what they
mean stands in `network`, `answers`, `session`, `page` and `backend`. Nothing that was pasted comes
out again but the backend's address and the page's Origin, both without query and user info.
"""

from bot.explain.address import Address
from bot.explain.analysis import Explanation, Suspect, Told, explain
from bot.explain.reading import Reading, Step
from bot.explain.sessions import Sessions, Timer
from bot.explain.steps import Action
from bot.explain.text import LONGEST

__all__ = [
    "LONGEST",
    "Action",
    "Address",
    "Explanation",
    "Reading",
    "Sessions",
    "Step",
    "Suspect",
    "Timer",
    "Told",
    "explain",
]

"""Imports what every run needs late: what the warm process has, its forks need not load."""

from __future__ import annotations

from bot.composition import checking, effective
from bot.net import nameserver
from tests.lab.table import scenarios

__all__ = ["checking", "effective", "nameserver"]

scenarios()

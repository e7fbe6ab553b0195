"""How the parts of a store reach its database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


class Run(Protocol):
    """Runs work in one transaction of its own; raises StoreError."""

    def __call__(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> Awaitable[T]: ...

"""Memory goes back to the system: looks come in bursts, and the C library keeps what they took."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
from typing import Final

_EVERY_S: Final = 60.0


async def give_back(every_s: float = _EVERY_S) -> None:
    """Again and again until cancelled, where the C library is glibc; elsewhere do nothing.

    Of a thousand targets' memory that is a tenth (malloc_trim(3), some milliseconds, in a thread).
    """
    trim = None
    with contextlib.suppress(OSError):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while trim is not None:
        await asyncio.sleep(every_s)
        await asyncio.to_thread(trim, 0)

"""Reports outside this process: as plain JSON data, and as files that people keep and pass on."""

from bot.record.codec import (
    FORMAT,
    RecordError,
    finding_to_json,
    from_json,
    plain,
    to_json,
    unread,
)
from bot.record.files import FileError, check_place, read, write
from bot.record.saved import Expected, Saved, dumps, loads, target_of, was_cut_short
from bot.record.scrubbing import scrubbed

__all__ = [
    "FORMAT",
    "Expected",
    "FileError",
    "RecordError",
    "Saved",
    "check_place",
    "dumps",
    "finding_to_json",
    "from_json",
    "loads",
    "plain",
    "read",
    "scrubbed",
    "target_of",
    "to_json",
    "unread",
    "was_cut_short",
    "write",
]

"""What became of each file, for the report."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class InputStatus(Enum):
    """What became of a file that was found."""

    READ = "read"
    PARTLY = "partly"
    UNREADABLE = "unreadable"


class InputRecord(Struct, frozen=True, kw_only=True):
    """One file of a kind that we read, or should have been able to.

    `kind` is "" where none could be told. `sha256` is None over 16 MB. `facts`
    are those that were read from it.
    """

    path: str
    kind: str
    status: InputStatus
    bytes: int
    sha256: str | None
    facts: int


class IgnoredFile(Struct, frozen=True):
    """One candidate that was not read, and why."""

    path: str
    why: str

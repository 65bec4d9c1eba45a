"""What the lines of one log look like, learned from some of them that were parsed.

With it the other lines can be counted without parsing: how many are audit lines, how
many name no user, and at what time they were written. It is learned only where it is
told without fail in each line looked at; else every line is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from kfm_audit.lakefs.form import PADDING
from kfm_audit.lakefs.log import Call, calls_in_line
from kfm_audit.lakefs.needles import plain

_LOOKED_AT: Final = 300
_MARKS: Final = (b"HTTP call ended", b"data_operation_id", b"data_request_id", b"log_audit")
_BEFORE_TIME: Final = re.compile(rb"time[\\\"]*\s?[:=]\s?[\\\"]*$")
_BEFORE_USER: Final = re.compile(rb"[\\\"\s_]user[\\\"]*\s?[:=]\s?[\\\"]*$")
_SNAKE: Final = re.compile(rb"operation_id[\\\"]*\s?[:=]\s?[\\\"]*[a-z]")
_BOUNDS: Final = ((b"}", b"{"), (b"}\r", b"{"), (b"}", b""), (b"}\r", b""), (b"", b"time="))


class Look(Struct, frozen=True):
    """How to tell things of a line that is not parsed.

    `audit` stands once in each audit line and in no other; `user` where it names a user; `time` directly
    before the time, which is in UTC: `2026-07-01T09:12:03`. Whole lines end with `end` and begin with `begin`.
    `snakes` says that some ids are in snake_case.
    """

    audit: bytes
    user: bytes
    time: bytes
    begin: bytes
    end: bytes
    snakes: bool

    @property
    def boundary(self) -> bytes:
        """What stands between two whole lines."""
        return self.end + b"\n" + self.begin


def learn(lines: Iterable[bytes]) -> Look | None:
    """The look of a log that begins with `lines`; None where it cannot be told, or no audit line is among them."""
    looked = [line for line in lines if line.strip(PADDING)][:_LOOKED_AT]
    calls: list[tuple[bytes, Call]] = []
    others: list[bytes] = []
    for line in looked:
        match list(calls_in_line(line.strip(PADDING))):
            case [Call() as call]:
                calls.append((line, call))
            case _:
                others.append(line)
    if not calls or not all(plain(line) and b"operation_id" in line for line, _ in calls):
        return None
    audit = next((mark for mark in _MARKS if _tells(mark, calls, others)), None)
    time = _mark(_BEFORE_TIME, ((line, _times(call)) for line, call in calls))
    bounds = next((pair for pair in _BOUNDS if _bounded(pair, looked)), None)
    if audit is None or not time or bounds is None:
        return None
    user = _mark(_BEFORE_USER, ((line, (call.user.encode(),)) for line, call in calls if call.user))
    if not user or any((user in line) != bool(call.user) for line, call in calls):
        return None
    if any(user in line for line in others):
        return None
    end, begin = bounds
    snakes = any(b"performing" in line for line in others) or any(
        _SNAKE.search(line) and not call.ref and b"s3_gateway" not in line for line, call in calls
    )
    return Look(audit, user, time, begin, end, snakes)


def fits(look: Look, line: bytes) -> bool:
    """Whether a line has the look; lines that are no calls fit every look."""
    match list(calls_in_line(line.strip(PADDING))):
        case [Call() as call]:
            at = line.find(look.time) + len(look.time)
            return (
                line.count(look.audit) == 1
                and plain(line)
                and b"operation_id" in line
                and line[at : at + 19].replace(b" ", b"T") == _times(call)[0]
                and (look.user in line) == bool(call.user)
                and (look.snakes or not _SNAKE.search(line) or b"s3_gateway" in line)
            )
        case _:
            return True


def _tells(mark: bytes, calls: list[tuple[bytes, Call]], others: list[bytes]) -> bool:
    return all(line.count(mark) == 1 for line, _ in calls) and not any(mark in line for line in others)


def _times(call: Call) -> tuple[bytes, bytes]:
    time = call.time.replace(tzinfo=None)
    return time.isoformat().encode(), time.isoformat(" ").encode()


def _mark(before: re.Pattern[bytes], said: Iterable[tuple[bytes, tuple[bytes, ...]]]) -> bytes:
    """What stands before each of these values in its line, and nowhere earlier in it; "" where it differs."""
    marks = set()
    for line, values in said:
        found = b""
        for value in values:
            at = line.find(value)
            while at >= 0:
                ahead = before.search(line[max(at - 24, 0) : at])
                if ahead and line.find(ahead[0]) + len(ahead[0]) == at:
                    found = ahead[0]
                at = line.find(value, at + 1)
        marks.add(found)
    return marks.pop() if len(marks) == 1 else b""


def _bounded(pair: tuple[bytes, bytes], lines: list[bytes]) -> bool:
    end, begin = pair
    return sum(line.endswith(end) and line.startswith(begin) for line in lines) >= 0.9 * len(lines)

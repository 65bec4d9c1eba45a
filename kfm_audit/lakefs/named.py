"""What a call names: the repository, branch, source, group, user or policy that stand in its path.

Audit lines of the REST API carry none of these in fields of their own. What stands in
a request's body (the name of a new branch, the ref of a revert) is in no log.
"""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

from kfm_audit.lakefs.operations import API, Operation, template
from kfm_audit.lakefs.paths import parts

ACTIONS = "_lakefs_actions/"
"""The prefix below which lakeFS reads hooks."""


class Named(Struct, frozen=True):
    """What a path names. `segments` are its variable parts by their names in the API, `query` its last values."""

    segments: dict[str, str]
    query: dict[str, str]

    def part(self, name: str) -> str:
        """One variable part, "" where the operation's path has none of that name."""
        return self.segments.get(name, "")


def named(operation: Operation, path: str) -> Named | None:
    """What the path of a call of `operation` names; None where it is no path of that operation.

    Each segment is percent-decoded once, after the path was split: an encoded
    slash belongs to a name and never makes a new segment.
    """
    bare, query = parts(path)
    match = _pattern(operation).fullmatch(bare)
    if match is None:
        return None
    return Named(
        segments={name: unquote(text) for name, text in match.groupdict().items()},
        query=dict(parse_qsl(query)),
    )


@cache
def _pattern(operation: Operation) -> re.Pattern[str]:
    return re.compile(API + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template(operation)))

"""What a path of lakeFS's REST API names.

Audit lines of the REST API carry neither repository nor branch: both stand in
`path`, which is the request's target as it came in, percent-encoded and with its query.
"""

from __future__ import annotations

import posixpath
import re
from typing import Final
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

_HOST: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")
_BRANCH: Final = re.compile(
    r"/api/v1/repositories/(?P<repository>[^/]+)/branches/(?P<branch>[^/]+)"
    r"(?:/(?P<verb>hard_reset|revert|cherry-pick|commits(?:/async)?|import|objects.*))?"
)
_MEMBER: Final = re.compile(r"/api/v1/auth/groups/(?P<group>[^/]+)/members/(?P<user>[^/]+)")


class BranchPath(Struct, frozen=True):
    """A path below a branch; `query` holds the last value of each key that has one."""

    repository: str
    branch: str
    verb: str
    query: dict[str, str]


class MemberPath(Struct, frozen=True):
    """A path that names a member of a group."""

    group: str
    user: str


def parts(target: str) -> tuple[str, str]:
    """The path of a request's target in one spelling, and its query.

    Clients and proxies also write `http://host/api//v1/x/./`: scheme, host, empty
    segments, dots and a last slash say nothing. What is percent-encoded stays so.
    """
    bare, _, query = target.partition("?")
    bare = _HOST.sub("", bare, count=1)
    return posixpath.normpath("/" + bare.lstrip("/")), query


def branch_path(path: str) -> BranchPath | None:
    """Read a path below a branch; None for any other.

    Each segment is percent-decoded once, after the path was split: an encoded
    slash belongs to a name and never makes a new segment.
    """
    bare, query = parts(path)
    match = _BRANCH.fullmatch(bare)
    if match is None:
        return None
    return BranchPath(
        repository=unquote(match["repository"]),
        branch=unquote(match["branch"]),
        verb=match["verb"] or "",
        query=dict(parse_qsl(query)),
    )


def member_path(path: str) -> MemberPath | None:
    """Read a path that names a member of a group; None for any other. Decoding as for branches."""
    match = _MEMBER.fullmatch(parts(path)[0])
    return MemberPath(unquote(match["group"]), unquote(match["user"])) if match else None

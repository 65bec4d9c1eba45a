"""Paths of lakeFS's REST API in one spelling.

Audit lines of the REST API carry neither repository nor branch: both stand in
`path`, which is the request's target as it came in, percent-encoded and with its query.
"""

from __future__ import annotations

import posixpath
from typing import Final

from kfm_audit.pattern import pattern

_HOST: Final = pattern(r"[A-Za-z][A-Za-z0-9+.-]*+://[^/?]*+")


def parts(target: str) -> tuple[str, str]:
    """The path of a request's target in one spelling, and its query.

    Clients and proxies also write `http://host/api//v1/x/./`: scheme, host, empty
    segments, dots and a last slash say nothing. What is percent-encoded stays so.
    """
    bare, _, query = target.partition("?")
    bare = _HOST.sub("", bare, count=1)
    return posixpath.normpath("/" + bare.lstrip("/")), query

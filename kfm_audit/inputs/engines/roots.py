"""Fewer and shorter words to search for: the fewer they are, the faster is a search for all at once.

The library that searches skips ahead best with no more than 32 words, and with words that begin as
little in a log does: with a capital.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Final

_SHORTEST: Final = 5
_LONGEST: Final = 12
"""Bytes of a root: shorter ones stand in every line, longer ones are shared by nothing."""
_ENDS: Final = re.compile(rb"[a-z][A-Z]|[^A-Za-z0-9]")
"""Where two words meet: a root that is one word alone could be any word of a path."""
_WORD: Final = re.compile(rb"[A-Z]+(?![a-z])|[A-Z][a-z]+")
_ORDINARY: Final = "\n".join(
    (
        *("GetObject", "HeadObject", "StatObject", "ListObjects", "GetBranch", "ListBranches", "LogCommits"),
        *(
            "UploadObject",
            "StageObject",
            "DeleteObjects",
            "CopyObject",
            "CommitAsync",
            "GetCommit",
            "DiffRefs",
        ),
        *("LinkPhysicalAddress", "GetPhysicalAddress", "CreatePresignMultipartUpload", "FindMergeBase"),
        *("GetRepository", "get_object", "head_object", "list_objects", "list_object_versions", "list_type"),
        *("data_repository", "data_request_id", "data_operation_id", "data_service_name", "data_user"),
        *("api/v1/repositories/", "/objects?path=", "/branches/run-", "/commits", "/refs/", "presign=true"),
        *("physical_address", "upload_id", "part_number", "user_metadata", "performing API action"),
        *("HTTP call ended", "lakefs-python-sdk/", "net/http.HandlerFunc.ServeHTTP"),
    )
).encode()
"""Texts of which log lines are full: a root is part of none."""

_Parts = Callable[[bytes], Iterator[bytes]]


def roots(needles: Collection[bytes]) -> tuple[bytes, ...]:
    """Words such that each of `needles` has one of them in it, and few other lines do."""
    names = {needle for needle in needles if needle[:1].isupper()}
    found = _cover(names, _words_of)
    others = {needle for needle in needles if not any(root in needle for root in found)}
    return tuple(sorted((*found, *_cover(others, _parts_of))))


def _cover(wanted: set[bytes], parts_of: _Parts) -> list[bytes]:
    """A greedy cover: the part that most needles share comes first. What shares none stays as it is."""
    shared: dict[bytes, set[bytes]] = {}
    for needle in wanted:
        for part in parts_of(needle):
            if part not in _ORDINARY:
                shared.setdefault(part, set()).add(needle)
    found: list[bytes] = []
    left = set(wanted)
    while shared := {part: rest for part, having in shared.items() if len(rest := having & left) > 1}:
        best, covered = max(shared.items(), key=lambda item: (len(item[1]), len(item[0]), item[0]))
        found.append(best)
        left -= covered
    return [*found, *left]


def _words_of(name: bytes) -> Iterator[bytes]:
    """The words of a name, and what begins and ends with whole words."""
    words = list(_WORD.finditer(name))
    for first, start in enumerate(words):
        for end in words[first:]:
            if end.end() - start.start() >= _SHORTEST:
                yield name[start.start() : end.end()]


def _parts_of(needle: bytes) -> Iterator[bytes]:
    for start in range(len(needle)):
        for end in range(start + _SHORTEST, min(len(needle), start + _LONGEST) + 1):
            if _ENDS.search(needle, start, end):
                yield needle[start:end]

"""What a line must hold to be worth parsing: the needles in the hay of an audit log.

They come from the table of operations. A rare operation is known by its name, in both
spellings, and by the verb in its path, for lines without an id. What happens all the time
(commits, writes of objects) decides only on an environment branch, and is known by the
branch: policy's globs give needles too, as far as they are literal.

A line without any needle decides nothing. That holds for lines in which names and paths are
written out: a caller may percent-encode a branch, and that is covered; a collector that
escapes letters or slashes does so in every line, and `plain` tells that its logs need another way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property
from typing import Final

from kfm_audit.lakefs.operations import HARMLESS, Decision, Operation, decision, template
from kfm_audit.pattern import pattern

FREQUENT: Final = frozenset({Decision.COMMIT, Decision.WRITE, Decision.HARMLESS})
"""Decisions whose operations are too many to be looked for by their names."""

_COMMON: Final = frozenset(
    {"repositories", "branches", "commits", "refs", "pulls", "auth/users", "auth/groups"}
)
"""Parts of paths that do not tell what is done."""
WORDS: Final = ("etarange", "s_actions")
"""Of `source_metarange=` and `_lakefs_actions`.

These words, those of branches, and the names of the gateway's writes (`post_object`, `delete_objects`,
`put_object`) lack their beginning, because the library that searches for all at once skips ahead best
where few words begin as others do, or as much of a line does.
"""
_TWINS: Final = ("merge_branches", "delete_repo", "restore_repository")
"""Names in the debug lines of the server that are not those of the operations."""
_ESCAPED: Final = pattern(rb"\\u00[4-7]|\\u00(?:2[dDfF]|3\d)|\\/")
_WRITES: Final = (b"put_object", b"post_object", b"delete_object", b"delete_objects")
_READS: Final = pattern(rb'"method": ?"(?:GET|HEAD)"')
_METHOD: Final = b'"method":"'
_NEAR: Final = 512
"""Bytes from a method to its path, at most, where it is worth looking for it."""

Harmless = Callable[[bytearray, int, int], object]
"""Whether the line at an offset decides nothing for the needle there, told by what stands next to it.

The last number is the buffer's size. It says no where it cannot tell; then the whole line has to be looked at.
"""


class Needles:
    """The needles of a policy, as text: names, verbs and places, one of which is enough.

    The S3 gateway writes the branch into a field of its own: a line with one of `gateway` counts where its ref
    has one of `beginnings`.
    """

    def __init__(self, globs: Iterable[str]) -> None:
        """Take the globs of environment branches."""
        beginnings = sorted({re.split(r"[*?]", glob, maxsplit=1)[0] for glob in globs})
        rare = [found.value for found in Operation if decision(found) not in FREQUENT]
        self.names = tuple(sorted({*rare, *WORDS}))
        self.snakes = tuple(sorted({*map(snake_case, rare), *_TWINS}))
        self.verbs = tuple(sorted(set(_verbs())))
        self.places = tuple(sorted({place for beginning in beginnings for place in _places(beginning)}))
        self.beginnings = tuple(beginnings)
        self.gateway = ("ost_object", "ete_object", "put_object")

    @cached_property
    def all(self) -> tuple[bytes, ...]:
        """Every needle that a line may be looked at for."""
        return least((*self.names, *self.snakes, *self.verbs, *self.places, *self.gateway))

    def by_id(self) -> tuple[re.Pattern[bytes], ...]:
        """What finds the needles where only expressions are at hand, which are slow on many words.

        Every id that is not known to be frequent, which includes all that are rare and those of the gateway's
        writes; and the other words, each by an expression that begins with what it looks for.
        """
        frequent = [
            found.value for found in Operation if decision(found) in FREQUENT and " " not in found.value
        ]
        gateway = ("get_object", "head_object", "list_objects", "list_buckets", "list_object_versions")
        first = ("GetObject", "StatObject", "ListObjects", "UploadObject", "get_object", "head_object")
        ordinary = dict.fromkeys((*first, *sorted(frequent), *gateway, *sorted(HARMLESS)))
        places = sorted({place.removeprefix("nches/") for place in self.places})
        return (
            re.compile(
                rb'operation_id[\\"]*+\s?+[:=]\s?+[\\"]*+(?!(?:%b)\b)\w++' % "|".join(ordinary).encode()
            ),
            re.compile(
                b"nches/(?:%b)" % (b"|".join(re.escape(place.encode()) for place in places) or rb"(?!)")
            ),
            *(re.compile(word.encode()) for word in WORDS),
        )

    def usual(self, *, snakes: bool) -> tuple[bytes, ...]:
        """The needles for a log whose REST lines have ids in UpperCamel, and only these or `snakes` too."""
        return least((*self.names, *(self.snakes if snakes else ()), *self.places, *self.gateway))

    def matters(self, needle: bytes, buffer: bytearray, low: int, high: int) -> bool:
        """Whether the line between two offsets, which holds this needle, is worth parsing.

        One on an environment branch is not where it says of itself, once, that it only reads: what a caller
        may write into a line has its quotes escaped, so that none can say so for itself.
        """
        if needle in self._gateway or needle.endswith(_WRITES):
            return self._refs.search(buffer, low, high) is not None
        if needle in self._places:
            return _READS.search(buffer, low, high) is None or buffer.count(b'"method"', low, high) != 1
        return True

    def harmless(self, needles: Collection[bytes]) -> Harmless | None:
        """What tells quickly, and of most lines, that none of these needles matters at its place, if anything does."""
        if self._gateway.issuperset(needles):
            return self._elsewhere.match
        return _only_reads if self._places.issuperset(needles) else None

    @cached_property
    def _beginnings(self) -> bytes:
        return b"|".join(re.escape(beginning.encode()) for beginning in self.beginnings) or rb"(?!)"

    @cached_property
    def _refs(self) -> re.Pattern[bytes]:
        return pattern(rb'ref(?:\\*"\s?:\s?\\*"|=)(?:%b)' % self._beginnings)

    @cached_property
    def _elsewhere(self) -> re.Pattern[bytes]:
        """A gateway's call from within its id, as a server writes it, to the end of a ref of no environment."""
        return re.compile(rb'\w*+","path":"[^"]*+","ref":"(?!%b)[^"]*+",' % self._beginnings)

    @cached_property
    def _places(self) -> frozenset[bytes]:
        return frozenset(place.encode() for place in self.places)

    @cached_property
    def _gateway(self) -> frozenset[bytes]:
        return frozenset(name.encode() for name in self.gateway)


def _only_reads(buffer: bytearray, at: int, size: int) -> bool:
    """Whether the method that stands last before a path, and in its line, only reads, and none comes after it."""
    method = buffer.rfind(_METHOD, max(at - _NEAR, 0), at)
    if method < 0 or not buffer.startswith((b'GET"', b'HEAD"'), method + len(_METHOD)):
        return False
    end = buffer.find(b"\n", method, size)
    return end > at and buffer.find(b'"method"', at, end) < 0


def plain(lines: bytes) -> bool:
    """Whether no letter, digit, hyphen or slash is escaped in these lines."""
    return _ESCAPED.search(lines) is None


def snake_case(name: str) -> str:
    """`hard_reset_branch` of `HardResetBranch`, `set_gc_rules` of `SetGCRules`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def least(words: Iterable[str]) -> tuple[bytes, ...]:
    """The words without those that hold another, in a stable order."""
    kept: list[str] = []
    for word in sorted(set(words), key=lambda word: (len(word), word)):
        if not any(part in word for part in kept):
            kept.append(word)
    return tuple(sorted(word.encode() for word in kept))


def any_of(words: Iterable[bytes]) -> re.Pattern[bytes]:
    """What finds the first of several words; nothing where there is none."""
    return pattern(b"|".join(map(re.escape, words)) or rb"(?!)")


def _verbs() -> Iterator[str]:
    """The first part of each rare operation's path that tells it from others, as far as there is one."""
    for rare in Operation:
        if decision(rare) not in FREQUENT:
            parts = (part.strip("/") for part in re.split(r"\{\w+\}", template(rare)))
            yield from [f"/{part}" for part in parts if part and part not in _COMMON][:1]


def _places(beginning: str) -> Iterator[str]:
    """A branch's name in a path; each letter of it may be percent-encoded."""
    yield f"nches/{beginning}"
    yield from (f"nches/{beginning[:length]}%" for length in range(len(beginning)))

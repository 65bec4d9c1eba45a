"""Searching and counting in a block of bytes: two libraries of the extra `fast`, and Python without them.

Both do nothing that Python cannot, many times faster and without holding its lock; an install
without them reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from importlib import import_module
from operator import itemgetter
from time import perf_counter
from typing import Any, Final

from msgspec import Struct

from kfm_audit.inputs.engines.roots import roots
from kfm_audit.lakefs.needles import Harmless, any_of

_TRIES: Final = 3
_Matches = Callable[[bytes | memoryview], list[tuple[int, int, int]]]
"""The words that stand in some bytes: number, start and end; of those that overlap one."""

Count = Callable[[bytearray, int, int, bytes], int]
"""How often a word stands in a buffer between two offsets."""

Search = Callable[[bytearray, int], list[tuple[int, bytes]]]
"""The words in the beginning of a buffer, each with its offset; line after line, within one in any order."""


HarmlessAt = Callable[[Collection[bytes]], Harmless | None]
"""For words of which one stands at a place: what tells there that the line needs no look for it."""


def _never(words: Collection[bytes]) -> None:
    """Nothing tells."""


class Finder:
    """Searches for `words` and counts any."""

    def __init__(
        self,
        words: tuple[bytes, ...],
        sample: bytes = b"",
        expressions: Callable[[], tuple[re.Pattern[bytes], ...]] | None = None,
        harmless: HarmlessAt = _never,
    ) -> None:
        """Choose the fastest way that is installed, for logs like `sample`.

        `expressions` find the same lines, where there are some that do so faster than by all words. A word is not
        given where `harmless` tells so.
        """
        automaton, zilla = _optional("ahocorasick_rs"), _optional("stringzilla")
        self.search: Search = _Roots(automaton, words, sample, harmless).search
        if automaton is None and expressions is not None:
            self.search = _by_expressions(expressions())
        self.count: Count = _count_fast(zilla) if zilla else _count


class _Root(Struct, frozen=True):
    """A root, and what to do where it stands.

    `words` are those that it is in, by how many bytes come before it. `hides` says which other roots can begin
    within it, and where; one does where the root is the beginning of one of `hiding`.
    """

    text: bytes
    harmless: Harmless | None
    words: tuple[tuple[int, re.Pattern[bytes]], ...]
    hides: tuple[tuple[int, int], ...]
    hiding: tuple[bytes, ...]


class _Roots:
    """Searches for the roots of the words, and where one is found for the words that have it.

    `library` is None where it is not installed.
    """

    def __init__(
        self,
        library: Any | None,  # as `_optional`
        words: tuple[bytes, ...],
        sample: bytes,
        harmless: HarmlessAt,
    ) -> None:
        texts = roots(words)
        if library is None:
            self._matches = _matches(texts)
        else:
            tried = (_timed(library, order, sample) for order in _orders(texts))
            _, texts, self._matches = min(tried, key=itemgetter(0))
        self._roots = [_root(text, words, texts, harmless) for text in texts]

    def search(self, buffer: bytearray, size: int) -> list[tuple[int, bytes]]:
        with memoryview(buffer) as view, view[:size] as part:
            matches = self._matches(part)
        found: list[tuple[int, bytes]] = []
        for number, start, _ in matches:
            root = self._roots[number]
            if (
                root.harmless is None
                or not root.harmless(buffer, start, size)
                or buffer.startswith(root.hiding, start, size)
            ):
                self._add(found, buffer, size, start, root)
        return found

    def _add(
        self, found: list[tuple[int, bytes]], buffer: bytearray, size: int, start: int, root: _Root
    ) -> None:
        for before, any_word in root.words:
            if before <= start and (match := any_word.match(buffer, start - before, size)):
                found.append((start - before, match.group()))
        for behind, number in root.hides:
            other = self._roots[number]
            if buffer.startswith(other.text, start + behind, size):
                self._add(found, buffer, size, start + behind, other)


def _root(text: bytes, words: tuple[bytes, ...], all_roots: tuple[bytes, ...], harmless: HarmlessAt) -> _Root:
    having = [word for word in words if text in word]
    hides = tuple(_hidden_by(text, all_roots))
    return _Root(
        text,
        harmless(having),
        tuple(_words_with(text, having)),
        hides,
        tuple(text[:behind] + all_roots[number] for behind, number in hides),
    )


def _orders(words: tuple[bytes, ...]) -> Iterator[tuple[bytes, ...]]:
    """The words in some orders: the library sorts them into buckets by it, and by luck is twice as fast in one."""
    for stride in (1, 3, 5, 7, 11, 13, 17, 19):
        places = sorted((at * stride % 37, at) for at in range(len(words)))
        yield tuple(words[at] for _, at in places)


def _timed(
    library: Any, words: tuple[bytes, ...], sample: bytes
) -> tuple[float, tuple[bytes, ...], _Matches]:  # as `_optional`
    """How long a search of the sample takes with the words in this order, the order, and what searches."""
    # Of the kinds of match this is one that the library can skip ahead for; of matches that overlap it gives one.
    matches: _Matches = library.BytesAhoCorasick(
        words, matchkind=library.MatchKind.LeftmostLongest
    ).find_matches_as_indexes
    times = []
    for _ in range(_TRIES):
        start = perf_counter()
        matches(sample)
        times.append(perf_counter() - start)
    return min(times), words, matches


def _matches(words: tuple[bytes, ...]) -> _Matches:
    """What the library does, by Python."""
    pattern = any_of(sorted(words, key=len, reverse=True))
    numbers = {word: number for number, word in enumerate(words)}

    def matches(part: bytes | memoryview) -> list[tuple[int, int, int]]:
        return [(numbers[match.group()], *match.span()) for match in pattern.finditer(part)]

    return matches


def _words_with(root: bytes, words: Collection[bytes]) -> Iterator[tuple[int, re.Pattern[bytes]]]:
    """The words that have a root in them, by how many bytes come before it."""
    for length in sorted({word.find(root) for word in words}):
        # A word may have another as its beginning: either tells that the line holds a word.
        yield length, any_of(word for word in words if word.find(root) == length)


def _hidden_by(root: bytes, all_roots: tuple[bytes, ...]) -> Iterator[tuple[int, int]]:
    """Where within `root` another root can begin, and which."""
    for number, other in enumerate(all_roots):
        for at in range(1, len(root)):
            if other.startswith(root[at : at + len(other)]):
                yield at, number


def _by_expressions(expressions: tuple[re.Pattern[bytes], ...]) -> Search:
    def search(buffer: bytearray, size: int) -> list[tuple[int, bytes]]:
        return sorted(
            (match.start(), match.group()) for each in expressions for match in each.finditer(buffer, 0, size)
        )

    return search


def _optional(name: str) -> Any | None:  # a module of a library that may be absent has no type
    try:
        return import_module(name)
    except ImportError:
        return None


def _count_fast(library: Any) -> Count:  # as `_optional`
    def count(buffer: bytearray, low: int, high: int, word: bytes) -> int:
        with memoryview(buffer) as view, view[low:high] as part:
            return int(library.count(part, word))

    return count


def _count(buffer: bytearray, low: int, high: int, word: bytes) -> int:
    return buffer.count(word, low, high)

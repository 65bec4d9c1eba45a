"""How a server is asked: step by step, list by list, and what becomes of what it does not give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from msgspec import Struct

from kfm_audit.collect.folder import Document, Folder, Missing
from kfm_audit.collect.server import (
    CollectError,
    LakeFSServer,
    Page,
    RefusedError,
    UnreachableError,
    read_page,
)

T = TypeVar("T")
Entries = list[dict[str, object]]

AMOUNT: Final = 1000
"""Entries of a page: the most that lakeFS gives."""
_PATIENCE: Final = 3
"""After so many answers in a row that did not come the server is taken to be gone."""


class BrokenOffError(Exception):
    """The server is gone; what was got is kept, and the next run resumes."""

    def __init__(self, last: CollectError, missing: tuple[Missing, ...]) -> None:
        """`last` is what happened last."""
        super().__init__(str(last))
        self.last = last
        self.missing = missing


def _as_they_are(page: Page) -> Entries:
    return page.results


def _never(page: Page) -> bool:  # noqa: ARG001 - most lists are wanted whole
    return False


class Listing(Struct, frozen=True, kw_only=True):
    """A list to be asked for: the operation of the SDK, the document that it becomes, and `what` it is in words.

    `about` is what the document says beside the entries. `entries` makes them
    of a page; `enough` says after which page the rest is not wanted. An
    `optional` one is not missing where the server does not know the question.
    """

    name: str
    what: str
    api: str
    operation: str
    parameters: dict[str, object] = {}
    about: Document = {}
    amount: int = AMOUNT
    entries: Callable[[Page], Entries] = _as_they_are
    enough: Callable[[Page], bool] = _never
    optional: bool = False


class Asking:
    """Asks a server on behalf of one collection, and remembers what it did not get."""

    def __init__(self, server: LakeFSServer, folder: Folder, say: Callable[[str], None]) -> None:
        """`say` is told what is being asked for."""
        self.server = server
        self.folder = folder
        self._say = say
        self._missing: list[Missing] = []
        self._in_vain = 0

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What was asked for and not got."""
        return tuple(self._missing)

    def miss(self, what: str, why: str, cure: str) -> None:
        """Say that something is missing."""
        self._missing.append(Missing(what, why, cure))

    def attempt(self, what: str, step: Callable[[], T]) -> T | None:
        """Take one step; None where the server refuses it. Raises BrokenOffError where it is gone."""
        self._say(what)
        try:
            done = step()
        except RefusedError as error:
            self._in_vain = 0
            self.miss(what, error.why, error.cure)
            return None
        except UnreachableError as error:
            self._in_vain += 1
            self.miss(what, error.why, error.cure)
            if self._in_vain >= _PATIENCE:
                raise BrokenOffError(error, self.missing) from None
            return None
        self._in_vain = 0
        return done

    def listing(self, wanted: Listing) -> Entries | None:
        """Get a list, page by page, into one document; its entries, or None where it is missing."""
        there = self.folder.got(wanted.name)
        if there is not None:
            results = there.get("results")
            return results if isinstance(results, list) else []
        return self.attempt(wanted.what, lambda: self._pages_or_none(wanted))

    def _pages_or_none(self, wanted: Listing) -> Entries | None:
        try:
            return self._pages(wanted)
        except RefusedError as error:
            # 501: a server without groups or policies lacks nothing that could be got.
            if error.status == 501 or (wanted.optional and error.unknown):
                return None
            raise

    def _pages(self, wanted: Listing) -> Entries:
        part = self.folder.part(wanted.name)
        more, stopped = True, False
        while more:
            if part.results:
                self._say(f"{wanted.what}: {len(part.results):,}")
            page = self._page(wanted, part.after)
            after = _next(page, part.after)
            stopped = bool(after) and wanted.enough(page)
            more = bool(after) and not stopped
            part.add(wanted.entries(page), after)
        self.folder.write(
            wanted.name,
            {
                **wanted.about,
                "as_of": part.as_of,
                "pagination": {**ended(len(part.results)), "has_more": stopped},
                "results": part.results,
            },
        )
        return part.results

    def everything(self, wanted: Listing) -> Entries:
        """All entries of a short list, which becomes no document of its own. Raises CollectError."""
        results: Entries = []
        after = ""
        while True:
            page = self._page(wanted, after)
            results.extend(page.results)
            after = _next(page, after)
            if not after:
                return results

    def _page(self, wanted: Listing, after: str) -> Page:
        return read_page(
            self.server.ask(
                wanted.api, wanted.operation, after=after, amount=wanted.amount, **wanted.parameters
            )
        )


def ended(results: int) -> Document:
    """The pagination of a list that is whole."""
    return {"has_more": False, "next_offset": "", "results": results, "max_per_page": AMOUNT}


def _next(page: Page, after: str) -> str:
    """Where the next page begins, "" after the last. Raises RefusedError where the server goes in circles."""
    if not page.pagination.has_more:
        return ""
    if page.pagination.next_offset in ("", after):
        raise RefusedError(
            "the server gives the same page again and again", "report it to whoever runs the server"
        )
    return page.pagination.next_offset

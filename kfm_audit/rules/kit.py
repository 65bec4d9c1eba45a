"""All that the author of a rule needs.

A rule is one file: a function under `@rule`, whose docstring is its page. It
sees facts and evidence, and says what it found through its `Context`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final, TypeAlias, TypeVar, overload

from msgspec import Struct

from kfm_audit.evidence import Evidence
from kfm_audit.facts import Change, Fact
from kfm_audit.findings.finding import Finding, Related, Severity
from kfm_audit.policy.model import duration
from kfm_audit.policy.span import shifted
from kfm_audit.rules.context import Context

__all__ = [
    "ANY",
    "LIVE",
    "Context",
    "Finding",
    "NoSettings",
    "Related",
    "Rule",
    "Severity",
    "duration",
    "rule",
    "shifted",
]

LIVE: Final = frozenset({Change.CREATED, Change.CHANGED, Change.UNCHANGED})
"""Wakes a rule on all that will exist, never on deletes."""
ANY: Final = frozenset(Change)
"""Wakes a rule on deletes too."""

F = TypeVar("F", bound=Fact | Evidence)
G = TypeVar("G", bound=Fact | Evidence)

# A rule's function takes one of the types in its `on`; the registry keeps rules
# of all types in one table, where only `Any` can stand for "that rule's own type".
Judging: TypeAlias = Callable[[F, Context[Any]], Iterator[Finding]]
Judge: TypeAlias = Judging[Any]


class NoSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a rule that has none."""


class RuleBody(Struct, frozen=True, kw_only=True):
    """What a rule's module holds: the struct of its own settings, the function that judges, its page.

    `alike` says that the rule is silent on all metric alarms of a shape where it is on one
    (`kfm_audit.evidence.alarm.shapes`): it looks at no name, tag or dimension's value, and at no other fact.
    """

    settings: type[Struct]
    judge: Judge
    doc: str
    alike: bool = False


class Deferred(Struct, frozen=True):
    """Where the body of a rule stands that has not been imported."""

    module: str
    function: str


class Rule(Struct, frozen=True, kw_only=True):
    """A rule: what wakes it, how bad it is, and the function that judges.

    `on` are the names of types of facts, or of `Evidence`: names, because a type that
    nothing was read of need not be imported.
    `singly` marks a rule whose findings can only be accepted one event at a
    time, with owner and expiry: never inline, never by a baseline.
    """

    id: str
    name: str
    on: tuple[str, ...]
    changes: frozenset[Change]
    severity: Severity
    singly: bool
    written: RuleBody | Deferred

    @property
    def body(self) -> RuleBody:
        """The rule's body; a rule that is known from the catalogue alone is imported now."""
        if isinstance(self.written, RuleBody):
            return self.written
        found = getattr(import_module(self.written.module), self.written.function)
        assert isinstance(found, Rule)
        return found.body

    @property
    def settings(self) -> type[Struct]:
        """The struct of the rule's own settings."""
        return self.body.settings

    @property
    def judge(self) -> Judge:
        """The function that judges."""
        return self.body.judge

    @property
    def doc(self) -> str:
        """The rule's page, as written."""
        return self.body.doc

    @property
    def family(self) -> str:
        """`ALM` of `ALM001`."""
        return self.id[:3]


@overload
def rule(
    id: str,
    *,
    on: type[F],
    severity: Severity,
    changes: frozenset[Change] = ...,
    settings: type[Struct] = ...,
    singly: bool = ...,
    alike: bool = ...,
) -> Callable[[Judging[F]], Rule]: ...


@overload
def rule(
    id: str,
    *,
    on: tuple[type[F], type[G]],
    severity: Severity,
    changes: frozenset[Change] = ...,
    settings: type[Struct] = ...,
    singly: bool = ...,
    alike: bool = ...,
) -> Callable[[Judging[F | G]], Rule]: ...


@overload
def rule(
    id: str,
    *,
    on: tuple[type[F], ...],
    severity: Severity,
    changes: frozenset[Change] = ...,
    settings: type[Struct] = ...,
    singly: bool = ...,
    alike: bool = ...,
) -> Callable[[Judging[F]], Rule]: ...


def rule(
    id: str,  # noqa: A002 - the word that design and users have for it
    *,
    on: Any,  # as in the overloads: mypy takes type[F] for no type[Fact | Evidence], the bound of F
    severity: Severity,
    changes: frozenset[Change] = LIVE,
    settings: type[Struct] = NoSettings,
    singly: bool = False,
    alike: bool = False,
) -> Callable[[Judge], Rule]:
    """Make a rule of a function. Its name is the function's, in kebab case; its page is the docstring.

    `singly` is told by `Rule`, `alike` by `RuleBody`.
    """
    if not re.fullmatch(r"[A-Z]{3}\d{3}", id):
        raise ValueError(f"{id!r} is no rule id: three capital letters and three digits")

    woken_on: tuple[type[Fact | Evidence], ...] = on if isinstance(on, tuple) else (on,)
    for kind in woken_on:
        if issubclass(kind, Fact) and not getattr(kind, "kind", ""):
            raise ValueError(f"rule {id}: {kind.__name__} is what facts share; name the kinds that are read")

    def register(judge: Judge) -> Rule:
        if not judge.__doc__:
            raise ValueError(f"rule {id} has no docstring: it is the rule's page")
        return Rule(
            id=id,
            name=judge.__name__.replace("_", "-"),
            on=tuple(kind.__name__ for kind in woken_on),
            changes=changes,
            severity=severity,
            singly=singly,
            written=RuleBody(settings=settings, judge=judge, doc=judge.__doc__, alike=alike),
        )

    return register

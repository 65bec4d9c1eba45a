"""All that the author of a rule needs.

A rule is one file: a function under `@rule`, whose docstring is its page. It
sees facts and evidence, and says what it found through its `Context`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from typing import Any, Final, Generic, TypeAlias, TypeVar, overload

from msgspec import Struct

from kfm_audit.evidence import Evidence
from kfm_audit.facts import Change, Fact
from kfm_audit.findings.finding import Finding, Place, Related, Severity, Verdict
from kfm_audit.findings.fingerprint import fingerprint
from kfm_audit.policy.model import Policy, duration
from kfm_audit.values import Origin

__all__ = [
    "ANY",
    "LIVE",
    "Context",
    "Finding",
    "NoSettings",
    "Rule",
    "Severity",
    "duration",
    "rule",
]

LIVE: Final = frozenset({Change.CREATED, Change.CHANGED, Change.UNCHANGED})
"""Wakes a rule on all that will exist, never on deletes."""
ANY: Final = frozenset(Change)
"""Wakes a rule on deletes too."""

F = TypeVar("F", bound=Fact | Evidence)
G = TypeVar("G", bound=Fact | Evidence)
S = TypeVar("S", bound=Struct)

# A rule's function takes one of the types in its `on`; the registry keeps rules
# of all types in one table, where only `Any` can stand for "that rule's own type".
Judging: TypeAlias = Callable[[F, "Context[Any]"], Iterator[Finding]]
Judge: TypeAlias = Judging[Any]


class NoSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a rule that has none."""


class RuleBody(Struct, frozen=True, kw_only=True):
    """What a rule's module holds: the struct of its own settings, the function that judges, its page."""

    settings: type[Struct]
    judge: Judge
    doc: str


class Deferred(Struct, frozen=True):
    """Where the body of a rule stands that has not been imported."""

    module: str
    function: str


class Rule(Struct, frozen=True, kw_only=True):
    """A rule: what wakes it, how bad it is, and the function that judges.

    `singly` marks a rule whose findings can only be accepted one event at a
    time, with owner and expiry: never inline, never by a baseline.
    """

    id: str
    name: str
    on: tuple[type[Fact | Evidence], ...]
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
) -> Callable[[Judging[F]], Rule]: ...


def rule(
    id: str,  # noqa: A002 - the word that design and users have for it
    *,
    on: Any,  # as in the overloads: mypy takes type[F] for no type[Fact | Evidence], the bound of F
    severity: Severity,
    changes: frozenset[Change] = LIVE,
    settings: type[Struct] = NoSettings,
    singly: bool = False,
) -> Callable[[Judge], Rule]:
    """Make a rule of a function. Its name is the function's, in kebab case; its page is the docstring."""
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
            on=woken_on,
            changes=changes,
            severity=severity,
            singly=singly,
            written=RuleBody(settings=settings, judge=judge, doc=judge.__doc__),
        )

    return register


class Context(Generic[S]):
    """What a rule is given beside its fact, and the only way to make a finding.

    `settings` are the rule's own, read from the policy's `rules:` entry.
    `evidence` holds all facts of the run and their joins; `now` is the time as
    of which the run judges.
    """

    def __init__(
        self,
        rule: Rule,
        severity: Severity,
        settings: S,
        evidence: Evidence,
    ) -> None:
        """Bind a rule to a run. Called by the engine and by `kfm_audit.testing`."""
        self._rule = rule
        self._severity = severity
        self.settings = settings
        self.evidence = evidence

    @property
    def policy(self) -> Policy:
        """What is right."""
        return self.evidence.policy

    @property
    def now(self) -> datetime:
        """The time as of which the run judges, in UTC."""
        return self.evidence.now

    def fail(
        self,
        fact: Fact,
        message: str,
        *,
        at: str = "",
        help: str = "",  # noqa: A002 - as in the JSON
        document: str = "",
        severity: Severity | None = None,
        origin: Origin | None = None,
        related: tuple[Related, ...] = (),
        key: str = "",
        persons: tuple[str, ...] = (),
    ) -> Finding:
        """Say that `fact` is wrong.

        `message` completes a sentence whose subject is the finding's subject:
        lower case, no full stop. `at` is the attribute path below the fact.
        `help` is the change that mends it, `document` a ready-made record that it
        speaks of, as JSON. `origin` points to a part of the
        fact that was read elsewhere. `severity` departs from the default, only
        where the rule's page says so; a severity that policy sets wins.
        """
        return self._make(
            Verdict.FAIL,
            fact,
            message,
            at=at,
            help=help,
            document=document,
            severity=severity,
            origin=origin,
            related=related,
            key=key,
            persons=persons,
        )

    def undecided(
        self,
        fact: Fact,
        message: str,
        *,
        at: str = "",
        help: str = "",  # noqa: A002 - as in the JSON
        severity: Severity | None = None,
        origin: Origin | None = None,
        related: tuple[Related, ...] = (),
        key: str = "",
        persons: tuple[str, ...] = (),
    ) -> Finding:
        """Say that it could not be known whether `fact` is wrong, and why."""
        return self._make(
            Verdict.UNDECIDED,
            fact,
            message,
            at=at,
            help=help,
            severity=severity,
            origin=origin,
            related=related,
            key=key,
            persons=persons,
        )

    def pending(
        self,
        fact: Fact,
        message: str,
        *,
        due: datetime,
        at: str = "",
        help: str = "",  # noqa: A002 - as in the JSON
        document: str = "",
        related: tuple[Related, ...] = (),
        key: str = "",
        persons: tuple[str, ...] = (),
    ) -> Finding:
        """Say that `fact` still owes something, by when."""
        return self._make(
            Verdict.PENDING,
            fact,
            message,
            at=at,
            help=help,
            document=document,
            related=related,
            key=key,
            persons=persons,
            due=due,
        )

    def related(self, message: str, fact: Fact, at: str = "") -> Related:
        """Another place that belongs to a finding."""
        return Related(message, Place(fact.origin, at))

    def _make(
        self,
        verdict: Verdict,
        fact: Fact,
        message: str,
        *,
        at: str,
        help: str,  # noqa: A002 - as in the JSON
        related: tuple[Related, ...],
        key: str,
        persons: tuple[str, ...],
        document: str = "",
        severity: Severity | None = None,
        origin: Origin | None = None,
        due: datetime | None = None,
    ) -> Finding:
        rule = self._rule
        return Finding(
            rule=rule.id,
            name=rule.name,
            severity=self._severity if severity is None or self._set_by_policy else severity,
            verdict=verdict,
            message=message,
            help=help,
            document=document,
            subject=fact.subject,
            stack=fact.stack,
            place=Place(origin or fact.origin, at),
            due=due,
            related=related,
            key=key,
            persons=persons,
            fingerprint=fingerprint(rule.id, fact.stack, fact.subject, at, key),
        )

    @property
    def _set_by_policy(self) -> bool:
        return self._severity is not self._rule.severity

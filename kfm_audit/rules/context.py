"""What a rule is given beside its fact."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from kfm_audit.evidence import Evidence
from kfm_audit.facts import Fact
from kfm_audit.findings.finding import Finding, Place, Related, Severity, Verdict
from kfm_audit.findings.fingerprint import fingerprint
from kfm_audit.policy.model import Policy
from kfm_audit.values import Origin

if TYPE_CHECKING:
    from kfm_audit.rules.kit import Rule

S = TypeVar("S", bound=Struct)


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

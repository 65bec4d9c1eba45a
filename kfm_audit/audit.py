"""The whole way on one screen: find -> read -> join -> judge -> settle -> report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kfm_audit import __version__
from kfm_audit.config import LoadedConfig, Profile
from kfm_audit.evidence import Evidence
from kfm_audit.evidence.join import join
from kfm_audit.exits import exit_code
from kfm_audit.facts import EmptyRun, Fact, FailedPlugin, FailedRule, MissingInput
from kfm_audit.findings.finding import AcceptedBy, Finding, Place, Severity, Verdict
from kfm_audit.findings.settle import Settler
from kfm_audit.findings.suppression import Suppression, Suppressions
from kfm_audit.inputs import KINDS
from kfm_audit.inputs.find import Found, Search, Skipped, display, find
from kfm_audit.inputs.kind import Kind, ReadContext
from kfm_audit.inputs.read import Library, read_all
from kfm_audit.policy.load import LoadedPolicy
from kfm_audit.questions import answer_questions
from kfm_audit.reports.report import IgnoredFile, Report, RuleCount, Window
from kfm_audit.rules.judge import RuleSetting, failure, judge
from kfm_audit.rules.kit import Rule
from kfm_audit.values import Origin

if TYPE_CHECKING:
    from kfm_audit.evidence.alarm.contract import Row
    from kfm_audit.ledger import Ledger
    from kfm_audit.reports.contract import ContractMatrix
    from kfm_audit.reports.population import Population


class Run(Struct, frozen=True, kw_only=True):
    """The settings of one run, resolved: nothing in it is still to be looked up.

    `stdin` is standard input, where `-` asks for it. `fail_on` None is "never".
    """

    search: Search
    stdin: Found | None
    forced_kind: Kind | None
    config: LoadedConfig
    policy: LoadedPolicy
    profile: Profile | None
    known_rules: tuple[Rule, ...]
    rules: tuple[RuleSetting, ...]
    failed_plugins: tuple[FailedPlugin, ...]
    now: datetime
    window: Window
    baseline: Mapping[str, int]
    fail_on: Severity | None
    fail_on_undecided: bool
    remote: tuple[Found, ...] = ()
    """The URLs among PATHS: logs that `engine` reads where they lie."""
    engine: str = ""
    progress: Callable[[str, int, int], None] | None = None
    ledger: Ledger | None = None
    heads: Found | None = None
    """The snapshot of branch heads that the run will write: what it holds already is an input, wherever it lies."""


class Audited(Struct, frozen=True):
    """The report, the inputs it speaks of, for formats that quote them, and the evidence, for who asks further."""

    report: Report
    library: Library
    evidence: Evidence


def audit(run: Run) -> Audited:
    """Carry out a run. Raises nothing that an input, a rule or a plug-in could cause."""
    found, skipped = find(run.search)
    found, skipped = _with_heads(found, skipped, run.heads)
    library = read_all(
        (*found, *run.remote, *((run.stdin,) if run.stdin else ())),
        KINDS,
        _read_context(run),
        run.forced_kind,
    )
    evidence = Evidence(
        (
            *library.facts,
            *(run.ledger.facts() if run.ledger else ()),
            *run.failed_plugins,
            *_missing(run, library, len(found) + len(skipped)),
        ),
        run.policy.policy,
        run.now,
        evidence_known=_evidence_known(run, library),
        since=run.window.since,
        until=run.window.until,
    )
    evidence.add(_joined(evidence))
    judged = judge(run.rules, evidence)

    population, unlisted = _population(evidence, judged.findings, run.ledger)
    contract, unheld = _contract(evidence, run.rules, library)
    singly = frozenset(word for rule in run.known_rules if rule.singly for word in (rule.id, rule.name))
    suppressions = Suppressions(
        (*_suppressions(run), *library.inline_suppressions()),
        run.now,
        rules=frozenset(word for rule in run.known_rules for word in (rule.id, rule.name)),
        singly=singly,
    )
    settler = Settler(library.locate, library.shows, suppressions, run.baseline, singly, library.calls)
    settler.settle(judged.findings)
    about_itself = Evidence(
        (*judged.failed, *unlisted, *unheld, *suppressions.faults(_woken(run, library, judged.tested))),
        run.policy.policy,
        run.now,
    )
    judged_itself = judge(run.rules, about_itself)
    settler.settle(judged_itself.findings, wherever=True)

    findings = tuple(settled.finding for settled in settler.findings)
    report = Report(
        version=__version__,
        now=run.now,
        window=run.window,
        policy_name=run.policy.policy.name,
        policy_sha256=run.policy.sha256,
        questions=answer_questions(
            evidence,
            library.records,
            run.known_rules,
            (setting.rule for setting in run.rules),
            findings,
        ),
        inputs=library.records,
        ignored=tuple(
            sorted(
                (
                    item
                    for item in (*library.ignored, *(IgnoredFile(item.path, item.why) for item in skipped))
                    if run.ledger is None or item.path != run.ledger.shown
                ),
                key=lambda item: item.path,
            )
        ),
        facts=evidence.counts(),
        rules=tuple(setting.rule for setting in run.rules),
        counts=_counts(judged.tested, judged_itself.tested, findings),
        findings=settler.findings,
        resolved=settler.resolved,
        exit_code=exit_code(settler.findings, run.fail_on, fail_on_undecided=run.fail_on_undecided),
        population=population,
        contract=contract,
    )
    return Audited(report, library, evidence)


def _population(
    evidence: Evidence, findings: tuple[Finding, ...], ledger: Ledger | None
) -> tuple[Population | None, tuple[FailedRule, ...]]:
    """The population of a run that read something of lakeFS, whatever PATHS report on; or why it was not made."""
    if ledger is None and not any(evidence.named(kind) for kind in _POPULATED):
        return None, ()
    from kfm_audit.population import population_of

    try:
        return population_of(evidence, findings, ledger), ()
    except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on and says so
        return None, (failure("the population", evidence, error),)


_POPULATED: Final = ("LogCoverage", "Rollback", "Promotion")
"""The facts by one of which it shows that there is a population."""


def _contract(
    evidence: Evidence, rules: tuple[RuleSetting, ...], library: Library
) -> tuple[ContractMatrix | None, tuple[FailedRule, ...]]:
    """The resources, and those with alarms, that PATHS report on, where a rule holds them to the contract.

    Where they could not be joined, why.
    """
    asked = any(setting.rule.id in _OF_CONTRACT for setting in rules)
    watched = any(evidence.named(kind) for kind in ("Queue", "Function", "MetricAlarm"))
    if not (asked and watched and evidence.policy.alarms.contract):
        return None, ()
    try:
        rows = [row for row in evidence.contract.rows if _reported(row, library)]
    except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on and says so
        return None, (failure("the contract", evidence, error),)
    if not rows:
        return None, ()
    from kfm_audit.reports.contract import contract_matrix

    return contract_matrix(rows), ()


def _reported(row: Row, library: Library) -> bool:
    """Whether PATHS report on a resource, or on an alarm that is counted for it."""
    if library.all_reported:
        return True
    facts = (row.fact, row.first, *(cell.alarm for cell in row.cells))
    places = [Place(fact.origin) for fact in facts if fact is not None]
    return any(library.shows(place, library.locate(place)) for place in places)


_OF_CONTRACT: Final = ("ALM016", "ALM017")
"""The rules that hold alarms and resources to the contract."""


def _with_heads(
    found: tuple[Found, ...], skipped: tuple[Skipped, ...], heads: Found | None
) -> tuple[tuple[Found, ...], tuple[Skipped, ...]]:
    """The snapshot of heads among what was found, also where .gitignore hides it."""
    if heads is None or heads.source.file in {item.source.file for item in found}:
        return found, skipped
    return (*found, heads), tuple(item for item in skipped if item.path != heads.source.path)


def _woken(run: Run, library: Library, tested: Mapping[str, int]) -> frozenset[str]:
    """Ids and names of the rules that saw all there is to see; none where PATHS report on a part only."""
    if not library.all_reported:
        return frozenset()
    return frozenset(word for rule in run.known_rules if tested.get(rule.id) for word in (rule.id, rule.name))


def _joined(evidence: Evidence) -> Iterator[FailedRule]:
    """Make the joins. One that raises is a failure like that of a rule: what hangs on it was not judged."""
    try:
        join(evidence)
    except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on and says so
        yield failure("the joins", evidence, error)


def _read_context(run: Run) -> ReadContext:
    return ReadContext(
        policy=run.policy.policy,
        root=run.search.root or run.search.base,
        base=run.search.base,
        stacks=run.config.stacks(),
        since=run.window.since,
        until=run.window.until,
        engine=run.engine,
        progress=run.progress,
    )


def _missing(run: Run, library: Library, looked_at: int) -> Iterator[Fact]:
    """What should have been there and was not: any input at all, and the kinds that the profile requires."""
    if not library.recognised_below_paths and not library.only_foreign:
        yield EmptyRun(subject=".", origin=Origin(""), looked_at=looked_at, left_out=library.left_out)
    if run.profile is None:
        return
    for kind in run.profile.require:
        inputs = library.of_kind(kind)
        if not any(item.reading.facts for item in inputs):
            yield MissingInput(
                subject=kind, origin=Origin(""), required=kind, profile=run.profile.name, empty=bool(inputs)
            )


def _evidence_known(run: Run, library: Library) -> bool:
    """Whether anything says where corrections would be (design section 6, decision 7)."""
    return run.config.file is not None or run.search.repository is not None or bool(library.of_kind("prov"))


def _suppressions(run: Run) -> Iterator[Suppression]:
    if run.config.file is None:
        return
    path = display(run.config.file, run.search.base)
    for entry in run.config.config.suppress:
        yield Suppression(
            rule=entry.rule,
            subject=entry.subject,
            reason=entry.reason,
            owner=entry.owner,
            expires=entry.expires,
            by=AcceptedBy.CONFIG,
            origin=Origin(path),
        )


def _counts(
    tested: Mapping[str, int], tested_itself: Mapping[str, int], findings: tuple[Finding, ...]
) -> dict[str, RuleCount]:
    said: dict[tuple[str, Verdict], int] = {}
    for finding in findings:
        said[finding.rule, finding.verdict] = said.get((finding.rule, finding.verdict), 0) + 1
    return {
        rule: RuleCount(
            tested=n + tested_itself.get(rule, 0),
            failed=said.get((rule, Verdict.FAIL), 0),
            pending=said.get((rule, Verdict.PENDING), 0),
            undecided=said.get((rule, Verdict.UNDECIDED), 0),
        )
        for rule, n in tested.items()
    }

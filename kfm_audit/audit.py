"""The whole way on one screen: find -> read -> join -> judge -> settle -> report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from kfm_audit import __version__
from kfm_audit.config import LoadedConfig, Profile
from kfm_audit.evidence import Evidence
from kfm_audit.evidence.join import join
from kfm_audit.exits import exit_code
from kfm_audit.facts import EmptyRun, Fact, FailedPlugin, FailedRule, MissingInput
from kfm_audit.findings.finding import AcceptedBy, Finding, Severity, Verdict
from kfm_audit.findings.settle import Settler
from kfm_audit.findings.suppression import Suppression, Suppressions
from kfm_audit.inputs import FOREIGN, KINDS
from kfm_audit.inputs.find import Found, Search, display, find
from kfm_audit.inputs.kind import Kind, ReadContext, StackRoot
from kfm_audit.inputs.read import Library, read_all
from kfm_audit.policy.load import LoadedPolicy
from kfm_audit.questions import answer_questions
from kfm_audit.reports.report import IgnoredFile, Report, RuleCount, Window
from kfm_audit.rules.judge import RuleSetting, failure, judge
from kfm_audit.rules.kit import Rule
from kfm_audit.values import Origin


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


class Audited(Struct, frozen=True):
    """The report, and the inputs it speaks of, for formats that quote them."""

    report: Report
    library: Library


def audit(run: Run) -> Audited:
    """Carry out a run. Raises nothing that an input, a rule or a plug-in could cause."""
    found, skipped = find(run.search)
    library = read_all(
        (*found, *((run.stdin,) if run.stdin else ())), KINDS, FOREIGN, _read_context(run), run.forced_kind
    )
    evidence = Evidence(
        (*library.facts, *run.failed_plugins, *_missing(run, library, len(found) + len(skipped))),
        run.policy.policy,
        run.now,
        evidence_known=_evidence_known(run, library),
        since=run.window.since,
        until=run.window.until,
    )
    evidence.add(_joined(evidence))
    judged = judge(run.rules, evidence)

    singly = frozenset(word for rule in run.known_rules if rule.singly for word in (rule.id, rule.name))
    suppressions = Suppressions(
        (*_suppressions(run), *library.inline_suppressions()),
        run.now,
        rules=frozenset(word for rule in run.known_rules for word in (rule.id, rule.name)),
        singly=singly,
    )
    settler = Settler(library.locate, library.shows, suppressions, run.baseline, singly)
    settler.settle(judged.findings)
    about_itself = Evidence(
        (*judged.failed, *suppressions.faults(_woken(run, library, judged.tested))),
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
                (*library.ignored, *(IgnoredFile(item.path, item.why) for item in skipped)),
                key=lambda item: item.path,
            )
        ),
        facts=evidence.counts(),
        rules=tuple(setting.rule for setting in run.rules),
        counts=_counts(judged.tested, judged_itself.tested, findings),
        findings=settler.findings,
        resolved=settler.resolved,
        exit_code=exit_code(settler.findings, run.fail_on, fail_on_undecided=run.fail_on_undecided),
    )
    return Audited(report, library)


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
    stacks = tuple(
        StackRoot(stack.name or stack.root, stack.root, stack.plan, stack.variable_files)
        for stack in run.config.config.stack
    )
    return ReadContext(
        policy=run.policy.policy,
        root=run.search.root or run.search.base,
        base=run.search.base,
        stacks=stacks,
    )


def _missing(run: Run, library: Library, looked_at: int) -> Iterator[Fact]:
    """What should have been there and was not: any input at all, and the kinds that the profile requires."""
    if not library.recognised_below_paths and not library.only_foreign:
        yield EmptyRun(subject=".", origin=Origin(""), looked_at=looked_at)
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

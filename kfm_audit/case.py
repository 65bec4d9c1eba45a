"""From the evidence of a run to the page of one case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from msgspec import Raw

from kfm_audit.evidence import Evidence
from kfm_audit.evidence.lakefs.drafts import correction_draft, incident_draft
from kfm_audit.evidence.lakefs.history import first_parent
from kfm_audit.evidence.lakefs.promotions import made_anew
from kfm_audit.facts import (
    ActionRun,
    Case,
    CommitRecord,
    Correction,
    Debt,
    DeniedRollback,
    DirectWrites,
    Fact,
    Incident,
    Owed,
    Promotion,
    Rollback,
    SafeguardChange,
)
from kfm_audit.inputs.lakefs_reads import Reads
from kfm_audit.lakefs.operations import Operation
from kfm_audit.policy.section import duration
from kfm_audit.policy.span import shifted
from kfm_audit.reports import wording
from kfm_audit.reports.case_page import (
    SCHEMA,
    CasePage,
    Exposure,
    FindingEntry,
    Moment,
    Owing,
    ReaderEntry,
)
from kfm_audit.reports.report import InputStatus, Report

_DAY: Final = timedelta(days=1)
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
"""What lakeFS admits in the names of repositories and branches, and every file system in those of files."""
_LONGEST: Final = 180


def find_cases(name: str, cases: Iterable[Case]) -> tuple[Case, ...]:
    """The cases that a name means: a subject, a request id of one of the calls, or the beginning of either."""
    known = tuple(cases)
    for fits in (str.__eq__, str.startswith):
        found = tuple(case for case in known if any(fits(word, name) for word in _words(case)))
        if found:
            return found
    return ()


def exposure_of(case: Case, evidence: Evidence) -> Exposure:
    """How long the state that the rollback left could be read on its branch."""
    call, until = case.first, case.rollbacks[-1].time
    left = _left_commits(call, evidence)
    if left:
        return Exposure(
            since=min(commit.creation_time for commit in left),
            until=until,
            how=f"the commit log shows the commits after {call.restored[:12]} that the rollback left",
            commits=tuple(commit.id for commit in left),
        )
    before: list[tuple[datetime, str]] = [
        (fact.time, f"{fact.deed} was the last promotion before it")
        for fact in evidence.of(Promotion)
        if (fact.repository, fact.branch) == (call.repository, call.branch) and fact.time < call.time
    ]
    known = (call.previous,) if call.previous else ()
    if before:
        since, how = max(before)
        how = f"{how}; what is rolled back may be older, since no commit log shows which commits it left"
        return Exposure(since=since, until=until, how=how, commits=known)
    how = "neither a commit log nor a promotion in the logs shows since when"
    return Exposure(since=None, until=until, how=how, commits=known)


def page_of(case: Case, exposure: Exposure, reads: Reads, evidence: Evidence, report: Report) -> CasePage:
    """The page of a case."""
    subjects = {case.subject, *(call.subject for call in case.rollbacks)}
    roles = dict.fromkeys(
        f"{call.user or 'nobody whom a log names'}: {call.standing.role.value}, {call.standing.why}"
        for call in case.rollbacks
    )
    moments = {(m.time, m.what): m for m in _timeline(case, exposure, evidence)}
    return CasePage(
        schema=SCHEMA,
        case=case.subject,
        deed=case.deed,
        now=evidence.now,
        environment=case.environment,
        repository=case.first.repository,
        branch=case.first.branch,
        reopened=case.reopened or None,
        roles=tuple(roles),
        timeline=tuple(moments[key] for key in sorted(moments)),
        exposure=exposure,
        readers=tuple(
            ReaderEntry(user=r.user, client=r.client, calls=r.calls, first=r.first, last=r.last)
            for r in reads.readers
        ),
        readers_unknown=_unknown_readers(exposure, reads, report),
        rebuild=tuple(_rebuild(case, exposure, reads, evidence)),
        owed=tuple(_owed(case, evidence)),
        findings=tuple(
            FindingEntry(
                rule=finding.rule,
                verdict=finding.verdict.value,
                severity=finding.severity.value,
                due=finding.due,
                message=finding.message,
                help=f"{finding.help} (--write DIR writes it)" if finding.document else finding.help,
            )
            for finding in (settled.finding for settled in report.findings)
            if finding.subject in subjects
        ),
        unread=tuple(
            record.path
            for status in (InputStatus.UNREADABLE, InputStatus.PARTLY)
            for record in report.inputs_that_are(status)
        ),
    )


def _words(case: Case) -> Iterator[str]:
    for call in case.rollbacks:
        yield call.subject
        if call.request_id:
            yield call.request_id


def _left_commits(call: Rollback, evidence: Evidence) -> list[CommitRecord]:
    """The commits of the branch between what it went back to and what it stood on before."""
    commit = evidence.history.commit(call.repository, call.previous)
    restored = evidence.history.commit(call.repository, call.restored)
    left: list[CommitRecord] = []
    while commit is not None and restored is not None and commit.id != restored.id:
        left.append(commit)
        commit = evidence.history.commit(call.repository, first_parent(commit))
        if commit in left:
            return []
    return left if commit is not None and restored is not None else []


def _timeline(case: Case, exposure: Exposure, evidence: Evidence) -> Iterator[Moment]:
    first, last = case.first, case.rollbacks[-1]
    watch = duration(evidence.policy.lakefs.membership_watch)
    start = min(exposure.since or first.time, shifted(first.time, -watch))
    end = shifted(last.time, _DAY)

    def here(fact: Promotion | DirectWrites | DeniedRollback | ActionRun) -> bool:
        return (fact.repository, fact.branch) == (first.repository, first.branch)

    for promotion in evidence.of(Promotion):
        if here(promotion) and start <= promotion.time <= end:
            yield _moment(promotion.time, promotion.deed, promotion)
    for writes in evidence.of(DirectWrites):
        if here(writes) and start <= writes.first <= end:
            by = writes.user or "a user whom no log names"
            yield _moment(writes.first, f"{writes.calls} direct writes by {by}", writes)
    for denied in evidence.of(DeniedRollback):
        if here(denied) and start <= denied.time <= end:
            yield _moment(denied.time, f"{denied.deed}, refused with {denied.status}", denied)
    for change in evidence.of(SafeguardChange):
        if change.rollback in {call.subject for call in case.rollbacks} or (
            change.repository == first.repository and start <= change.time <= end
        ):
            yield _moment(change.time, f"{change.deed}, by {change.by or 'a user whom no log names'}", change)
    for call in case.rollbacks:
        yield _moment(call.time, f"{call.deed} (shown by {call.shown_by})", call)
    yield from _of_others(case, start, end, evidence)
    for run in evidence.of(ActionRun):
        if here(run) and start <= run.start_time <= end:
            yield _moment(run.start_time, f"{run.event_type} hooks: {run.status.value}", run)
    yield from _made_anew(case, evidence)
    yield from _of_records(case, evidence)


def _of_others(case: Case, start: datetime, end: datetime, evidence: Evidence) -> Iterator[Moment]:
    """The calls of other cases of the branch."""
    here = (case.first.repository, case.first.branch)
    for other in evidence.of(Case):
        if other.subject != case.subject and (other.first.repository, other.first.branch) == here:
            for call in other.rollbacks:
                if start <= call.time <= end:
                    yield _moment(call.time, f"{call.deed}, another case: {other.subject}", call)


def _made_anew(case: Case, evidence: Evidence) -> Iterator[Moment]:
    """The branch that was made in the repository soon after the branch was deleted: it may be that one."""
    for call in case.rollbacks:
        made = made_anew(call, evidence) if call.operation == Operation.DELETE_BRANCH.value else None
        if made is not None:
            by = made.user or "a user whom no log names"
            yield _moment(made.time, f"a branch was made, whose name no log shows, by {by}", made)


def _of_records(case: Case, evidence: Evidence) -> Iterator[Moment]:
    names = {record.subject for record in case.records.values()}
    for correction in evidence.of(Correction):
        if correction.subject in names and correction.recorded is not None:
            yield _moment(correction.recorded, f"correction {correction.subject} was recorded", correction)
    for incident in evidence.of(Incident):
        if incident.subject in names:
            for time, what in ((incident.opened, "opened"), (incident.corrected, "over")):
                if time is not None and time <= evidence.now:
                    yield _moment(time, f"incident {incident.subject} was {what}", incident)


def _moment(time: datetime, what: str, fact: Fact) -> Moment:
    return Moment(time=time, what=what, path=fact.origin.input, line=fact.origin.line)


def _unknown_readers(exposure: Exposure, reads: Reads, report: Report) -> str:
    if exposure.since is None:
        return "not looked for: nothing shows since when the state could be read"
    if "lakefs-log" not in report.kinds:
        return "not known: no audit log was read"
    if reads.unlooked:
        return f"not looked through: {', '.join(reads.unlooked)}"
    return "" if reads.readers else "nobody, as far as the logs of that time were read"


def _rebuild(case: Case, exposure: Exposure, reads: Reads, evidence: Evidence) -> Iterator[str]:
    """What stands on the state that was left, as far as traces show it."""
    first = case.first
    yield f"the derived views of {case.environment} that were built in that time"
    for promotion in evidence.of(Promotion):
        from_here = promotion.source == first.branch and promotion.repository == first.repository
        if from_here and exposure.since is not None and exposure.since <= promotion.time <= exposure.until:
            yield f"{promotion.environment}: {promotion.deed} ({promotion.subject})"
    for repository, name in evidence.history.branches():
        chain = evidence.history.chain(repository, name)
        if repository != first.repository or name == first.branch or not chain:
            continue
        held = [bad for bad in exposure.commits if evidence.history.holds(repository, chain[-1].id, bad)]
        if held:
            yield f"branch {name}, which holds {', '.join(bad[:12] for bad in held)}"
    for reader in reads.readers:
        who = reader.user or reader.client or "an unnamed reader"
        yield f"what {who} built from {wording.plural(reader.calls, 'read')}"


def _owed(case: Case, evidence: Evidence) -> Iterator[Owing]:
    nowhere = "" if evidence.evidence_known else "nothing says where one would be"
    for debt in sorted(case.due, key=lambda debt: (case.due[debt], debt.value)):
        record = case.records.get(debt)
        standing = case.owed(debt, evidence.now)
        missing = standing is not Owed.SETTLED and record is None
        draft = (
            {Debt.CORRECTION: correction_draft, Debt.INCIDENT: incident_draft}.get(debt) if missing else None
        )
        yield Owing(
            debt=debt.value,
            standing=standing.value,
            due=case.due[debt],
            record=record.subject if record else None,
            why_not_final=record.why_not_final if record else nowhere,
            file=_file_of(case, debt) if draft else None,
            draft=Raw(draft(case).encode()) if draft else None,
        )


def _file_of(case: Case, debt: Debt) -> str:
    """Where a draft is kept below the folder that `--write` names: as the runbook keeps the records.

    Repository and branch are whatever a log says: nothing of them may lead out of the folder.
    """
    of = "".join(
        char if char in _PLAIN else "_" for char in f"{case.first.repository}-{case.first.branch}"[:_LONGEST]
    )
    name = f"{case.first.time:%Y-%m-%dT%H%M%SZ}-{of}"
    return f"rollbacks/{name}.prov.jsonld" if debt is Debt.CORRECTION else f"incidents/{name}.json"

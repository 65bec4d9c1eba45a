"""What came into environment branches: promotions, and writes past them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from kfm_audit.evidence.lakefs.commits import Making, making
from kfm_audit.evidence.lakefs.episodes import in_episodes
from kfm_audit.evidence.lakefs.history import first_parent, second_parent
from kfm_audit.evidence.lakefs.ownership import MERGED
from kfm_audit.facts import (
    BranchWrite,
    CommitRecord,
    DirectWrites,
    MergeCall,
    Promotion,
    PullRequest,
    RepositoryCall,
    Rollback,
)
from kfm_audit.lakefs.operations import Operation, Outcome, outcome
from kfm_audit.policy.section import duration
from kfm_audit.policy.span import shifted

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

COMMIT_LOG: Final = "the commit log"


def promotions(evidence: Evidence) -> Iterator[Promotion]:
    """The effective merges into environment branches, in the order of their time; each once.

    Those of the audit log come with what the commit log adds; then those that it alone shows. Of a pull
    request no log names the branch: where the commit log does not either, the environment is "".
    """
    logged = list(_logged(evidence))
    made = {promotion.commit for promotion in logged}
    found = [*logged, *(promotion for promotion in _unlogged(evidence) if promotion.commit not in made)]
    yield from sorted(found, key=lambda promotion: (promotion.time, promotion.subject))


def direct_writes(evidence: Evidence) -> Iterator[DirectWrites]:
    """The writes to environment branches past a promotion, as episodes of one user."""
    gap = duration(evidence.policy.lakefs.episode_gap)
    writes = sorted(_writes(evidence), key=lambda write: (write.time, write.subject))
    for episode in in_episodes(writes, gap):
        first = episode[0]
        branch = evidence.calls.environment(first.repository, first.branch)
        assert branch is not None
        counted: dict[str, int] = {}
        for call in episode:
            counted[call.operation] = counted.get(call.operation, 0) + 1
        yield DirectWrites(
            subject=first.subject,
            origin=first.origin,
            environment=branch.environment,
            repository=first.repository,
            branch=first.branch,
            user=first.user,
            first=first.time,
            last=episode[-1].time,
            operations=tuple(sorted(counted.items())),
            request_id=first.request_id,
            client=first.client,
        )


def made_anew(call: Rollback, evidence: Evidence) -> RepositoryCall | None:
    """The first branch that was made in the repository soon after a branch was deleted: it may be that one.

    The log shows neither its name nor where it begins.
    """
    end = shifted(call.time, duration(evidence.policy.lakefs.episode_gap))
    return next(
        (
            made
            for made in evidence.calls.of(RepositoryCall)
            if made.operation == Operation.CREATE_BRANCH.value
            and made.repository == call.repository
            and call.time <= made.time <= end
        ),
        None,
    )


def _logged(evidence: Evidence) -> Iterator[Promotion]:
    pulls = {(pull.repository, pull.id): pull for pull in evidence.of(PullRequest)}
    for call in evidence.calls.of(MergeCall):
        if outcome(call.status) is not Outcome.EFFECTIVE:
            continue
        pull = pulls.get((call.repository, call.pull))
        made = evidence.history.commit(call.repository, pull.merged_commit) if pull else None
        made = made or evidence.calls.commit(call)
        name = call.branch or (pull.destination_branch if pull else "")
        name = name or (_environment_of(made, evidence) if made else "")
        branch = evidence.calls.environment(call.repository, name) if name else None
        if branch is None and (name or made or not evidence.calls.of_policy(call.repository)):
            continue
        source = call.source or (pull.source_branch if pull else "")
        promotion = Promotion(
            **{**msgspec.structs.asdict(call), "branch": name, "source": source},
            environment=branch.environment if branch else "",
        )
        yield _with_commit(promotion, made, evidence)


def _environment_of(made: CommitRecord, evidence: Evidence) -> str:
    """The environment branch whose own commit it is; "" where it is none's. Later branches list it too."""
    return next(
        (
            name
            for repository, name in evidence.history.branches()
            if repository == made.repository
            and evidence.calls.environment(repository, name) is not None
            and made.id in evidence.history.own(repository, name)
        ),
        "",
    )


def _unlogged(evidence: Evidence) -> Iterator[Promotion]:
    for repository, name in evidence.history.branches():
        branch = evidence.calls.environment(repository, name)
        if branch is None:
            continue
        for commit in evidence.ownership.commits(repository, name):
            if making(commit) is not Making.MERGE or evidence.calls.made(commit) is not None:
                continue
            if commit.creation_time > evidence.now:
                continue
            hint = MERGED.fullmatch(commit.message)
            yield _with_commit(
                Promotion(
                    subject=f"lakefs://{repository}/{name}@{commit.id}",
                    origin=commit.origin,
                    operation=Operation.MERGE.value,
                    repository=repository,
                    branch=name,
                    source=hint[1] if hint else "",
                    time=commit.creation_time,
                    user=commit.committer,
                    status=0,
                    environment=branch.environment,
                    shown_by=COMMIT_LOG,
                ),
                commit,
                evidence,
            )


def _with_commit(promotion: Promotion, made: CommitRecord | None, evidence: Evidence) -> Promotion:
    if made is not None:
        known = {"commit": made.id, "merged": second_parent(made), "previous": first_parent(made)}
        return msgspec.structs.replace(promotion, **known)
    named = evidence.history.commit(promotion.repository, promotion.source)
    if named is None:
        chain = evidence.history.chain(promotion.repository, promotion.source)
        named = next((commit for commit in reversed(chain) if commit.creation_time <= promotion.time), None)
    before = evidence.history.head_before(promotion.repository, promotion.branch, promotion.time)
    return msgspec.structs.replace(promotion, merged=named.id if named else "", previous=before)


def _writes(evidence: Evidence) -> Iterator[BranchWrite]:
    """The calls and commits that wrote to environment branches; what brought an earlier state back is a rollback."""
    rollbacks = {name for call in evidence.of(Rollback) for name in (call.subject, call.commit) if name}
    for call in evidence.calls.of(BranchWrite):
        there = evidence.calls.environment(call.repository, call.branch) is not None
        if there and call.subject not in rollbacks:
            yield call
    for repository, name in evidence.history.branches():
        if evidence.calls.environment(repository, name) is None:
            continue
        for commit in evidence.ownership.commits(repository, name):
            operation = _OPERATIONS.get(making(commit))
            if operation is None or evidence.calls.made(commit) is not None:
                continue
            if commit.creation_time <= evidence.now and commit.id not in rollbacks:
                yield BranchWrite(
                    subject=f"lakefs://{repository}/{name}@{commit.id}",
                    origin=commit.origin,
                    operation=operation.value,
                    repository=repository,
                    branch=name,
                    time=commit.creation_time,
                    user=commit.committer,
                    status=0,
                )


_OPERATIONS: Final = {
    Making.PLAIN: Operation.COMMIT,
    Making.CHERRY_PICK: Operation.CHERRY_PICK,
    Making.IMPORT: Operation.IMPORT,
}

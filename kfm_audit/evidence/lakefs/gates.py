"""Gates of environments joined to the hooks that make them, and to the runs of these."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from kfm_audit.facts import (
    ActionFile,
    ActionRun,
    BranchList,
    BranchOperation,
    GateSet,
    HookRun,
    MergeCall,
    Promotion,
    RunList,
    RunStatus,
)
from kfm_audit.globs import matches_any
from kfm_audit.lakefs.branch_globs import GlobError, path_matches
from kfm_audit.policy.section import duration
from kfm_audit.policy.span import shifted

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

BEFORE_MERGE: Final = "pre-merge"


class GateRun(Enum):
    """What runs show of one gate."""

    PASSED = "passed"
    FAILED = "failed"
    MISSING = "missing"
    UNTOLD = "untold"
    """The runs of that time were not read, or their hooks were not."""


class Gates:
    """The gates that policy asks for, and what ran."""

    def __init__(self, evidence: Evidence) -> None:
        """Take the evidence; nothing is joined yet."""
        self._evidence = evidence
        self._policy = evidence.policy.lakefs

    def required(self, environment: str) -> tuple[str, ...]:
        """The gates that a promotion to an environment has to pass, by name."""
        return self._policy.promotion.gates.get(environment, ())

    def is_hook(self, gate: str, hook_id: str, action: str) -> bool:
        """Whether a hook makes a gate, by its own id or by the name of its action."""
        globs = self._policy.gates.get(gate, (gate,))
        return matches_any(hook_id, globs) or matches_any(action, globs)

    def installed(self, gate_set: GateSet, event: str, branch: str) -> tuple[tuple[str, str], ...]:
        """Hook id and action of all hooks of a set of files that an event on a branch runs."""
        found = []
        for file in self._files(gate_set):
            heard = file.runs and any(
                on.event == event
                and (on.branches is None or any(_matches(glob, branch) for glob in on.branches))
                for on in file.on
            )
            if heard:
                found += [
                    (hook.id, file.name) for hook in file.hooks if hook.condition not in ("false", "False")
                ]
        return tuple(found)

    def branches(self, environment: str, repository: str) -> tuple[str, ...]:
        """The branches of an environment: those that are known to exist, else the first that policy names.

        None where the whole list of a repository's branches has none of them.
        """
        globs = self._policy.environment_branches.get(environment, ())
        known = {
            *(name for of, name in self._evidence.history.branches() if repository in ("", of)),
            *(name for of, name in self._called if repository in ("", of)),
        }
        there = sorted(name for name in known if matches_any(name, globs))
        if there or repository in self._listed:
            return tuple(there)
        return tuple(name for name in globs if not {"*", "?"} & set(name))[:1]

    def unread(self, gate_set: GateSet) -> tuple[str, ...]:
        """The files of a set whose content was not read."""
        read = {file.subject.rpartition("/")[2] for file in self._files(gate_set)}
        return tuple(path for path in gate_set.files if path.rpartition("/")[2] not in read)

    def promotion_runs(self, promotion: Promotion) -> tuple[ActionRun, ...]:
        """The runs of pre-merge actions for a promotion: of its source's commit, on its branch, just before."""
        slack = duration(self._policy.join_tolerance)
        near = [
            run
            for run in self._between(
                promotion, shifted(promotion.time, -slack), shifted(promotion.time, slack)
            )
            if run.event_type == BEFORE_MERGE
        ]
        if promotion.merged:
            near = [run for run in near if run.commit in ("", promotion.merged)]
        return tuple(near)

    def runs_since(
        self, repository: str, branch: str, since: datetime, until: datetime
    ) -> tuple[ActionRun, ...]:
        """The runs on a branch itself from one time to another: of any event but those of a merge to come."""
        return tuple(
            run
            for run in self._runs.get((repository, branch), ())
            if run.event_type != BEFORE_MERGE and since <= run.start_time <= until
        )

    def result(self, gate: str, runs: tuple[ActionRun, ...], repository: str, time: datetime) -> GateRun:
        """What the runs show of a gate; missing only where a list of runs reaches back to `time`."""
        hooks = [
            hook
            for run in runs
            for hook in self._hooks.get((repository, run.run_id), ())
            if self.is_hook(gate, hook.hook_id, hook.action)
        ]
        if any(hook.status is RunStatus.COMPLETED for hook in hooks):
            return GateRun.PASSED
        if hooks:
            return GateRun.FAILED if any(h.status is RunStatus.FAILED for h in hooks) else GateRun.UNTOLD
        if any(not run.hooks_known and not self._hooks.get((repository, run.run_id)) for run in runs):
            return GateRun.UNTOLD
        return GateRun.MISSING if self.listed(repository, time) else GateRun.UNTOLD

    def were_read(self, repository: str) -> bool:
        """Whether any run of a repository was read, or a list that holds none."""
        lists = any(fact.repository == repository for fact in self._evidence.of(RunList))
        return lists or any(of == repository for of, _ in self._runs)

    def listed(self, repository: str, time: datetime) -> bool:
        """Whether a list of runs would hold one that started at `time`."""
        slack = duration(self._policy.join_tolerance)
        return any(
            (fact.whole or (fact.oldest is not None and fact.oldest <= shifted(time, -slack)))
            and (fact.as_of is None or fact.as_of >= time)
            for fact in self._evidence.of(RunList)
            if fact.repository == repository
        )

    def _files(self, gate_set: GateSet) -> list[ActionFile]:
        return [
            file
            for file in self._evidence.of(ActionFile)
            if (file.repository, file.ref) == (gate_set.repository, gate_set.ref)
        ]

    @cached_property
    def _listed(self) -> frozenset[str]:
        """The repositories all of whose branches are known."""
        return frozenset(one.repository for one in self._evidence.of(BranchList) if one.whole)

    @cached_property
    def _called(self) -> frozenset[tuple[str, str]]:
        """The branches that calls were about and lists name."""
        moved = ((call.repository, call.branch) for call in self._evidence.calls.of(BranchOperation))
        merged = ((call.repository, call.branch) for call in self._evidence.calls.of(MergeCall))
        listed = ((one.repository, name) for one in self._evidence.of(BranchList) for name in one.branches)
        return frozenset((*moved, *merged, *listed))

    def _between(self, promotion: Promotion, first: datetime, last: datetime) -> list[ActionRun]:
        """The runs on the promotion's branch that began in a span."""
        runs = self._runs.get((promotion.repository, promotion.branch), [])
        return runs[bisect_left(runs, first, key=_start) : bisect_right(runs, last, key=_start)]

    @cached_property
    def _runs(self) -> dict[tuple[str, str], list[ActionRun]]:
        """The runs of each branch, in the order in which they began."""
        found: dict[tuple[str, str], list[ActionRun]] = defaultdict(list)
        for run in sorted(self._evidence.of(ActionRun), key=lambda run: (run.start_time, run.run_id)):
            if run.start_time <= self._evidence.now:
                found[run.repository, run.branch].append(run)
        return found

    @cached_property
    def _hooks(self) -> dict[tuple[str, str], list[HookRun]]:
        found: dict[tuple[str, str], list[HookRun]] = defaultdict(list)
        for hook in self._evidence.of(HookRun):
            if hook.start_time <= self._evidence.now:
                found[hook.repository, hook.run_id].append(hook)
        return found


def _start(run: ActionRun) -> datetime:
    return run.start_time


def _matches(glob: str, branch: str) -> bool:
    """Whether an action file's glob matches; one that is malformed matches nothing, and is LFS011's."""
    try:
        return path_matches(glob, branch)
    except GlobError:
        return False

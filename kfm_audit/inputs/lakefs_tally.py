"""What one lakeFS log comes to: the calls that decide, and what it covers."""

from __future__ import annotations

from datetime import datetime

from kfm_audit.facts import BranchOperation, Fact, LogCoverage, MembershipChange
from kfm_audit.inputs.kind import unreadable
from kfm_audit.inputs.source import Source
from kfm_audit.lakefs.log import Call, Entry
from kfm_audit.lakefs.operations import COMMITS, Operation, Outcome, outcome
from kfm_audit.lakefs.paths import branch_path, member_path
from kfm_audit.values import Origin


class Tally:
    """Takes the entries of one log in their order, and keeps only what rules will speak of."""

    def __init__(self, source: Source) -> None:
        """Begin an empty tally of `source`."""
        self._source = source
        self._calls: dict[tuple[object, ...], Fact] = {}
        self._entries = 0
        self._audit_lines = 0
        self._skipped = 0
        self._duplicates = 0
        self._without_user = 0
        self._resets = 0
        self._broken = 0
        self._first_broken = Origin(source.path)
        self._first: datetime | None = None
        self._last: datetime | None = None

    def take(self, entry: Call | Entry, origin: Origin) -> None:
        """Count an entry, and keep the fact that it is, if any."""
        self._entries += 1
        if entry is Entry.OTHER:
            self._skipped += 1
            return
        if entry is Entry.BROKEN or not self._take_call(entry, origin):
            if not self._broken:
                self._first_broken = origin
            self._broken += 1

    def facts(self) -> tuple[Fact, ...]:
        """The facts in the order of the log, what it covers, and what of it was lost."""
        coverage = LogCoverage(
            subject=self._source.path,
            origin=Origin(self._source.path),
            lines=self._entries,
            audit_lines=self._audit_lines,
            skipped=self._skipped,
            duplicates=self._duplicates,
            without_user=self._without_user,
            uncommitted_resets=self._resets,
            first=self._first,
            last=self._last,
        )
        if self._broken:
            lost = unreadable(
                self._source,
                "not JSON, cut off, wrapped in an unknown way, or an audit line without time, status, branch "
                "or a known call",
                "fetch the log again; if the collector hands it on so, have that keep lines whole "
                "(Docker cuts them at 16 KiB): a rollback may stand in what was lost",
                part=f"{self._broken} of {self._entries} lines",
                pointer=self._first_broken.pointer,
                line=self._first_broken.line,
            )
            return (*self._calls.values(), coverage, lost) if self._audit_lines else (lost,)
        if self._entries and not self._audit_lines:
            # Read as a log without rollbacks it would be an acquittal for want of a trial.
            silent = unreadable(
                self._source,
                f"holds no audit line among its {self._entries} lines",
                "have lakeFS write them: `logging.audit_log_level: INFO` "
                "(LAKEFS_LOGGING_AUDIT_LOG_LEVEL=INFO); its default, DEBUG, is below what is logged",
            )
            return (silent,)
        return (*self._calls.values(), coverage)

    def _take_call(self, call: Call, origin: Origin) -> bool:
        """Keep what a call says; False where it lacks what its operation must have."""
        match call.operation:
            case None:
                pass
            case Operation.ADD_MEMBER | Operation.REMOVE_MEMBER:
                if not self._take_membership(call, origin):
                    return False
            case _:
                if not self._take_branch_operation(call, origin):
                    return False
        self._audit_lines += 1
        self._without_user += not call.user
        self._first = call.time if self._first is None else min(self._first, call.time)
        self._last = call.time if self._last is None else max(self._last, call.time)
        return True

    def _take_membership(self, call: Call, origin: Origin) -> bool:
        member = member_path(call.path)
        if member is None:
            return False
        if outcome(call.status) is Outcome.EFFECTIVE:
            self._keep(
                MembershipChange(
                    subject=f"lakefs-group://{member.group}/{member.user}@{_event(call)}",
                    origin=origin,
                    group=member.group,
                    user=member.user,
                    added=call.operation is Operation.ADD_MEMBER,
                    time=call.time,
                    by=call.user,
                )
            )
        return True

    def _take_branch_operation(self, call: Call, origin: Origin) -> bool:
        assert call.operation is not None
        path = branch_path(call.path)
        if path is None:
            return False
        target = path.query.get("ref", "") if call.operation is Operation.HARD_RESET else ""
        if call.operation in COMMITS:
            target = path.query.get("source_metarange", "")
            if not target:
                return True
        if call.operation is Operation.RESET:
            # It drops what is not committed yet; the branch's history stays as it is.
            self._resets += outcome(call.status) is Outcome.EFFECTIVE
            return True
        self._keep(
            BranchOperation(
                subject=f"lakefs://{path.repository}/{path.branch}@{_event(call)}",
                origin=origin,
                operation=call.operation.value,
                repository=path.repository,
                branch=path.branch,
                time=call.time,
                user=call.user,
                status=call.status,
                request_id=call.request_id,
                target=target,
                source_ip=call.source_ip,
                client=call.client,
            )
        )
        return True

    def _keep(self, fact: BranchOperation | MembershipChange) -> None:
        if fact.identity in self._calls:
            self._duplicates += 1
        else:
            self._calls[fact.identity] = fact


def _event(call: Call) -> str:
    return call.request_id or f"{call.time:%Y-%m-%dT%H:%M:%SZ}"

"""What one lakeFS log comes to: the calls that decide, and what it covers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from kfm_audit.facts import Fact, LogCoverage, UnreadableInput
from kfm_audit.inputs.kind import unreadable
from kfm_audit.inputs.lakefs_calls import CallFact, Passed, fact_of
from kfm_audit.inputs.lakefs_twins import Twins
from kfm_audit.inputs.source import Source
from kfm_audit.lakefs.log import Call, Entry, Found, UnknownCall
from kfm_audit.lakefs.twins import Twin
from kfm_audit.policy.lakefs import LakeFS
from kfm_audit.values import Origin

_SHOWN: Final = 3


class Tally:
    """Takes the entries of one log in their order, and keeps only what rules will speak of."""

    def __init__(self, source: Source, policy: LakeFS) -> None:
        """Begin an empty tally of `source`; `policy` says which branches are an environment's."""
        self._source = source
        self._policy = policy
        self._hours: dict[datetime, int] = {}
        self._calls: dict[tuple[object, ...], Fact] = {}
        self._entries = 0
        self._audit_lines = 0
        self._skipped = 0
        self._duplicates = 0
        self._without_user = 0
        self._resets = 0
        self._broken = 0
        self._first_broken = Origin(source.path)
        self._unknown: dict[str, int] = {}
        self._first_unknown = Origin(source.path)
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._passed_over = 0
        self._twins = Twins(source)
        self._lost: list[UnreadableInput] = []

    def take(self, entry: Found, origin: Origin) -> None:
        """Count an entry, and keep the fact that it is, if any."""
        self._entries += 1
        if entry is Entry.OTHER or isinstance(entry, Twin):
            self._skipped += 1
            self._take_twin(entry, origin)
            return
        if isinstance(entry, UnknownCall):
            self._lose_call(entry, origin)
        elif entry is Entry.BROKEN or not self._take_fact(entry, origin):
            self._lose_line(origin)
        else:
            self._count(entry)

    def pass_over(
        self, lines: int, audit_lines: int, without_user: int, hours: Mapping[datetime, int]
    ) -> None:
        """Count lines that were not parsed; all but the audit lines among them were none of the audit's."""
        self._entries += lines
        self._passed_over += lines
        self._audit_lines += audit_lines
        self._skipped += max(lines - audit_lines, 0)
        self._without_user += without_user
        for hour, number in hours.items():
            self._hours[hour] = self._hours.get(hour, 0) + number

    def take_alone(self, entry: Found, origin: Origin) -> None:
        """Keep the fact that an entry is, if any; its line is counted by `pass_over`."""
        if entry is Entry.OTHER or isinstance(entry, Twin):
            self._take_twin(entry, origin)
            return
        if isinstance(entry, UnknownCall):
            self._lose_call(entry, origin)
        elif entry is Entry.BROKEN or not self._take_fact(entry, origin):
            self._lose_line(origin)

    def parsed_before(self, lines: int) -> None:
        """Know that so many of the lines that were passed over had been parsed."""
        self._passed_over = max(self._passed_over - lines, 0)

    def reach(self, time: datetime) -> None:
        """Know that the log holds a line of this time."""
        self._first = time if self._first is None else min(self._first, time)
        self._last = time if self._last is None else max(self._last, time)

    def lose(self, lost: UnreadableInput) -> None:
        """Know that a part of the log could not be read at all."""
        self._lost.append(lost)

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
            hours=tuple(sorted(self._hours.items())),
            passed_over=self._passed_over,
        )
        lost = [*self._lost_lines(), *self._twins.without_outcome(self._calls.values()), *self._lost]
        if not self._audit_lines and (lost or self._entries):
            # Read as a log without rollbacks it would be an acquittal for want of a trial.
            return tuple(lost) or (self._silent(),)
        return (*map(self._twins.told, self._calls.values()), coverage, *lost)

    def _lost_lines(self) -> Iterator[UnreadableInput]:
        if self._broken:
            yield unreadable(
                self._source,
                "not JSON, cut off, wrapped in an unknown way, or an audit line without time, status, branch "
                "or a known call",
                "fetch the log again; if the collector hands it on so, have that keep lines whole (Docker and "
                "containerd cut them at 16 KiB; `kubectl logs` joins the parts): a rollback may stand in what was lost",
                part=f"{self._broken} of {self._entries} lines",
                pointer=self._first_broken.pointer,
                line=self._first_broken.line,
            )

        if self._unknown:
            names = sorted(self._unknown)
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            yield unreadable(
                self._source,
                f"calls of operations that this version does not know: {', '.join(names[:_SHOWN])}{more}",
                "see in lakeFS's API what they do, for they may move a branch or change a group, and update kfm-audit, "
                "which decides on the operations of each release of lakeFS",
                part=f"{sum(self._unknown.values())} of {self._entries} lines",
                pointer=self._first_unknown.pointer,
                line=self._first_unknown.line,
            )

    def _silent(self) -> UnreadableInput:
        return unreadable(
            self._source,
            f"holds no audit line among its {self._entries} lines",
            "have lakeFS write them: `logging.audit_log_level: INFO` "
            "(LAKEFS_LOGGING_AUDIT_LOG_LEVEL=INFO); its default, DEBUG, is below what is logged",
        )

    def _take_fact(self, call: Call, origin: Origin) -> bool:
        """Keep the fact that a call is, if any; False where it lacks what its operation must have."""
        made = fact_of(call, origin, self._policy)
        if made is Passed.LOST:
            return False
        if isinstance(made, Fact):
            self._keep(made)
        self._resets += made is Passed.RESET
        return True

    def _count(self, call: Call) -> None:
        self._audit_lines += 1
        self._without_user += not call.user
        self.reach(call.time)
        hour = call.time.replace(minute=0, second=0)
        self._hours[hour] = self._hours.get(hour, 0) + 1

    def _take_twin(self, entry: Twin | Entry, origin: Origin) -> None:
        if isinstance(entry, Twin):
            self._twins.take(entry, origin)

    def _lose_call(self, call: UnknownCall, origin: Origin) -> None:
        if not self._unknown:
            self._first_unknown = origin
        self._unknown[call.operation] = self._unknown.get(call.operation, 0) + 1

    def _lose_line(self, origin: Origin) -> None:
        if not self._broken:
            self._first_broken = origin
        self._broken += 1

    def _keep(self, fact: CallFact) -> None:
        if fact.identity in self._calls:
            self._duplicates += 1
        else:
            self._calls[fact.identity] = fact

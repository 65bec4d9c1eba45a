"""From what rules said to what is reported: located, accepted or not, new or known, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from kfm_audit.findings.finding import Finding, LocatedRelated, Place, SettledFinding
from kfm_audit.findings.suppression import Suppressions
from kfm_audit.values import Location

Locate = Callable[[Place], Location]
Shows = Callable[[Place, Location], bool]
Calls = Callable[[Finding], tuple[Location, ...]]


class Settler:
    """Settles findings against one baseline, whose entries each hold for one finding only."""

    def __init__(
        self,
        locate: Locate,
        shows: Shows,
        suppressions: Suppressions,
        baseline: Mapping[str, int],
        singly: frozenset[str],
        calls: Calls = lambda _finding: (),
    ) -> None:
        """`shows` says whether PATHS report on a place and where it is shown.

        `baseline` is a multiset of fingerprints; it never holds for a rule of `singly`. `calls` gives
        the module calls that lead to what a finding is about, from outside in.
        """
        self._calls = calls
        self._locate = locate
        self._shows = shows
        self._suppressions = suppressions
        self._left = Counter(baseline)
        self._singly = singly
        self._settled: list[SettledFinding] = []

    def settle(self, findings: Iterable[Finding], *, wherever: bool = False) -> None:
        """Take findings in: those that PATHS report on, or all of them, `wherever` they are."""
        for finding in findings:
            there = self._left[finding.fingerprint] > 0
            known = there and finding.rule not in self._singly
            if there:
                self._left[finding.fingerprint] -= 1
            location = self._locate(finding.place)
            acceptance = self._suppressions.acceptance(finding, location)
            if not wherever and not self._shows(finding.place, location):
                continue
            self._settled.append(
                SettledFinding(
                    finding=finding,
                    location=location,
                    related=(
                        *self._called_from(finding, location),
                        *(LocatedRelated(item.message, self._locate(item.place)) for item in finding.related),
                    ),
                    known=known,
                    acceptance=acceptance,
                )
            )

    def _called_from(self, finding: Finding, location: Location) -> tuple[LocatedRelated, ...]:
        """The module calls on the way to a finding, but for one that is itself where it is shown."""
        return tuple(
            LocatedRelated("from this module call", call, call=True)
            for call in self._calls(finding)
            if (call.path, call.line) != (location.path, location.line)
        )

    @property
    def findings(self) -> tuple[SettledFinding, ...]:
        """All findings so far, in the documented order."""
        return tuple(sorted(self._settled, key=lambda item: item.sort_key))

    @property
    def resolved(self) -> int:
        """How many entries of the baseline no finding matched."""
        return sum(self._left.values())

"""Names of people, replaced in reports for a public place (design section 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from kfm_audit.digest import sha256
from kfm_audit.findings.finding import Acceptance, Finding, SettledFinding
from kfm_audit.reports.report import Report, View

_FEWEST_DIGITS: Final = 4


def publishable(report: Report, view: View) -> Report:
    """The report as a public place may hold it: `report` itself where the view allows names."""
    return report if view.people else pseudonymised(report)


def pseudonymised(report: Report) -> Report:
    """`report` with `person-` and a few hex digits for each person that a finding names.

    A name is replaced in the texts of every finding, not only of the one that
    lists it, also inside a subject or an IRI (percent-encoded too). Paths stay:
    they must open, and who sees them sees the file. The owner of a suppression
    is left out. The digits are a plain hash: they tell people apart over many
    runs, and keep names out of search engines, not from somebody who has the
    list of all names.
    """
    named = [name for settled in report.findings for name in settled.finding.persons]
    pseudonyms = _pseudonyms([*named, *(report.population.persons() if report.population else ())])
    hide = _Hider(pseudonyms)
    return replace(
        report,
        questions=tuple(replace(question, why=hide(question.why)) for question in report.questions),
        ignored=tuple(replace(ignored, why=hide(ignored.why)) for ignored in report.ignored),
        findings=tuple(_hidden(settled, hide) for settled in report.findings),
        population=report.population and report.population.hidden(hide),
        contract=report.contract and report.contract.hidden(hide),
    )


class _Hider:
    """Puts pseudonyms for names where a name stands as a whole word, whatever its case."""

    def __init__(self, pseudonyms: Mapping[str, str]) -> None:
        self._pseudonyms = pseudonyms
        self._patterns: dict[tuple[str, ...], re.Pattern[str]] = {}

    def __call__(self, text: str) -> str:
        lowered = text.lower()
        here = tuple(name for name in self._pseudonyms if name in lowered)
        if not here:
            return text
        if here not in self._patterns:
            # The longest first, so that a mail address wins over the name that it begins with.
            names = "|".join(re.escape(name) for name in sorted(here, key=lambda name: (-len(name), name)))
            self._patterns[here] = re.compile(rf"(?<![^\W_])(?:{names})(?![^\W_])", re.IGNORECASE)
        return self._patterns[here].sub(lambda found: self._pseudonyms.get(found[0].lower(), "person"), text)


def _pseudonyms(names: Iterable[str]) -> dict[str, str]:
    """The pseudonym of each name, in lower case, and of its percent-encoded form."""
    from urllib.parse import quote

    people = sorted({name.strip().lower() for name in names} - {""})
    hashes = [sha256(name.encode("utf-8", "surrogatepass")) for name in people]
    digits = _FEWEST_DIGITS
    while len({digest[:digits] for digest in hashes}) < len(people):
        digits += 1  # two people must never look like one
    pseudonyms = {}
    for name, digest in zip(people, hashes, strict=True):
        pseudonyms[name] = f"person-{digest[:digits]}"
        encoded = quote(name.encode("utf-8", "surrogatepass"), safe="").lower()
        pseudonyms.setdefault(encoded, pseudonyms[name])
    return pseudonyms


def _hidden(settled: SettledFinding, hide: _Hider) -> SettledFinding:
    finding = settled.finding
    return replace(
        settled,
        finding=_hidden_finding(finding, hide),
        related=tuple(replace(related, message=hide(related.message)) for related in settled.related),
        acceptance=_hidden_acceptance(settled.acceptance, hide),
    )


def _hidden_finding(finding: Finding, hide: _Hider) -> Finding:
    return replace(
        finding,
        message=hide(finding.message),
        help=hide(finding.help),
        document="",  # it names people in places where a pseudonym would be taken for the name
        subject=hide(finding.subject),
        place=replace(finding.place, attribute=hide(finding.place.attribute)),
        persons=(),
    )


def _hidden_acceptance(acceptance: Acceptance | None, hide: _Hider) -> Acceptance | None:
    return acceptance and replace(acceptance, reason=hide(acceptance.reason), owner="")

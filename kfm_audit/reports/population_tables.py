"""The population as tables for a job summary: one row for each rollback and promotion, those that pass too."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.reports import wording
from kfm_audit.reports.markdown import Table, code, prose
from kfm_audit.reports.population import CoverageEntry, Population, PromotionEntry, RollbackEntry


def population_tables(population: Population) -> Iterator[Table]:
    """Rollbacks, promotions, and what the logs cover."""
    yield Table(
        "Rollbacks",
        ("Verdict", "Rollback", "Environment", "Time", "Who", "Role", "Commits", "Records"),
        tuple(_rollback(entry) for entry in population.rollbacks),
    )
    yield Table(
        "Promotions",
        ("Verdict", "Promotion", "Environment", "Time", "Who", "From", "Commit", "Gates"),
        tuple(_promotion(entry) for entry in population.promotions),
    )
    yield Table(
        "What the audit logs cover",
        ("Log", "Lines", "Audit lines", "Passed over", "Duplicates", "Without user", "From", "To"),
        tuple(
            (
                code(log.path),
                *map(str, (log.lines, log.audit_lines, log.skipped, log.duplicates, log.without_user)),
                wording.moment(log.first) if log.first else "",
                wording.moment(log.last) if log.last else "",
            )
            for log in population.coverage.logs
        ),
    )
    yield Table(
        "Reconciled with", ("Trace", "Agree", "Shown by it alone"), tuple(_reconciled(population.coverage))
    )


def _rollback(entry: RollbackEntry) -> tuple[str, ...]:
    records = ", ".join(
        f"{debt}: {owed.record or owed.standing}" for debt, owed in sorted(entry.records.items())
    )
    commits = [
        f"{word} {code(name[:12])}"
        for word, name in (
            ("from", entry.previous),
            ("to", entry.restored or entry.target),
            ("by", entry.commit),
        )
        if name
    ]
    return (
        _verdict(entry.verdict, entry.findings),
        code(entry.subject),
        prose(entry.environment),
        wording.moment(entry.time),
        prose(entry.user or "not shown"),
        prose(f"{entry.role}: {entry.role_evidence}"),
        " ".join(commits) or "not shown",
        prose(records),
    )


def _promotion(entry: PromotionEntry) -> tuple[str, ...]:
    gates = ", ".join(f"{gate}: {result}" for gate, result in sorted(entry.gates.items()))
    return (
        _verdict(entry.verdict, entry.findings),
        code(entry.subject),
        prose(entry.environment or "not shown"),
        wording.moment(entry.time),
        prose(entry.user or "not shown"),
        code(entry.source) if entry.source else "not shown",
        code(entry.commit[:12]) if entry.commit else "not shown",
        prose(gates or "none asked for"),
    )


def _reconciled(coverage: CoverageEntry) -> Iterator[tuple[str, ...]]:
    for name, found in (
        ("commit log", coverage.commits),
        ("snapshots of heads", coverage.heads),
        ("hook runs", coverage.hook_runs),
    ):
        if found.matched or found.unmatched:
            alone = ", ".join(found.unmatched[:5]) + (" ..." if len(found.unmatched) > 5 else "")
            yield (name, str(found.matched), prose(f"{len(found.unmatched)}: {alone}" if alone else "0"))


def _verdict(verdict: str, findings: tuple[str, ...]) -> str:
    return verdict if verdict == "pass" else f"**{verdict}** {', '.join(findings)}"

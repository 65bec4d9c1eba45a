"""LFS013: audit-blind-spot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from kfm_audit.facts import AuditTrail, BranchHead, Fact, LogCoverage, Server
from kfm_audit.rules.kit import Context, Finding, Severity, rule

_HOUR = timedelta(hours=1)
_SHOWN = 3


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """What an audit log may leave out."""

    most_without_user: float = 0.5
    """The share of lines that may name no user; logins and refused callers name none."""


@rule(
    "LFS013", on=(AuditTrail, LogCoverage, Server, BranchHead), severity=Severity.WARNING, settings=Settings
)
def audit_blind_spot(seen: Fact, ctx: Context[Settings]) -> Iterator[Finding]:
    """There is something that the audit log cannot show.

    ## Why
    What a log does not hold looks like peace. Here it is said what could have happened unseen: hours in which
    a log should have lines and has none, commits on environment branches that no logged call made, lines that
    name no user, a server with a single user (whoever acts, it is `admin`), a branch that stands elsewhere
    than before and of which no commit log tells whether it was moved back. A log without any audit line, as an
    open-source server writes it by default, is unreadable (SYS001).

    ## Bad
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:10:00Z","operation_id":"GetBranch","method":"GET","path":"/api/v1/repositories/kfm/branches/env-prod","status_code":200,"request_id":"0b1e","user":"jane.doe"}
    {"log_audit":true,"time":"2026-01-30T07:10:00Z","operation_id":"GetBranch","method":"GET","path":"/api/v1/repositories/kfm/branches/env-prod","status_code":200,"request_id":"0b1f","user":"jane.doe"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      expected_hours: [00-24]
    ```

    ## Good
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:10:00Z","operation_id":"GetBranch","method":"GET","path":"/api/v1/repositories/kfm/branches/env-prod","status_code":200,"request_id":"0b1e","user":"jane.doe"}
    {"log_audit":true,"time":"2026-01-30T04:10:00Z","operation_id":"GetBranch","method":"GET","path":"/api/v1/repositories/kfm/branches/env-prod","status_code":200,"request_id":"0b1f","user":"jane.doe"}
    {"log_audit":true,"time":"2026-01-30T05:10:00Z","operation_id":"GetBranch","method":"GET","path":"/api/v1/repositories/kfm/branches/env-prod","status_code":200,"request_id":"0b20","user":"jane.doe"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      expected_hours: [00-24]
    ```

    ## When it is undecided
    Where a branch stands on a commit that may not descend from the one before, and no commit log reaches far
    enough to tell.

    ## Settings
    `lakefs.expected_hours`: the hours of the week, in UTC, in which lines are expected (`00-24`,
    `mon-fri 06-20`); without it none are. They are looked at from `--since` to `--until` or `--now`; without
    `--since` as far as the logs reach. `most_without_user` (0.5): the share of lines that may name no user.

    ## References
    lakeFS: `logging.audit_log_level`, auditing, RBAC; treeverse/lakeFS issues 4843 and 8051.
    """
    match seen:
        case AuditTrail():
            yield from _trail(seen, ctx)
        case LogCoverage():
            if seen.without_user > seen.audit_lines * ctx.settings.most_without_user:
                yield ctx.fail(
                    seen,
                    f"names no user in {seen.without_user} of {seen.audit_lines} audit lines: who made those calls "
                    "cannot be told",
                    help="servers before v0.89 log no user of the REST API, and open-source ones without access "
                    "control none that means anything: upgrade, and turn RBAC on",
                    key="user",
                )
        case Server():
            if seen.rbac == "none":
                yield ctx.fail(
                    seen,
                    "has no access control (`none`): every call is its single user's, so that no list of allowed "
                    "users means anything",
                    help="give people users of their own: lakeFS Enterprise or Cloud with RBAC, or an external "
                    "authorisation service; until then everybody with the key can roll back",
                )
        case BranchHead():
            yield from _head(seen, ctx)


def _trail(trail: AuditTrail, ctx: Context[Settings]) -> Iterator[Finding]:
    if trail.silent:
        counted = "" if trail.hourly else " (as far as first and last lines show)"
        yield ctx.fail(
            trail,
            f"have no line in {len(trail.silent)} of {trail.expected} hours in which lines are expected{counted}: "
            f"{_spans(trail.silent)}",
            help="fetch the logs of those hours again; if there are none, find out whether the server stood still, its "
            "audit level was too low, or lines were taken out. A rollback may stand in what is missing",
            key="hours",
        )
    if trail.unlogged:
        shown = ", ".join(commit[:12] for commit in trail.unlogged[:_SHOWN])
        more = f" and {len(trail.unlogged) - _SHOWN} more" if len(trail.unlogged) > _SHOWN else ""
        n = len(trail.unlogged)
        yield ctx.fail(
            trail,
            f"show no call for {n} of {n + trail.matched} commits that were made on environment branches meanwhile: "
            f"{shown}{more}",
            help="fetch the logs of all servers and of the whole time; if they are whole, these commits were made past the "
            "API (CreateCommitRecord, a restored backup) or bear a date of somebody's choice",
            key="commits",
        )


def _head(head: BranchHead, ctx: Context[Settings]) -> Iterator[Finding]:
    if ctx.evidence.calls.environment(head.repository, head.branch) is None:
        return
    for move in ctx.evidence.history.moves(head.repository, head.branch):
        if move.lost is None and move.after.shown_by is head and ctx.evidence.in_window(move.after.first):
            yield ctx.undecided(
                head,
                f"whether it was moved back cannot be told: it stood on {move.before.commit[:12]} at "
                f"{move.before.last:%Y-%m-%dT%H:%M:%SZ} and on {move.after.commit[:12]} at "
                f"{move.after.first:%Y-%m-%dT%H:%M:%SZ}, and no commit log shows whether one descends from the other",
                help=f"add the branch's commit log: `kfm-audit collect lakefs`, or GET /repositories/{head.repository}"
                f"/refs/{head.branch}/commits",
                key=move.after.commit,
            )


def _spans(hours: tuple[datetime, ...]) -> str:
    """`2026-01-30T04:00Z to 07:00Z`, the first few of them."""
    spans: list[tuple[datetime, datetime]] = []
    for hour in hours:
        if spans and spans[-1][1] == hour:
            spans[-1] = (spans[-1][0], hour + _HOUR)
        else:
            spans.append((hour, hour + _HOUR))
    shown = [f"{start:%Y-%m-%dT%H:%MZ} to {end:%Y-%m-%dT%H:%MZ}" for start, end in spans[:_SHOWN]]
    more = len(spans) - _SHOWN
    return ", ".join(shown) + (f", and {more} more span{'s' if more > 1 else ''}" if more > 0 else "")

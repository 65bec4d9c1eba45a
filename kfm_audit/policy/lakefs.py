"""What a policy says of lakeFS: branches, who may do what, and what is owed when."""

from typing import Annotated, Literal

from msgspec import Meta

from kfm_audit.policy.section import Duration, Section

Hours = Annotated[
    str,
    Meta(
        pattern=(
            r"^(?:(?:mon|tue|wed|thu|fri|sat|sun)(?:-(?:mon|tue|wed|thu|fri|sat|sun))? )?"
            r"(?:[01][0-9]|2[0-3])-(?:0[1-9]|1[0-9]|2[0-4])$"
        ),
        examples=["00-24", "mon-fri 06-20"],
    ),
]

LogField = Literal[
    "time",
    "operation_id",
    "method",
    "path",
    "status_code",
    "user",
    "request_id",
    "source_ip",
    "client",
    "service_name",
    "repository",
    "ref",
    "log_audit",
    "msg",
]


class Identity(Section, frozen=True):
    """A user or group that is listed for a span of time; an open end means for ever."""

    id: str
    """The lakeFS id of the user or group, or the user's mail address."""
    since: str = ""
    """The first day, or time, on which it is listed, in UTC: `2026-01-31`, `2026-01-31T09:00:00Z`."""
    until: str = ""
    """The last day, which counts as a whole, or the time from which on it is listed no more."""


class Roles(Section, frozen=True):
    """Users and groups; a plain string is listed for ever."""

    users: tuple[str | Identity, ...] = ()
    """Users by lakeFS id or mail address."""
    groups: tuple[str | Identity, ...] = ()
    """Groups by id or name; who was in them is read from directories and logs."""


class RollbackRoles(Roles, frozen=True):
    """Who may move an environment branch back, and who may in an emergency."""

    break_glass: Roles = Roles()
    """Who may in an emergency: allowed, and reviewed afterwards."""


class Due(Section, frozen=True):
    """How long after a rollback each of its records is due: `90s`, `10m`, `24h`, `7d`."""

    correction: Duration = "24h"
    """The correction document."""
    incident: Duration = "24h"
    """The incident record."""
    review: Duration = "72h"
    """The review after break-glass."""
    revalidation: Duration = "24h"
    """The gates' runs on what the branch holds after the rollback."""


class BranchOverride(Section, frozen=True):
    """What is different for some branches, and why. Branches are globs of `*` and `?`."""

    branches: tuple[str, ...]
    """The branches that it is about, as globs."""
    reason: str
    """Why they are different, for whoever reads the policy."""
    rollback: RollbackRoles | None = None
    """Who may move these branches back, instead of `lakefs.rollback`."""
    due: Due | None = None
    """When their records are due, instead of `lakefs.due`."""


class Promotions(Section, frozen=True):
    """What may be merged into an environment, and which gates it has to pass before."""

    sources: dict[str, tuple[str, ...]] = {}
    """For each environment the globs of the branches that may be merged into it; without an entry all may."""
    gates: dict[str, tuple[str, ...]] = {}
    """For each environment the gates that every promotion has to pass, by their names in `lakefs.gates`."""


class Hold(Section, frozen=True):
    """A time in which nothing is promoted."""

    environments: tuple[str, ...]
    """The environments that it is for."""
    reason: str
    """Why, for whoever reads the policy."""
    since: str
    """The first day, or time, in UTC: `2026-01-31`, `2026-01-31T09:00:00Z`."""
    until: str = ""
    """The last day, which counts as a whole, or the time at which it ends; left out, it lasts."""
    except_users: tuple[str, ...] = ()
    """Users, by lakeFS id or mail address, who may promote all the same."""


class LakeFS(Section, frozen=True):
    """lakeFS repositories, branches and who may do what."""

    repositories: tuple[str, ...] = ()
    """The repositories that the policy is for, as globs; empty means all."""
    environment_branches: dict[str, tuple[str, ...]] = {}
    """For each environment the globs of its branches; the environments best in the order of promotion."""
    run_branches: tuple[str, ...] = ()
    """The branches of runs, as globs."""
    automation_users: tuple[str, ...] = ()
    """Users that are software, whatever a document calls them."""
    rollback: RollbackRoles = RollbackRoles()
    """Who may move an environment branch back."""
    promotion: Promotions = Promotions()
    """What may be merged into an environment branch, and after which gates."""
    gates: dict[str, tuple[str, ...]] = {}
    """For each gate the globs of the hooks that make it, by the hook's `id` or its action's `name`."""
    holds: tuple[Hold, ...] = ()
    """When nothing is promoted."""
    due: Due = Due()
    """How long after a rollback its records are due."""
    join_tolerance: Duration = "10m"
    """How far apart the times of a rollback and its correction may lie where nothing else joins them."""
    episode_gap: Duration = "10m"
    """Calls by one actor on one branch that are no further apart are one episode."""
    commit_tolerance: Duration = "60s"
    """How long before the end of a call in the audit log the commit that it made may say it was made."""
    membership_watch: Duration = "24h"
    """Who came into a rollback's group, or got a policy, no longer than this before it, let themselves in."""
    log_columns: dict[LogField, str] = {}
    """The columns of a log in Parquet whose schema is not lakeFS's own: `{path: request_path, time: at}`."""
    expected_hours: tuple[Hours, ...] = ()
    """The hours of the week, in UTC, in which the audit log has lines; empty means that nothing is expected."""
    rollback_horizon: Duration | None = None
    """How far back a rollback has to be possible; without it, retention is not judged."""
    overrides: tuple[BranchOverride, ...] = ()
    """What is different for some branches, each with a reason."""
